/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GKSM_MERGE_PARTS_H
#define GKSM_MERGE_PARTS_H

/*
 * merge_parts.h - what the two forms of merging share, and nobody else may use
 */
#include <linux/mm_types.h>
#include <linux/mmu_notifier.h>

#include "merge.h"

/**
 * struct gksm_merge_notice - what secondary MMUs were told
 * @range: the range that was opened
 * @is_open: there is one
 */
struct gksm_merge_notice {
	struct mmu_notifier_range range;
	bool is_open;
};

unsigned int gksm_merge_take(struct mm_struct *mm,
			     struct gksm_merge_item *items, unsigned int nr);
void gksm_merge_put(struct gksm_merge_item *items, unsigned int nr);
void gksm_merge_count(const struct gksm_merge_item *items, unsigned int nr);

void gksm_merge_clear_items(struct gksm_merge_item *items, unsigned int nr);
void gksm_merge_notice_begin(struct gksm_merge_notice *notice,
			     struct mm_struct *mm,
			     const struct gksm_merge_item *items,
			     unsigned int nr);
void gksm_merge_notice_end(struct gksm_merge_notice *notice);
bool gksm_merge_entry_maps(const struct gksm_merge_item *item, pte_t entry);
bool gksm_merge_is_referenced_elsewhere(struct page *page);
void gksm_merge_flush(struct mm_struct *mm, unsigned long start,
		      unsigned long end);
void gksm_merge_replace(struct mm_struct *mm, pte_t *ptep,
			struct gksm_merge_item *item);

#endif /* GKSM_MERGE_PARTS_H */
