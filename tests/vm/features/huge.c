// SPDX-License-Identifier: GPL-2.0-only
/*
 * huge.c - transparent huge pages
 */
#define _GNU_SOURCE
#include "features.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

#define NR_HUGE 2
#define PLACE 100 /* of the page that has a twin */
#define NR_MERGED 64
#define NR_ROUNDS 40

/* Whatever ran before may have left no 2 MiB in one piece. */
static void gather_memory(void)
{
	FILE *file;

	file = fopen("/proc/sys/vm/drop_caches", "we");
	must(file && fputs("3", file) >= 0, "drop_caches");
	fclose(file);
	file = fopen("/proc/sys/vm/compact_memory", "we");
	must(file && fputs("1", file) >= 0, "compact_memory");
	fclose(file);
}

/* Huge pages with contents that nobody else has. */
static void make_huge(struct area *area)
{
	char *all = pages_map((NR_HUGE + 1) * HUGE_PAGES);

	gather_memory();
	area->nr = NR_HUGE * HUGE_PAGES;
	area->pages =
		(char *)(((uintptr_t)all + HUGE_BYTES - 1) & ~(HUGE_BYTES - 1));
	area->ids = calloc(area->nr, sizeof(*area->ids));
	must(area->ids, "calloc");
	must(!madvise(area->pages, NR_HUGE * HUGE_BYTES, MADV_HUGEPAGE),
	     "MADV_HUGEPAGE");
	area_fill(area);
	area_opt_in(area);
}

/* So much of the memory is mapped by huge pages now. */
static size_t mapped_huge(const struct area *area)
{
	FILE *file = fopen("/proc/self/smaps", "re");
	unsigned long start, end, kib, sum = 0;
	char line[256];
	bool ours = false;

	must(file, "smaps");
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			ours = start < (uintptr_t)area_page(area, area->nr) &&
			       end > (uintptr_t)area->pages;
		else if (ours && sscanf(line, "AnonHugePages: %lu", &kib) == 1)
			sum += kib;
	}
	fclose(file);
	return sum * 1024 / HUGE_BYTES;
}

/* Memory in pieces is no fault of ours, and nothing can be seen then. */
static void need_huge(const struct area *area)
{
	if (mapped_huge(area) < NR_HUGE)
		skip("the kernel has no huge pages to give");
}

/* The frames of a huge page follow each other. */
static bool is_whole(const struct area *area, size_t huge)
{
	uint64_t *frames = area_frames(area);
	const uint64_t *first = frames + huge * HUGE_PAGES;
	bool whole = first[0] && first[0] % HUGE_PAGES == 0;

	for (size_t i = 0; i < HUGE_PAGES; i++)
		whole &= first[i] == first[0] + i;
	free(frames);
	return whole;
}

static void stays_whole(void)
{
	const long split = ksm_read(ksm, "huge_pages_split");
	struct area area;

	make_huge(&area);
	need_huge(&area);
	ksm_write(ksm, "run", 1);
	ksm_await_passes(ksm, 8);
	ksm_write(ksm, "run", 0);
	expect(ksm_read(ksm, "pages_unshared") >= (long)area.nr,
	       "its pages are not looked at");
	expect(mapped_huge(&area) == NR_HUGE, "%zu huge pages are left",
	       mapped_huge(&area));
	for (size_t huge = 0; huge < NR_HUGE; huge++)
		expect(is_whole(&area, huge), "huge page %zu is split", huge);
	expect(by_kernel() || ksm_read(ksm, "huge_pages_split") == split,
	       "huge pages are counted as split");
	area_check(&area, "after many passes");
}

/*
 * A daemon lies meanwhile: it also says that a page has the hash of another, or
 * of one that is merged. Such pages are compared, and the huge page stays. How
 * often that happens is chance; a module that makes a merged page of one part
 * of a huge page for a false twin fails within these rounds, ten times of ten.
 */
