// SPDX-License-Identifier: GPL-2.0-only
/*
 * breaks.c - every write to a merged page is counted, and no other one
 *
 * Half of the pages are twins of the other half, and as many again are zero.
 * When all are merged and the scanner rests, the twins of one half are written,
 * and then the zero pages. The kernel counts those copies that are of merged
 * pages; the module counts them since it was loaded.
 */
#include "vmtest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NR_TWINS 2000
#define LIMIT_S 100

static const char *const ksm = "/sys/kernel/mm/gksm";

/* Copies of merged pages, since the machine was started. */
static long machine_breaks(void)
{
	FILE *file = fopen("/proc/vmstat", "re");
	long breaks = -1;
	char line[128];

	if (!file)
		fail("cannot open /proc/vmstat");
	while (breaks < 0 && fgets(line, sizeof(line), file))
		if (strncmp(line, "cow_ksm ", 8) == 0)
			breaks = strtol(line + 8, NULL, 10);
	fclose(file);
	if (breaks < 0)
		fail("no cow_ksm in /proc/vmstat");
	return breaks;
}

static void write_all(char *pages, uint64_t first_id)
{
	for (size_t i = 0; i < NR_TWINS; i++)
		page_fill(pages + i * PAGE_BYTES, first_id + i);
}

static void verify(const char *pages, uint64_t first_id)
{
	for (size_t i = 0; i < NR_TWINS; i++)
		if (page_differs(pages + i * PAGE_BYTES, first_id + i) >= 0)
			fail("page %zu of those from %llu is wrong", i,
			     (unsigned long long)first_id);
}

/* Each twin shares a frame with the other one, each zero page with the first. */
static void await_merged(const char *pages, const char *zeros)
{
	ksm_settle(ksm, LIMIT_S);
	for (size_t i = 0; i < NR_TWINS; i++) {
		const char *page = pages + i * PAGE_BYTES;

		if (!pages_are_one(page, page + NR_TWINS * PAGE_BYTES))
			fail("page %zu is not merged with its twin", i);
		if (!pages_are_one(zeros, zeros + i * PAGE_BYTES))
			fail("zero page %zu is not merged", i);
	}
}

/* Writes pages that are all merged, and sees what the counters make of it. */
static void check_breaks(char *pages, uint64_t first_id, const char *what,
			 long expected)
{
	const long machine = machine_breaks();
	const long module = ksm_read(ksm, "cow_breaks");
	long machine_grew, module_grew;

	write_all(pages, first_id);
	machine_grew = machine_breaks() - machine;
	module_grew = ksm_read(ksm, "cow_breaks") - module;
	printf("breaks: %d %s written: cow_ksm grew by %ld, cow_breaks by %ld\n",
	       NR_TWINS, what, machine_grew, module_grew);
	if (machine_grew != expected || module_grew != expected)
		fail("not by %ld", expected);
}

int main(void)
{
	char *pages = pages_map(3 * NR_TWINS);
	char *twins = pages + NR_TWINS * PAGE_BYTES;
	char *zeros = twins + NR_TWINS * PAGE_BYTES;

	write_all(pages, 1);
	write_all(twins, 1);
	memset(zeros, 0, NR_TWINS * PAGE_BYTES);
	pages_opt_in(pages, 3 * NR_TWINS);
	ksm_write(ksm, "run", 1);
	await_merged(pages, zeros);
	ksm_write(ksm, "run", 0);
	check_breaks(twins, 1000000, "merged pages", NR_TWINS);
	check_breaks(zeros, 2000000, "zero pages", 0);
	verify(pages, 1);
	verify(twins, 1000000);
	verify(zeros, 2000000);
	return 0;
}
