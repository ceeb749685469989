// SPDX-License-Identifier: GPL-2.0-only
/*
 * kpage.c - what a merged page is
 */
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "breakage.h"
#include "compat_ops.h"
#include "kpage.h"
#include "memory.h"

/**
 * DOC: The identity of a merged page
 *
 * A merged page K is a fresh page of the module's own: never on the LRU, not
 * movable, marked swap-backed, uptodate and dirty, and with a mapping of
 * PAGE_MAPPING_KSM that has no stable node behind it. To the kernel it is a
 * KSM page: do_wp_page() always copies it, fork shares it, mremap and
 * MADV_UNMERGEABLE unmerge it, NUMA balancing, khugepaged and compaction skip
 * it. A reverse map walk finds a NULL stable node and returns at once, so K
 * can be neither swapped out nor moved.
 *
 * The module holds one reference for as long as it knows the page, and each
 * page table entry holds one; the mapcount is the number of sharers. Nothing
 * in the page points into the module, so sharers outlive an unload.
 *
 * What the stable tree keeps of K, its *label*, is in its page->private, where
 * it costs no memory. The kernel uses that field of an anonymous page while
 * the page is in the swap cache, which K never is. It goes before the module's
 * reference does: not all kernels clear the field of a page that is freed, and
 * a later owner who gets the page as a part of a larger one may believe it.
 *
 * Where several merged pages have one content, they form a ring (stable.c),
 * through their page->lru, which belongs to nobody while K is on no list of the
 * kernel's.
 *
 * No other file knows how K is marked.
 *
 * DOC: Where a merged page lies
 *
 * KSM keeps one of the twins as the merged page, so whoever owns the first
 * twin chooses the physical page (Flip Feng Shui: a page in a row that flips
 * under Rowhammer). K is never anybody's page. Nor is it simply the next free
 * page, which on a quiet CPU is the one that was freed last: each node has a
 * pool of POOL_PAGES pages, K is one of them at random, and a fresh page takes
 * its place. A pass that took no page from the pools gives them back.
 */

#define POOL_PAGES 256

/* All of it belongs to the scan lock. */
static struct page **pools[MAX_NUMNODES];
static bool taken; /* from a pool, in this pass */

/**
 * DOC: Who is charged for a merged page
 *
 * The memory group of the process whose page it is made of, as with KSM, where
 * it *is* that page. If nobody were, a group could hold any amount of memory
 * beyond its limit: it would only have to have everything twice.
 *
 * A group that is at its limit is charged nonetheless: its own page goes a
 * moment later, and if that is refused, the merged page does. What is beyond
 * the limit meanwhile are the merged pages of one batch. Nothing is reclaimed
 * for it. The charge goes when the page is freed, after an unload, too.
 */

/* Nobody is to be killed for a merge: __GFP_NORETRY fails instead. */
static struct page *fresh_page(int nid)
{
	return alloc_pages_node(nid,
				GFP_HIGHUSER | __GFP_NORETRY | __GFP_NOWARN, 0);
}

static void fill_pool(int nid)
{
	unsigned int i;

	for (i = 0; i < POOL_PAGES; i++) {
		if (!pools[nid][i])
			pools[nid][i] = fresh_page(nid);
		if (!pools[nid][i])
			break;
	}
}

/* A random page of the node's pool, or any page of the node. */
static struct page *random_page(int nid)
{
	struct page **slot, *page;

	if (!pools[nid])
		pools[nid] =
			kcalloc(POOL_PAGES, sizeof(struct page *), GKSM_GFP);
	if (!pools[nid])
		return NULL;
	taken = true;
	slot = &pools[nid][0];
	if (!gksm_breaks(GKSM_BREAK_RANDOM))
		slot += get_random_u32() % POOL_PAGES;
	if (!*slot)
		fill_pool(nid);
	page = *slot;
	*slot = fresh_page(nid);
	return page ?: fresh_page(nid);
}

/**
 * gksm_kpage_drain() - give the pools' pages back
 *
 * Context: scan lock held.
 * Return: how many pages were freed.
 */
unsigned long gksm_kpage_drain(void)
{
	unsigned long freed = 0;
	unsigned int i;
	int nid;

	for_each_node(nid) {
		for (i = 0; pools[nid] && i < POOL_PAGES; i++) {
			if (!pools[nid][i])
				continue;
			__free_page(pools[nid][i]);
			freed++;
		}
		kfree(pools[nid]);
		pools[nid] = NULL;
	}
	return freed;
}

/**
 * gksm_kpage_end_pass() - a pass has ended: keep the pools if it needed them
 *
 * Memory that has been merged needs none: they would be a megabyte for nothing.
 *
 * Context: scan lock held.
 */
void gksm_kpage_end_pass(void)
{
	if (!taken)
		gksm_kpage_drain();
	taken = false;
}

/**
 * gksm_kpage_pooled() - memory in the pools
 *
 * Return: pages, about.
 */
