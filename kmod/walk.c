// SPDX-License-Identifier: GPL-2.0-only
/*
 * walk.c - read page tables
 *
 * The walk is by hand: the kernel's walkers are not exported. Everything here
 * only reads; merge.c replaces pages, sweep.c clears what says that they were
 * touched, and nobody else writes.
 */
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/pgtable.h>
#include <linux/userfaultfd_k.h>

#include "compat_ops.h"
#include "mm_slot.h"
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
 *
 * Also one that nobody may use at present (protnone): NUMA balancing marks all
 * memory of a busy process so, and what is cold stays marked. Such an entry is
 * as good as any other: it names a page, holds its bits, and CPUs may still
 * have it cached from before, which the flushes of sweeping and merging end.
 */
bool gksm_pte_is_plain(pte_t pte)
{
	return pte_present(pte) && !pte_special(pte);
}

/**
 * gksm_pte_is_zero() - does this entry map the zero page right now?
 * @pte: its value, read under the table's lock
 */
bool gksm_pte_is_zero(pte_t pte)
{
	return pte_present(pte) && pte_special(pte) &&
	       pte_pfn(pte) == page_to_pfn(ZERO_PAGE(0));
}

/* A huge page keeps its shape: its subpages are taken one by one. */
static void run_of_huge(struct vm_area_struct *vma, pmd_t *pmd,
			unsigned long addr, unsigned long end,
			const unsigned long *wanted, struct gksm_run *run)
{
	unsigned long table = addr & PMD_MASK;
	unsigned int i = gksm_page_number(addr);
	spinlock_t *ptl = pmd_lock(vma->vm_mm, pmd);
	struct page *page;

	if (!pmd_present(*pmd) || !pmd_trans_huge(*pmd) ||
	    !gksm_page_is_candidate(pmd_page(*pmd)))
		goto unlock;
	for_each_set_bit_from(i, wanted, (end - 1 - table) / PAGE_SIZE + 1) {
		if (run->nr == run->max)
			break;
		page = pmd_page(*pmd) + i;
		get_page(page);
		run->ref[run->nr++] = (struct gksm_ref){
			.addr = table + i * PAGE_SIZE,
			.page = page,
		};
	}
unlock:
	spin_unlock(ptl);
}

static void run_of_table(struct vm_area_struct *vma, pmd_t *pmd,
			 unsigned long addr, unsigned long end,
			 const unsigned long *wanted, struct gksm_run *run)
{
	unsigned long table = addr & PMD_MASK;
	unsigned int start = gksm_page_number(addr), i = start;
	struct page *page;
	spinlock_t *ptl;
	pte_t *first, pte;

	first = gksm_pte_lock(vma->vm_mm, pmd, addr, &ptl);
	if (!first)
		return;
	for_each_set_bit_from(i, wanted, (end - 1 - table) / PAGE_SIZE + 1) {
		if (run->nr == run->max)
			break;
		pte = first[i - start];
		if (!gksm_pte_is_plain(pte))
			continue;
		page = pte_page(pte);
		if (!gksm_page_is_candidate(page))
			continue;
		get_page(page);
		run->ref[run->nr++] = (struct gksm_ref){
			.addr = table + i * PAGE_SIZE,
			.page = page,
		};
	}
	pte_unmap_unlock(first, ptl);
}

/**
 * gksm_walk_run() - collect candidates under one page table hold
 * @vma:    area, mmap read lock held
 * @addr:   where to start
 * @end:    where to stop, within @vma and the page table of @addr
 * @wanted: pages to collect if they are there, a bit for each of the table
 * @run:    room for the result; drop the references of its pages
 */
void gksm_walk_run(struct vm_area_struct *vma, unsigned long addr,
		   unsigned long end, const unsigned long *wanted,
		   struct gksm_run *run)
{
	pmd_t *pmd = gksm_walk_pmd(vma->vm_mm, addr, NULL);
	pmd_t value;

	run->nr = 0;
	if (!pmd)
		return;
	value = READ_ONCE(*pmd);
	if (pmd_none(value))
		return;
	if (pmd_trans_huge(value))
		run_of_huge(vma, pmd, addr, end, wanted, run);
	else
		run_of_table(vma, pmd, addr, end, wanted, run);
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
	DECLARE_BITMAP(wanted, GKSM_REGION_PAGES);
	struct gksm_ref ref = {};
	struct gksm_run run = { .ref = &ref, .max = 1 };

	bitmap_zero(wanted, GKSM_REGION_PAGES);
	__set_bit(gksm_page_number(addr), wanted);
	gksm_walk_run(vma, addr, addr + PAGE_SIZE, wanted, &run);
	return ref.page;
}
