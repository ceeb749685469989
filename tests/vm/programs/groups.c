// SPDX-License-Identifier: GPL-2.0-only
/*
 * groups.c - who shares with whom, and are the counters what they say?
 *
 *   groups [-k DIR] counts LIMIT|domains WAY|nodes 0|1
 *
 * Three processes with pages of known contents. What is merged is read from
 * their page tables, what should be follows from the contents, and what the
 * counters say has to be the same.
 *
 * counts LIMIT: with max_page_sharing at LIMIT.
 * domains WAY:  which processes are of one domain, before and after the second
 *		 one has changed its own. WAY is uid, or a cgroup directory with
 *		 the groups a/1, a/2 and b/1.
 * nodes 0|1:	 merge_across_nodes. The processes keep their pages on nodes.
 */
#define _GNU_SOURCE
#include "vmtest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NR_WORKERS 3
#define NR_PAGES 2048
#define LIMIT_S 120
#define MPOL_BIND 2

/* Contents of a process, by page; every range twice as long as the one before. */
#define NR_UNIQUE 256 /* in this process alone */
#define NR_EQUAL 512 /* one content for all */
/* the rest: each once in each process */

enum question {
	ASK_FILL,
	ASK_REWRITE, /* so many of the pages that are the same everywhere */
	ASK_VERIFY,
	ASK_USER, /* become that one */
	ASK_NODE, /* keep the pages there; before ASK_FILL */
	ASK_MERGING, /* what /proc says of the process */
};

static const char *ksm = "/sys/kernel/mm/gksm";
static struct worker workers[NR_WORKERS];
static char *pages;
static uint64_t pfns[NR_WORKERS][NR_PAGES];

static uint64_t content(int worker, size_t i, size_t nr_rewritten)
{
	const uint64_t own = 1000000 * (1 + (uint64_t)worker) + i;

	if (i < NR_UNIQUE)
		return own;
	if (i < NR_UNIQUE + NR_EQUAL)
		return 7;
	return i >= NR_PAGES - nr_rewritten ? own : i;
}

static uint64_t ask(int w, enum question question, uint32_t argument)
{
	return worker_ask(&workers[w], (uint64_t)question << 32 | argument,
			  LIMIT_S);
}

static void keep_on_node(unsigned int node)
{
	const unsigned long mask = 1UL << node;

	if (syscall(SYS_mbind, pages, (size_t)NR_PAGES * PAGE_BYTES, MPOL_BIND,
		    &mask, sizeof(mask) * 8, 0))
		fail("mbind: %s", strerror(errno));
}

static uint64_t read_merging(void)
{
	FILE *file = fopen("/proc/self/ksm_merging_pages", "r");
	unsigned long value;

	if (!file || fscanf(file, "%lu", &value) != 1)
		fail("cannot read ksm_merging_pages");
	fclose(file);
	return value;
}

static void verify(int worker, size_t nr_rewritten)
{
	for (size_t i = 0; i < NR_PAGES; i++)
		if (page_differs(pages + i * PAGE_BYTES,
				 content(worker, i, nr_rewritten)) >= 0)
			fail("process %d: page %zu is wrong", worker, i);
}

static void serve(int socket, void *arg)
{
	const int worker = (int)(intptr_t)arg;
	size_t nr_rewritten = 0;
	uint64_t question, answer;

	while (worker_poll(socket, -1, &question)) {
		const uint32_t argument = (uint32_t)question;

		answer = 0;
		switch (question >> 32) {
		case ASK_REWRITE:
			nr_rewritten = argument;
			for (size_t i = NR_PAGES - argument; i < NR_PAGES; i++)
				page_fill(pages + i * PAGE_BYTES,
					  content(worker, i, argument));
			break;
		case ASK_FILL:
			for (size_t i = 0; i < NR_PAGES; i++)
				page_fill(pages + i * PAGE_BYTES,
					  content(worker, i, 0));
			pages_opt_in(pages, NR_PAGES);
			break;
		case ASK_VERIFY:
			verify(worker, nr_rewritten);
			break;
		case ASK_USER:
			if (seteuid(0) || setresuid(argument, argument, 0))
				fail("setresuid: %s", strerror(errno));
			break;
		case ASK_NODE:
			keep_on_node(argument);
			break;
		case ASK_MERGING:
			answer = read_merging();
			break;
		}
		worker_answer(socket, answer);
	}
}

