/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GKSM_FILL_H
#define GKSM_FILL_H

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

unsigned int gksm_fill(struct gksm_cursor *cursor, struct gksm_batch *batch,
		       unsigned int room, unsigned long max,
		       unsigned long *zeroed);

#endif /* GKSM_FILL_H */
