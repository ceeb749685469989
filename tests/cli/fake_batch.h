/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fake_batch.h - batches whose answers are known
 */
#ifndef GKSM_FAKE_BATCH_H
#define GKSM_FAKE_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "gksm_abi.h"

/**
 * struct fake_batch - one batch's part of the three areas
 * @nr_slots: slots and pages in use
 * @pages:    its pages
 * @slots:    its slots
 * @results:  its results
 */
struct fake_batch {
	unsigned int nr_slots;
	unsigned char *pages;
	struct gksm_slot *slots;
	struct gksm_result *results;
};

/**
 * struct fake_leniency - what may also be right
 * @overtaken: batches were taken back and filled again while the device worked
 *	       on them: it knows pages by the wrong names
 * @hints:     pages with equal hashes may be called twins, though they differ
 */
struct fake_leniency {
	bool overtaken;
	bool hints;
};

void fake_batch_fill(struct fake_batch *batch, uint64_t id);
unsigned int fake_batch_check(const struct fake_batch *batch,
			      const struct fake_leniency *leniency);

#endif /* GKSM_FAKE_BATCH_H */
