// SPDX-License-Identifier: GPL-2.0-only
/*
 * numa.c - nodes: pages that are moved, bound, and balanced
 */
#define _GNU_SOURCE
#include "features.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NR_PAGES 128
#define NR_BALANCED 2048
#define MPOL_BIND 2
#define MPOL_MF_STRICT 1
#define MPOL_MF_MOVE 2
#define MPOL_MF_MOVE_ALL 4

static void need_nodes(void)
{
	if (access("/sys/devices/system/node/node1", F_OK))
		skip("there is one node only");
}

/* Moves all pages to @node, or asks where they are if that is negative. */
static void move(const struct area *area, int node, int flags, int *status)
{
	void **places = calloc(area->nr, sizeof(*places));
	int *nodes = calloc(area->nr, sizeof(*nodes));

	must(places && nodes, "calloc");
	for (size_t i = 0; i < area->nr; i++) {
		places[i] = area_page(area, i);
		nodes[i] = node;
	}
	must(syscall(SYS_move_pages, 0, area->nr, places,
		     node < 0 ? NULL : nodes, status, flags) >= 0,
	     "move_pages");
	free(places);
	free(nodes);
}

static int node_of(const struct area *area, size_t i)
{
	const struct area page = { area_page(area, i), 1, NULL };
	int node;

	move(&page, -1, 0, &node);
	return node;
}

static size_t on_node(const struct area *area, int node)
{
	int *nodes = calloc(area->nr, sizeof(*nodes));
	size_t nr = 0;

	must(nodes, "calloc");
	move(area, -1, 0, nodes);
	for (size_t i = 0; i < area->nr; i++)
		nr += nodes[i] == node;
	free(nodes);
	return nr;
}

static int bind_to(const struct area *area, int node, int flags)
{
	const unsigned long mask = 1UL << node;

	return syscall(SYS_mbind, area->pages, area->nr * PAGE_BYTES, MPOL_BIND,
		       &mask, sizeof(mask) * 8, flags) ?
		       errno :
		       0;
}

/* Merged pages that all are on node 0. */
static void make_merged_on_first(struct area *one, struct area *other)
{
	need_nodes();
	area_reserve(one, NR_PAGES);
	area_reserve(other, NR_PAGES);
	must(!bind_to(one, 0, 0) && !bind_to(other, 0, 0), "mbind");
	area_fill(one);
	area_fill_twin(other, one);
	area_opt_in(one);
	area_opt_in(other);
	merge_all();
	expect_merged("on node 0", one, other);
	expect(on_node(one, 0) == NR_PAGES, "only %zu are on node 0",
	       on_node(one, 0));
}

static void print_status(const char *what, const int *status)
{
	printf("%s: the first page's status is %d (%s)\n", what, status[0],
	       status[0] < 0 ? strerror(-status[0]) : "a node");
}

static void moved(void)
{
	struct area one, other;
	int status[NR_PAGES];
	uint64_t *frames;

	make_merged_on_first(&one, &other);
	frames = area_frames(&one);
	move(&one, 1, MPOL_MF_MOVE, status);
	print_status("move_pages", status);
	expect_frames("move_pages", &one, frames);
	for (size_t i = 0; i < NR_PAGES; i++)
		expect(status[i] < 0, "page %zu is said to have moved", i);
	move(&one, 1, MPOL_MF_MOVE_ALL, status);
	print_status("move_pages, all", status);
	if (!by_kernel())
		expect_frames("move_pages, all", &one, frames);
	expect(on_node(&one, 1) == (by_kernel() ? NR_PAGES : 0),
	       "%zu have moved", on_node(&one, 1));
	expect_merged("moved", &one, &other);
}

