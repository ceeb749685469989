// SPDX-License-Identifier: GPL-2.0-only
/*
 * limits.c - max_shared_pages and max_metadata_kib
 *
 *   limits [-k DIR] shared|metadata
 *
 * Three processes hold the same pages. Within a process they are all different
 * for the first test; for the second, of each four two are equal. What is
 * merged is read from their page tables: a merged page is a frame that more
 * than one page maps.
 */
#define _GNU_SOURCE
#include "vmtest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NR_WORKERS 3
#define NR_PAGES 8192
#define LIMIT_S 120
/* Merged pages at most, where the limit of merged pages is the subject. */
#define FEW 256
#define MORE 512
/* KiB: hashes of two processes take 136, their candidates 128. */
#define TIGHT_KIB 96
#define TIGHTER_KIB 48
#define WIDER_KIB 200
/* Contents of a process with pairs. */
#define NR_PAIRED (NR_PAGES * 3L / 4)
/* The stable tree: a merged page at most, and the table of up to 384. */
#define NODE_BYTES 16
#define SMALLEST_TABLE 4096
/* Of the module's pool, on the VM's only node (kmod/kpage.c). */
#define POOL_BYTES (256L * PAGE_BYTES)

enum question {
	ASK_FILL,
	ASK_REWRITE,
	ASK_VERIFY
};

static const char *ksm = "/sys/kernel/mm/gksm";
static struct worker workers[NR_WORKERS];
static char *pages;
static bool paired;

/* After a rewrite only the first FEW / 2 pages are what they were. */
static uint64_t content(size_t i, bool rewritten)
{
	if (paired && i % 4 == 1)
		i--;
	return rewritten && i >= FEW / 2 ? 1000000 + i : 1 + i;
}

static void verify(bool rewritten)
{
	for (size_t i = 0; i < NR_PAGES; i++) {
		int word = page_differs(pages + i * PAGE_BYTES,
					content(i, rewritten));

		if (word >= 0)
			fail("process %d: page %zu is wrong from word %d on",
			     (int)getpid(), i, word);
	}
}

static void serve(int socket, void *arg)
{
	bool filled = false, rewritten = false;
	uint64_t question;

	(void)arg;
	while (worker_poll(socket, -1, &question)) {
		if (question == ASK_VERIFY) {
			if (filled)
				verify(rewritten);
		} else {
			rewritten = question == ASK_REWRITE;
			for (size_t i = rewritten ? FEW / 2 : 0; i < NR_PAGES;
			     i++)
				page_fill(pages + i * PAGE_BYTES,
					  content(i, rewritten));
			pages_opt_in(pages, NR_PAGES);
			filled = true;
		}
		worker_answer(socket, 0);
	}
}

static void ask_all(enum question question)
{
	for (int w = 0; w < NR_WORKERS; w++)
		worker_ask(&workers[w], question, LIMIT_S);
}

