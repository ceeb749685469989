// SPDX-License-Identifier: GPL-2.0-only
/*
 * poison.c - memory that has gone bad
 *
 * MADV_HWPOISON says that a page is bad; its bytes can still be read here, so
 * that nothing but the kernel's book-keeping is tested.
 */
#define _GNU_SOURCE
#include "features.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define NR_PAGES 16

#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE 101
#endif

static void need_poison(void)
{
	if (access("/sys/devices/system/memory/hard_offline_page", F_OK))
		skip("the kernel has no CONFIG_MEMORY_FAILURE");
}

/* Another process with both areas: is it alive? */
static void serve(int socket, void *arg)
{
	struct area *areas = arg;
	uint64_t question;

	while (worker_poll(socket, -1, &question)) {
		for (size_t i = question; i < areas[0].nr; i++)
			expect(page_differs(area_page(&areas[0], i),
					    areas[0].ids[i]) < 0,
			       "page %zu is wrong", i);
		worker_answer(socket, 0);
	}
}

/* Does it die when it touches a page? */
static int touch(const char *page)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	must(pid >= 0, "fork");
	if (!pid)
		_exit(*(volatile const char *)page == 0 ? 0 : 0);
	must(waitpid(pid, &status, 0) == pid, "waitpid");
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

/*
 * Says that a page is bad. Some kernels kill whoever says so of his own; that
 * is another process, then. Returns an errno, 0 if the page was dealt with.
 */
static int call_it_bad(char *page, uint64_t pfn, bool by_frame)
{
	char place[32];
	int status;
	pid_t pid;

	snprintf(place, sizeof(place), "%#llx",
		 (unsigned long long)pfn * PAGE_BYTES);
	fflush(stdout);
	pid = fork();
	must(pid >= 0, "fork");
	if (!pid && by_frame)
		_exit(put_line("/sys/devices/system/memory/hard_offline_page",
			       place) ?
			      0 :
			      errno);
	if (!pid)
		_exit(madvise(page, PAGE_BYTES, MADV_HWPOISON) ? errno : 0);
	must(waitpid(pid, &status, 0) == pid, "waitpid");
	return WIFSIGNALED(status) ? 0 : WEXITSTATUS(status);
}

/* KSM's sharers can no longer read it, since 6.4 finds them. */
static void bad_for_ksm(int error, const char *page)
{
	if (kernel_since(6, 4)) {
		expect(!error, "%s", strerror(error));
		expect(touch(page) == SIGBUS, "a sharer can read a bad page");
	} else {
		expect(error == EBUSY, "%s", strerror(error));
		expect(!touch(page), "a sharer was killed");
	}
}

/* Nobody who has not got it yet gets a bad page. */
static void nobody_joins(const struct area *one)
{
	struct area late;

	area_make_twin(&late, one);
	merge_all();
	expect(!pages_are_one(late.pages, one->pages),
	       "a page was merged with a bad one");
	expect(area_shared(&late, one) == NR_PAGES - 1,
	       "%zu pages are merged with good ones", area_shared(&late, one));
	area_check(&late, "joined");
}

static void bad_merged_page(bool by_frame)
{
	struct area areas[2];
	struct worker child;
	uint64_t *frames;
	int error;

	need_poison();
	make_merged(&areas[0], &areas[1], NR_PAGES);
	worker_start(&child, serve, areas);
	frames = area_frames(&areas[0]);
	error = call_it_bad(areas[0].pages, frames[0], by_frame);
	printf("poison: a merged page: %s\n", strerror(error));
	worker_ask(&child, 1, LIMIT_S);
	if (by_kernel()) {
		bad_for_ksm(error, areas[0].pages);
	} else {
		expect(error, "it was dealt with");
		expect(flags_of(frames[0]) & KPF_HWPOISON, "it is not marked");
		nobody_joins(&areas[0]);
	}
	worker_ask(&child, 1, LIMIT_S);
	worker_end(&child);
}

static void bad_by_address(void)
{
	bad_merged_page(false);
}

static void bad_by_frame(void)
{
	bad_merged_page(true);
}

/* Says that a page of its own is bad, and reads it, if it still lives. */
static void die_of_bad_page(uint64_t id)
{
	char *page = pages_map(1);

	page_fill(page, id);
	pages_opt_in(page, 1);
	if (madvise(page, PAGE_BYTES, MADV_HWPOISON))
		_exit(1);
	_exit(*(volatile char *)page ? 2 : 3);
}

static void bad_neighbour(void)
{
	struct area one, other, twin;
	int status;
	pid_t pid;

	need_poison();
	make_merged(&one, &other, NR_PAGES);
	area_make(&twin, 1);
	fflush(stdout);
	pid = fork();
	must(pid >= 0, "fork");
	if (!pid)
		die_of_bad_page(twin.ids[0]);
	must(waitpid(pid, &status, 0) == pid, "waitpid");
	expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS,
	       "who reads a bad page ends with %#x", status);
	expect_merged("beside a bad page", &one, &other);
	merge_all();
	area_check(&twin, "beside a bad page");
	expect_merged("beside a bad page", &one, &other);
	expect_counts("beside a bad page", NR_PAGES, NR_PAGES);
}

/* A page that is to be taken out of use moves, if it can. */
static void soft_offline(void)
{
	struct area one, other;
	uint64_t *frames;
	int error;

	need_poison();
	make_merged(&one, &other, NR_PAGES);
	frames = area_frames(&one);
	error = madvise(one.pages, PAGE_BYTES, MADV_SOFT_OFFLINE) ? errno : 0;
	printf("poison: soft offline: %s\n", strerror(error));
	expect_merged("soft offline", &one, &other);
	if (by_kernel()) {
		expect(!error && frames[0] != *area_frames(&one),
		       "KSM's page stays");
		return;
	}
	expect(error == EIO || error == EBUSY, "%s", strerror(error));
	expect_frames("soft offline", &one, frames);
	expect(!(flags_of(frames[0]) & KPF_HWPOISON), "it is marked as bad");
}

static const struct feature features[] = {
	{ "a merged page goes bad (MADV_HWPOISON)", bad_by_address },
	{ "a merged page goes bad (hard_offline_page)", bad_by_frame },
	{ "a page beside merged ones goes bad", bad_neighbour },
	{ "soft offline of a merged page", soft_offline },
	{ NULL, NULL },
};

const struct topic poison_topic = { "poison", features };
