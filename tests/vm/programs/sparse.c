// SPDX-License-Identifier: GPL-2.0-only
/*
 * sparse.c - pages that have twins, none of them near another one
 *
 * Two areas hold the same pages in the same order, far apart from each other.
 * All of them are merged, and not with a TLB flush for each.
 */
#include "vmtest.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define NR_PAGES 2048
/* Beyond what one flush of single pages spans. */
#define GAP 40
#define LIMIT_S 120
#define MOST_FLUSHES_PERCENT 10

static char *page_at(char *area, size_t i)
{
	return area + i * GAP * PAGE_BYTES;
}

static char *make_area(void)
{
	char *area = pages_map(NR_PAGES * GAP);

	/* Huge pages would fill the gaps. */
	if (madvise(area, NR_PAGES * GAP * PAGE_BYTES, MADV_NOHUGEPAGE))
		fail("no MADV_NOHUGEPAGE");
	for (size_t i = 0; i < NR_PAGES; i++)
		page_fill(page_at(area, i), 1 + i);
	pages_opt_in(area, NR_PAGES * GAP);
	return area;
}

static void verify(char *area)
{
	for (size_t i = 0; i < NR_PAGES; i++)
		if (page_differs(page_at(area, i), 1 + i) >= 0)
			fail("page %zu is wrong", i);
}

int main(int argc, char **argv)
{
	const char *ksm = argc > 1 ? argv[1] : "/sys/kernel/mm/gksm";
	const long flushes_before = ksm_read(ksm, "tlb_flushes");
	const long merged_before = ksm_read(ksm, "pages_merged");
	char *one = make_area(), *other = make_area();
	long flushes, merged;
	size_t nr_twins = 0;

	ksm_settle(ksm, LIMIT_S);
	flushes = ksm_read(ksm, "tlb_flushes") - flushes_before;
	merged = ksm_read(ksm, "pages_merged") - merged_before;
	for (size_t i = 0; i < NR_PAGES; i++)
		nr_twins += pages_are_one(page_at(one, i), page_at(other, i));
	verify(one);
	verify(other);
	printf("sparse: %zu of %d pages share a frame; %ld merges, %ld TLB flushes (%.3f each)\n",
	       nr_twins, NR_PAGES, merged, flushes,
	       merged ? (double)flushes / (double)merged : 0);
	if (nr_twins != NR_PAGES || merged < 2 * NR_PAGES)
		fail("not all were merged");
	if (flushes * 100 > merged * MOST_FLUSHES_PERCENT)
		fail("more than %d %% of the merges cost a flush",
		     MOST_FLUSHES_PERCENT);
	return 0;
}
