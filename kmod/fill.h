/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GKSM_FILL_H
#define GKSM_FILL_H

#include "rotation.h"
#include "round.h"
#include "sweep.h"

struct gksm_batch;
struct gksm_mm_slot;

/**
 * struct gksm_cursor - where a pass is
 * @slot: address space, or NULL: past the last
 * @addr: next address in it
 */
struct gksm_cursor {
	struct gksm_mm_slot *slot;
	unsigned long addr;
};

/**
 * struct gksm_fill - what a round looks for, and what it has met so far
 * @round:   which
 * @cursor:  where it is
 * @sweep:   of the page table there; used up bit by bit
 * @read:    regions that are read again whatever happened to them
 * @confirm: regions of which settled pages are named to the device as well
 * @offload: whether the batch goes to a device
 * @settled: whether settled pages are passed over then
 * @visited: entries that were not empty
 * @added:   of these, pages put into a batch, with their content
 * @kept:    of these, pages put into a batch as they are known
 * @skipped: of these, settled pages passed over
 */
struct gksm_fill {
	enum gksm_round round;
	struct gksm_cursor cursor;
	struct gksm_sweep sweep;
	struct gksm_rotation read;
	struct gksm_rotation confirm;
	bool offload;
	bool settled;
	u64 visited;
	u64 added;
	u64 kept;
	u64 skipped;
};

void gksm_fill_begin(struct gksm_fill *fill);
void gksm_fill(struct gksm_fill *fill, struct gksm_batch *batch,
	       unsigned int room);

#endif /* GKSM_FILL_H */