unsigned long gksm_kpage_pooled(void)
{
	unsigned long pooled = 0;
	int nid;

	for_each_node(nid)
		if (READ_ONCE(pools[nid]))
			pooled += POOL_PAGES;
	return pooled;
}

/**
 * gksm_kpage_alloc() - make a merged page with the content of another
 * @source: where the bytes come from; the caller holds a reference. It may
 *	    change while it is copied: the caller hashes the copy
 * @mm:	    whose page that is
 *
 * On the source's node, at random, and charged to the memory group of @mm. The
 * page is not mapped anywhere yet.
 *
 * Context: scan lock held; may sleep.
 * Return: the page with one reference, or NULL.
 */
struct page *gksm_kpage_alloc(struct page *source, struct mm_struct *mm)
{
	struct page *page;

	page = random_page(page_to_nid(source));
	if (!page)
		return NULL;
	if (gksm_page_charge(page, mm)) {
		__free_page(page);
		return NULL;
	}
	copy_highpage(page, source);
	__SetPageUptodate(page);
	gksm_page_set_swapbacked(page);
	SetPageDirty(page);
	page->mapping = GKSM_MAPPING_KSM;
	INIT_LIST_HEAD(&page->lru);
	return page;
}

/**
 * gksm_kpage_free() - give up the module's reference, and the label
 * @kpage: from gksm_kpage_alloc(), alone in its ring; freed when its last
 *	   sharer is gone
 */
void gksm_kpage_free(struct page *kpage)
{
	set_page_private(kpage, 0);
	put_page(kpage);
}

/**
 * gksm_kpage_set_label() - note something about a merged page
 * @kpage: a merged page that the caller holds a reference on
 * @label: any number
 *
 * Context: scan lock held.
 */
void gksm_kpage_set_label(struct page *kpage, u64 label)
{
	BUILD_BUG_ON(sizeof(label) > sizeof(page_private(kpage)));
	set_page_private(kpage, label);
}

/**
 * gksm_kpage_label() - what was last noted about a merged page
 * @kpage: a merged page that the caller holds a reference on
 *
 * Return: the number; 0 if nothing was.
 */
u64 gksm_kpage_label(const struct page *kpage)
{
	return page_private(kpage);
}

/**
 * gksm_kpage_test() - is this one of ours?
 * @page: any page that is mapped by a page table entry whose lock is held
 *
 * The kernel's own KSM pages have a stable node behind the mapping. A merged
 * page of an earlier load of the module is recognised too.
 */
bool gksm_kpage_test(struct page *page)
{
	return READ_ONCE(page->mapping) == GKSM_MAPPING_KSM;
}

/**
 * gksm_kpage_sharers() - how many page table entries map it
 * @kpage: a merged page that the caller holds a reference on
 */
int gksm_kpage_sharers(struct page *kpage)
{
	return gksm_page_mapcount(kpage);
}

/**
 * gksm_kpage_is_sound() - has the kernel found the memory good so far?
 * @kpage: a merged page that the caller holds a reference on
 *
 * A machine check or an administrator may say that a page is bad. The kernel
 * can then do no more than mark this one: it does not know its sharers. Nobody
 * else is to get it, and the module reads it no more.
 */
bool gksm_kpage_is_sound(struct page *kpage)
{
	return !PageHWPoison(kpage);
}

/**
 * gksm_kpage_claim() - somebody is about to map a merged page
 * @kpage: a merged page that the caller holds a reference on
 *
 * Context: scan lock held; followed by gksm_kpage_unclaim() whether or not it
 * was mapped.
 */
void gksm_kpage_claim(struct page *kpage)
{
	get_page(kpage);
}

/**
 * gksm_kpage_unclaim() - it is mapped now, or was refused
 * @kpage: from gksm_kpage_claim()
 *
 * Context: scan lock held.
 */
void gksm_kpage_unclaim(struct page *kpage)
{
	put_page(kpage);
}

/**
 * gksm_kpage_takers() - who maps it, or is about to
 * @kpage: a merged page that the module holds one reference on
 *
 * A pin of somebody else counts too: it makes the page seem more shared than
 * it is, for as long as it lasts.
 */
int gksm_kpage_takers(const struct page *kpage)
{
	return page_ref_count(kpage) - 1;
}

/**
 * gksm_kpage_ring_join() - another merged page with the same content
 * @kpage: alone in its ring
 * @ring:  any page of the ring that it joins
 *
 * Context: scan lock held, also for the next two.
 */
void gksm_kpage_ring_join(struct page *kpage, struct page *ring)
{
	list_add(&kpage->lru, &ring->lru);
}

/**
 * gksm_kpage_ring_leave() - a merged page goes
 * @kpage: which; afterwards it is alone in its ring
 */
void gksm_kpage_ring_leave(struct page *kpage)
{
	list_del_init(&kpage->lru);
}

/**
 * gksm_kpage_ring_next() - the next page of a ring
 * @kpage: one of its pages
 *
 * Return: itself, if it is alone.
 */
struct page *gksm_kpage_ring_next(struct page *kpage)
{
	return list_next_entry(kpage, lru);
}
