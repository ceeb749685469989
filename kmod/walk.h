/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GKSM_WALK_H
#define GKSM_WALK_H

#include <linux/kcsan-checks.h>
#include <linux/mm_types.h>
#include <linux/spinlock.h>

/**
 * struct gksm_ref - one page that a walk found
 * @addr: its address
 * @page: the page, with a reference for the caller
 */
struct gksm_ref {
	unsigned long addr;
	struct page *page;
};

/**
 * struct gksm_run - what one hold of a page table lock found
 * @ref: in, filled: room for @max entries, ascending by address
 * @max: in: most pages to collect
 * @nr:	 out: how many of @ref are in use
 */
struct gksm_run {
	struct gksm_ref *ref;
	unsigned int max;
	unsigned int nr;
};

/*
 * Around reading a page that its owner may write meanwhile: what is read is a
 * hint, and the race is meant. Without KCSAN, nothing.
 */
static inline void gksm_racy_begin(void)
{
	kcsan_disable_current();
}

static inline void gksm_racy_end(void)
{
	kcsan_enable_current();
}

bool gksm_vma_mergeable(struct vm_area_struct *vma);
bool gksm_page_is_candidate(struct page *page);
pmd_t *gksm_walk_pmd(struct mm_struct *mm, unsigned long addr,
		     unsigned long *next);
bool gksm_pte_is_plain(pte_t pte);
bool gksm_pte_is_zero(pte_t pte);
void gksm_walk_run(struct vm_area_struct *vma, unsigned long addr,
		   unsigned long end, const unsigned long *wanted,
		   struct gksm_run *run);
struct page *gksm_walk_page(struct vm_area_struct *vma, unsigned long addr);

#endif /* GKSM_WALK_H */
