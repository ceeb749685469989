// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_batch.c - slots of a module and answers of a device that lie
 */
#include "finder.h"
#include "fuzz.h"

#define MAX_SLOTS 64

static struct gksm_slot shared[MAX_SLOTS];
static struct gksm_question questions[MAX_SLOTS];
static struct gksm_result results[MAX_SLOTS];

static void check_result(const struct gksm_result *result, uint64_t cookie)
{
	must(result->verdict < GKSM_NR_VERDICTS && !result->flags);
	if (result->verdict == GKSM_VERDICT_DUPLICATE)
		must(result->peer && result->peer != cookie);
	else
		must(!result->peer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gksm_tally tally = { 0 };
	struct gksm_entries entries = { 0 };
	uint64_t *hashes, *twins;
	struct gksm_gpu_batch done;
	unsigned int nr_slots;
	uint8_t head[3];
	uint8_t *found;

	fuzz_take(&data, &size, head, sizeof(head));
	nr_slots = head[0] % (MAX_SLOTS + 1);
	entries.max = 1 + head[1] % MAX_SLOTS;
	entries.nr_pages = head[2] % (entries.max + 1);
	/* Of their own, so that the sanitizer sees their ends. */
	entries.seeds = malloc(entries.max * sizeof(*entries.seeds));
	entries.names = malloc(entries.max * sizeof(*entries.names));
	hashes = malloc(entries.max * sizeof(*hashes));
	twins = malloc(entries.max * sizeof(*twins));
	found = malloc(entries.max);
	must(entries.seeds && entries.names && hashes && twins && found);
	fuzz_take(&data, &size, shared, nr_slots * sizeof(*shared));
	fuzz_take(&data, &size, hashes, entries.max * sizeof(*hashes));
	fuzz_take(&data, &size, twins, entries.max * sizeof(*twins));
	fuzz_take(&data, &size, found, entries.max);

	gksm_finder_ask(questions, shared, nr_slots, &entries);
	must(entries.nr_known <= entries.max - entries.nr_pages);
	done = (struct gksm_gpu_batch){
		.nr_pages = entries.nr_pages,
		.nr_entries = entries.nr_pages + entries.nr_known,
		.hashes = hashes,
		.found = found,
		.twins = twins,
	};
	gksm_finder_answer(questions, nr_slots, &done, results, &tally);
	for (unsigned int i = 0; i < nr_slots; i++)
		check_result(&results[i], shared[i].cookie);
	must(tally.unanswered + tally.zero + tally.unique + tally.duplicate +
		     tally.hashed ==
	     nr_slots);
	free(entries.seeds);
	free(entries.names);
	free(hashes);
	free(twins);
	free(found);
	return 0;
}
