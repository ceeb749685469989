// SPDX-License-Identifier: GPL-2.0-only
/*
 * areas.c - mremap, mprotect and madvise
 */
#define _GNU_SOURCE
#include "features.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define NR_PAGES 64
#define BYTES ((size_t)NR_PAGES * PAGE_BYTES)

/* mremap() of merged pages gives them back first; then they merge again. */
static void moved(void)
{
	struct area one, other;
	char *to = pages_map(NR_PAGES);

	make_merged(&one, &other, NR_PAGES);
	to = mremap(one.pages, BYTES, BYTES, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	must(to != MAP_FAILED, "mremap");
	one.pages = to;
	printf("mremap: %zu of %d are still merged\n",
	       area_shared(&one, &other), NR_PAGES);
	expect_apart("moved", &one, &other);
	merge_all();
	expect_merged("moved", &one, &other);
	expect_counts("moved", NR_PAGES, NR_PAGES);
}

static void resized(void)
{
	struct area one, other;
	char *start;

	make_merged(&one, &other, NR_PAGES);
	start = mremap(one.pages, BYTES, BYTES / 2, 0);
	must(start == one.pages, "mremap");
	one.nr /= 2;
	other.nr /= 2;
	expect_merged("cut", &one, &other);
	other.nr = NR_PAGES;
	area_check(&other, "cut");
	merge_all();
	/* A page whose sharers have gone stays, until it is written. */
	expect(ksm_read(ksm, "pages_sharing") == NR_PAGES / 2,
	       "%ld pages sharing", ksm_read(ksm, "pages_sharing"));
}

static void read_only(void)
{
	struct area one, other;

	make_merged(&one, &other, NR_PAGES);
	must(!mprotect(one.pages, BYTES, PROT_READ), "mprotect");
	expect_merged("read-only", &one, &other);
	must(!mprotect(one.pages, BYTES, PROT_READ | PROT_WRITE), "mprotect");
	expect_merged("writable again", &one, &other);
	area_write(&one, 0);
	area_check(&one, "written");
	area_check(&other, "written");
	expect(area_shared(&one, &other) == NR_PAGES - 1, "not one was copied");
}

/* Memory that nobody may touch is merged as well, and given back. */
static void not_accessible(void)
{
	struct area one, other;

	area_make(&one, NR_PAGES);
	area_make_twin(&other, &one);
	must(!mprotect(one.pages, BYTES, PROT_NONE), "mprotect");
	merge_all();
	printf("PROT_NONE: %zu of %d are merged\n", area_shared(&one, &other),
	       NR_PAGES);
	expect(area_shared(&one, &other) == NR_PAGES, "%zu are merged",
	       area_shared(&one, &other));
	expect_counts("not accessible", NR_PAGES, NR_PAGES);
	must(!mprotect(one.pages, BYTES, PROT_READ | PROT_WRITE), "mprotect");
	expect_merged("accessible again", &one, &other);
}

static void unmerged_while_not_accessible(void)
{
	struct area one, other;

	make_merged(&one, &other, NR_PAGES);
	must(!mprotect(one.pages, BYTES, PROT_NONE), "mprotect");
	ksm_write(ksm, "run", 2);
	expect(!area_shared(&one, &other), "%zu pages are still merged",
	       area_shared(&one, &other));
	expect_counts("given back", 0, 0);
	ksm_write(ksm, "run", 0);
	must(!mprotect(one.pages, BYTES, PROT_READ | PROT_WRITE), "mprotect");
	expect_apart("given back", &one, &other);
}

static void thrown_away(void)
{
	struct area one, other;

	make_merged(&one, &other, NR_PAGES);
	must(!madvise(one.pages, BYTES / 2, MADV_DONTNEED), "MADV_DONTNEED");
	for (size_t i = 0; i < NR_PAGES / 2; i++)
		area_written(&one, i, 0);
	area_check(&one, "thrown away");
	area_check(&other, "thrown away");
	expect(area_shared(&one, &other) == NR_PAGES / 2, "others went, too");
	merge_all();
	expect(ksm_read(ksm, "pages_sharing") >= NR_PAGES / 2,
	       "%ld pages sharing", ksm_read(ksm, "pages_sharing"));
	area_check(&one, "thrown away and merged");
	area_check(&other, "thrown away and merged");
}

/* A page that others have as well is not freed lazily. */
static void freed_lazily(void)
{
	struct area one, other;

	make_merged(&one, &other, NR_PAGES);
	must(!madvise(one.pages, BYTES, MADV_FREE), "MADV_FREE");
	put_line("/proc/sys/vm/compact_memory", "1");
	expect_merged("freed lazily", &one, &other);
	area_write(&one, 0);
	area_check(&one, "written");
	area_check(&other, "written");
	/* The last sharer of a merged page may free it so as well. */
	area_unmap(&one);
	must(!madvise(other.pages, BYTES, MADV_FREE), "MADV_FREE");
	for (size_t i = 0; i < NR_PAGES; i++)
		if (page_differs(area_page(&other, i), 0) >= 0)
			expect(page_differs(area_page(&other, i),
					    other.ids[i]) < 0,
			       "page %zu is neither what it was nor zero", i);
	area_write(&other, 0);
	expect(page_differs(other.pages, other.ids[0]) < 0, "not written");
}

static void removed(void)
{
	struct area one, other;

	make_merged(&one, &other, NR_PAGES);
	expect(madvise(one.pages, BYTES, MADV_REMOVE) && errno == EINVAL,
	       "MADV_REMOVE of private memory");
	expect_merged("not removed", &one, &other);
}

static void cold(void)
{
	struct area one, other;
	uint64_t *frames;

	make_merged(&one, &other, NR_PAGES);
	frames = area_frames(&one);
	must(!madvise(one.pages, BYTES, MADV_COLD), "MADV_COLD");
	must(!madvise(one.pages, BYTES, MADV_PAGEOUT), "MADV_PAGEOUT");
	expect(!area_absent(&one) && !area_absent(&other), "paged out");
	expect_frames("cold", &one, frames);
	expect_merged("cold", &one, &other);
}

/* MADV_POPULATE_WRITE is a write to each page. */
static void populated(void)
{
	struct area one, other;

	make_merged(&one, &other, NR_PAGES);
	must(!madvise(one.pages, BYTES, MADV_POPULATE_READ),
	     "MADV_POPULATE_READ");
	expect_merged("populated for reading", &one, &other);
	must(!madvise(one.pages, BYTES, MADV_POPULATE_WRITE),
	     "MADV_POPULATE_WRITE");
	expect_apart("populated for writing", &one, &other);
}

static void opted_out(void)
{
	struct area one, other;

	make_merged(&one, &other, NR_PAGES);
	must(!madvise(one.pages, BYTES, MADV_UNMERGEABLE), "MADV_UNMERGEABLE");
	expect_apart("opted out", &one, &other);
	merge_all();
	expect_apart("opted out", &one, &other);
}

static const struct feature features[] = {
	{ "mremap to another place", moved },
	{ "mremap to less", resized },
	{ "mprotect read-only", read_only },
	{ "PROT_NONE areas are merged", not_accessible },
	{ "run=2 reaches PROT_NONE areas", unmerged_while_not_accessible },
	{ "MADV_DONTNEED", thrown_away },
	{ "MADV_FREE", freed_lazily },
	{ "MADV_REMOVE", removed },
	{ "MADV_COLD and MADV_PAGEOUT", cold },
	{ "MADV_POPULATE_WRITE", populated },
	{ "MADV_UNMERGEABLE", opted_out },
	{ NULL, NULL },
};

const struct topic area_topic = { "area", features };