static void migrated(void)
{
	const unsigned long from = 1, to = 2;
	struct area one, other, alone;
	long left;

	make_merged_on_first(&one, &other);
	area_reserve(&alone, NR_PAGES);
	must(!bind_to(&alone, 0, 0), "mbind");
	area_fill(&alone);
	left = syscall(SYS_migrate_pages, 0, sizeof(from) * 8, &from, &to);
	printf("migrate_pages: %ld pages stayed\n", left);
	expect(on_node(&alone, 1) == NR_PAGES, "%zu pages moved",
	       on_node(&alone, 1));
	expect(on_node(&one, 1) == (by_kernel() ? NR_PAGES : 0),
	       "%zu merged pages moved", on_node(&one, 1));
	expect_merged("migrated", &one, &other);
	area_check(&alone, "migrated");
}

static void bound(void)
{
	struct area one, other;
	int error;

	make_merged_on_first(&one, &other);
	error = bind_to(&one, 1, MPOL_MF_STRICT | MPOL_MF_MOVE);
	printf("mbind: %s\n", strerror(error));
	/* Pages with several sharers stay; not all kernels say so. */
	expect(!error || error == EIO, "mbind: %s", strerror(error));
	expect(on_node(&one, 0) == NR_PAGES, "shared pages moved");
	expect_merged("bound", &one, &other);
	error = bind_to(&one, 1, MPOL_MF_STRICT | MPOL_MF_MOVE_ALL);
	printf("mbind, all: %s\n", strerror(error));
	expect(error == (by_kernel() ? 0 : EIO), "mbind, all: %s",
	       strerror(error));
	expect_merged("bound, all", &one, &other);
	/* A copy goes where the policy wants it. */
	area_write(&one, 0);
	expect(node_of(&one, 0) == 1, "the copy is on node %d",
	       node_of(&one, 0));
	area_check(&one, "written");
	area_check(&other, "written");
}

/* CPUs belong to the nodes in turn. */
static void run_on(int cpu)
{
	cpu_set_t set;
	unsigned int node;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	must(!sched_setaffinity(0, sizeof(set), &set), "sched_setaffinity");
	must(!syscall(SYS_getcpu, NULL, &node, NULL), "getcpu");
	expect(node == (unsigned int)cpu, "CPU %d is of node %u", cpu, node);
}

static long marked(void)
{
	return get_number("/proc/vmstat", "numa_pte_updates ");
}

/*
 * NUMA balancing takes the rights to pages away, to see who wants them: from a
 * process with one thread to those on other nodes only.
 */
static void mark(long nr)
{
	const uint64_t end_ms = now_ms() + LIMIT_S / 2 * 1000ULL;
	const long before = marked();

	must(put_line("/proc/sys/kernel/numa_balancing", "1"),
	     "numa_balancing");
	run_on(1);
	while (marked() - before < nr) {
		const uint64_t until_ms = now_ms() + 100;

		expect(now_ms() < end_ms, "only %ld entries were marked",
		       marked() - before);
		while (now_ms() < until_ms)
			;
	}
	must(put_line("/proc/sys/kernel/numa_balancing", "0"),
	     "numa_balancing");
	printf("balancing: %ld entries marked\n", marked() - before);
}

static void balanced(void)
{
	struct area one, other;

	need_nodes();
	if (marked() < 0)
		skip("no NUMA balancing");
	run_on(0);
	area_make(&one, NR_BALANCED);
	area_make_twin(&other, &one);
	/* A few pages are on their way to a list, and are passed over. */
	mark(2 * NR_BALANCED - 256);
	merge_twins(&one, &other);
	printf("balancing: %zu of %d pages are merged\n",
	       area_shared(&one, &other), NR_BALANCED);
	/* KSM leaves them alone on 6.1, and merges them on 6.12. */
	if (by_kernel() && !kernel_since(6, 2)) {
		expect_apart("balanced", &one, &other);
		return;
	}
	expect_merged("balanced", &one, &other);
	expect_counts("balanced", NR_BALANCED, NR_BALANCED);
}

static const struct feature features[] = {
	{ "move_pages", moved },
	{ "migrate_pages", migrated },
	{ "mbind", bound },
	{ "pages marked by NUMA balancing are merged", balanced },
	{ NULL, NULL },
};

const struct topic numa_topic = { "numa", features };
