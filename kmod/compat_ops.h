/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GKSM_COMPAT_OPS_H
#define GKSM_COMPAT_OPS_H

/*
 * compat_ops.h - what is done to page tables, with one face for all kernels
 *
 * compat.h for what needs unexported functions (ksyms.h).
 */
#include "ksyms.h"

/**
 * gksm_pte_lock() - lock the page table that maps an address
 * @mm:	  address space, mmap lock held
 * @pmd:  from gksm_walk_pmd()
 * @addr: address
 * @ptl:  out: the lock, for pte_unmap_unlock()
 *
 * Return: the entry of @addr, or NULL if there is no table (any more).
 */
static inline pte_t *gksm_pte_lock(struct mm_struct *mm, pmd_t *pmd,
				   unsigned long addr, spinlock_t **ptl)
{
#if defined(GKSM_HAVE___PTE_LOCK_FN)
	return ksym(__pte_offset_map_lock)(mm, pmd, addr, ptl);
#elif defined(GKSM_HAVE_PTE_LOCK_FN)
	return ksym(pte_offset_map_lock)(mm, pmd, addr, ptl);
#else
	/*
	 * Tables are freed only under the mmap write lock here, and a table
	 * turns into a huge page only so too (khugepaged); the other way
	 * round may happen at any time, but then there is a table.
	 */
	pmd_t value = READ_ONCE(*pmd);

	if (!pmd_present(value) || pmd_trans_huge(value) || pmd_devmap(value) ||
	    pmd_bad(value))
		return NULL;
	return pte_offset_map_lock(mm, pmd, addr, ptl);
#endif
}

/* Secondary MMUs may sleep in it. Pair with gksm_range_end(). */
static inline void gksm_range_start(struct mmu_notifier_range *range,
				    struct vm_area_struct *vma,
				    unsigned long start, unsigned long end)
{
	gksm_range_init(range, vma, start, end);
	ksym(__mmu_notifier_invalidate_range_start)(range);
}

static inline void gksm_range_end(struct mmu_notifier_range *range)
{
#ifdef GKSM_HAVE_RANGE_END_ONLY_END
	ksym(__mmu_notifier_invalidate_range_end)(range, false);
#else
	ksym(__mmu_notifier_invalidate_range_end)(range);
#endif
}

/* Goes with each TLB flush. Since v6.6 the flush does it by itself. */
static inline void gksm_invalidate_secondary(struct mm_struct *mm,
					     unsigned long start,
					     unsigned long end)
{
#ifdef GKSM_HAVE_INVALIDATE_RANGE
	if (mm_has_notifiers(mm))
		ksym(__mmu_notifier_invalidate_range)(mm, start, end);
#endif
}

/*
 * Split the large folio that a locked and referenced page is part of into
 * single pages; the page stays locked. 0 or -errno.
 */
static inline int gksm_page_split(struct page *page)
{
#if defined(GKSM_HAVE___SPLIT_TO_ORDER)
	return ksym(__split_huge_page_to_list_to_order)(page, NULL, 0);
#elif defined(GKSM_HAVE_SPLIT_TO_ORDER)
	return ksym(split_huge_page_to_list_to_order)(page, NULL, 0);
#else
	return ksym(split_huge_page_to_list)(page, NULL);
#endif
}

/*
 * Since v6.6 (as an atomic_long_t, v6.10) the kernel counts what was merged with
 * the zero page (zero.c). NULL if it does not, or keeps its address to itself.
 */
static inline atomic_long_t *gksm_zero_count(void)
{
#ifdef GKSM_HAVE_KSM_ZERO_PAGES
	return kdata(ksm_zero_pages);
#else
	return NULL;
#endif
}

/* The same of one mm. */
static inline atomic_long_t *gksm_zero_count_of(struct mm_struct *mm)
{
#ifdef GKSM_HAVE_KSM_ZERO_PAGES
	return &mm->ksm_zero_pages;
#else
	return NULL;
#endif
}

/*
 * Charge a fresh page to the memory group of an address space, beyond the
 * group's limit if need be, without reclaim. Whoever frees the page undoes it.
 * 0 or -errno.
 */
static inline int gksm_page_charge(struct page *page, struct mm_struct *mm)
{
#ifdef CONFIG_MEMCG
	if (!mem_cgroup_disabled())
		return ksym(__mem_cgroup_charge)(page_folio(page), mm,
						 GFP_ATOMIC);
#endif
	return 0;
}

/* Count a mapping of an order-0 page, never exclusive. Page table lock held. */
static inline void gksm_rmap_add(struct page *page, struct vm_area_struct *vma,
				 unsigned long addr)
{
#ifdef GKSM_HAVE_FOLIO_RMAP
	ksym(folio_add_anon_rmap_ptes)(page_folio(page), page, 1, vma, addr,
				       RMAP_NONE);
#else
	ksym(page_add_anon_rmap)(page, vma, addr, RMAP_NONE);
#endif
}

static inline void gksm_rmap_remove(struct page *page,
				    struct vm_area_struct *vma)
{
#ifdef GKSM_HAVE_FOLIO_RMAP
	ksym(folio_remove_rmap_ptes)(page_folio(page), page, 1, vma);
#else
	ksym(page_remove_rmap)(page, vma, false);
#endif
}

#endif /* GKSM_COMPAT_OPS_H */
