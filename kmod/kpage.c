// SPDX-License-Identifier: GPL-2.0-only
/*
 * kpage.c - what a merged page is
 */
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/mm.h>

#include "kpage.h"

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
 * No other file knows how K is marked.
 */

/**
 * gksm_kpage_alloc() - make a merged page with the content of another
 * @source: where the bytes come from; the caller holds a reference. It may
 *	    change while it is copied: the caller hashes the copy
 *
 * Allocated on the source's node. The page is not mapped anywhere yet.
 *
 * Context: may sleep.
 * Return: the page with one reference, or NULL.
 */
struct page *gksm_kpage_alloc(struct page *source)
{
	struct page *page;

	page = alloc_pages_node(page_to_nid(source), GFP_HIGHUSER | __GFP_NOWARN, 0);
	if (!page)
		return NULL;
	copy_highpage(page, source);
	__SetPageUptodate(page);
	gksm_page_set_swapbacked(page);
	SetPageDirty(page);
	page->mapping = GKSM_MAPPING_KSM;
	return page;
}

/**
 * gksm_kpage_free() - give up the module's reference
 * @kpage: from gksm_kpage_alloc(); freed when its last sharer is gone
 */
void gksm_kpage_free(struct page *kpage)
{
	put_page(kpage);
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