static int compare(const void *a, const void *b)
{
	const uint64_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

/**
 * struct merged - what the page tables say
 * @frames: that more than one page maps
 * @pages:  that map them
 */
struct merged {
	long frames;
	long pages;
};

static struct merged count_merged(void)
{
	static uint64_t pfns[NR_WORKERS * NR_PAGES];
	const size_t nr = NR_WORKERS * NR_PAGES;
	struct merged merged = { 0 };
	size_t first, last;

	for (int w = 0; w < NR_WORKERS; w++)
		pages_frames(workers[w].pid, (uintptr_t)pages, NR_PAGES,
			     pfns + (size_t)w * NR_PAGES);
	qsort(pfns, nr, sizeof(*pfns), compare);
	for (first = 0; first < nr; first = last) {
		for (last = first + 1; last < nr; last++)
			if (pfns[last] != pfns[first])
				break;
		if (pfns[first] && last - first > 1) {
			merged.frames++;
			merged.pages += (long)(last - first);
		}
	}
	return merged;
}

/* Waits for a gauge, lets things settle, and expects it still to be so. */
static void await_gauge(const char *name, long value)
{
	const uint64_t end_ms = now_ms() + LIMIT_S * 1000ULL;

	while (ksm_read(ksm, name) != value) {
		if (now_ms() > end_ms)
			fail("%s is %ld, not %ld", name, ksm_read(ksm, name),
			     value);
		sleep_ms(10);
	}
	ksm_settle(ksm, LIMIT_S);
	if (ksm_read(ksm, name) != value)
		fail("%s did not stay %ld: it is %ld", name, value,
		     ksm_read(ksm, name));
}

static void expect_merged(const char *when, long frames, long nr_pages)
{
	const struct merged merged = count_merged();

	printf("limits: %s: %ld merged pages, %ld mappings\n", when,
	       merged.frames, merged.pages);
	if (merged.frames != frames || merged.pages != nr_pages)
		fail("%s: %ld and %ld were expected", when, frames, nr_pages);
	ask_all(ASK_VERIFY);
}

/* The limit is reached exactly: there are twins enough. */
static void test_shared(void)
{
	long refused, created;

	ksm_write(ksm, "max_shared_pages", FEW);
	worker_ask(&workers[0], ASK_FILL, LIMIT_S);
	worker_ask(&workers[1], ASK_FILL, LIMIT_S);
	await_gauge("pages_shared", FEW);
	expect_merged("at the limit", FEW, 2L * FEW);
	if (!ksm_read(ksm, "stable_nodes_refused"))
		fail("stable_nodes_refused does not count");

	worker_ask(&workers[2], ASK_FILL, LIMIT_S);
	await_gauge("pages_sharing", 2L * FEW);
	expect_merged("joined at the limit", FEW, 3L * FEW);

	ksm_write(ksm, "max_shared_pages", MORE);
	await_gauge("pages_sharing", 2L * MORE);
	expect_merged("limit raised", MORE, 3L * MORE);

	ksm_write(ksm, "max_shared_pages", FEW);
	refused = ksm_read(ksm, "stable_nodes_refused");
	created = ksm_read(ksm, "stable_nodes_created");
	await_gauge("pages_sharing", 2L * MORE);
	expect_merged("limit lowered", MORE, 3L * MORE);
	if (ksm_read(ksm, "stable_nodes_created") != created ||
	    ksm_read(ksm, "stable_nodes_refused") == refused)
		fail("merged pages are made above the lowered limit");

	/* Fewer are left than the limit allows: there is room for others. */
	ask_all(ASK_REWRITE);
	await_gauge("pages_sharing", 2L * FEW);
	expect_merged("rewritten", FEW, 3L * FEW);

	ksm_write(ksm, "max_shared_pages", 0);
	await_gauge("pages_sharing", 2L * NR_PAGES);
	expect_merged("no limit", NR_PAGES, 3L * NR_PAGES);
}

/*
 * What max_metadata_kib limits, in KiB: not the stable tree, nor the pool,
 * which is there while merged pages are made and is more than all the rest.
 */
static long hashes_kib(void)
{
	long stable = ksm_read(ksm, "pages_shared") * NODE_BYTES;
	long bytes = ksm_read(ksm, "metadata_bytes");

	if (bytes >= POOL_BYTES)
		bytes -= POOL_BYTES;
	if (stable < SMALLEST_TABLE)
		stable = SMALLEST_TABLE;
	return (bytes - stable) / 1024;
}

/* Looks again and again while so many passes are made. */
static long most_hashes_kib(long passes)
{
	const long end = ksm_read(ksm, "full_scans") + passes;
	const uint64_t end_ms = now_ms() + LIMIT_S * 1000ULL;
	long most = 0;

	while (ksm_read(ksm, "full_scans") < end) {
		long kib = hashes_kib();

		if (kib > most)
			most = kib;
		if (now_ms() > end_ms)
			fail("not %ld passes within %d s", passes, LIMIT_S);
		usleep(500);
	}
	return most;
}

static void expect_hashes(const char *when, long least_kib, long kib,
			  long limit_kib)
{
	printf("limits: %s: %ld KiB of hashes and candidates\n", when, kib);
	if (kib > limit_kib || kib < least_kib)
		fail("%s: %ld to %ld KiB were expected", when, least_kib,
		     limit_kib);
}

/* So few merged pages that their tree is of its smallest size. */
static void test_bounds(void)
{
	long most;

	ksm_write(ksm, "max_shared_pages", FEW);
	ksm_write(ksm, "max_metadata_kib", TIGHT_KIB);
	worker_ask(&workers[0], ASK_FILL, LIMIT_S);
	worker_ask(&workers[1], ASK_FILL, LIMIT_S);
	most = most_hashes_kib(6);
	expect_hashes("limited", TIGHT_KIB / 4, most, TIGHT_KIB);

	/* The control: without a limit it is much more. */
	ksm_write(ksm, "max_metadata_kib", 0);
	most = most_hashes_kib(6);
	expect_hashes("no limit", 2L * TIGHT_KIB, most, 1024);

	/* A pass may be under way. */
	ksm_write(ksm, "max_metadata_kib", TIGHTER_KIB);
	most_hashes_kib(3);
	most = most_hashes_kib(3);
	expect_hashes("limit lowered", TIGHTER_KIB / 4, most, TIGHTER_KIB);
	ask_all(ASK_VERIFY);
}

static void test_metadata(void)
{
	struct merged merged;

	test_bounds();

	/* The first process takes all the room there is. */
	ksm_write(ksm, "max_shared_pages", 0);
	ksm_settle(ksm, LIMIT_S);
	merged = count_merged();
	printf("limits: %ld of %ld merged within %d KiB\n", merged.frames,
	       NR_PAIRED, TIGHTER_KIB);
	if (merged.frames < FEW || merged.frames > NR_PAIRED / 4)
		fail("%ld merged pages within the limit", merged.frames);
	/* Now some is left for the second. */
	ksm_write(ksm, "max_metadata_kib", WIDER_KIB);
	ksm_settle(ksm, LIMIT_S);
	merged = count_merged();
	printf("limits: %ld of %ld merged within %d KiB\n", merged.frames,
	       NR_PAIRED, WIDER_KIB);
	if (merged.frames < 4L * FEW)
		fail("%ld merged pages within the limit", merged.frames);

	/* The third process finds no room at all, but what is merged. */
	ksm_write(ksm, "max_metadata_kib", 1);
	ksm_settle(ksm, LIMIT_S);
	merged = count_merged();
	worker_ask(&workers[2], ASK_FILL, LIMIT_S);
	await_gauge("pages_sharing", merged.pages / 2 * 3 - merged.frames);
	expect_merged("joined without room", merged.frames,
		      merged.pages / 2 * 3);

	ksm_write(ksm, "max_metadata_kib", 0);
	await_gauge("pages_sharing", 3L * NR_PAGES - NR_PAIRED);
	expect_merged("no limit", NR_PAIRED, 3L * NR_PAGES);
}

int main(int argc, char **argv)
{
	const char *what;
	int option;

	while ((option = getopt(argc, argv, "k:")) != -1)
		if (option == 'k')
			ksm = optarg;
	what = argv[optind] ? argv[optind] : "";
	pages = pages_map(NR_PAGES);
	paired = !strcmp(what, "metadata");
	for (int w = 0; w < NR_WORKERS; w++)
		worker_start(&workers[w], serve, NULL);
	if (!strcmp(what, "shared"))
		test_shared();
	else if (paired)
		test_metadata();
	else
		fail("usage: limits [-k DIR] shared|metadata");
	for (int w = 0; w < NR_WORKERS; w++)
		worker_end(&workers[w]);
	return 0;
}
