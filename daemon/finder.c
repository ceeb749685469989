// SPDX-License-Identifier: GPL-2.0-only
/*
 * finder.c - which slots of a batch hold the same page
 *
 * Arithmetic on arrays: no device and no system call in here. The order of
 * calls for a batch is
 *
 *	gksm_slots_copy()	slots and seeds, before the device computes
 *	gksm_finder_pairs()	slots with the same (salt, hash)
 *	(the device compares)	fills finder->equal
 *	gksm_finder_results()	the answers
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "finder.h"

/* Smallest power of two that leaves half of the table empty. */
static unsigned int table_bits(unsigned int nr_slots)
{
	unsigned int bits = 1;

	while ((1U << bits) < 2 * nr_slots)
		bits++;
	return bits;
}

/**
 * gksm_finder_init - reserve memory, so that none is needed later
 * @finder:    out
 * @max_slots: slots of the largest batch, at most GKSM_MAX_BATCH_SLOTS
 * @key:       random; without it, a page whose hash is known could be chosen
 *	       so that the table degenerates into a list
 *
 * Returns 0 or -ENOMEM.
 */
int gksm_finder_init(struct gksm_finder *finder, unsigned int max_slots,
		     uint64_t key)
{
	const size_t nr_cells = (size_t)1 << table_bits(max_slots);

	*finder = (struct gksm_finder){
		.key = key | 1,
		.max_slots = max_slots,
		.table = calloc(nr_cells, sizeof(*finder->table)),
		.firsts = calloc(max_slots, sizeof(*finder->firsts)),
		.seconds = calloc(max_slots, sizeof(*finder->seconds)),
		.pairs = calloc(max_slots, sizeof(*finder->pairs)),
		.equal = calloc(max_slots, sizeof(*finder->equal)),
	};
	if (finder->table && finder->firsts && finder->seconds &&
	    finder->pairs && finder->equal)
		return 0;
	gksm_finder_free(finder);
	return -ENOMEM;
}

/**
 * gksm_finder_free - give the memory back
 * @finder: initialized, or all zero
 */
void gksm_finder_free(struct gksm_finder *finder)
{
	free(finder->table);
	free(finder->firsts);
	free(finder->seconds);
	free(finder->pairs);
	free(finder->equal);
	*finder = (struct gksm_finder){ 0 };
}

static bool is_answerable(const struct gksm_slot *slot)
{
	return slot->page != GKSM_NO_PAGE;
}

/**
 * gksm_slots_copy - take a batch's slots out of shared memory
 * @slots:    out: copy; @page is GKSM_NO_PAGE where no answer is possible,
 *	      and below @nr_pages elsewhere
 * @shared:   the module's slots; may change while they are read
 * @nr_slots: how many
 * @nr_pages: staging pages of the batch
 * @seeds:    out: @nr_pages seeds for the device
 *
 * No answer is possible without content, with a flag that is not known, with
 * a page outside the batch, and with a page that another slot uses with
 * another salt, because a page is hashed with one seed.
 */
void gksm_slots_copy(struct gksm_slot *slots, const struct gksm_slot *shared,
		     unsigned int nr_slots, unsigned int nr_pages,
		     uint64_t *seeds)
{
	memset(seeds, 0, nr_pages * sizeof(*seeds));
	memcpy(slots, shared, nr_slots * sizeof(*slots));
	for (unsigned int i = 0; i < nr_slots; i++) {
		if (slots[i].flags || slots[i].page >= nr_pages)
			slots[i].page = GKSM_NO_PAGE;
		else
			seeds[slots[i].page] = slots[i].salt;
	}
	for (unsigned int i = 0; i < nr_slots; i++)
		if (is_answerable(&slots[i]) &&
		    seeds[slots[i].page] != slots[i].salt)
			slots[i].page = GKSM_NO_PAGE;
}

/*
 * The first slot with this one's (salt, hash): itself if it is the first,
 * and then it is entered.
 */
