// SPDX-License-Identifier: GPL-2.0-only
/*
 * unmerge.c - give pages back to their owners
 *
 * Writes no page table: the kernel's own fault handler unshares the page, as
 * if its owner had written to it.
 */
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "compat_ops.h"
#include "kpage.h"
#include "mm_slot.h"
#include "page_state.h"
#include "stable.h"
#include "stats.h"
#include "trace.h"
#include "unmerge.h"
#include "walk.h"
#include "zero.h"

/* A fork may copy merged pages to an address space not on the list. */
#define UNMERGE_ROUNDS 8

/* How long the last owners of merged pages may take to exit. */
#define EXIT_LIMIT_MS 60000
#define EXIT_NAP_MS 128

typedef bool entry_test(pte_t pte);

static bool is_kpage(pte_t pte)
{
	return gksm_pte_is_plain(pte) && gksm_kpage_test(pte_page(pte));
}

static bool is_merged(pte_t pte)
{
	return is_kpage(pte) || gksm_zero_is_marked(pte);
}

/* Is the entry of an address one of those? */
static bool maps(struct vm_area_struct *vma, unsigned long addr,
		 entry_test *test)
{
	pmd_t *pmd = gksm_walk_pmd(vma->vm_mm, addr, NULL);
	spinlock_t *ptl;
	pte_t *ptep;
	bool yes;

	ptep = pmd ? gksm_pte_lock(vma->vm_mm, pmd, addr, &ptl) : NULL;
	if (!ptep)
		return false;
	yes = test(*ptep);
	pte_unmap_unlock(ptep, ptl);
	return yes;
}

/* Addresses in [addr, end), of one page table, where a page was merged. */
static unsigned int find_merged(struct vm_area_struct *vma, unsigned long addr,
				unsigned long end, unsigned long *bitmap)
{
	pmd_t *pmd = gksm_walk_pmd(vma->vm_mm, addr, NULL);
	unsigned int i, found = 0;
	spinlock_t *ptl;
	pte_t *first;

	bitmap_zero(bitmap, PTRS_PER_PTE);
	if (!pmd || pmd_trans_huge(READ_ONCE(*pmd)))
		return 0;
	first = gksm_pte_lock(vma->vm_mm, pmd, addr, &ptl);
	if (!first)
		return 0;
	for (i = 0; i < (end - addr) >> PAGE_SHIFT; i++) {
		if (is_merged(first[i])) {
			__set_bit(i, bitmap);
			found++;
		}
	}
	pte_unmap_unlock(first, ptl);
	return found;
}

/* Mmap read lock held. The fault may be retried: swap-in, page table race. */
static int unshare(struct vm_area_struct *vma, unsigned long addr)
{
	bool zeros = maps(vma, addr, gksm_zero_is_marked);
	unsigned int tries;

	for (tries = 0; tries < 16; tries++) {
		vm_fault_t fault;

		fault = handle_mm_fault(vma, addr,
					FAULT_FLAG_UNSHARE | FAULT_FLAG_REMOTE,
					NULL);
		if (fault & VM_FAULT_OOM)
			return -ENOMEM;
		if (fault & VM_FAULT_ERROR)
			return -EFAULT;
		if (!maps(vma, addr, is_merged)) {
			if (zeros)
				gksm_count(zero_pages_unmerged, 1);
			else
				gksm_count(pages_unmerged, 1);
			trace_gksm_unmerge(vma->vm_mm, addr);
			return 0;
		}
		cond_resched();
	}
	return -EBUSY;
}

static int unmerge_vma(struct vm_area_struct *vma)
{
	DECLARE_BITMAP(bitmap, PTRS_PER_PTE);
	unsigned long addr, end;
	unsigned int i;
	int err;

	for (addr = vma->vm_start; addr < vma->vm_end; addr = end) {
		end = min(vma->vm_end, (addr & PMD_MASK) + PMD_SIZE);
		cond_resched();
		if (fatal_signal_pending(current))
			return -EINTR;
		if (!find_merged(vma, addr, end, bitmap))
			continue;
		for_each_set_bit(i, bitmap, PTRS_PER_PTE) {
			err = unshare(vma, addr + i * PAGE_SIZE);
			if (err)
				return err;
		}
	}
	return 0;
}

/**
 * gksm_unmerge_mm() - give the pages of an address space back
 * @mm: which; may be exiting
 *
 * Context: may sleep; no mmap lock held.
 * Return: 0, -ENOMEM, -EFAULT or -EBUSY; -EINTR (fatal signal).
 */
int gksm_unmerge_mm(struct mm_struct *mm)
{
	VMA_ITERATOR(vmi, mm, 0);
	struct vm_area_struct *vma;
	int err = 0;

	if (!mmget_not_zero(mm))
		return 0;
	mmap_read_lock(mm);
	for_each_vma(vmi, vma) {
		if (!vma->anon_vma ||
		    (vma->vm_flags & (VM_PFNMAP | VM_HUGETLB | VM_IO)))
			continue;
		err = unmerge_vma(vma);
		if (err)
			break;
	}
	mmap_read_unlock(mm);
	if (!err)
		gksm_mm_set_merging(mm, 0);
	mmput(mm);
	return err;
}

/**
 * gksm_unmerge_page() - give one page back
 * @mm:	  address space; may be exiting
 * @addr: an address that mapped a merged page a moment ago
 *
 * Context: may sleep; no mmap lock held.
 * Return: 0 also if there is nothing to do, -ENOMEM, -EFAULT or -EBUSY.
 */
int gksm_unmerge_page(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma;
	int err = 0;

	if (!mmget_not_zero(mm))
		return 0;
	mmap_read_lock(mm);
	vma = vma_lookup(mm, addr);
	if (vma && vma->anon_vma && maps(vma, addr, is_kpage))
		err = unshare(vma, addr);
	mmap_read_unlock(mm);
	mmput(mm);
	return err;
}

