// SPDX-License-Identifier: GPL-2.0-only
/*
 * mlock.c - memory that is to stay
 *
 * Mlocked counts a page once, however many areas it is locked in.
 */
#define _GNU_SOURCE
#include "features.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define NR_PAGES 256
#define PAGES_KIB (NR_PAGES * PAGE_BYTES / 1024)

/* With what CPUs have not said yet. */
static long locked_kib(void)
{
	must(put_line("/proc/sys/vm/compact_memory", "1"), "compact_memory");
	/* Reading it adds up what the CPUs have counted for themselves. */
	get_number("/proc/sys/vm/stat_refresh", NULL);
	return meminfo_kib("Mlocked");
}

static void expect_locked(const char *when, long before_kib, long least_kib,
			  long most_kib)
{
	const long now_kib = locked_kib() - before_kib;

	printf("mlock: %s: %ld KiB\n", when, now_kib);
	expect(now_kib >= least_kib && now_kib <= most_kib,
	       "%s: Mlocked is %ld KiB more, not %ld to %ld", when, now_kib,
	       least_kib, most_kib);
}

static void lock(const struct area *area)
{
	must(!mlock(area->pages, area->nr * PAGE_BYTES), "mlock");
}

static void unlock(const struct area *area)
{
	must(!munlock(area->pages, area->nr * PAGE_BYTES), "munlock");
}

static void locked_before(void)
{
	const long before_kib = locked_kib();
	struct area one, other;

	area_make(&one, NR_PAGES);
	area_make_twin(&other, &one);
	lock(&one);
	lock(&other);
	expect_locked("locked", before_kib, 2 * PAGES_KIB, 2 * PAGES_KIB);
	merge_all();
	expect_merged("locked", &one, &other);
	expect_counts("locked", NR_PAGES, NR_PAGES);
	expect_locked("merged", before_kib, PAGES_KIB, PAGES_KIB);
	/*
	 * A copy is locked as well. The one that it was made of counts no more
	 * where there is one bit for it.
	 */
	area_write(&one, 0);
	area_check(&one, "written");
	area_check(&other, "written");
	expect_locked("written", before_kib, PAGES_KIB,
		      PAGES_KIB + PAGE_BYTES / 1024);
	unlock(&one);
	unlock(&other);
	expect_locked("unlocked", before_kib, 0, 0);
	area_check(&one, "unlocked");
	area_check(&other, "unlocked");
}

/* Of two who locked a merged page one unlocks it. */
static void unlocked_by_one(void)
{
	const long before_kib = locked_kib();
	struct area one, other;
	long locked;

	area_make(&one, NR_PAGES);
	area_make_twin(&other, &one);
	lock(&one);
	lock(&other);
	merge_all();
	unlock(&one);
	/* The count of a page that is on no list is of one bit. */
	locked = by_kernel() ? PAGES_KIB : 0;
	expect_locked("unlocked by one", before_kib, locked, locked);
	expect_merged("unlocked by one", &one, &other);
	area_unmap(&other);
	expect_locked("unlocked by both", before_kib, 0, 0);
	area_check(&one, "unlocked by both");
}

/* mlock() is like a write. */
static void locked_afterwards(void)
{
	struct area one, other;

	make_merged(&one, &other, NR_PAGES);
	lock(&one);
	expect_apart("locked", &one, &other);
	merge_all();
	expect_merged("merged again", &one, &other);
	expect_counts("merged again", NR_PAGES, NR_PAGES);
}

static void all_locked(void)
{
	const long before_kib = locked_kib();
	struct area one, other;

	must(!mlockall(MCL_CURRENT | MCL_FUTURE), "mlockall");
	make_merged(&one, &other, NR_PAGES);
	expect(!area_absent(&one) && !area_absent(&other), "not resident");
	must(!munlockall(), "munlockall");
	expect_locked("munlockall", before_kib, 0, 0);
	expect_merged("munlockall", &one, &other);
}

static void mapped_locked(void)
{
	const size_t bytes = (size_t)NR_PAGES * PAGE_BYTES;
	struct area one, other;

	area_reserve(&one, NR_PAGES);
	one.pages = mmap(one.pages, bytes, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_LOCKED,
			 -1, 0);
	must(one.pages != MAP_FAILED, "mmap");
	area_fill(&one);
	area_opt_in(&one);
	area_make_twin(&other, &one);
	merge_all();
	expect_merged("MAP_LOCKED", &one, &other);
	expect_counts("MAP_LOCKED", NR_PAGES, NR_PAGES);
}

static const struct feature features[] = {
	{ "mlocked areas are merged, Mlocked is right", locked_before },
	{ "munlock by one of two", unlocked_by_one },
	{ "mlock of merged pages", locked_afterwards },
	{ "mlockall", all_locked },
	{ "MAP_LOCKED", mapped_locked },
	{ NULL, NULL },
};

const struct topic mlock_topic = { "mlock", features };
