/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GKSM_MM_COUNT_H
#define GKSM_MM_COUNT_H

#include <linux/types.h>

#include "round.h"

struct gksm_mm_slot;

/**
 * struct gksm_mm_count - what a round has met in an address space
 * @end:     it has looked at what is below; what is merged there since counts
 * @scanned: entries that were not empty
 * @merged:  mappings of merged pages, ksmd's too
 * @zeroed:  mappings of the zero page that merging made
 */
struct gksm_mm_count {
	unsigned long end;
	u64 scanned;
	u64 merged;
	u64 zeroed;
};

void gksm_mm_count_begin(struct gksm_mm_slot *slot, enum gksm_round round);
void gksm_mm_count_end(struct gksm_mm_slot *slot, enum gksm_round round);
void gksm_mm_count_merged(struct gksm_mm_slot *slot, unsigned long addr,
			  int nr);
void gksm_mm_count_zeroed(struct gksm_mm_slot *slot, unsigned long addr);
void gksm_mm_counts_begin_pass(void);
void gksm_mm_counts_end_pass(void);
void gksm_mm_counts_unmerged(bool zeroed);
void gksm_mm_counts_tell(void);
u64 gksm_mm_counts_zeroed(void);

#endif /* GKSM_MM_COUNT_H */
