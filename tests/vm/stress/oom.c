// SPDX-License-Identifier: GPL-2.0-only
/*
 * oom.c - processes with merged memory that are killed for want of memory
 *
 * They live in a cgroup with a limit. A merged page is charged to nobody, so
 * half of what they write nobody else has.
 */
#define _GNU_SOURCE
#include "actor.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* The limit in pages is about a quarter of it. */
#define NR_PAGES 4096
#define LIMIT "4M"
#define SWAP_LIMIT "2M"

static void setting(const struct actor *actor, const char *dir,
		    const char *name, const char *value)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	/* Without swap there is no limit of it. */
	must(actor, put_line(path, value) || errno == ENOENT, path);
}

/* Writes more and more until it is killed; checks what it wrote. */
static void be_victim(struct actor *actor, const char *cgroup)
{
	struct book book = { .actor = actor, .nr = NR_PAGES };
	uint64_t own;

	actor->rng = mix(actor->rng + (uint64_t)getpid());
	own = actor->rng << 8 | 0x80;
	setting(actor, cgroup, "cgroup.procs", "0");
	actor->doing = "writing near the limit";
	book.pages = pages_map(NR_PAGES);
	book.ids = calloc(NR_PAGES, sizeof(*book.ids));
	must(actor, book.ids, "calloc");
	pages_opt_in(book.pages, NR_PAGES);
	for (size_t i = 0; i < NR_PAGES; i++) {
		book.ids[i] = i & 1 ? own + i : book_content(&book);
		page_fill(book_page(&book, i), book.ids[i]);
		book_check(&book, i);
		book_check(&book, dice(actor, i + 1));
		if (!(i & 63))
			sleep_ms(2);
	}
	/* Merging alone made room for all of it: possible, if unlikely. */
	book_check_all(&book);
	_exit(0);
}

void act_oom(struct actor *actor)
{
	uint64_t killed = 0, survived = 0;
	char cgroup[128];
	int status;

	if (!actor->cgroup)
		leave(actor, "no cgroup");
	snprintf(cgroup, sizeof(cgroup), "%s/oom", actor->cgroup);
	must(actor, !mkdir(cgroup, 0755), cgroup);
	setting(actor, cgroup, "memory.max", LIMIT);
	setting(actor, cgroup, "memory.swap.max", SWAP_LIMIT);
	while (goes_on(actor)) {
		pid_t pid = fork();

		must(actor, pid >= 0, "fork");
		if (!pid)
			be_victim(actor, cgroup);
		must(actor, waitpid(pid, &status, 0) == pid, "waitpid");
		if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
			killed++;
		else if (!status)
			survived++;
		else
			fail("oom: a process ended with status %#x", status);
		rest(actor, 2000);
	}
	printf("oom: %llu oom kills, %llu survivors\n",
	       (unsigned long long)killed, (unsigned long long)survived);
}
