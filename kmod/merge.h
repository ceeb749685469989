/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GKSM_MERGE_H
#define GKSM_MERGE_H

#include <linux/mm_types.h>

/*
 * Most pages, and widest span, of one run. 33 pages is the kernel's limit for
 * flushing page by page (tlb_single_page_flush_ceiling); beyond it a flush
 * empties the whole TLB. 16 to 32 is the knee of the cost of a merge over the
 * length of the run.
 */
#define GKSM_MERGE_MAX 32
#define GKSM_MERGE_SPAN (33 * PAGE_SIZE)

/* Neighbours from which on a run is worth a flush of its own: a tenth each. */
#define GKSM_MERGE_DENSE 10

/*
 * Most pages of one scattered merge. They stay locked while the others are
 * compared, which is for so many times a microsecond; two flushes for all.
 */
#define GKSM_MERGE_SCATTERED_MAX 128

/**
 * enum gksm_merge_outcome - what became of a page
 * @GKSM_MERGE_CHANGED:	  the address does not map a candidate any more
 * @GKSM_MERGE_DONE:	  it maps the merged page, or the zero page
 * @GKSM_MERGE_BUSY:	  somebody else holds the page's lock
 * @GKSM_MERGE_SPLIT:	  part of a huge page that could not be split, or
 *			  whose bytes did not justify it
 * @GKSM_MERGE_PINNED:	  there are references that no mapping explains
 * @GKSM_MERGE_EXCLUSIVE: pinned for good (GUP), exclusively
 * @GKSM_MERGE_DIFFER:	  the bytes are not the same
 */
enum gksm_merge_outcome {
	GKSM_MERGE_CHANGED,
	GKSM_MERGE_DONE,
	GKSM_MERGE_BUSY,
	GKSM_MERGE_SPLIT,
	GKSM_MERGE_PINNED,
	GKSM_MERGE_EXCLUSIVE,
	GKSM_MERGE_DIFFER,
};

/**
 * struct gksm_merge_item - one page to merge
 * @addr:    its address
 * @vma:     its area, gksm_vma_mergeable(); NULL: leave the item out
 * @kpage:   what to map instead: a merged page (kpage.h) that the caller
 *	     holds a reference on, or NULL for the zero page
 * @outcome: out
 * @page:    private: the page now mapped, referenced and locked
 * @entry:   private: its page table entry before
 * @cleared: private: the entry is none and ours to set (near), or guarded
 *	     (scattered)
 */
struct gksm_merge_item {
	unsigned long addr;
	struct vm_area_struct *vma;
	struct page *kpage;
	enum gksm_merge_outcome outcome;
	struct page *page;
	pte_t entry;
	bool cleared;
};

bool gksm_merge_same_bytes(struct page *page, struct page *kpage);
void gksm_merge_near(struct mm_struct *mm, struct gksm_merge_item *items,
		     unsigned int nr);
void gksm_merge_scattered(struct mm_struct *mm, struct gksm_merge_item *items,
			  unsigned int nr);

#endif /* GKSM_MERGE_H */
