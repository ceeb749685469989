// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_batch.c - slots of a module and answers of a device that lie
 */
#include "finder.h"
#include "fuzz.h"

#define MAX_SLOTS 64

static struct gksm_slot shared[MAX_SLOTS], slots[MAX_SLOTS];
static struct gksm_result results[MAX_SLOTS];

static void check_result(unsigned int i, unsigned int nr_slots)
{
	const struct gksm_result *result = &results[i];
	bool is_there = false;

	must(result->verdict < GKSM_NR_VERDICTS && !result->flags);
	if (result->verdict != GKSM_VERDICT_DUPLICATE) {
		must(!result->peer);
		return;
	}
	for (unsigned int j = 0; j < nr_slots; j++)
		is_there |= j != i && slots[j].cookie == result->peer;
	must(is_there);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct gksm_finder finder;
	struct gksm_tally tally = { 0 };
	uint8_t head[2];
	unsigned int nr_slots, nr_pages;
	uint64_t *seeds, *hashes;
	uint8_t *zeros;

	if (!finder.table)
		must(!gksm_finder_init(&finder, MAX_SLOTS, 0x9e3779b97f4a7c15));
	fuzz_take(&data, &size, head, sizeof(head));
	nr_slots = head[0] % (MAX_SLOTS + 1);
	nr_pages = 1 + head[1] % MAX_SLOTS;
	/* Of their own, so that the sanitizer sees their ends. */
	seeds = malloc(nr_pages * sizeof(*seeds));
	hashes = malloc(nr_pages * sizeof(*hashes));
	zeros = malloc(nr_pages);
	must(seeds && hashes && zeros);
	fuzz_take(&data, &size, hashes, nr_pages * sizeof(*hashes));
	fuzz_take(&data, &size, zeros, nr_pages);
	fuzz_take(&data, &size, finder.equal, MAX_SLOTS);
	fuzz_take(&data, &size, shared, nr_slots * sizeof(*shared));

	gksm_slots_copy(slots, shared, nr_slots, nr_pages, seeds);
	gksm_finder_pairs(&finder, slots, nr_slots,
			  &(struct gksm_hashes){ hashes, zeros });
	must(finder.nr_pairs <= nr_slots);
	for (unsigned int i = 0; i < finder.nr_pairs; i++)
		must(finder.pairs[i].a < nr_pages &&
		     finder.pairs[i].b < nr_pages);
	gksm_finder_results(&finder, slots, nr_slots,
			    &(struct gksm_hashes){ hashes, zeros }, results,
			    &tally);
	for (unsigned int i = 0; i < nr_slots; i++)
		check_result(i, nr_slots);
	must(tally.unanswered + tally.zero + tally.duplicate + tally.hashed ==
	     nr_slots);
	free(seeds);
	free(hashes);
	free(zeros);
	return 0;
}
