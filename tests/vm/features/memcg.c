// SPDX-License-Identifier: GPL-2.0-only
/*
 * memcg.c - memory control groups: who is charged for a merged page
 */
#define _GNU_SOURCE
#include "features.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NR_PAGES 4096
#define NR_GROUPS 2
/* Each CPU may have 64 charges in advance, per group. */
#define SLACK 400

enum question {
	ASK_FILL,
	ASK_CHECK,
	ASK_WRITE
};

static const char *const paths[NR_GROUPS] = { "/sys/fs/cgroup/features-0",
					      "/sys/fs/cgroup/features-1" };
static struct worker members[NR_GROUPS];
static struct area pages;

static void path_of(char *path, size_t size, int group, const char *file)
{
	snprintf(path, size, "%s/%s", paths[group], file);
}

static void put(int group, const char *file, const char *line)
{
	char path[128];

	path_of(path, sizeof(path), group, file);
	must(put_line(path, line), path);
}

/* In pages, more or less. */
static long charged(int group)
{
	char path[128];

	path_of(path, sizeof(path), group, "memory.current");
	return get_number(path, NULL) / PAGE_BYTES;
}

static void serve(int socket, void *arg)
{
	uint64_t question;

	put((int)(intptr_t)arg, "cgroup.procs", "0");
	while (worker_poll(socket, -1, &question)) {
		if (question == ASK_FILL) {
			/* Contents that are the same in all processes. */
			for (size_t i = 0; i < NR_PAGES; i++) {
				area_written(&pages, i, 1 + i);
				page_fill(area_page(&pages, i), 1 + i);
			}
			area_opt_in(&pages);
		}
		for (size_t i = 0; question == ASK_WRITE && i < NR_PAGES; i++)
			area_write(&pages, i);
		area_check(&pages, "in a group");
		worker_answer(socket, 0);
	}
}

static void make_groups(void)
{
	if (!put_line("/sys/fs/cgroup/cgroup.subtree_control", "+memory"))
		skip("no memory groups");
	area_reserve(&pages, NR_PAGES);
	for (int g = 0; g < NR_GROUPS; g++) {
		mkdir(paths[g], 0755);
		worker_start(&members[g], serve, (void *)(intptr_t)g);
		/* Before it has its pages. */
		worker_ask(&members[g], ASK_CHECK, LIMIT_S);
	}
}

static void end_groups(void)
{
	for (int g = 0; g < NR_GROUPS; g++) {
		worker_end(&members[g]);
		must(!rmdir(paths[g]), "rmdir");
	}
}

static void ask_all(enum question question)
{
	for (int g = 0; g < NR_GROUPS; g++)
		worker_ask(&members[g], question, LIMIT_S);
}

/* How much more is charged than before: within the slack? */
static void expect_charged(const char *when, const long *before, long sum)
{
	const long first = charged(0) - before[0];
	const long second = charged(1) - before[1];
	const long error = first + second - sum;

	printf("memcg: %s: %ld and %ld pages\n", when, first, second);
	expect(error > -SLACK && error < SLACK,
	       "%s: %ld and %ld pages are charged, not %ld", when, first,
	       second, sum);
}

static size_t merged(void)
{
	static uint64_t frames[NR_GROUPS][NR_PAGES];
	size_t nr = 0;

	for (int g = 0; g < NR_GROUPS; g++)
		pages_frames(members[g].pid, (uintptr_t)pages.pages, NR_PAGES,
			     frames[g]);
	for (size_t i = 0; i < NR_PAGES; i++)
		nr += frames[0][i] && frames[0][i] == frames[1][i];
	return nr;
}

static void who_is_charged(void)
{
	long before[NR_GROUPS];

	make_groups();
	for (int g = 0; g < NR_GROUPS; g++)
		before[g] = charged(g);
	ask_all(ASK_FILL);
	expect_charged("filled", before, 2 * NR_PAGES);
	merge_all();
	expect(merged() == NR_PAGES, "%zu are merged", merged());
	expect_counts("merged", NR_PAGES, NR_PAGES);
	expect_charged("merged", before, NR_PAGES);
	ask_all(ASK_CHECK);
	/* All of it is given back, and charged to whoever has it. */
	ksm_write(ksm, "run", 2);
	expect_counts("given back", 0, 0);
	ksm_write(ksm, "run", 0);
	expect_charged("given back", before, 2 * NR_PAGES);
	ask_all(ASK_CHECK);
	merge_all();
	ask_all(ASK_WRITE);
	merge_all();
	expect_charged("written", before, 2 * NR_PAGES);
	end_groups();
}

/* A copy is charged like any page: at its limit a group has none. */
static void at_its_limit(void)
{
	const uint64_t question = ASK_WRITE;
	char limit[32];
	int status;

	make_groups();
	ask_all(ASK_FILL);
	merge_all();
	expect(merged() == NR_PAGES, "%zu are merged", merged());
	snprintf(limit, sizeof(limit), "%ld",
		 (charged(1) + 256) * (long)PAGE_BYTES);
	put(1, "memory.swap.max", "0");
	put(1, "memory.max", limit);
	/* It cannot have all of them, and is killed for it. */
	must(write(members[1].socket, &question, 8) == 8, "write");
	must(waitpid(members[1].pid, &status, 0) == members[1].pid, "waitpid");
	expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "status %#x",
	       status);
	worker_ask(&members[0], ASK_CHECK, LIMIT_S);
	merge_all();
	expect(ksm_read(ksm, "pages_sharing") == 0, "%ld pages sharing",
	       ksm_read(ksm, "pages_sharing"));
	worker_end(&members[0]);
	close(members[1].socket);
	must(!rmdir(paths[0]) && !rmdir(paths[1]), "rmdir");
}

static const struct feature features[] = {
	{ "who is charged", who_is_charged },
	{ "a group at its limit", at_its_limit },
	{ NULL, NULL },
};

const struct topic memcg_topic = { "memcg", features };
