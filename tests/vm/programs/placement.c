// SPDX-License-Identifier: GPL-2.0-only
/*
 * placement.c - where merged pages lie
 *
 *   placement [DIR]
 *
 * A process holds pairs of equal pages. Their frames are read before and after
 * merging. A merged page must not be one of its twins, nor the frame that any
 * other twin gave up; and from the frame of one merged page that of the next
 * must not follow. Merged pages are made in the order of the addresses.
 */
#include "vmtest.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define NR_PAIRS 800
#define LIMIT_S 120
/* A frame near the last one: of 256 at random, 8 are. */
#define NEAR 4
#define MAX_NEAR_PERCENT 12
/* Up or down is a coin toss, with a standard deviation of 1 in 800. */
#define MIN_UP_PERCENT 42
#define MAX_UP_PERCENT 58
/* The most frequent step from one to the next. */
#define MAX_STEP_PERCENT 4

static uint64_t before[2 * NR_PAIRS], after[2 * NR_PAIRS];
static int64_t steps[NR_PAIRS];

static int compare(const void *a, const void *b)
{
	const uint64_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

static int compare_steps(const void *a, const void *b)
{
	const int64_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

static bool was_candidate(uint64_t pfn)
{
	return bsearch(&pfn, before, (size_t)2 * NR_PAIRS, sizeof(*before),
		       compare);
}

static void check_frames(void)
{
	unsigned int own = 0, others = 0;

	for (size_t i = 0; i < NR_PAIRS; i++) {
		if (!after[i] || after[i] != after[NR_PAIRS + i])
			fail("pair %zu is not merged", i);
		own += after[i] == before[i] ||
		       after[i] == before[NR_PAIRS + i];
	}
	qsort(before, (size_t)2 * NR_PAIRS, sizeof(*before), compare);
	for (size_t i = 0; i < NR_PAIRS; i++)
		others += was_candidate(after[i]);
	printf("placement: of %d merged pages %u were one of their twins, %u any twin\n",
	       NR_PAIRS, own, others);
	if (own || others)
		fail("merged pages lie where twins lay");
}

static size_t most_frequent_step(size_t nr)
{
	size_t most = 0, first, last;

	qsort(steps, nr, sizeof(*steps), compare_steps);
	for (first = 0; first < nr; first = last) {
		for (last = first + 1; last < nr; last++)
			if (steps[last] != steps[first])
				break;
		if (last - first > most)
			most = last - first;
	}
	return most;
}

static void check_order(void)
{
	const size_t nr = NR_PAIRS - 1;
	size_t near = 0, up = 0, same;

	for (size_t i = 0; i < nr; i++) {
		steps[i] = (int64_t)(after[i + 1] - after[i]);
		up += steps[i] > 0;
		near += llabs(steps[i]) <= NEAR;
	}
	same = most_frequent_step(nr);
	near = near * 100 / nr;
	up = up * 100 / nr;
	same = same * 100 / nr;
	printf("placement: %zu%% near the one before, %zu%% above it, %zu%% at the most frequent distance\n",
	       near, up, same);
	if (near > MAX_NEAR_PERCENT || up < MIN_UP_PERCENT ||
	    up > MAX_UP_PERCENT || same > MAX_STEP_PERCENT)
		fail("where merged pages lie can be told");
}

int main(int argc, char **argv)
{
	const char *ksm = argc > 1 ? argv[1] : "/sys/kernel/mm/gksm";
	char *pages = pages_map((size_t)2 * NR_PAIRS);

	for (size_t i = 0; i < (size_t)2 * NR_PAIRS; i++)
		page_fill(pages + i * PAGE_BYTES, 1 + i % NR_PAIRS);
	pages_frames(getpid(), (uintptr_t)pages, (size_t)2 * NR_PAIRS, before);
	pages_opt_in(pages, (size_t)2 * NR_PAIRS);
	ksm_write(ksm, "run", 1);
	ksm_settle(ksm, LIMIT_S);
	ksm_write(ksm, "run", 0);
	pages_frames(getpid(), (uintptr_t)pages, (size_t)2 * NR_PAIRS, after);
	check_frames();
	check_order();
	for (size_t i = 0; i < (size_t)2 * NR_PAIRS; i++)
		if (page_differs(pages + i * PAGE_BYTES, 1 + i % NR_PAIRS) >= 0)
			fail("page %zu is wrong", i);
	return 0;
}
