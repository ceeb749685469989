// SPDX-License-Identifier: GPL-2.0-only
/*
 * merge_scattered.c - replace pages that lie far apart by merged pages
 */
#include <linux/mm.h>
#include <linux/mm_inline.h>
#include <linux/pgtable.h>
#include <linux/rmap.h>

#include "breakage.h"
#include "compat_ops.h"
#include "kpage.h"
#include "merge.h"
#include "merge_parts.h"
#include "stats.h"
#include "walk.h"

/**
 * DOC: One flush for many places
 *
 * Where duplicates are sparse there is one, or a few, within the span of a
 * run of neighbours, and a flush for each. What lies in many page tables
 * cannot be done in one hold of a lock, so here a page is taken away from its
 * writers in two steps, and two flushes serve any number of pages:
 *
 * 1. Reference and lock each page, tell secondary MMUs, as for neighbours.
 * 2. Page table by page table, under its lock: check that the address maps the
 *    page, write-protect the entry, remember it. The page stays exclusive: a
 *    write from now on just makes the entry writable again.
 * 3. Flush. Not under any lock, and whatever the entries were before. After
 *    it a page whose entry is still what it was made in 2 is written by
 *    nobody's CPU: a stale writable translation is gone, a new one would have
 *    needed another entry.
 * 4. Page table by page table, under its lock: the entry is what it was (the
 *    accessed bit may have come), and nobody else's flush of this address
 *    space is pending, who could have made it writable and protected it again
 *    meanwhile. Clear it, look for references that no mapping explains, give
 *    up the exclusive bit, and set it again as it was. While it is none,
 *    GUP-fast either was counted or backs off; afterwards it finds a page that
 *    is not exclusive, which it cannot pin without asking for a copy first.
 *    From here on a write copies the page: it is locked and referenced, so it
 *    is not reused. Its bytes stay.
 * 5. Compare, under no lock at all.
 * 6. Page table by page table, under its lock: the entry still is what it
 *    was; clear it, and map the merged page. Otherwise somebody has written to
 *    a copy of his own, and the page is left to him.
 * 7. Flush. Translations of the old pages may be in use until then, for
 *    reading: what is read is the same as before.
 * 8. invalidate_range_end, and only now unlock and put the pages: the last
 *    reference kept them from being somebody else's memory.
 *
 * What must not be, each seen to go wrong: the exclusive bit given up while
 * GUP-fast may find the entry (it takes a reference after 4 has looked); the
 * exclusive bit given up before the flush (a fault copies the page while a
 * CPU goes on writing through a stale translation); pages put before the last
 * flush (readers see what others write). tests/vm/controls leaves out the
 * flushes, the comparison, the look for references and the look of 6, one at
 * a time.
 *
 * munmap, mremap, mprotect, fork and collapsing into a huge page wait for the
 * mmap lock. MADV_DONTNEED, reclaim, migration, NUMA balancing and userfaultfd
 * may change an entry between the steps, and page tables may go away: each
 * step looks the table up again, and 4 and 6 find another entry.
 *
 * Locks: as for neighbours. An address space with notifiers is held up for the
 * range from the first to the last page; the caller keeps that within one
 * page table.
 */

/* Is the entry what it was, but for having been used? */
static bool is_same(pte_t now, pte_t before)
{
	return pte_same(pte_mkold(now), pte_mkold(before));
}

/* Step 2 for one page. */
static void protect(struct mm_struct *mm, pte_t *ptep,
		    struct gksm_merge_item *item)
{
	if (!gksm_merge_entry_maps(item, *ptep))
		return;
	if (pte_write(*ptep))
		ptep_set_wrprotect(mm, item->addr, ptep);
	item->entry = *ptep;
	item->cleared = true;
}

/* Step 4 for one page. */
static void share(struct mm_struct *mm, pte_t *ptep,
		  struct gksm_merge_item *item)
{
	struct page *page = item->page;

	item->cleared = false;
	if (!is_same(*ptep, item->entry) || mm_tlb_flush_pending(mm))
		return;
	item->entry = ptep_get_and_clear(mm, item->addr, ptep);
	smp_mb(); /* pairs with GUP-fast: reference, then look again */
	if (gksm_merge_is_referenced_elsewhere(page))
		item->outcome = GKSM_MERGE_PINNED;
	else if (PageAnonExclusive(page) && !gksm_page_try_share(page))
		item->outcome = GKSM_MERGE_EXCLUSIVE;
	else
		item->cleared = true;
	set_pte_at(mm, item->addr, ptep, item->entry);
}

/* Step 6 for one page. */
static void swap_in_kpage(struct mm_struct *mm, pte_t *ptep,
			  struct gksm_merge_item *item)
{
	struct page *taken = item->page;

