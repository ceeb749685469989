// SPDX-License-Identifier: GPL-2.0-only
/*
 * zeros.c - the kernel takes pages merged with the zero page for KSM's
 *
 *   zeros [-k DIR] [-s]
 *
 * For kernels since 6.6, which count such pages, for all and for each process.
 * Pages of zeros are merged, and then everything is done to them that takes the
 * zero page away: after each step both counts have to be exact. In the end they
 * are merged again; when a line comes on standard input, by when the module may
 * be gone, the last ones are given back. -s: merging must not make pages
 * soft-dirty (KSM's does).
 */
#define _GNU_SOURCE
#include "vmtest.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define NR_ZEROS 1024
#define QUARTER (NR_ZEROS / 4)
#define NR_TWINS 64
#define LIMIT_MS 60000
#define PAGEMAP_SOFT_DIRTY (1ULL << 55)

static const char *const stock = "/sys/kernel/mm/ksm";
static const char *ksm = "/sys/kernel/mm/gksm";
static bool soft_dirty_stays;

/* The number after @name at the start of a line of a file, or -1. */
static long number_in(const char *path, const char *name)
{
	FILE *file = fopen(path, "re");
	long value = -1;
	char line[256];

	if (!file)
		fail("cannot open %s", path);
	while (value < 0 && fgets(line, sizeof(line), file))
		if (strncmp(line, name, strlen(name)) == 0)
			value = strtol(line + strlen(name), NULL, 10);
	fclose(file);
	return value;
}

static long of_process(const char *name)
{
	return number_in("/proc/self/ksm_stat", name);
}

static void expect(const char *when, long all, long own)
{
	const long of_all = ksm_read(stock, "ksm_zero_pages");
	const long of_own = of_process("ksm_zero_pages ");

	printf("%s: %ld of all, %ld of this process\n", when, of_all, of_own);
	if (of_all != all || of_own != own)
		fail("%s: not %ld and %ld", when, all, own);
}

static void await_zeros(const char *zeros, size_t nr)
{
	const uint64_t end_ms = now_ms() + LIMIT_MS;

	ksm_write(ksm, "run", 1);
	while (of_process("ksm_zero_pages ") != (long)nr) {
		if (now_ms() > end_ms)
			fail("%ld of %zu zero pages are merged",
			     of_process("ksm_zero_pages "), nr);
		sleep_ms(50);
	}
	ksm_write(ksm, "run", 0);
	for (size_t i = 0; i < nr; i++)
		if (!pages_are_one(zeros, zeros + i * PAGE_BYTES))
			fail("zero page %zu is not merged", i);
	if (ksm_read(ksm, "ksm_zero_pages") !=
	    ksm_read(stock, "ksm_zero_pages"))
		fail("%s and %s do not count the same", ksm, stock);
}

static void forget_soft_dirty(void)
{
	const int fd = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "4", 1) != 1)
		fail("cannot write to clear_refs");
	close(fd);
}

static size_t nr_soft_dirty(const char *pages, size_t nr)
{
	const int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	size_t dirty = 0;
	uint64_t entry;

	for (size_t i = 0; i < nr; i++) {
		const uintptr_t page = (uintptr_t)pages / PAGE_BYTES + i;

		if (pread(fd, &entry, sizeof(entry),
			  (off_t)(page * sizeof(entry))) != sizeof(entry))
			fail("cannot read pagemap");
		dirty += !!(entry & PAGEMAP_SOFT_DIRTY);
	}
	close(fd);
	return dirty;
}

/* Written once, with zeros. A quarter of an area of their own, each. */
static void fill(char *zeros)
{
	if (madvise(zeros, NR_ZEROS * PAGE_BYTES, MADV_NOHUGEPAGE))
		fail("cannot do without huge pages");
	memset(zeros, 0, NR_ZEROS * PAGE_BYTES);
}

static void unmergeable(char *pages, size_t nr)
{
	if (madvise(pages, nr * PAGE_BYTES, MADV_UNMERGEABLE))
		fail("cannot make them unmergeable");
	for (size_t i = 1; i < nr; i++)
		if (pages_are_one(pages, pages + i * PAGE_BYTES))
			fail("page %zu is still the zero page", i);
}

