// SPDX-License-Identifier: GPL-2.0-only
/*
 * zero.c - what a page is that was merged with the zero page
 */
#include <linux/atomic.h>
#include <linux/mm.h>
#include <linux/pgtable.h>

#include "compat_ops.h"
#include "page_state.h"
#include "walk.h"
#include "zero.h"

/**
 * DOC: The mark of a merged zero page
 *
 * A page of zeros is replaced by an entry that maps the kernel's zero page.
 * The same entry stands for memory that was read and never written, so it does
 * not say that there was a page. Since v6.6 KSM says so with the dirty bit,
 * which no other entry of the zero page has, and the kernel does the rest:
 *
 *   whoever sets the bit   adds one to ksm_zero_pages, for all and of the mm
 *   write, unmap, exit,
 *   huge page forms	    the kernel takes one from both
 *   fork		    the entry is copied with its bit, and so is the count
 *   MADV_UNMERGEABLE, prctl,
 *   run = 2 of KSM's	    find the bit, and give the page back
 *
 * Our entries have the mark too, and are counted where KSM's are. Both are set
 * under the lock of the page table: the counts before the entry, so that nobody
 * can take from them first. Nothing of it belongs to the module: after it has
 * gone the kernel undoes these pages like KSM's. Nor does anything tell which
 * of the two merged a page; there is one count for both.
 *
 * The dirty bit of an entry that maps no page of anybody's is read by nobody
 * else: reclaim, sweeps (sweep.c) and write notification pass such entries over.
 * But setting it sets the soft-dirty bit, by which a debugger or CRIU sees what
 * was written; merging writes nothing, so that bit stays as it was.
 *
 * The kernel's counts go wrong by forks, under KSM as here: fork copies the
 * count of an mm before it waits for the mmap lock, and the pages after that;
 * what is merged or written in between is missing or too much in the child's
 * count, and in that of all once the child has gone (docs/testing.md has
 * figures). To map no zero pages while somebody waits for the lock made it
 * worse. So what the module tells is the number that the passes find, and from
 * one to the next what the kernel's count has changed by since.
 *
 * Without the mark (before v6.6, or where kallsyms has no variables) the module
 * remembers the addresses in its page states, and counts what it remembers at
 * the end of each pass.
 */

/* What the last pass found, less what the kernel counted then. */
static atomic64_t correction;

/**
 * gksm_zero_has_marks() - does this kernel know who mapped a zero page?
 */
bool gksm_zero_has_marks(void)
{
	return gksm_zero_count();
}

/**
 * gksm_zero_entry() - the entry of a page that is merged with the zero page
 * @mm:	  address space; the entry has to be set, it is counted already
 * @addr: address
 * @prot: protection of its area, without write permission
 *
 * Context: page table lock.
 * Return: the entry, which is not soft-dirty.
 */
pte_t gksm_zero_entry(struct mm_struct *mm, unsigned long addr, pgprot_t prot)
{
	pte_t entry = pfn_pte(page_to_pfn(ZERO_PAGE(addr)), prot);

	entry = pte_mkspecial(entry);
	if (!gksm_zero_has_marks())
		return entry;
	atomic_long_inc(gksm_zero_count());
	atomic_long_inc(gksm_zero_count_of(mm));
	return pte_clear_soft_dirty(pte_mkdirty(entry));
}

/**
 * gksm_zero_is_marked() - is this a page that was merged with the zero page?
 * @pte: its entry, read under the table's lock
 *
 * Return: false for all if there are no marks.
 */
bool gksm_zero_is_marked(pte_t pte)
{
	return gksm_zero_has_marks() && gksm_pte_is_zero(pte) && pte_dirty(pte);
}

/**
 * gksm_zero_is_merged() - the same, with or without marks
 * @pte:   its entry, read under the table's lock
 * @state: what is kept of the page
 */
bool gksm_zero_is_merged(pte_t pte, u64 state)
{
	if (gksm_zero_has_marks())
		return gksm_zero_is_marked(pte);
	return gksm_pte_is_zero(pte) &&
	       gksm_state_key(state) == GKSM_KEY_ZEROED;
}

static s64 kernels_count(void)
{
	return gksm_zero_has_marks() ? atomic_long_read(gksm_zero_count()) : 0;
}

/**
 * gksm_zero_merged() - more pages were merged with the zero page
 * @nr: how many; where there are marks the kernel has counted them
 */
void gksm_zero_merged(u64 nr)
{
	if (!gksm_zero_has_marks())
		atomic64_add((s64)nr, &correction);
}

/**
 * gksm_zero_settle() - a pass has counted
 * @nr: mappings of the zero page that merging made
 */
void gksm_zero_settle(u64 nr)
{
	atomic64_set(&correction, (s64)nr - kernels_count());
}

/**
 * gksm_zero_pages() - mappings of the zero page that merging made
 *
 * Return: with marks, those of now, KSM's included, and before the first pass
 * as the kernel counts them. Without, our own at the end of the last pass.
 */
s64 gksm_zero_pages(void)
{
	return max_t(s64, kernels_count() + atomic64_read(&correction), 0);
}
