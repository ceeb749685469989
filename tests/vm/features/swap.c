// SPDX-License-Identifier: GPL-2.0-only
/*
 * swap.c - memory that is swapped out and comes back
 */
#define _GNU_SOURCE
#include "features.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define NR_PAGES 256
#define NR_OTHERS 1024
#define BYTES ((size_t)NR_PAGES * PAGE_BYTES)

static const char *const group = "/sys/fs/cgroup/features-swap";

static void need_swap(void)
{
	if (!meminfo_kib("SwapTotal"))
		skip("no swap");
}

static size_t swapped(const struct area *area)
{
	size_t nr = 0;

	for (size_t i = 0; i < area->nr; i++)
		nr += !!(pagemap_of(area_page(area, i)) & PAGEMAP_SWAPPED);
	return nr;
}

static size_t in_swap_cache(const struct area *area)
{
	uint64_t *frames = area_frames(area);
	size_t nr = 0;

	for (size_t i = 0; i < area->nr; i++)
		nr += frames[i] && (flags_of(frames[i]) & KPF_SWAPCACHE);
	free(frames);
	return nr;
}

static void page_out(const struct area *area)
{
	for (int tries = 0; tries < 50; tries++) {
		must(!madvise(area->pages, area->nr * PAGE_BYTES, MADV_PAGEOUT),
		     "MADV_PAGEOUT");
		if (swapped(area) == area->nr)
			return;
		sleep_ms(20);
	}
	fail("only %zu of %zu pages are swapped out", swapped(area), area->nr);
}

/* What is swapped out is not fetched for a merge, but merged when it is back. */
static void swapped_out(void)
{
	struct area one, other;

	need_swap();
	area_make(&one, NR_PAGES);
	area_make_twin(&other, &one);
	page_out(&one);
	merge_all();
	expect(swapped(&one) == NR_PAGES, "only %zu are still swapped out",
	       swapped(&one));
	expect_counts("swapped out", 0, 0);
	/* Reading leaves them in the swap cache, where there is room. */
	area_check(&one, "back");
	printf("swap: %zu of %d in the swap cache\n", in_swap_cache(&one),
	       NR_PAGES);
	merge_all();
	expect_merged("back", &one, &other);
	expect_counts("back", NR_PAGES, NR_PAGES);
	/* KSM's page is one of the twins. */
	expect(by_kernel() || !in_swap_cache(&one), "%zu are in the swap cache",
	       in_swap_cache(&one));
}

/* A page whose copy in the swap area is still good. */
static void in_the_swap_cache(void)
{
	const long before_kib = meminfo_kib("SwapFree");
	struct area one, other;
	long used_kib;

	need_swap();
	area_make(&one, NR_PAGES);
	area_make_twin(&other, &one);
	page_out(&one);
	page_out(&other);
	area_check(&one, "back");
	area_check(&other, "back");
	merge_all();
	expect_merged("merged", &one, &other);
	area_unmap(&one);
	area_unmap(&other);
	/* CPUs keep some free slots for themselves. */
	used_kib = before_kib - meminfo_kib("SwapFree");
	printf("swap: %ld KiB are still used\n", used_kib);
	expect(used_kib < (long)(BYTES / 1024), "%ld KiB are still used",
	       used_kib);
}

static void enter_group(void)
{
	char path[128];

	if (!put_line("/sys/fs/cgroup/cgroup.subtree_control", "+memory"))
		skip("no memory groups");
	mkdir(group, 0755);
	snprintf(path, sizeof(path), "%s/cgroup.procs", group);
	must(put_line(path, "0"), path);
	snprintf(path, sizeof(path), "%s/memory.reclaim", group);
	if (access(path, F_OK))
		skip("no memory.reclaim");
}

static void reclaim(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/memory.reclaim", group);
	for (int tries = 0; tries < 20; tries++)
		put_line(path, "8M");
}

static void under_pressure(void)
{
	struct area one, other, others;

	need_swap();
	enter_group();
	make_merged(&one, &other, NR_PAGES);
	area_make(&others, NR_OTHERS);
	reclaim();
	printf("swap: %zu merged pages of %d and %zu others of %d went\n",
	       swapped(&one), NR_PAGES, swapped(&others), NR_OTHERS);
	expect(swapped(&others) > NR_OTHERS / 2, "only %zu pages went",
	       swapped(&others));
	if (by_kernel())
		expect(swapped(&one) > NR_PAGES / 2, "KSM's pages stay");
	else
		expect_merged("under pressure", &one, &other);
	area_check(&one, "back");
	area_check(&other, "back");
	area_check(&others, "back");
	merge_all();
	expect_merged("merged again", &one, &other);
}

static void mlocked_under_pressure(void)
{
	struct area one, other;

	need_swap();
	enter_group();
	area_make(&one, NR_PAGES);
	area_make_twin(&other, &one);
	must(!mlock(one.pages, BYTES) && !mlock(other.pages, BYTES), "mlock");
	merge_all();
	expect_merged("locked", &one, &other);
	reclaim();
	expect(!area_absent(&one) && !area_absent(&other), "locked pages went");
	expect_merged("under pressure", &one, &other);
}

static const struct feature features[] = {
	{ "a page that is swapped out", swapped_out },
	{ "a page in the swap cache", in_the_swap_cache },
	{ "merged pages under pressure", under_pressure },
	{ "merged and locked pages under pressure", mlocked_under_pressure },
	{ NULL, NULL },
};

const struct topic swap_topic = { "swap", features };
