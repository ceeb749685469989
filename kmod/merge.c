// SPDX-License-Identifier: GPL-2.0-only
/*
 * merge.c - replace pages by merged pages
 *
 * The only file that writes page tables, and the only one that believes that
 * two pages are equal.
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
#include "overhead.h"
#include "stats.h"
#include "walk.h"

/**
 * DOC: Who decides that two pages are equal
 *
 * The device and the daemon only propose. Since they saw the page it may have
 * been written, unmapped, swapped, pinned or freed. gksm_merge_run() takes the
 * page away from everybody, compares every byte, and only then replaces it.
 *
 * The run has at most GKSM_MERGE_MAX pages within one page table and
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

/* What an entry must be for its page to be merged. */
static bool entry_maps(pte_t entry, struct page *page)
{
	return gksm_pte_is_plain(entry) && pte_pfn(entry) == page_to_pfn(page);
}

static bool same_bytes(struct page *page, struct page *kpage)
{
	void *a = kmap_local_page(page);
	void *b;
	bool same;

	if (!kpage) {
		same = !memchr_inv(a, 0, PAGE_SIZE);
	} else {
		b = kmap_local_page(kpage);
		same = !memcmp(a, b, PAGE_SIZE);
		kunmap_local(b);
	}
	kunmap_local(a);
	return same;
}

/*
 * What is mapped by an entry: a page to be referenced, or NULL, and then the
 * outcome says why. A reference on one subpage of a huge page would keep the
 * others from being split off, so those are left alone here.
 */
static struct page *look_at(pte_t entry, enum gksm_merge_outcome *outcome)
{
	struct page *page;

	*outcome = GKSM_MERGE_CHANGED;
	if (!gksm_pte_is_plain(entry))
		return NULL;
	page = pte_page(entry);
	if (!gksm_page_is_candidate(page))
		return NULL;
	if (PageCompound(page)) {
		*outcome = GKSM_MERGE_SPLIT;
		return NULL;
	}
	return page;
}

/* Reference the small pages of the run, in one hold. */
static void take_pages(struct vm_area_struct *vma,
		       struct gksm_merge_item *items, unsigned int nr)
{
	pmd_t *pmd = gksm_walk_pmd(vma->vm_mm, items[0].addr, NULL);
	unsigned int i;
	spinlock_t *ptl;
	pte_t *first;

	if (!pmd)
		return;
	if (pmd_trans_huge(READ_ONCE(*pmd))) {
		for (i = 0; i < nr; i++)
			items[i].outcome = GKSM_MERGE_SPLIT;
		return;
	}
	first = gksm_pte_lock(vma->vm_mm, pmd, items[0].addr, &ptl);
	if (!first)
		return;
	for (i = 0; i < nr; i++) {
		unsigned long off = items[i].addr - items[0].addr;

		if (items[i].page)
			continue;
		items[i].page =
			look_at(first[off >> PAGE_SHIFT], &items[i].outcome);
		if (items[i].page)
			get_page(items[i].page);
	}
	pte_unmap_unlock(first, ptl);
}

/*
 * Split the huge page around an item. The bytes are compared first, without
 * protection: a wrong proposal must not cost anybody his huge page.
 */
static void split_around(struct vm_area_struct *vma,
			 struct gksm_merge_item *item)
{
	struct page *page = gksm_walk_page(vma, item->addr);
	bool same;

	if (!page)
		return;
	gksm_racy_begin();
	same = PageCompound(page) && same_bytes(page, item->kpage);
	gksm_racy_end();
	if (same && trylock_page(page)) {
		if (PageCompound(page) && !gksm_page_split(page))
			gksm_count(huge_pages_split, 1);
		unlock_page(page);
	}
	put_page(page);
}

static bool lock_one(struct gksm_merge_item *item)
{
	if (!trylock_page(item->page)) {
		item->outcome = GKSM_MERGE_BUSY;
		return false;
	}
	/* May have been replaced, or swallowed by a huge page, before. */
	if (!gksm_page_is_candidate(item->page) || PageCompound(item->page)) {
		item->outcome = GKSM_MERGE_CHANGED;
		unlock_page(item->page);
		return false;
	}
	return true;
}

/* Step 1. Returns how many pages of the run are referenced and locked. */
static unsigned int take_and_lock(struct vm_area_struct *vma,
				  struct gksm_merge_item *items,
				  unsigned int nr)
{
	unsigned int i, huge = 0, locked = 0;

	take_pages(vma, items, nr);
	for (i = 0; i < nr; i++) {
		if (!items[i].page && items[i].outcome == GKSM_MERGE_SPLIT) {
			split_around(vma, &items[i]);
			huge++;
		}
	}
	if (huge)
		take_pages(vma, items, nr);
	for (i = 0; i < nr; i++) {
		if (!items[i].page)
			continue;
		if (lock_one(&items[i])) {
			locked++;
		} else {
			put_page(items[i].page);
			items[i].page = NULL;
		}
	}
	return locked;
}

static void unlock_and_put(struct gksm_merge_item *items, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (!items[i].page)
			continue;
		unlock_page(items[i].page);
		put_page(items[i].page);
		items[i].page = NULL;
	}
}

