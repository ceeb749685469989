/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GKSM_AREA_H
#define GKSM_AREA_H

#include <linux/mm.h>
#include <linux/types.h>

/**
 * struct gksm_area - memory that the daemon maps
 * @pages: its pages, one by one, so that user space can pin them again
 * @nr:	   how many
 * @vaddr: the same pages in a row, for the module, or NULL (staging)
 */
struct gksm_area {
	struct page **pages;
	unsigned long nr;
	void *vaddr;
};

/* Its size. */
static inline u64 gksm_area_bytes(const struct gksm_area *area)
{
	return (u64)area->nr * PAGE_SIZE;
}

int gksm_area_alloc(struct gksm_area *area, u64 bytes, bool contiguous);
void gksm_area_free(struct gksm_area *area);
int gksm_area_map(const struct gksm_area *area, struct vm_area_struct *vma,
		  bool writable);

#endif /* GKSM_AREA_H */