	if (!is_same(*ptep, item->entry)) {
		if (!gksm_breaks(GKSM_BREAK_RECHECK) ||
		    !gksm_pte_is_plain(*ptep) ||
		    !gksm_page_is_candidate(pte_page(*ptep)))
			return;
		/* Over somebody's copy, which is leaked: nobody else's harm. */
		item->page = pte_page(*ptep);
		get_page(item->page);
	}
	item->entry = ptep_get_and_clear(mm, item->addr, ptep);
	gksm_merge_replace(mm, ptep, item);
	item->page = taken;
	item->outcome = GKSM_MERGE_DONE;
}

/* How many of the items, from the first on, are in its page table? */
static unsigned int in_table(const struct gksm_merge_item *items,
			     unsigned int nr)
{
	unsigned long table = items[0].addr & PMD_MASK;
	unsigned int n = 1;

	while (n < nr && (items[n].addr & PMD_MASK) == table)
		n++;
	return n;
}

static bool has_any(const struct gksm_merge_item *items, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (items[i].cleared)
			return true;
	return false;
}

typedef void step_fn(struct mm_struct *mm, pte_t *ptep,
		     struct gksm_merge_item *item);

/* One hold of one table's lock. If there is no table, nobody goes on. */
static void do_table(struct mm_struct *mm, struct gksm_merge_item *items,
		     unsigned int nr, bool is_first, step_fn *step)
{
	pmd_t *pmd = gksm_walk_pmd(mm, items[0].addr, NULL);
	spinlock_t *ptl;
	pte_t *first;
	unsigned int i;

	first = pmd ? gksm_pte_lock(mm, pmd, items[0].addr, &ptl) : NULL;
	for (i = 0; i < nr; i++) {
		unsigned long off = items[i].addr - items[0].addr;

		if (is_first ? !items[i].page : !items[i].cleared)
			continue;
		if (first)
			step(mm, first + (off >> PAGE_SHIFT), &items[i]);
		else
			items[i].cleared = false;
	}
	if (first)
		pte_unmap_unlock(first, ptl);
}

static void do_tables(struct mm_struct *mm, struct gksm_merge_item *items,
		      unsigned int nr, bool is_first, step_fn *step)
{
	unsigned int i, n;

	for (i = 0; i < nr; i += n) {
		n = in_table(items + i, nr - i);
		do_table(mm, items + i, n, is_first, step);
	}
}

/* Step 5. */
static void compare(struct gksm_merge_item *items, unsigned int nr)
{
	unsigned int i;

	if (gksm_breaks(GKSM_BREAK_COMPARE))
		return;
	for (i = 0; i < nr; i++) {
		if (!items[i].cleared)
			continue;
		if (!gksm_merge_same_bytes(items[i].page, items[i].kpage)) {
			items[i].outcome = GKSM_MERGE_DIFFER;
			items[i].cleared = false;
		}
	}
}

/* Steps 2 to 7. */
static void merge_taken(struct mm_struct *mm, struct gksm_merge_item *items,
			unsigned int nr)
{
	unsigned long start = items[0].addr;
	unsigned long end = items[nr - 1].addr + PAGE_SIZE;

	do_tables(mm, items, nr, true, protect);
	if (!has_any(items, nr))
		return;
	if (!gksm_breaks(GKSM_BREAK_FLUSH))
		gksm_merge_flush(mm, start, end);
	do_tables(mm, items, nr, false, share);
	compare(items, nr);
	if (!has_any(items, nr))
		return;
	do_tables(mm, items, nr, false, swap_in_kpage);
	if (!gksm_breaks(GKSM_BREAK_LAST_FLUSH))
		gksm_merge_flush(mm, start, end);
}

/**
 * gksm_merge_scattered() - merge pages of one address space, however far apart
 * @mm:	   address space, mmap read lock held
 * @items: pages, strictly ascending by address; gksm_vma_mergeable() of their
 *	   areas; within one page table if @mm has notifiers
 * @nr:	   how many, 1 to GKSM_MERGE_SCATTERED_MAX
 *
 * See "One flush for many places" for what happens and why.
 *
 * Context: may sleep. Every item has an outcome afterwards.
 */
void gksm_merge_scattered(struct mm_struct *mm, struct gksm_merge_item *items,
			  unsigned int nr)
{
	struct gksm_merge_notice notice;
	unsigned int i, n, taken = 0;

	gksm_merge_clear_items(items, nr);
	for (i = 0; i < nr; i += n) {
		n = in_table(items + i, nr - i);
		taken += gksm_merge_take(mm, items + i, n);
	}
	if (taken) {
		gksm_merge_notice_begin(&notice, mm, items, nr);
		merge_taken(mm, items, nr);
		gksm_merge_notice_end(&notice);
		gksm_merge_put(items, nr);
	}
	gksm_count(runs, 1);
	gksm_count(runs_scattered, 1);
	gksm_merge_count(items, nr);
}
