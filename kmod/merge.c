// SPDX-License-Identifier: GPL-2.0-only
/*
 * merge.c - replace pages by merged pages
 *
 * Together with merge_scattered.c the only file that writes page tables, and
 * that believes that two pages are equal.
 */
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/mmu_notifier.h>
#include <linux/pgtable.h>
#include <linux/rmap.h>
#include <linux/swap.h>

#include "breakage.h"
#include "compat_ops.h"
#include "kpage.h"
#include "merge.h"
#include "merge_parts.h"
#include "overhead.h"
#include "stats.h"
#include "walk.h"
#include "zero.h"

/**
 * DOC: Who decides that two pages are equal
 *
 * The device and the daemon only propose. Since they saw the page it may have
 * been written, unmapped, swapped, pinned or freed. The page is
 * taken away from everybody, every byte is compared, and only then is it
 * replaced. There are two forms: gksm_merge_near() for neighbours, described
 * here, and gksm_merge_scattered() ("One flush for many places").
 *
 * A run of neighbours has at most GKSM_MERGE_MAX pages within one page table and
 * GKSM_MERGE_SPAN, and is done in one hold of that table's lock:
 *
 * 1. Reference and lock each page (trylock: nobody is waited for). The lock
 *    keeps the swap cache state and the page's mapping still.
 * 2. Secondary MMUs (KVM): invalidate_range_start. From here to the end no
 *    secondary page table gets an entry for the span.
 * 3. Page table lock. Check again that each address maps its page, and clear
 *    the entry. Not write-protect: with a present read-only entry GUP-fast
 *    could still take a reference after step 5 looked.
 * 4. ONE flush for the span. After it, no CPU can write any of the pages: all
 *    stale translations are gone, a new access faults and waits for the lock.
 * 5. For each page: if it has more references than mappings (and swap cache)
 *    explain, somebody may be writing it through I/O: put the entry back as
 *    it was. GUP-fast takes its reference before it looks at the entry for
 *    the second time, so it either was counted here or sees that the entry
 *    changed and backs off.
 * 6. Give up the exclusive bit (fails if pinned exclusively: put the entry
 *    back). After this the page must never be mapped writable again.
 * 7. Compare all bytes with K. Different: map the page again, read-only; the
 *    next write copies or reuses it as the kernel sees fit.
 * 8. Same: a reference and a mapping of K, set the entry to K, read-only;
 *    remove the page's mapping and its reference.
 * 9. Unlock, invalidate_range_end, and only then unlock and put the pages.
 *
 * No second flush: entries that are none cannot be cached, and what is set in
 * 5 to 8 is either what was there before, or has fewer rights, or is new.
 *
 * Races, and what meets them:
 *
 *   write by a CPU	  4: none after the flush; a fault waits for the lock
 *   O_DIRECT, vmsplice,
 *   io_uring, RDMA	  5 and 6
 *   KVM guest write	  2, and on kernels before 6.6 the notifier call that
 *			  goes with the flush
 *   munmap, mprotect,
 *   mremap, exit	  the mmap read lock, held by the caller
 *   MADV_DONTNEED, reclaim,
 *   migration		  3: the entry is checked again; page lock and
 *			  reference hold off both from there
 *   fork		  takes the mmap write lock
 *   another fault	  the page table lock
 *   huge page forms or
 *   splits		  3: the table is looked up again, under its lock
 *
 * Locks, outermost first: mmap read lock (caller), page locks (try only),
 * notifier range, page table lock.
 */

/**
 * gksm_merge_entry_maps() - what an entry must be for its page to be merged
 * @item:  the page, and where it is
 * @entry: read under the lock of its table
 */
bool gksm_merge_entry_maps(const struct gksm_merge_item *item, pte_t entry)
{
	return gksm_pte_is_plain(entry) &&
	       pte_pfn(entry) == page_to_pfn(item->page);
}

/**
 * gksm_merge_clear_items() - nothing has been done yet
 * @items: items
 * @nr:    how many
 */
void gksm_merge_clear_items(struct gksm_merge_item *items, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		items[i].outcome = GKSM_MERGE_CHANGED;
		items[i].page = NULL;
		items[i].cleared = false;
	}
}