static void stays_whole_in_spite_of_lies(void)
{
	const long refused = ksm_read(ksm, "merges_refused_split");
	const long completed = ksm_read(ksm, "batches_completed");
	const long split = ksm_read(ksm, "huge_pages_split");
	struct area one, other, huge;

	area_make(&one, NR_MERGED);
	area_make_twin(&other, &one);
	make_huge(&huge);
	need_huge(&huge);
	ksm_write(ksm, "run", 1);
	for (unsigned int round = 0; round < NR_ROUNDS; round++) {
		/* Both are read again and again, and the twins are merged. */
		if (area_shared(&one, &other) > NR_MERGED / 2) {
			area_fill(&huge);
		} else {
			area_fill(&one);
			area_fill_twin(&other, &one);
		}
		ksm_await_passes(ksm, 3);
	}
	printf("deceived: %ld lies about merged pages\n",
	       ksm_read(ksm, "merges_refused_split") - refused);
	expect(ksm_read(ksm, "batches_completed") - completed > NR_ROUNDS,
	       "nobody has told a lie");
	ksm_write(ksm, "run", 0);
	expect(mapped_huge(&huge) == NR_HUGE && is_whole(&huge, 0) &&
		       is_whole(&huge, 1),
	       "%zu huge pages are left", mapped_huge(&huge));
	expect(ksm_read(ksm, "huge_pages_split") == split,
	       "huge pages are counted as split");
	area_check(&one, "in spite of lies");
	area_check(&other, "in spite of lies");
	area_check(&huge, "in spite of lies");
}

static void split_for_a_twin(void)
{
	const long split = ksm_read(ksm, "huge_pages_split");
	struct area huge, twin;

	make_huge(&huge);
	need_huge(&huge);
	area_reserve(&twin, 1);
	area_written(&twin, 0, huge.ids[PLACE]);
	page_fill(twin.pages, twin.ids[0]);
	area_opt_in(&twin);
	merge_all();
	expect(pages_are_one(twin.pages, area_page(&huge, PLACE)),
	       "the twins are not merged");
	expect_counts("with one twin", 1, 1);
	expect(mapped_huge(&huge) == NR_HUGE - 1 && is_whole(&huge, 1),
	       "%zu huge pages are left", mapped_huge(&huge));
	expect(by_kernel() || ksm_read(ksm, "huge_pages_split") == split + 1,
	       "huge_pages_split is %ld", ksm_read(ksm, "huge_pages_split"));
	area_check(&huge, "with one twin");
	area_check(&twin, "with one twin");
}

/* All pages of both are twins. */
static void equal_ones(void)
{
	struct area one, other;

	make_huge(&one);
	make_huge(&other);
	area_fill_twin(&other, &one);
	merge_all();
	expect_merged("two equal ones", &one, &other);
	expect_counts("two equal ones", (long)one.nr, (long)one.nr);
}

/* MADV_COLLAPSE does what khugepaged does, at once. */
static void collapse(void)
{
	struct area one, other;
	uint64_t *frames;
	int error;

	make_huge(&one);
	area_make_twin(&other, &one);
	merge_all();
	expect_merged("before", &one, &other);
	frames = area_frames(&other);
	error = madvise(one.pages, HUGE_BYTES, MADV_COLLAPSE) ? errno : 0;
	printf("MADV_COLLAPSE: %s\n", strerror(error));
	area_check(&one, "afterwards");
	area_check(&other, "afterwards");
	expect_frames("afterwards", &other, frames);
	/* KSM's can be since some kernel between 6.12 and 7.3. */
	if (by_kernel() && !error)
		return;
	expect(error && !mapped_huge(&one), "merged pages were collapsed");
	expect_merged("afterwards", &one, &other);
}

static const struct feature features[] = {
	{ "stays whole without a twin", stays_whole },
	{ "is split for a twin", split_for_a_twin },
	{ "equal ones are merged", equal_ones },
	{ "merged pages are not collapsed", collapse },
	{ NULL, NULL },
};

const struct topic huge_topic = { "huge", features };

static const struct feature deceived_features[] = {
	{ "stays whole in spite of lies", stays_whole_in_spite_of_lies },
	{ NULL, NULL },
};

const struct topic deceived_topic = { "deceived", deceived_features };
