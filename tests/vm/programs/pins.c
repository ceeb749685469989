// SPDX-License-Identifier: GPL-2.0-only
/*
 * pins.c - pages that somebody else holds are not merged
 *
 * Half of a number of equal pages are put into a pipe by reference
 * (vmsplice), so the pipe must see what is written to them afterwards. Had
 * such a page been replaced by a merged one, the pipe would hold the old one.
 * The pages lie side by side or, with an argument, so many pages apart: they
 * are merged in another way then.
 */
#define _GNU_SOURCE
#include "vmtest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#define NR_PAGES 128
#define NR_PINNED 64
#define LIMIT_S 120
#define OLD 1
#define NEW 2

static size_t gap = 1;

static char *page_at(char *pages, size_t i)
{
	return pages + i * gap * PAGE_BYTES;
}

static void pin(char *pages, int pipe_end)
{
	struct iovec ranges[NR_PINNED];

	for (size_t i = 0; i < NR_PINNED; i++)
		ranges[i] = (struct iovec){ page_at(pages, i), PAGE_BYTES };
	if (fcntl(pipe_end, F_SETPIPE_SZ, NR_PINNED * PAGE_BYTES) < 0)
		fail("cannot enlarge a pipe: %s", strerror(errno));
	if (vmsplice(pipe_end, ranges, NR_PINNED, 0) != NR_PINNED * PAGE_BYTES)
		fail("vmsplice: %s", strerror(errno));
}

static size_t count_shared(const char *pages, size_t first, size_t nr)
{
	uint64_t *pfns = calloc(NR_PAGES * gap, sizeof(*pfns));
	size_t shared = 0;

	if (!pfns)
		fail("out of memory");
	pages_frames(getpid(), (uintptr_t)pages, NR_PAGES * gap, pfns);
	for (size_t i = first; i < first + nr; i++) {
		size_t same = 0;

		for (size_t j = 0; j < NR_PAGES; j++)
			same += pfns[j * gap] == pfns[i * gap];
		shared += same > 1;
	}
	free(pfns);
	return shared;
}

int main(int argc, char **argv)
{
	const char *ksm = argc > 1 ? argv[1] : "/sys/kernel/mm/gksm";
	char page[PAGE_BYTES] __attribute__((aligned(8)));
	size_t pinned, others;
	char *pages;
	int ends[2];

	if (argc > 2)
		gap = parse_number(argv[2], 'g');
	pages = pages_map(NR_PAGES * gap);
	/* Huge pages would fill the gaps. */
	if (madvise(pages, NR_PAGES * gap * PAGE_BYTES, MADV_NOHUGEPAGE))
		fail("no MADV_NOHUGEPAGE");
	for (size_t i = 0; i < NR_PAGES; i++)
		page_fill(page_at(pages, i), OLD);
	if (pipe(ends))
		fail("pipe: %s", strerror(errno));
	pin(pages, ends[1]);
	pages_opt_in(pages, NR_PAGES * gap);
	ksm_settle(ksm, LIMIT_S);
	pinned = count_shared(pages, 0, NR_PINNED);
	others = count_shared(pages, NR_PINNED, NR_PAGES - NR_PINNED);
	printf("pins: shared: %zu of %d pinned, %zu of %d other pages\n",
	       pinned, NR_PINNED, others, NR_PAGES - NR_PINNED);
	for (size_t i = 0; i < NR_PINNED; i++)
		page_fill(page_at(pages, i), NEW);
	for (size_t i = 0; i < NR_PINNED; i++) {
		if (read(ends[0], page, PAGE_BYTES) != PAGE_BYTES)
			fail("cannot read page %zu from the pipe", i);
		if (page_differs(page, NEW) >= 0)
			fail("the pipe does not see a write to page %zu", i);
	}
	if (pinned || others != NR_PAGES - NR_PINNED)
		fail("merged the wrong pages");
	return 0;
}
