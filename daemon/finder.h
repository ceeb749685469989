/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * finder.h - which slots of a batch hold the same page
 */
#ifndef GKSM_FINDER_H
#define GKSM_FINDER_H

#include <stdint.h>

#include "gksm_abi.h"
#include "gksm_gpu.h"

/**
 * struct gksm_hashes - what the device computed for the pages of a batch
 * @hashes: one a page
 * @zeros:  one a page, 1: all bytes are zero
 */
struct gksm_hashes {
	const uint64_t *hashes;
	const uint8_t *zeros;
};

/**
 * struct gksm_tally - how many slots got which answer
 * @unanswered:	GKSM_VERDICT_NONE
 * @zero:	GKSM_VERDICT_ZERO
 * @duplicate:	GKSM_VERDICT_DUPLICATE
 * @hashed:	GKSM_VERDICT_HASHED
 * @collided:	part of @hashed: (salt, hash) of another slot, other bytes
 */
struct gksm_tally {
	uint64_t unanswered;
	uint64_t zero;
	uint64_t duplicate;
	uint64_t hashed;
	uint64_t collided;
};

/**
 * struct gksm_finder - memory for one batch at a time
 * @key:       odd multiplier that places hashes in @table, unknown outside
 * @max_slots: slots of the largest batch
 * @table:     open addressing, slot number + 1, 0 is empty
 * @firsts:    for each pair, the slot that came first
 * @seconds:   for each pair, the slot that came later
 * @pairs:     for each pair, the two pages
 * @equal:     for each pair, whether the bytes are equal; filled in between
 *	       gksm_finder_pairs() and gksm_finder_results()
 * @nr_pairs:  how many pairs
 */
struct gksm_finder {
	uint64_t key;
	unsigned int max_slots;
	uint32_t *table;
	uint32_t *firsts;
	uint32_t *seconds;
	struct gksm_gpu_pair *pairs;
	uint8_t *equal;
	unsigned int nr_pairs;
};

int gksm_finder_init(struct gksm_finder *finder, unsigned int max_slots,
		     uint64_t key);
void gksm_finder_free(struct gksm_finder *finder);

void gksm_slots_copy(struct gksm_slot *slots, const struct gksm_slot *shared,
		     unsigned int nr_slots, unsigned int nr_pages,
		     uint64_t *seeds);
void gksm_finder_pairs(struct gksm_finder *finder,
		       const struct gksm_slot *slots, unsigned int nr_slots,
		       const struct gksm_hashes *computed);
void gksm_finder_results(const struct gksm_finder *finder,
			 const struct gksm_slot *slots, unsigned int nr_slots,
			 const struct gksm_hashes *computed,
			 struct gksm_result *results, struct gksm_tally *tally);

#endif /* GKSM_FINDER_H */
