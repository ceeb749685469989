/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * finder.h - a batch's slots as the engine's entries, and what it found as
 * answers
 */
#ifndef GKSM_FINDER_H
#define GKSM_FINDER_H

#include <stdint.h>

#include "gksm_abi.h"
#include "gksm_gpu.h"

/**
 * struct gksm_question - one slot of a batch
 * @cookie: the slot's
 * @entry:  the engine's entry that answers it, or GKSM_NO_ENTRY
 */
struct gksm_question {
	uint64_t cookie;
	uint32_t entry;
};

#define GKSM_NO_ENTRY UINT32_MAX

/**
 * struct gksm_entries - the entries of a batch, as the engine wants them
 * @seeds:     seed of a page, or hash of an entry without content
 * @names:     cookies; 0: nobody asks
 * @max:       room in each
 * @nr_pages:  entries with content, from the first
 * @nr_known:  entries without content, after those
 */
struct gksm_entries {
	uint64_t *seeds;
	uint64_t *names;
	unsigned int max;
	unsigned int nr_pages;
	unsigned int nr_known;
};

/**
 * struct gksm_tally - how many slots got which answer
 * @unanswered:	GKSM_VERDICT_NONE
 * @zero:	GKSM_VERDICT_ZERO
 * @unique:	GKSM_VERDICT_UNIQUE
 * @duplicate:	GKSM_VERDICT_DUPLICATE
 * @hashed:	GKSM_VERDICT_HASHED
 * @collided:	part of @hashed: (salt, hash) of another slot, other bytes
 * @known:	slots without content, whatever their answer
 */
struct gksm_tally {
	uint64_t unanswered;
	uint64_t zero;
	uint64_t unique;
	uint64_t duplicate;
	uint64_t hashed;
	uint64_t collided;
	uint64_t known;
};

void gksm_finder_ask(struct gksm_question *questions,
		     const struct gksm_slot *shared, unsigned int nr_slots,
		     struct gksm_entries *entries);
void gksm_finder_answer(const struct gksm_question *questions,
			unsigned int nr_slots,
			const struct gksm_gpu_batch *found,
			struct gksm_result *results, struct gksm_tally *tally);

#endif /* GKSM_FINDER_H */