static unsigned int find_first(struct gksm_finder *finder, unsigned int bits,
			       const struct gksm_slot *slots,
			       const uint64_t *hashes, unsigned int i)
{
	const uint64_t hash = hashes[slots[i].page];
	const unsigned int mask = (1U << bits) - 1;
	unsigned int cell = (unsigned int)(hash * finder->key >> (64 - bits));

	for (;; cell = (cell + 1) & mask) {
		unsigned int first = finder->table[cell];

		if (!first) {
			finder->table[cell] = i + 1;
			return i;
		}
		first--;
		if (slots[first].salt == slots[i].salt &&
		    hashes[slots[first].page] == hash)
			return first;
	}
}

/**
 * gksm_finder_pairs - list the slots whose bytes are to be compared
 * @finder:   out: @pairs, @nr_pairs
 * @slots:    from gksm_slots_copy()
 * @nr_slots: how many, at most @finder->max_slots
 * @computed: the device's hashes
 *
 * Each slot is paired with the first slot of the same (salt, hash) only. A
 * page that was made to collide can thus hide its twins from this batch, but
 * only from its own trust domain, and the module finds them all the same.
 * Zero pages are no pairs: they have a verdict of their own.
 */
void gksm_finder_pairs(struct gksm_finder *finder,
		       const struct gksm_slot *slots, unsigned int nr_slots,
		       const struct gksm_hashes *computed)
{
	const unsigned int bits = table_bits(nr_slots);

	memset(finder->table, 0, sizeof(*finder->table) << bits);
	finder->nr_pairs = 0;
	for (unsigned int i = 0; i < nr_slots; i++) {
		unsigned int n = finder->nr_pairs;
		unsigned int first;

		if (!is_answerable(&slots[i]) || computed->zeros[slots[i].page])
			continue;
		first = find_first(finder, bits, slots, computed->hashes, i);
		if (first == i)
			continue;
		finder->firsts[n] = first;
		finder->seconds[n] = i;
		finder->pairs[n].a = slots[first].page;
		finder->pairs[n].b = slots[i].page;
		finder->nr_pairs++;
	}
}

static void answer_alone(const struct gksm_slot *slot,
			 const struct gksm_hashes *computed,
			 struct gksm_result *result)
{
	*result = (struct gksm_result){ 0 };
	if (!is_answerable(slot))
		return;
	result->hash = computed->hashes[slot->page];
	result->verdict = computed->zeros[slot->page] ? GKSM_VERDICT_ZERO :
							GKSM_VERDICT_HASHED;
}

static void answer_pair(const struct gksm_slot *slots, unsigned int slot,
			unsigned int peer, struct gksm_result *results,
			struct gksm_tally *tally)
{
	if (results[slot].verdict == GKSM_VERDICT_DUPLICATE)
		return;
	results[slot].verdict = GKSM_VERDICT_DUPLICATE;
	results[slot].peer = slots[peer].cookie;
	tally->duplicate++;
	tally->hashed--;
}

/**
 * gksm_finder_results - write the answers of a batch
 * @finder:   pairs, with @equal filled in
 * @slots:    as given to gksm_finder_pairs()
 * @nr_slots: as given to gksm_finder_pairs()
 * @computed: as given to gksm_finder_pairs()
 * @results:  out: @nr_slots answers
 * @tally:    the answers are added to it
 *
 * Both slots of a pair with equal bytes become duplicates; the first slot
 * names the first of its twins.
 */
void gksm_finder_results(const struct gksm_finder *finder,
			 const struct gksm_slot *slots, unsigned int nr_slots,
			 const struct gksm_hashes *computed,
			 struct gksm_result *results, struct gksm_tally *tally)
{
	for (unsigned int i = 0; i < nr_slots; i++) {
		answer_alone(&slots[i], computed, &results[i]);
		tally->unanswered += results[i].verdict == GKSM_VERDICT_NONE;
		tally->zero += results[i].verdict == GKSM_VERDICT_ZERO;
		tally->hashed += results[i].verdict == GKSM_VERDICT_HASHED;
	}
	for (unsigned int i = 0; i < finder->nr_pairs; i++) {
		if (!finder->equal[i]) {
			tally->collided++;
			continue;
		}
		answer_pair(slots, finder->seconds[i], finder->firsts[i],
			    results, tally);
		answer_pair(slots, finder->firsts[i], finder->seconds[i],
			    results, tally);
	}
}