/*
 * A write fault takes the zero page away. The kernel takes one for impossible
 * in an area that may never be written to, and that nobody can have written
 * the zeros to either.
 */
static int unshare_zero(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma = vma_lookup(mm, addr);
	vm_fault_t fault;

	if (!vma || !gksm_vma_mergeable(vma) ||
	    !(vma->vm_flags & VM_MAYWRITE) ||
	    !maps(vma, addr, gksm_pte_is_zero))
		return 0;
	fault = handle_mm_fault(vma, addr, FAULT_FLAG_WRITE | FAULT_FLAG_REMOTE,
				NULL);
	if (fault & VM_FAULT_OOM)
		return -ENOMEM;
	if (fault & VM_FAULT_ERROR)
		return -EFAULT;
	if (!maps(vma, addr, gksm_pte_is_zero)) {
		gksm_count(zero_pages_unmerged, 1);
		trace_gksm_unmerge(mm, addr);
	}
	return 0;
}

/* Pages of one region that were merged with the zero page. */
static int unmerge_zeroed(struct gksm_mm_slot *slot, unsigned long start,
			  u64 *states)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < GKSM_REGION_PAGES && !err; i++) {
		if (gksm_state_key(states[i]) != GKSM_KEY_ZEROED)
			continue;
		err = unshare_zero(slot->mm, start + i * PAGE_SIZE);
		if (!err)
			states[i] = GKSM_KEY_NONE;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return err;
}

static int unmerge_zeroed_of(struct gksm_mm_slot *slot)
{
	unsigned long i;
	int err = 0;
	u64 *states;

	if (!mmget_not_zero(slot->mm))
		return 0;
	mmap_read_lock(slot->mm);
	xa_for_each(&slot->regions, i, states) {
		err = unmerge_zeroed(slot, i * GKSM_REGION_PAGES * PAGE_SIZE,
				     states);
		if (err)
			break;
	}
	mmap_read_unlock(slot->mm);
	mmput(slot->mm);
	return err;
}

/**
 * gksm_unmerge_zeroed() - give those back that were merged with the zero page
 *
 * Only what the module remembers, on kernels where a zero page does not say who
 * mapped it; gksm_unmerge_all() finds those that do.
 *
 * Context: scan lock held; sleeps.
 * Return: as gksm_unmerge_all().
 */
int gksm_unmerge_zeroed(void)
{
	struct gksm_mm_slot *slot;
	int first = 0;

	if (gksm_zero_has_marks())
		return 0;
	for (slot = gksm_mm_slot_first(); slot;
	     slot = gksm_mm_slot_next(slot)) {
		int err = unmerge_zeroed_of(slot);

		if (err == -EINTR)
			return err;
		if (!first)
			first = err;
	}
	return first;
}

/* Where one fails, for want of memory in its group, say, the others go on. */
static int unmerge_list(const struct gksm_mm_list *list)
{
	unsigned int i;
	int first = 0;

	for (i = 0; i < list->nr; i++) {
		int err = gksm_unmerge_mm(list->refs[i].mm);

		if (err == -EINTR)
			return err;
		if (!first)
			first = err;
	}
	return first;
}

static bool any_mm(struct mm_struct *mm)
{
	return true;
}

/* One look at every process. Sets @found: was there anything to give back? */
static int unmerge_round(bool *found)
{
	s64 pages = gksm_stat(pages_unmerged);
	s64 zeros = gksm_stat(zero_pages_unmerged);
	struct gksm_mm_list list;
	int err;

	err = gksm_mm_list_collect(&list, any_mm);
	if (!err)
		err = unmerge_list(&list);
	gksm_mm_list_release(&list);
	gksm_stable_recount();
	*found = gksm_stat(pages_unmerged) != pages ||
		 gksm_stat(zero_pages_unmerged) != zeros;
	return err;
}

/*
 * Merged pages are left that no living process maps: their owners are exiting.
 * That ends by itself, but takes long for a large one. Returns whether they are
 * gone before *left_ms is used up.
 */
static bool await_exits(unsigned int *left_ms)
{
	unsigned int nap_ms;

	for (nap_ms = 1; gksm_stable_nr() && *left_ms; nap_ms *= 2) {
		nap_ms = min3(nap_ms, *left_ms, (unsigned int)EXIT_NAP_MS);
		if (schedule_timeout_killable(msecs_to_jiffies(nap_ms)))
			break;
		*left_ms -= nap_ms;
		gksm_stable_recount();
	}
	return !gksm_stable_nr();
}

/**
 * gksm_unmerge_all() - give every merged page back
 *
 * Looks at every process, not only at those that opted in: a fork may have
 * carried merged pages to one that the kernel did not mark. Merged pages of
 * an earlier load of the module are given back too, and marked zero pages of
 * KSM's. Waits for processes that are exiting.
 *
 * Context: scan lock held; sleeps, long.
 * Return: 0, or -ENOMEM, -EFAULT or -EBUSY: the processes that it happened to
 * keep merged pages, all others have theirs back; or -EINTR (fatal signal).
 */
int gksm_unmerge_all(void)
{
	unsigned int round = 0, left_ms = EXIT_LIMIT_MS;
	bool found;
	int err;

	while (round < UNMERGE_ROUNDS) {
		err = unmerge_round(&found);
		if (err)
			return err;
		/*
		 * From what was found a fork may have taken some; the stable
		 * index knows nothing of pages of an earlier load.
		 */
		if (found)
			round++;
		else if (!gksm_stable_nr())
			return 0;
		else if (!await_exits(&left_ms))
			break;
	}
	return fatal_signal_pending(current) ? -EINTR : -EBUSY;
}