/**
 * gksm_merge_notice_begin() - have secondary MMUs let go of some pages
 * @notice: for gksm_merge_notice_end()
 * @mm:	    address space
 * @items:  ascending by address; one has a page at least
 * @nr:	    how many
 *
 * Context: sleeps.
 */
void gksm_merge_notice_begin(struct gksm_merge_notice *notice,
			     struct mm_struct *mm,
			     const struct gksm_merge_item *items,
			     unsigned int nr)
{
	unsigned int i = 0;
	u64 begun_ns;

	notice->is_open =
		mm_has_notifiers(mm) && !gksm_breaks(GKSM_BREAK_NOTIFIER);
	if (!notice->is_open)
		return;
	while (!items[i].page)
		i++;
	begun_ns = gksm_cpu_ns();
	gksm_range_start(&notice->range, items[i].vma, items[i].addr,
			 items[nr - 1].addr + PAGE_SIZE);
	gksm_count(notifier_calls, 1);
	gksm_count(notifier_calls_cpu_ns, gksm_cpu_ns() - begun_ns);
}

/**
 * gksm_merge_notice_end() - let them have entries again
 * @notice: of gksm_merge_notice_begin()
 */
void gksm_merge_notice_end(struct gksm_merge_notice *notice)
{
	u64 begun_ns;

	if (!notice->is_open)
		return;
	begun_ns = gksm_cpu_ns();
	gksm_range_end(&notice->range);
	gksm_count(notifier_calls_cpu_ns, gksm_cpu_ns() - begun_ns);
}

/**
 * gksm_merge_flush() - no CPU has a stale translation of a range any more
 * @mm:	   address space
 * @start: first address
 * @end:   behind the last
 */
void gksm_merge_flush(struct mm_struct *mm, unsigned long start,
		      unsigned long end)
{
	u64 begun_ns = gksm_cpu_ns(), flushed_ns;

	ksym(flush_tlb_mm_range)(mm, start, end, PAGE_SHIFT, false);
	flushed_ns = gksm_cpu_ns();
	gksm_count(tlb_flushes, 1);
	gksm_count(tlb_flushes_cpu_ns, flushed_ns - begun_ns);
	if (mm_has_notifiers(mm) && !gksm_breaks(GKSM_BREAK_NOTIFIER)) {
		gksm_invalidate_secondary(mm, start, end);
		gksm_count(notifier_calls_cpu_ns, gksm_cpu_ns() - flushed_ns);
	}
}

/* Steps 3 and 4. @first is the entry of items[0]. */
static bool clear_entries(struct mm_struct *mm, pte_t *first,
			  struct gksm_merge_item *items, unsigned int nr)
{
	unsigned long base = items[0].addr, start = ULONG_MAX, end = 0;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		struct gksm_merge_item *item = &items[i];
		pte_t *ptep = first + ((item->addr - base) >> PAGE_SHIFT);

		if (!item->page)
			continue;
		if (!gksm_merge_entry_maps(item, *ptep)) {
			item->outcome = GKSM_MERGE_CHANGED;
			continue;
		}
		item->entry = ptep_get_and_clear(mm, item->addr, ptep);
		item->cleared = true;
		start = min(start, item->addr);
		end = item->addr + PAGE_SIZE;
	}
	if (!end)
		return false;
	if (!gksm_breaks(GKSM_BREAK_FLUSH))
		gksm_merge_flush(mm, start, end);
	return true;
}

/**
 * gksm_merge_is_referenced_elsewhere() - may I/O be writing the page?
 * @page: a small page, locked, with one reference of ours, whose entry GUP-fast
 *	  finds cleared
 */
bool gksm_merge_is_referenced_elsewhere(struct page *page)
{
	if (gksm_breaks(GKSM_BREAK_PIN))
		return false;
	return gksm_page_mapcount(page) + 1 + gksm_page_swapcache(page) !=
	       page_count(page);
}

static void map_kpage(struct vm_area_struct *vma, unsigned long addr,
		      struct page *kpage)
{
	get_page(kpage);
	gksm_rmap_add(kpage, vma, addr);
}