static int compare(const void *a, const void *b)
{
	const uint64_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

static void read_frames(void)
{
	for (int w = 0; w < NR_WORKERS; w++)
		pages_frames(workers[w].pid, (uintptr_t)pages, NR_PAGES,
			     pfns[w]);
}

/**
 * struct groups - pages that are the same, or have one frame
 * @shared:  frames with more than one page
 * @sharing: pages of these, less one each
 * @single:  pages that are alone
 */
struct groups {
	long shared;
	long sharing;
	long single;
};

/* Of sorted numbers; groups of more than @limit are several. */
static struct groups group(uint64_t *ids, size_t nr, size_t limit)
{
	struct groups groups = { 0 };

	qsort(ids, nr, sizeof(*ids), compare);
	for (size_t first = 0, last; first < nr; first = last) {
		last = first + 1;
		while (last < nr && last - first < limit &&
		       ids[last] == ids[first])
			last++;
		if (last - first > 1) {
			groups.shared++;
			groups.sharing += (long)(last - first) - 1;
		} else {
			groups.single++;
		}
	}
	return groups;
}

static struct groups implied(size_t limit, const size_t *nr_rewritten)
{
	static uint64_t ids[NR_WORKERS * NR_PAGES];

	for (int w = 0; w < NR_WORKERS; w++)
		for (size_t i = 0; i < NR_PAGES; i++)
			ids[w * NR_PAGES + (int)i] =
				content(w, i, nr_rewritten[w]);
	return group(ids, (size_t)NR_WORKERS * NR_PAGES, limit);
}

static struct groups mapped(size_t limit)
{
	struct groups all, limited;

	read_frames();
	all = group(&pfns[0][0], (size_t)NR_WORKERS * NR_PAGES, SIZE_MAX);
	read_frames();
	limited = group(&pfns[0][0], (size_t)NR_WORKERS * NR_PAGES, limit);
	if (memcmp(&all, &limited, sizeof(all)))
		fail("a frame has more than %zu pages", limit);
	return all;
}

static void check_counter(const char *name, long value)
{
	if (ksm_read(ksm, name) != value)
		fail("%s is %ld, not %ld", name, ksm_read(ksm, name), value);
}

/*
 * What is merged is as many pages as it should be. A content with more pages
 * than the limit has as few frames as can be, or a few more: they are filled
 * in the order in which pages come and go.
 */
static void check_counters(struct groups want, size_t limit, const char *when)
{
	const struct groups have = mapped(limit);
	const long spare = limit < NR_EQUAL ? 2 : 0;
	uint64_t merging = 0;

	printf("%s: %ld shared, %ld sharing, %ld single\n", when, want.shared,
	       want.sharing, want.single);
	if (have.single != want.single ||
	    have.shared + have.sharing != want.shared + want.sharing ||
	    have.shared < want.shared || have.shared > want.shared + spare)
		fail("%s: the page tables have %ld shared, %ld sharing, %ld single",
		     when, have.shared, have.sharing, have.single);
	check_counter("pages_shared", have.shared);
	check_counter("pages_sharing", have.sharing);
	check_counter("pages_unshared", want.single);
	check_counter("pages_volatile", 0);
	check_counter("ksm_zero_pages", 0);
	for (int w = 0; w < NR_WORKERS; w++)
		merging += ask(w, ASK_MERGING, 0);
	if (merging != (uint64_t)(want.shared + want.sharing))
		fail("%s: /proc says %llu merged pages", when,
		     (unsigned long long)merging);
}

/* Until nothing changes any more, and every gauge is of such a pass. */
static void settle_and_stop(void)
{
	ksm_write(ksm, "run", 1);
	ksm_settle(ksm, LIMIT_S);
	ksm_await_passes(ksm, 3);
	ksm_write(ksm, "run", 0);
}

static void test_counts(size_t limit)
{
	size_t nr_rewritten[NR_WORKERS] = { 0 };
	struct groups want;
	long sharing;

	for (int w = 0; w < NR_WORKERS; w++)
		ask(w, ASK_FILL, 0);
	settle_and_stop();
	want = implied(limit, nr_rewritten);
	check_counters(want, limit, "filled");
	if (limit < NR_EQUAL) {
		const long full = (long)NR_WORKERS * NR_EQUAL / (long)limit;

		check_counter("stable_node_chains", 1);
		if (ksm_read(ksm, "stable_node_dups") < full)
			fail("only %ld stable_node_dups",
			     ksm_read(ksm, "stable_node_dups"));
	} else {
		check_counter("stable_node_chains", 0);
		check_counter("stable_node_dups", 0);
	}
	nr_rewritten[1] = 100;
	sharing = ksm_read(ksm, "pages_sharing");
	ask(1, ASK_REWRITE, 100);
	/* What was shared by three is shared by two. */
	ksm_write(ksm, "run", 1);
	ksm_await_passes(ksm, 1);
	check_counter("pages_sharing", sharing - 100);
	settle_and_stop();
	check_counters(implied(limit, nr_rewritten), limit, "rewritten");
}

/* How many pages have the same frame in both processes? */
static long common(int a, int b)
{
	long nr = 0;

	for (size_t i = 0; i < NR_PAGES; i++)
		for (size_t k = 0; pfns[a][i] && k < NR_PAGES; k++)
			nr += pfns[a][i] == pfns[b][k];
	return nr;
}

static void check_common(const bool *want, const char *when)
{
	static const int pair[3][2] = { { 0, 1 }, { 0, 2 }, { 1, 2 } };

	read_frames();
	for (int p = 0; p < 3; p++) {
		const long nr = common(pair[p][0], pair[p][1]);

		printf("%s: processes %d and %d have %ld frames in common\n",
		       when, pair[p][0], pair[p][1], nr);
		/* With a limit not all equal pages have one frame. */
		if (want[p] ? nr < NR_PAGES - NR_UNIQUE - NR_EQUAL : nr != 0)
			fail("%s: that is wrong", when);
	}
}

static void move_to(int w, const char *way, const char *group)
{
	char path[256];
	int fd;

	if (!strcmp(way, "uid")) {
		ask(w, ASK_USER, strcmp(group, "b/1") ? 1001 : 1002);
		return;
	}
	snprintf(path, sizeof(path), "%s/%s/cgroup.procs", way, group);
	fd = open(path, O_WRONLY);
	if (fd < 0 || dprintf(fd, "%d\n", (int)workers[w].pid) < 0)
		fail("%s: %s", path, strerror(errno));
	close(fd);
}

static void test_domains(const char *way)
{
	move_to(0, way, "a/1");
	move_to(1, way, "a/2");
	move_to(2, way, "b/1");
	for (int w = 0; w < NR_WORKERS; w++)
		ask(w, ASK_FILL, 0);
	settle_and_stop();
	check_common((const bool[]){ true, false, false }, "at first");
	check_counter("merge_domains", 2);
	move_to(1, way, "b/1");
	settle_and_stop();
	check_common((const bool[]){ false, false, true }, "afterwards");
	check_counter("merge_domains", 2);
}

/* The node of each page, which must be where its process wants it. */
static void check_nodes(int w, int node)
{
	static void *addresses[NR_PAGES];
	static int nodes[NR_PAGES];

	for (size_t i = 0; i < NR_PAGES; i++)
		addresses[i] = pages + i * PAGE_BYTES;
	if (syscall(SYS_move_pages, workers[w].pid, NR_PAGES, addresses, NULL,
		    nodes, 0))
		fail("move_pages: %s", strerror(errno));
	for (size_t i = 0; i < NR_PAGES; i++)
		if (nodes[i] != node)
			fail("process %d: page %zu is on node %d", w, i,
			     nodes[i]);
}

static void test_nodes(bool across)
{
	ask(0, ASK_NODE, 0);
	ask(1, ASK_NODE, 0);
	ask(2, ASK_NODE, 1);
	for (int w = 0; w < NR_WORKERS; w++)
		ask(w, ASK_FILL, 0);
	settle_and_stop();
	check_common((const bool[]){ true, across, across },
		     across ? "across nodes" : "within nodes");
	for (int w = 0; !across && w < NR_WORKERS; w++)
		check_nodes(w, w == 2);
}

int main(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "k:")) >= 0) {
		if (option != 'k')
			fail("usage: groups [-k DIR] TEST ARGUMENT");
		ksm = optarg;
	}
	if (argc - optind != 2)
		fail("usage: groups [-k DIR] TEST ARGUMENT");
	pages = pages_map(NR_PAGES);
	for (int w = 0; w < NR_WORKERS; w++)
		worker_start(&workers[w], serve, (void *)(intptr_t)w);
	if (!strcmp(argv[optind], "counts"))
		test_counts(parse_number(argv[optind + 1], 'l'));
	else if (!strcmp(argv[optind], "domains"))
		test_domains(argv[optind + 1]);
	else if (!strcmp(argv[optind], "nodes"))
		test_nodes(parse_number(argv[optind + 1], 'n'));
	else
		fail("there is no test %s", argv[optind]);
	for (int w = 0; w < NR_WORKERS; w++)
		ask(w, ASK_VERIFY, 0);
	for (int w = 0; w < NR_WORKERS; w++)
		worker_end(&workers[w]);
	return 0;
}