/* Step 4, page table lock held. */
static void flush(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	u64 begun_ns = gksm_cpu_ns(), flushed_ns;

	if (gksm_breaks(GKSM_BREAK_FLUSH))
		return;
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
		if (!entry_maps(*ptep, item->page)) {
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
	flush(mm, start, end);
	return true;
}

/* Step 5: our own reference is the 1. */
static bool referenced_elsewhere(struct page *page)
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

/* Step 8. The zero page is mapped without the dirty bit: KSM's own mark. */
static void replace(struct vm_area_struct *vma, pte_t *ptep,
		    struct gksm_merge_item *item)
{
	struct mm_struct *mm = vma->vm_mm;
	pte_t entry;

	if (pte_dirty(item->entry))
		set_page_dirty(item->page);
	if (item->kpage) {
		map_kpage(vma, item->addr, item->kpage);
		entry = mk_pte(item->kpage, vma->vm_page_prot);
	} else {
		entry = pfn_pte(page_to_pfn(ZERO_PAGE(item->addr)),
				vma->vm_page_prot);
		entry = pte_mkspecial(entry);
		gksm_mm_dec_anon(mm);
	}
	if (pte_soft_dirty(item->entry))
		entry = pte_mksoft_dirty(entry);
	set_pte_at(mm, item->addr, ptep, entry);
	unmap_page(vma, item->page);
}

/* Steps 5 to 8 for one page: the entry is none, and is set here whatever. */
static enum gksm_merge_outcome settle(struct vm_area_struct *vma, pte_t *ptep,
				      struct gksm_merge_item *item)
{
	struct mm_struct *mm = vma->vm_mm;

	if (referenced_elsewhere(item->page)) {
		set_pte_at(mm, item->addr, ptep, item->entry);
		return GKSM_MERGE_PINNED;
	}
	if (PageAnonExclusive(item->page) && !gksm_page_try_share(item->page)) {
		set_pte_at(mm, item->addr, ptep, item->entry);
		return GKSM_MERGE_EXCLUSIVE;
	}
	if (!gksm_breaks(GKSM_BREAK_COMPARE) &&
	    !same_bytes(item->page, item->kpage)) {
		set_pte_at(mm, item->addr, ptep, pte_wrprotect(item->entry));
		return GKSM_MERGE_DIFFER;
	}
	replace(vma, ptep, item);
	return GKSM_MERGE_DONE;
}

/* Steps 3 to 8. */
static void merge_locked(struct vm_area_struct *vma,
			 struct gksm_merge_item *items, unsigned int nr)
{
	struct mm_struct *mm = vma->vm_mm;
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
					settle(vma, first + (off >> PAGE_SHIFT),
					       &items[i]);
		}
	}
	pte_unmap_unlock(first, ptl);
}

/* Step 2. */
static void notify_start(struct mmu_notifier_range *range,
			 struct vm_area_struct *vma, unsigned long start,
			 unsigned long end)
{
	u64 begun_ns = gksm_cpu_ns();

	gksm_range_start(range, vma, start, end);
	gksm_count(notifier_calls, 1);
	gksm_count(notifier_calls_cpu_ns, gksm_cpu_ns() - begun_ns);
}

/* Step 9. */
static void notify_end(struct mmu_notifier_range *range)
{
	u64 begun_ns = gksm_cpu_ns();

	gksm_range_end(range);
	gksm_count(notifier_calls_cpu_ns, gksm_cpu_ns() - begun_ns);
}

static void count_outcomes(const struct gksm_merge_item *items, unsigned int nr)
{
	static const enum gksm_stat refused[] = {
		[GKSM_MERGE_CHANGED] = GKSM_STAT_merges_refused_changed,
		[GKSM_MERGE_BUSY] = GKSM_STAT_merges_refused_busy,
		[GKSM_MERGE_SPLIT] = GKSM_STAT_merges_refused_split,
		[GKSM_MERGE_PINNED] = GKSM_STAT_merges_refused_pinned,
		[GKSM_MERGE_EXCLUSIVE] = GKSM_STAT_merges_refused_exclusive,
		[GKSM_MERGE_DIFFER] = GKSM_STAT_merges_refused_differ,
	};
	unsigned int i;

	gksm_count(runs, 1);
	gksm_count(merge_tries, nr);
	for (i = 0; i < nr; i++) {
		if (items[i].outcome != GKSM_MERGE_DONE)
			atomic64_inc(&gksm_stats[refused[items[i].outcome]]);
		else if (items[i].kpage)
			gksm_count(pages_merged, 1);
		else
			gksm_count(zero_pages_merged, 1);
	}
}

/**
 * gksm_merge_run() - merge pages of one page table
 * @vma:   their area; gksm_vma_mergeable() and the mmap read lock held
 * @items: pages, strictly ascending by address, all within @vma, one page
 *	   table (2 MiB) and GKSM_MERGE_SPAN
 * @nr:	   how many, 1 to GKSM_MERGE_MAX
 *
 * See "Who decides that two pages are equal" for what happens and why.
 *
 * Context: may sleep. Every item has an outcome afterwards.
 */
void gksm_merge_run(struct vm_area_struct *vma, struct gksm_merge_item *items,
		    unsigned int nr)
{
	struct mmu_notifier_range range;
	u64 begun_ns = gksm_cpu_ns();
	bool notify;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		items[i].outcome = GKSM_MERGE_CHANGED;
		items[i].page = NULL;
		items[i].cleared = false;
	}
	if (take_and_lock(vma, items, nr)) {
		notify = mm_has_notifiers(vma->vm_mm) &&
			 !gksm_breaks(GKSM_BREAK_NOTIFIER);
		if (notify)
			notify_start(&range, vma, items[0].addr,
				     items[nr - 1].addr + PAGE_SIZE);
		merge_locked(vma, items, nr);
		if (notify)
			notify_end(&range);
		unlock_and_put(items, nr);
	}
	count_outcomes(items, nr);
	gksm_count(merge_cpu_ns, gksm_cpu_ns() - begun_ns);
}
