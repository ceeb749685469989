// SPDX-License-Identifier: GPL-2.0-only
/*
 * selftest.c - prove a device against the C twin before it is trusted
 *
 * The way taken is the one that real batches take: bind, submit, reap,
 * compare, with two batches in flight; then search, generation after
 * generation, in an index that grows in between. Bind has run the lanes over blank pages
 * before, so that also a driver is found out which keeps an old copy of memory
 * that it was asked to use in place.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "engine.h"
#include "index.h"
#include "table.h"

#define NR_BATCHES 2
/* No multiple of a work-group's size: work-items beyond it must do nothing. */
#define NR_PAGES 97
#define NR_PAIRS (3 * NR_PAGES)
#define TWIN 9
#define PAGE ((size_t)GKSM_ENGINE_PAGE_BYTES)
#define BATCH_BYTES (NR_PAGES * PAGE)

/* SplitMix64 (Steele, Lea, Flood, 2014): the same numbers in every run. */
static uint64_t random_word(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

/*
 * Pages 0 to 8 are the edges: zero; all ones; one bit alone, at either end and,
 * for those who read every fourth word, in a second and a third one; and three
 * copies of one page of which the second differs in its last byte. TWIN is the
 * same in each batch. A few more are zero, in each place for those who take four
 * at once.
 */
static void fill_pages(uint8_t *pages, uint64_t *random)
{
	for (size_t at = 0; at < BATCH_BYTES; at += sizeof(uint64_t)) {
		const uint64_t word = random_word(random);

		memcpy(pages + at, &word, sizeof(word));
	}
	memset(pages, 0, 5 * PAGE);
	memset(pages + 1 * PAGE, 0xff, PAGE);
	pages[2 * PAGE] = 1;
	pages[4 * PAGE - 1] = 0x80;
	pages[4 * PAGE + PAGE / 2 + sizeof(uint64_t)] = 1;
	memcpy(pages + 6 * PAGE, pages + 5 * PAGE, PAGE);
	pages[7 * PAGE - 1] ^= 1;
	memcpy(pages + 7 * PAGE, pages + 5 * PAGE, PAGE);
	memset(pages + 8 * PAGE, 0, PAGE);
	pages[8 * PAGE + PAGE / 2 + 2 * sizeof(uint64_t)] = 1;
	memset(pages + 10 * PAGE, 0, PAGE);
	memset(pages + 15 * PAGE, 0, PAGE);
	memset(pages + 17 * PAGE, 0, PAGE);
	memset(pages + TWIN * PAGE, TWIN, PAGE);
}

static void fill_seeds(uint64_t *seeds, uint64_t *random)
{
	for (unsigned int i = 0; i < NR_PAGES; i++)
		seeds[i] = random_word(random);
	seeds[0] = 0;
	seeds[1] = 1;
	seeds[2] = UINT64_MAX;
	seeds[6] = seeds[5];
	seeds[7] = seeds[5];
	seeds[TWIN] = TWIN;
}

static int check_hashes(struct gksm_gpu *gpu, const uint8_t *pages,
			const struct gksm_gpu_batch *done)
{
	const uint64_t *seeds = gksm_gpu_seeds(gpu, done->batch);

	for (unsigned int i = 0; i < NR_PAGES; i++) {
		const uint8_t *page = pages + i * PAGE;
		const uint64_t hash = gksm_cpu_page_hash(page, seeds[i]);
		const bool zero = gksm_cpu_page_is_zero(page);

		if (done->hashes[i] != hash)
			return gksm_fail(
				gpu, -EBADMSG,
				"%s fails its self-test: hash of page %u is %016" PRIx64
				", should be %016" PRIx64,
				gpu->info.name, i, done->hashes[i], hash);
		if (done->zeros[i] != zero)
			return gksm_fail(
				gpu, -EBADMSG,
				"%s fails its self-test: zero flag of page %u is %u, should be %u",
				gpu->info.name, i, done->zeros[i], zero);
	}
	return 0;
}

static int check_pairs(struct gksm_gpu *gpu, const uint8_t *pages,
		       unsigned int batch)
{
	struct gksm_gpu_pair pairs[NR_PAIRS];
	uint8_t equal[NR_PAIRS];
	int err;

	for (unsigned int i = 0; i < NR_PAIRS; i++) {
		static const uint32_t others[] = { 0, 5, NR_PAGES };
		const uint32_t page = i % NR_PAGES;
		const uint32_t other = others[i / NR_PAGES];

		pairs[i].a = page;
		pairs[i].b = other < NR_PAGES ? other : page;
	}
	err = gksm_gpu_compare(gpu, batch, pairs, NR_PAIRS, equal);
	if (err)
		return err;
	for (unsigned int i = 0; i < NR_PAIRS; i++) {
		const bool same = !memcmp(pages + pairs[i].a * PAGE,
					  pages + pairs[i].b * PAGE, PAGE);

		if (equal[i] != same)
			return gksm_fail(
				gpu, -EBADMSG,
				"%s fails its self-test: pages %" PRIu32
				" and %" PRIu32 " compared as %u, should be %u",
				gpu->info.name, pairs[i].a, pairs[i].b,
				equal[i], same);
	}
	return 0;
}

static int run_batches(struct gksm_gpu *gpu, uint8_t *pages)
{
	uint64_t random = 1;
	struct gksm_gpu_batch done;
	int err;

	for (unsigned int b = 0; b < NR_BATCHES; b++) {
		fill_pages(pages + b * BATCH_BYTES, &random);
		fill_seeds(gksm_gpu_seeds(gpu, b), &random);
		err = gksm_gpu_submit(gpu, b, NR_PAGES);
		if (err)
			return err;
	}
	for (unsigned int n = 0; n < NR_BATCHES; n++) {
		const uint8_t *its;

		err = gksm_engine_wait(gpu, &done);
		if (err)
			return err;
		its = pages + done.batch * BATCH_BYTES;
		err = check_hashes(gpu, its, &done);
		if (!err)
			err = check_pairs(gpu, its, done.batch);
		if (err)
			return err;
	}
	return 0;
}

/**
 * struct reference - the C twin's idea of the index
 * @table:   the index
 * @scratch: for a batch
 * @lane:    a batch's results, in the arrays below
 * @hashes:  its hashes
 * @found:   what is found
 * @twins:   the twins' names
 * @counts:  the index's counters
 */
struct reference {
	struct gksm_table table;
	struct gksm_scratch scratch;
	struct gksm_lane lane;
	uint64_t hashes[NR_PAGES];
	uint8_t found[NR_PAGES];
	uint64_t twins[NR_PAGES];
	uint32_t counts[INDEX_NR_COUNTS];
};

static int check_search(struct gksm_gpu *gpu, struct reference *reference,
			const uint8_t *pages, unsigned int batch,
			unsigned int nr_pages)
{
	const struct gksm_lane *lane = &gpu->lanes[batch];
	struct gksm_gpu_batch done;
	int err = gksm_gpu_search(gpu, batch, nr_pages, NR_PAGES - nr_pages);

	if (!err)
		err = gksm_engine_wait(gpu, &done);
	if (err)
		return err;
	memcpy(reference->hashes, done.hashes, sizeof(reference->hashes));
	reference->lane.zeros = lane->zeros;
	reference->lane.names = lane->names;
	reference->lane.nr_pages = nr_pages;
	reference->lane.nr_known = NR_PAGES - nr_pages;
	reference->lane.orders = lane->orders;
	gksm_table_expire(&reference->table, lane->orders.expired);
	gksm_table_search(&reference->table, &reference->scratch,
			  &reference->lane, pages + batch * BATCH_BYTES);
	for (unsigned int i = 0; i < NR_PAGES; i++) {
		if (done.found[i] == reference->found[i] &&
		    done.twins[i] == reference->twins[i])
			continue;
		return gksm_fail(
			gpu, -EBADMSG,
			"%s fails its self-test: search found %u for entry %u of batch %u with a twin %016" PRIx64
			", should be %u with %016" PRIx64,
			gpu->info.name, done.found[i], i, batch, done.twins[i],
			reference->found[i], reference->twins[i]);
	}
	return 0;
}

static void fill_names(struct gksm_gpu *gpu, unsigned int batch,
		       uint64_t *random)
{
	uint64_t *names = gksm_gpu_names(gpu, batch);

	for (unsigned int i = 0; i < NR_PAGES; i++)
		names[i] = random_word(random) | 1;
	names[NR_PAGES / 2] = 0;
}

/*
 * Both batches; then the first is confirmed without content for a generation,
 * so that the second is gone in the end; then that comes with new names.
 */
static int run_searches(struct gksm_gpu *gpu, struct reference *reference,
			const uint8_t *pages)
{
	uint64_t random = 2;
	int err = 0;

	for (unsigned int b = 0; !err && b < NR_BATCHES; b++) {
		fill_names(gpu, b, &random);
		err = check_search(gpu, reference, pages, b, NR_PAGES);
	}
	if (err)
		return err;
	gksm_gpu_generation(gpu);
	memcpy(gksm_gpu_seeds(gpu, 0), gpu->lanes[0].hashes,
	       NR_PAGES * sizeof(uint64_t));
	err = check_search(gpu, reference, pages, 0, 0);
	gksm_gpu_generation(gpu);
	gksm_gpu_generation(gpu);
	/* As if it were full: the next search is in a larger one. */
	gpu->index.counts[INDEX_COUNT_FRESH] +=
		(uint32_t)gksm_index_slots(gpu->index.nr_homes);
	fill_names(gpu, 1, &random);
	if (!err)
		err = check_search(gpu, reference, pages, 1, NR_PAGES / 2);
	if (!err)
		err = check_search(gpu, reference, pages, 1, NR_PAGES);
	return err;
}

static int run_reference(struct gksm_gpu *gpu, const uint8_t *pages)
{
	struct reference *reference = calloc(1, sizeof(*reference));
	int err = -ENOMEM;

	if (reference)
		err = gksm_table_create(&reference->table, INDEX_MIN_HOMES);
	if (!err)
		err = gksm_scratch_create(&reference->scratch, NR_PAGES);
	if (err) {
		gksm_fail(gpu, err, "out of memory for a self-test");
	} else {
		reference->lane.hashes = reference->hashes;
		reference->lane.found = reference->found;
		reference->lane.twins = reference->twins;
		reference->lane.counts = reference->counts;
		err = run_searches(gpu, reference, pages);
	}
	if (reference) {
		gksm_table_destroy(&reference->table);
		gksm_scratch_destroy(&reference->scratch);
	}
	free(reference);
	return err;
}

/**
 * gksm_selftest_run - hash, compare and find known pages, check the answers
 * @gpu: an engine with a backend, not bound; it is not bound afterwards
 *
 * Return: 0, or
 *   -EBADMSG	an answer is wrong
 *   -ETIMEDOUT	the device does not answer; the engine can only be closed
 *   -errno	the device failed
 */
int gksm_selftest_run(struct gksm_gpu *gpu)
{
	uint8_t *pages;
	int err;

	pages = mmap(NULL, NR_BATCHES * BATCH_BYTES, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pages == MAP_FAILED)
		return gksm_fail(gpu, -ENOMEM, "out of memory for a self-test");
	err = gksm_gpu_bind(gpu, pages, NR_BATCHES, NR_PAGES);
	if (!err)
		err = run_batches(gpu, pages);
	if (!err)
		err = run_reference(gpu, pages);
	/* The pages stay mapped if the device may still read them. */
	if (gpu->pages && gksm_engine_unbind(gpu))
		return err ? err : -ETIMEDOUT;
	munmap(pages, NR_BATCHES * BATCH_BYTES);
	return err;
}
