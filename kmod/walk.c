// SPDX-License-Identifier: GPL-2.0-only
/*
 * walk.c - read page tables
 *
 * The walk is by hand: the kernel's walkers are not exported. Everything here
 * only reads; merge.c is the one place that writes.
 */
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/pgtable.h>
#include <linux/userfaultfd_k.h>

#include "compat_ops.h"
#include "walk.h"

/**
 * DOC: What keeps a walk safe
 *
 * The caller holds the mmap read lock, so no upper table of the range is
 * freed. The lowest level may change under us: huge pages form and split,
 * and on newer kernels whole page tables go away. So an entry counts only
 * while the lock of its table is held, and the function that takes that lock
 * checks again what the PMD holds and may return NULL.
 *
 * A page is used after the lock is dropped only with a reference taken under
 * it. What it holds may change at any moment; bytes read from it are a hint.
 */

/**
 * gksm_vma_mergeable() - may pages of this area be merged?
 * @vma: an area of an address space whose mmap lock is held
 *
 * The owner opted in, there is anonymous memory, and nobody waits for write
 * faults in it (userfaultfd).
 */
bool gksm_vma_mergeable(struct vm_area_struct *vma)
{
	return (vma->vm_flags & VM_MERGEABLE) && vma->anon_vma &&
	       !userfaultfd_armed(vma);
}

/**
 * gksm_page_is_candidate() - is this a page that could be merged?
 * @page: mapped by an entry whose table lock is held, or referenced
 */
bool gksm_page_is_candidate(struct page *page)
{
	return PageAnon(page) && !gksm_page_test_ksm(page) &&
	       !is_zone_device_page(page) && !PageHWPoison(page);
}

/**
 * gksm_walk_pmd() - the PMD entry of an address
 * @mm:	  address space, mmap lock held
 * @addr: address
 * @next: out, may be NULL: first address that another entry maps, or that
 *	  lies beyond the hole if there is none
 *
 * Return: the entry, which may be none, huge or a table; or NULL.
 */
pmd_t *gksm_walk_pmd(struct mm_struct *mm, unsigned long addr,
		     unsigned long *next)
{
	pgd_t *pgd = pgd_offset(mm, addr);
	unsigned long hole = PGDIR_SIZE;
	pmd_t *pmd = NULL;
	p4d_t *p4d;
	pud_t *pud;

	if (pgd_none(*pgd) || pgd_bad(*pgd))
		goto out;
	hole = P4D_SIZE;
	p4d = p4d_offset(pgd, addr);
	if (p4d_none(*p4d) || p4d_bad(*p4d))
		goto out;
	hole = PUD_SIZE;
	pud = pud_offset(p4d, addr);
	if (pud_none(*pud) || pud_bad(*pud))
		goto out;
	hole = PMD_SIZE;
	pmd = pmd_offset(pud, addr);
out:
	if (next)
		*next = (addr & ~(hole - 1)) + hole;
	return pmd;
}

/**
 * gksm_pte_is_plain() - does this entry map an ordinary page right now?
 * @pte: its value, read under the table's lock
 */
bool gksm_pte_is_plain(pte_t pte)
{
	return pte_present(pte) && !pte_special(pte) && !pte_protnone(pte);
}

static void add_to_run(struct gksm_run *run, unsigned long addr,
		       struct page *page)
{
	if (page)
		get_page(page);
	run->ref[run->nr++] = (struct gksm_ref){ .addr = addr, .page = page };
}

static bool pte_is_zero_page(pte_t pte)
{
	return pte_present(pte) && pte_special(pte) &&
	       pte_pfn(pte) == page_to_pfn(ZERO_PAGE(0));
}

/* A huge page keeps its shape: its subpages are looked at one by one. */
static unsigned long run_of_huge(struct vm_area_struct *vma, pmd_t *pmd,
				 unsigned long addr, unsigned long end,
				 struct gksm_run *run)
{
	spinlock_t *ptl = pmd_lock(vma->vm_mm, pmd);
	pmd_t value = *pmd;
	struct page *page;

	if (!pmd_present(value) || !pmd_trans_huge(value) ||
	    pmd_protnone(value)) {
		addr = end;
	} else {
		page = pmd_page(value) + ((addr & ~PMD_MASK) >> PAGE_SHIFT);
		if (!gksm_page_is_candidate(page))
			addr = end;
	}
	for (; addr < end && run->visited < run->max;
	     addr += PAGE_SIZE, page++) {
		run->visited++;
		add_to_run(run, addr, page);
	}
	spin_unlock(ptl);
	return addr;
}

static unsigned long run_of_table(struct vm_area_struct *vma, pmd_t *pmd,
				  unsigned long addr, unsigned long end,
				  struct gksm_run *run)
{
	spinlock_t *ptl;
	pte_t *first, *ptep;

	first = gksm_pte_lock(vma->vm_mm, pmd, addr, &ptl);
	if (!first)
		return end;
	for (ptep = first; addr < end && run->visited < run->max;
	     addr += PAGE_SIZE, ptep++) {
		pte_t pte = *ptep;

		if (pte_none(pte))
			continue;
		run->visited++;
		if (pte_is_zero_page(pte))
			add_to_run(run, addr, NULL);
		else if (gksm_pte_is_plain(pte) &&
			 gksm_page_is_candidate(pte_page(pte)))
			add_to_run(run, addr, pte_page(pte));
	}
	pte_unmap_unlock(first, ptl);
	return addr;
}

/**
 * gksm_walk_run() - collect candidates under one page table hold
 * @vma:  area, mmap read lock held
 * @addr: where to start
 * @end:  where to stop, at most vma->vm_end
 * @run:  room for the result; drop the references of its pages
 *
 * Looks at one page table at most. Empty entries are free: they do not count
 * as visited.
 *
 * Return: where to go on; more than @addr.
 */
unsigned long gksm_walk_run(struct vm_area_struct *vma, unsigned long addr,
			    unsigned long end, struct gksm_run *run)
{
	unsigned long next;
	pmd_t *pmd = gksm_walk_pmd(vma->vm_mm, addr, &next);
	pmd_t value;

	run->visited = 0;
	run->nr = 0;
	end = min(end, next);
	if (!pmd)
		return end;
	value = READ_ONCE(*pmd);
	if (pmd_none(value))
		return end;
	if (pmd_trans_huge(value))
		return run_of_huge(vma, pmd, addr, end, run);
	return run_of_table(vma, pmd, addr, end, run);
}

/**
 * gksm_walk_page() - the candidate at one address
 * @vma:  area, mmap read lock held
 * @addr: address within it
 *
 * Return: the page, with a reference for the caller, or NULL.
 */
struct page *gksm_walk_page(struct vm_area_struct *vma, unsigned long addr)
{
	struct gksm_ref ref = {};
	struct gksm_run run = { .ref = &ref, .max = 1 };

	gksm_walk_run(vma, addr, addr + PAGE_SIZE, &run);
	return run.nr ? ref.page : NULL;
}
