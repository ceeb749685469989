// SPDX-License-Identifier: GPL-2.0-only
/*
 * process.c - fork, clone, exec and exit
 */
#define _GNU_SOURCE
#include "features.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define NR_PAGES 64
#define STACK_BYTES 65536

enum question {
	ASK_CHECK,
	ASK_WRITE /* the first half of the first area */
};

/* A process and its two merged areas. */
struct family {
	struct area one;
	struct area other;
};

static void serve(int socket, void *arg)
{
	struct family *mine = arg;
	uint64_t question;

	while (worker_poll(socket, -1, &question)) {
		for (size_t i = 0; question == ASK_WRITE && i < NR_PAGES / 2;
		     i++)
			area_write(&mine->one, i);
		area_check(&mine->one, "in the child");
		area_check(&mine->other, "in the child");
		worker_answer(socket, 0);
	}
}

/* How many pages of the first area have the child's frame? */
static size_t shared_with(pid_t pid, const struct area *area)
{
	uint64_t *mine = area_frames(area), childs[NR_PAGES];
	size_t shared = 0;

	pages_frames(pid, (uintptr_t)area->pages, area->nr, childs);
	for (size_t i = 0; i < area->nr; i++)
		shared += mine[i] && mine[i] == childs[i];
	free(mine);
	return shared;
}

static void forked(void)
{
	struct family family;
	struct worker child;

	make_merged(&family.one, &family.other, NR_PAGES);
	worker_start(&child, serve, &family);
	worker_ask(&child, ASK_CHECK, LIMIT_S);
	expect(shared_with(child.pid, &family.one) == NR_PAGES,
	       "the child shares %zu pages",
	       shared_with(child.pid, &family.one));
	/* KSM hears of the child's mappings in the next passes. */
	merge_all();
	expect_counts("forked", NR_PAGES, 3 * NR_PAGES);

	worker_ask(&child, ASK_WRITE, LIMIT_S);
	expect_merged("the child wrote", &family.one, &family.other);
	expect(shared_with(child.pid, &family.one) == NR_PAGES / 2,
	       "the child shares %zu pages",
	       shared_with(child.pid, &family.one));
	for (size_t i = NR_PAGES / 2; i < NR_PAGES; i++)
		area_write(&family.one, i);
	worker_ask(&child, ASK_CHECK, LIMIT_S);
	area_check(&family.one, "the parent wrote");
	area_check(&family.other, "the parent wrote");
	merge_all();
	/* Of four each, three are left of all. */
	expect_counts("both wrote", NR_PAGES, 2 * NR_PAGES);
	worker_end(&child);
	merge_all();
	expect_counts("the child has gone", NR_PAGES, NR_PAGES / 2);
}

static int write_half(void *arg)
{
	struct family *family = arg;

	for (size_t i = 0; i < NR_PAGES / 2; i++)
		area_write(&family->one, i);
	return 0;
}

/* A child in the same address space, which its parent waits for. */
static void cloned(int flags)
{
	static char stack[STACK_BYTES] __attribute__((aligned(16)));
	struct family family;
	int status;
	pid_t pid;

	make_merged(&family.one, &family.other, NR_PAGES);
	pid = clone(write_half, stack + STACK_BYTES, flags | SIGCHLD, &family);
	must(pid > 0, "clone");
	must(waitpid(pid, &status, 0) == pid && !status, "the child failed");
	area_check(&family.one, "the child wrote");
	area_check(&family.other, "the child wrote");
	expect(area_shared(&family.one, &family.other) == NR_PAGES / 2,
	       "%zu pages are merged", area_shared(&family.one, &family.other));
	merge_all();
	expect_counts("the child wrote", NR_PAGES, NR_PAGES / 2);
}

static void cloned_vm(void)
{
	cloned(CLONE_VM);
}

static void vforked(void)
{
	cloned(CLONE_VM | CLONE_VFORK);
}

/* A program of its own, which gives up what it shared. */
static void executed(void)
{
	struct family family;
	int status, ends[2], gone[2];
	char byte;
	pid_t pid;

	make_merged(&family.one, &family.other, NR_PAGES);
	must(!pipe(ends) && !pipe2(gone, O_CLOEXEC), "pipe");
	fflush(stdout);
	pid = fork();
	must(pid >= 0, "fork");
	if (!pid) {
		dup2(ends[0], 0);
		close(ends[0]);
		close(ends[1]);
		execl("/bin/cat", "cat", NULL);
		_exit(1);
	}
	close(ends[0]);
	close(gone[1]);
	/* The other end is closed by exec. */
	must(!read(gone[0], &byte, 1), "read");
	merge_all();
	expect_counts("executed", NR_PAGES, NR_PAGES);
	close(ends[1]);
	must(waitpid(pid, &status, 0) == pid && !status, "cat failed");
	expect_merged("executed", &family.one, &family.other);
}

/* One of two owners is killed; then the other is alone. */
static void killed(void)
{
	struct family family;
	struct worker child;
	int status;

	make_merged(&family.one, &family.other, NR_PAGES);
	worker_start(&child, serve, &family);
	worker_ask(&child, ASK_CHECK, LIMIT_S);
	merge_all();
	expect_counts("forked", NR_PAGES, 3 * NR_PAGES);
	must(!kill(child.pid, SIGKILL), "kill");
	must(waitpid(child.pid, &status, 0) == child.pid, "waitpid");
	merge_all();
	expect_merged("killed", &family.one, &family.other);
	expect_counts("killed", NR_PAGES, NR_PAGES);
}

/* Areas that a child gets empty, or not at all. */
static void kept_from_children(void)
{
	const size_t bytes = (size_t)NR_PAGES * PAGE_BYTES;
	struct family family;
	int status;
	pid_t pid;

	make_merged(&family.one, &family.other, NR_PAGES);
	must(!madvise(family.one.pages, bytes, MADV_WIPEONFORK),
	     "MADV_WIPEONFORK");
	must(!madvise(family.other.pages, bytes, MADV_DONTFORK),
	     "MADV_DONTFORK");
	expect_merged("advised", &family.one, &family.other);
	fflush(stdout);
	pid = fork();
	must(pid >= 0, "fork");
	if (!pid) {
		unsigned char resident[NR_PAGES];

		for (size_t i = 0; i < NR_PAGES; i++)
			area_written(&family.one, i, 0);
		area_check(&family.one, "wiped");
		/* mincore() fails where nothing is mapped. */
		_exit(!mincore(family.other.pages, bytes, resident));
	}
	must(waitpid(pid, &status, 0) == pid, "waitpid");
	expect(!status, "the child has what it should not");
	expect_merged("forked", &family.one, &family.other);
	merge_all();
	expect_counts("forked", NR_PAGES, NR_PAGES);
}

static const struct feature features[] = {
	{ "fork shares, a write copies its own", forked },
	{ "clone(CLONE_VM)", cloned_vm },
	{ "vfork", vforked },
	{ "exec", executed },
	{ "a sharer is killed", killed },
	{ "MADV_WIPEONFORK and MADV_DONTFORK", kept_from_children },
	{ NULL, NULL },
};

const struct topic process_topic = { "process", features };