static void dirty(char *pages, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		pages[i * PAGE_BYTES] = 1;
}

static void fork_and_exit(void)
{
	int status;
	const pid_t child = fork();

	if (child < 0)
		fail("cannot fork");
	if (child == 0) {
		expect("in a fork", 2 * QUARTER, QUARTER);
		_exit(0);
	}
	if (waitpid(child, &status, 0) != child || status)
		fail("the fork failed");
}

/* /proc/self/smaps counts merged pages, zero pages not among them. */
static void check_views(const char *twins)
{
	const long shown = number_in("/proc/self/smaps_rollup", "KSM:");
	const long merged = of_process("ksm_merging_pages ");
	const long profit = of_process("ksm_process_profit ");

	if (merged != 2 * NR_TWINS || !pages_are_one(twins, twins + PAGE_BYTES))
		fail("%ld of %d twins are merged", merged, 2 * NR_TWINS);
	if (shown >= 0 && shown != merged * (PAGE_BYTES / 1024))
		fail("smaps shows %ld KiB for %ld pages", shown, merged);
	if (of_process("ksm_rmap_items ") == 0 &&
	    profit != (merged + NR_ZEROS) * PAGE_BYTES)
		fail("ksm_process_profit is %ld", profit);
	printf("smaps: %ld KiB, ksm_merging_pages %ld, profit %ld\n", shown,
	       merged, profit);
}

/* Everything that takes the zero page away, a quarter of the pages each. */
static void lose_them(char *zeros)
{
	unmergeable(zeros, QUARTER);
	expect("after MADV_UNMERGEABLE", 3 * QUARTER, 3 * QUARTER);
	zeros += QUARTER * PAGE_BYTES;
	dirty(zeros, QUARTER);
	expect("after writes", 2 * QUARTER, 2 * QUARTER);
	zeros += QUARTER * PAGE_BYTES;
	munmap(zeros, QUARTER * PAGE_BYTES);
	expect("after munmap", QUARTER, QUARTER);
	zeros += QUARTER * PAGE_BYTES;
	fork_and_exit();
	expect("after a fork and its end", QUARTER, QUARTER);
	ksm_write(stock, "run", 2);
	expect("after run = 2 of KSM's", 0, 0);
	ksm_write(stock, "run", 0);
}

int main(int argc, char **argv)
{
	char *zeros = pages_map(NR_ZEROS), *twins = pages_map(2 * NR_TWINS);
	char *last = zeros + 3 * QUARTER * PAGE_BYTES;
	int option;

	while ((option = getopt(argc, argv, "k:s")) != -1) {
		if (option == 'k')
			ksm = optarg;
		else
			soft_dirty_stays = true;
	}
	expect("at first", 0, 0);
	fill(zeros);
	for (size_t i = 0; i < 2 * (size_t)NR_TWINS; i++)
		page_fill(twins + i * PAGE_BYTES, 1 + i / 2);
	pages_opt_in(zeros, NR_ZEROS);
	pages_opt_in(twins, 2 * NR_TWINS);
	forget_soft_dirty();
	ksm_write(ksm, "use_zero_pages", 1);
	await_zeros(zeros, NR_ZEROS);
	expect("merged", NR_ZEROS, NR_ZEROS);
	if (soft_dirty_stays && nr_soft_dirty(zeros, NR_ZEROS))
		fail("merging made %zu pages soft-dirty",
		     nr_soft_dirty(zeros, NR_ZEROS));
	ksm_write(ksm, "run", 1);
	ksm_await_passes(ksm, 2);
	ksm_write(ksm, "run", 0);
	check_views(twins);
	lose_them(zeros);

	await_zeros(last, QUARTER);
	expect("merged again", QUARTER, QUARTER);
	fflush(stdout);
	(void)getchar();
	expect("at the end", QUARTER, QUARTER);
	unmergeable(last, QUARTER / 2);
	expect("after MADV_UNMERGEABLE", QUARTER / 2, QUARTER / 2);
	dirty(last + QUARTER / 2 * PAGE_BYTES, QUARTER / 2);
	expect("after writes", 0, 0);
	return 0;
}
