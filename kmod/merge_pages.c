// SPDX-License-Identifier: GPL-2.0-only
/*
 * merge_pages.c - the pages of a merge: referenced, locked, split, let go
 */
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/pgtable.h>

#include "compat_ops.h"
#include "merge.h"
#include "merge_parts.h"
#include "scan.h"
#include "stats.h"
#include "walk.h"

/*
 * memcmp() of the kernel has a branch for each word. What is compared here is
 * nearly always equal, so there is one for a cache line.
 */
static bool same_words(const u64 *a, const u64 *b)
{
	const u64 *end = a + PAGE_SIZE / sizeof(*a);

	for (; a < end; a += 8, b += 8) {
		u64 differ = (a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]) |
			     (a[3] ^ b[3]) | (a[4] ^ b[4]) | (a[5] ^ b[5]) |
			     (a[6] ^ b[6]) | (a[7] ^ b[7]);

		if (differ)
			return false;
	}
	return true;
}

/**
 * gksm_merge_same_bytes() - compare a page with what would replace it
 * @page:  a page
 * @kpage: a merged page, or NULL: zeros
 */
bool gksm_merge_same_bytes(struct page *page, struct page *kpage)
{
	void *a = kmap_local_page(page);
	void *b;
	bool same;

	if (!kpage) {
		same = !memchr_inv(a, 0, PAGE_SIZE);
	} else {
		b = kmap_local_page(kpage);
		same = same_words(a, b);
		kunmap_local(b);
	}
	kunmap_local(a);
	return same;
}

/* Has it moved to another node since it was hashed, and would have to stay? */
static bool is_far(struct page *page, struct page *kpage)
{
	return kpage && !READ_ONCE(gksm_settings.merge_across_nodes) &&
	       page_to_nid(page) != page_to_nid(kpage);
}

/*
 * What is mapped by an entry: a page to be referenced, or NULL, and then the
 * outcome says why. A reference on one subpage of a huge page would keep the
 * others from being split off, so those are left alone here.
 */
static struct page *look_at(pte_t entry, struct gksm_merge_item *item)
{
	struct page *page;

	item->outcome = GKSM_MERGE_CHANGED;
	if (!gksm_pte_is_plain(entry))
		return NULL;
	page = pte_page(entry);
	if (!gksm_page_is_candidate(page) || is_far(page, item->kpage))
		return NULL;
	if (PageCompound(page)) {
		item->outcome = GKSM_MERGE_SPLIT;
		return NULL;
	}
	return page;
}

/* Reference the small pages of one table, in one hold. */
static void take_pages(struct mm_struct *mm, struct gksm_merge_item *items,
		       unsigned int nr)
{
	pmd_t *pmd = gksm_walk_pmd(mm, items[0].addr, NULL);
	unsigned int i;
	spinlock_t *ptl;
	pte_t *first;

	if (!pmd)
		return;
	if (pmd_trans_huge(READ_ONCE(*pmd))) {
		for (i = 0; i < nr; i++)
			if (items[i].vma)
				items[i].outcome = GKSM_MERGE_SPLIT;
		return;
	}
	first = gksm_pte_lock(mm, pmd, items[0].addr, &ptl);
	if (!first)
		return;
	for (i = 0; i < nr; i++) {
		unsigned long off = items[i].addr - items[0].addr;

		if (items[i].page || !items[i].vma)
			continue;
		items[i].page = look_at(first[off >> PAGE_SHIFT], &items[i]);
		if (items[i].page)
			get_page(items[i].page);
	}
	pte_unmap_unlock(first, ptl);
}

/*
 * Split the huge page around an item. The bytes are compared first, without
 * protection: a wrong proposal must not cost anybody his huge page.
 */
static void split_around(struct gksm_merge_item *item)
{
	struct page *page = gksm_walk_page(item->vma, item->addr);
	bool same;

	if (!page)
		return;
	gksm_racy_begin();
	same = PageCompound(page) && gksm_merge_same_bytes(page, item->kpage);
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

/**
 * gksm_merge_take() - reference and lock the pages of one page table
 * @mm:    address space, mmap read lock held
 * @items: ascending by address, all within one page table; those without an
 *	   area are left out
 * @nr:    how many, at least 1
 *
 * Context: may sleep (a huge page is split), waits for nobody's page lock.
 *
 * Return: how many have a page now, to be let go by gksm_merge_put().
 */
unsigned int gksm_merge_take(struct mm_struct *mm,
			     struct gksm_merge_item *items, unsigned int nr)
{
	unsigned int i, huge = 0, locked = 0;

	take_pages(mm, items, nr);
	for (i = 0; i < nr; i++) {
		if (!items[i].page && items[i].outcome == GKSM_MERGE_SPLIT) {
			split_around(&items[i]);
			huge++;
		}
	}
	if (huge)
		take_pages(mm, items, nr);
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

/**
 * gksm_merge_put() - unlock and put what gksm_merge_take() took
 * @items: as there, of any number of page tables
 * @nr:    how many
 */
void gksm_merge_put(struct gksm_merge_item *items, unsigned int nr)
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

/**
 * gksm_merge_count() - add what became of items to the counters
 * @items: with their outcomes
 * @nr:    how many
 */
void gksm_merge_count(const struct gksm_merge_item *items, unsigned int nr)
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
