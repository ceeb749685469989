/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GKSM_SWEEP_H
#define GKSM_SWEEP_H

#include <linux/mm_types.h>
#include <linux/types.h>

#include "mm_slot.h"

/**
 * struct gksm_sweep - what is to be done about the pages of one page table
 * @slot:  in: their address space
 * @due:   in: read everything again
 * @offload: in: what is found goes to a device, which knows settled pages
 * @tell:  in: settled pages are to be named too
 * @start: first address that was looked at
 * @end:   address after the last
 * @visited: entries that were not empty
 * @skipped: pages that were not touched, about which nothing is to be done
 * @zeroed: mappings of the zero page that merging made
 * @merged: mappings of merged pages, ksmd's too
 * @read:  pages to be read, by their number in the table
 * @kept:  pages that were not touched: what is kept of them holds
 */
struct gksm_sweep {
	struct gksm_mm_slot *slot;
	bool due;
	bool offload;
	bool tell;
	unsigned long start;
	unsigned long end;
	unsigned int visited;
	unsigned int skipped;
	unsigned int zeroed;
	unsigned int merged;
	DECLARE_BITMAP(read, GKSM_REGION_PAGES);
	DECLARE_BITMAP(kept, GKSM_REGION_PAGES);
};

void gksm_sweep_table(struct gksm_sweep *sweep, struct vm_area_struct *vma,
		      unsigned long start, unsigned long end);

#endif /* GKSM_SWEEP_H */