static void unmap_page(struct vm_area_struct *vma, struct page *page)
{
	gksm_rmap_remove(page, vma);
	if (!gksm_page_mapcount(page))
		ksym(folio_free_swap)(page_folio(page));
	put_page(page);
}

/**
 * gksm_merge_replace() - map the merged page, or the zero page
 * @mm:   address space
 * @ptep: the item's entry, which is none
 * @item: the item; its page stays locked and referenced
 *
 * Context: page table lock.
 */
void gksm_merge_replace(struct mm_struct *mm, pte_t *ptep,
			struct gksm_merge_item *item)
{
	struct vm_area_struct *vma = item->vma;
	pte_t entry;

	if (pte_dirty(item->entry))
		set_page_dirty(item->page);
	if (item->kpage) {
		map_kpage(vma, item->addr, item->kpage);
		entry = mk_pte(item->kpage, vma->vm_page_prot);
	} else {
		entry = gksm_zero_entry(mm, item->addr, vma->vm_page_prot);
		gksm_mm_dec_anon(mm);
	}
	if (pte_soft_dirty(item->entry))
		entry = pte_mksoft_dirty(entry);
	set_pte_at(mm, item->addr, ptep, entry);
	unmap_page(vma, item->page);
}

/* Steps 5 to 8 for one page: the entry is none, and is set here whatever. */
static enum gksm_merge_outcome settle(struct mm_struct *mm, pte_t *ptep,
				      struct gksm_merge_item *item)
{
	if (gksm_merge_is_referenced_elsewhere(item->page)) {
		set_pte_at(mm, item->addr, ptep, item->entry);
		return GKSM_MERGE_PINNED;
	}
	if (PageAnonExclusive(item->page) && !gksm_page_try_share(item->page)) {
		set_pte_at(mm, item->addr, ptep, item->entry);
		return GKSM_MERGE_EXCLUSIVE;
	}
	if (!gksm_breaks(GKSM_BREAK_COMPARE) &&
	    !gksm_merge_same_bytes(item->page, item->kpage)) {
		set_pte_at(mm, item->addr, ptep, pte_wrprotect(item->entry));
		return GKSM_MERGE_DIFFER;
	}
	gksm_merge_replace(mm, ptep, item);
	return GKSM_MERGE_DONE;
}

/* Steps 3 to 8. */
static void merge_locked(struct mm_struct *mm, struct gksm_merge_item *items,
			 unsigned int nr)
{
	pmd_t *pmd = gksm_walk_pmd(mm, items[0].addr, NULL);
	spinlock_t *ptl;
	pte_t *first;
	unsigned int i;

	first = pmd ? gksm_pte_lock(mm, pmd, items[0].addr, &ptl) : NULL;
	if (!first) {
		for (i = 0; i < nr; i++)
			if (items[i].page)
				items[i].outcome = GKSM_MERGE_CHANGED;
		return;
	}
	if (clear_entries(mm, first, items, nr)) {
		for (i = 0; i < nr; i++) {
			unsigned long off = items[i].addr - items[0].addr;

			if (items[i].cleared)
				items[i].outcome =
					settle(mm, first + (off >> PAGE_SHIFT),
					       &items[i]);
		}
	}
	pte_unmap_unlock(first, ptl);
}

/**
 * gksm_merge_near() - merge pages that are neighbours
 * @mm:	   address space, mmap read lock held
 * @items: pages, strictly ascending by address, all within one page table
 *	   (2 MiB) and GKSM_MERGE_SPAN; gksm_vma_mergeable() of their areas
 * @nr:	   how many, 1 to GKSM_MERGE_MAX
 *
 * See "Who decides that two pages are equal" for what happens and why.
 *
 * Context: may sleep. Every item has an outcome afterwards.
 */
void gksm_merge_near(struct mm_struct *mm, struct gksm_merge_item *items,
		     unsigned int nr)
{
	struct gksm_merge_notice notice;

	gksm_merge_clear_items(items, nr);
	if (gksm_merge_take(mm, items, nr)) {
		gksm_merge_notice_begin(&notice, mm, items, nr);
		merge_locked(mm, items, nr);
		gksm_merge_notice_end(&notice);
		gksm_merge_put(items, nr);
	}
	gksm_count(runs, 1);
	gksm_merge_count(items, nr);
}
