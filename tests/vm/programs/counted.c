// SPDX-License-Identifier: GPL-2.0-only
/*
 * counted.c - a pass has counted what was changed before
 *
 *   counted [DIR]
 *
 * Two equal pages are merged, one is written to, and when full_scans has grown
 * by one since then they may not be counted as shared any more. Passes follow
 * each other at once, so that the change falls anywhere in one.
 */
#include "vmtest.h"

#include <stdio.h>

#define ROUNDS 300
#define LIMIT_MS 60000

static const char *ksm = "/sys/kernel/mm/gksm";

static void await_sharing(long pages)
{
	uint64_t end = now_ms() + LIMIT_MS;

	while (ksm_read(ksm, "pages_sharing") != pages) {
		if (now_ms() > end)
			fail("pages_sharing does not become %ld", pages);
	}
}

int main(int argc, char **argv)
{
	unsigned int i, stale = 0;
	uint64_t *pages;

	if (argc > 1)
		ksm = argv[1];
	pages = pages_map(2);
	pages_opt_in(pages, 2);
	for (i = 0; i < ROUNDS; i++) {
		page_fill(pages, i + 1);
		page_fill(pages + PAGE_WORDS, i + 1);
		await_sharing(1);
		pages[i % PAGE_WORDS]++;
		/* Without a pause: the very end of a pass is looked for. */
		ksm_await_full_scans(ksm, 1, 0);
		stale += ksm_read(ksm, "pages_sharing") != 0;
	}
	printf("counted: %u of %u changes were not counted at once\n", stale,
	       ROUNDS);
	if (stale)
		fail("a full scan has passed, and they still share");
	return 0;
}
