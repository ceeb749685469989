// SPDX-License-Identifier: GPL-2.0-only
/*
 * sweep.c - which pages may have changed since they were read
 *
 * Writes page tables, but only the bits that say that a page was touched.
 */
#include <linux/bitmap.h>
#include <linux/mm.h>
#include <linux/mmu_notifier.h>
#include <linux/pgtable.h>

#include "breakage.h"
#include "compat_ops.h"
#include "domain.h"
#include "overhead.h"
#include "page_state.h"
#include "sightings.h"
#include "stats.h"
#include "sweep.h"
#include "walk.h"
#include "zero.h"

/**
 * DOC: Not reading what nobody touched
 *
 * A page is read again if its dirty bit is set, if another page frame is at its
 * address, if a guest accessed it, or if it is its turn (scan.c). Otherwise
 * the hash that is kept of it holds, and it costs a look at its entry and its
 * state, both of which lie in a row: no struct page, no lock of its own.
 *
 * In one hold of the page table lock, for up to SWEEP_PAGES entries: one that
 * is dirty becomes clean, and its page dirty instead (reclaim looks at both).
 * Then ONE flush, under the lock still. Only then pages are read. A CPU that
 * had the dirty translation cached wrote before the flush, and what it wrote
 * is read; after it, the first write sets the bit again, for the next pass.
 *
 * Races, and what meets them:
 *
 *   a CPU writes through a
 *   cached translation	  the flush; without it such writes are missed for
 *			  ever (breakage.h)
 *   a CPU sets the bit	  compare and exchange of the entry
 *   reclaim		  takes the lock: when it unmaps a page whose entry is
 *			  clean it starts to write it out without a flush of
 *			  its own, so ours must not come later
 *   MADV_FREE		  a page that its owner gave up is left as it is: there
 *			  the dirty bit says whether he took it back
 *   migration, fork, mremap take the lock, and the bit along
 *   NUMA balancing	  the same; it flushes later, but no CPU has a dirty
 *			  translation of an entry that is clean
 *
 * Guests of KVM write through page tables of their own. Before the lock is
 * taken, KVM is asked which ranges were accessed since it was last asked; for
 * the host's reclaim, which asks the same, this is noted in the accessed bits
 * of the host's entries. KVM flushes what its CPUs had cached. A call costs the
 * same for one page and for many, so a table with nothing to read in the last
 * pass is one range, and one that had is asked for SECONDARY_PAGES at a time. A
 * huge page is always one, because one bit of KVM's may stand for all of it.
 *
 * What is missed until the page's turn comes: writes that go around all page
 * tables (O_DIRECT reads, process_vm_writev), and a page that was written,
 * swapped out and read back into the same frame. Nothing depends on it: what
 * is kept only proposes; merging compares.
 *
 * A page of a huge page has its bits in common with all of it.
 */

/* Entries of one hold of the lock. */
#define SWEEP_PAGES 512

/* Pages of one question to a secondary MMU about a table that is in use. */
#define SECONDARY_PAGES 16

/*
 * What a sweep looks at and notes.
 * @states: of the region, or NULL
 * @young:  pages that a secondary MMU accessed
 * @first:  address of the first page that became clean, since the last flush
 * @last:   address after the last
 */
struct look {
	struct gksm_sweep *sweep;
	struct vm_area_struct *vma;
	u64 *states;
	unsigned long *young;
	unsigned long first;
	unsigned long last;
};

static void set_range(unsigned long *bits, unsigned long addr,
		      unsigned long end)
{
	bitmap_set(bits, gksm_page_number(addr), (end - addr) >> PAGE_SHIFT);
}

/* Ask secondary MMUs what they accessed. */
static void ask_secondary(struct look *look, unsigned long addr,
			  unsigned long end, unsigned long step)
{
	struct mm_struct *mm = look->vma->vm_mm;
	u64 begun_ns;

	if (!mm_has_notifiers(mm))
		return;
	begun_ns = gksm_cpu_ns();
	for (; addr < end; addr += step) {
		unsigned long next = min(end, addr + step);

		if (ksym(__mmu_notifier_clear_flush_young)(mm, addr, next))
			set_range(look->young, addr, next);
		gksm_count(notifier_questions, 1);
	}
	gksm_count(notifier_questions_cpu_ns, gksm_cpu_ns() - begun_ns);
}

static void note_clean(struct look *look, unsigned long addr, unsigned long end)
{
	look->first = min(look->first, addr);
	look->last = max(look->last, end);
}

/* Page table lock held. */
static void flush(struct look *look)
{
	u64 begun_ns;

	if (!look->last || gksm_breaks(GKSM_BREAK_SWEEP))
		return;
	begun_ns = gksm_cpu_ns();
	ksym(flush_tlb_mm_range)(look->vma->vm_mm, look->first, look->last,
				 PAGE_SHIFT, false);
	gksm_count(sweep_flushes, 1);
	gksm_count(sweep_flushes_cpu_ns, gksm_cpu_ns() - begun_ns);
	look->first = ULONG_MAX;
	look->last = 0;
}

/* Make an entry clean and, if a guest accessed its page, young. */
static void clean_entry(struct look *look, pte_t *ptep, unsigned long addr,
			struct page *page)
{
	bool young = test_bit(gksm_page_number(addr), look->young);
	pte_t old = *ptep, new;

	do {
		new = old;
		if (pte_dirty(old) && gksm_page_test_swapbacked(page)) {
			set_page_dirty(page);
			new = pte_mkclean(new);
		}
		if (young)
			new = pte_mkyoung(new);
		if (pte_val(new) == pte_val(old))
			return;
	} while (!try_cmpxchg64((u64 *)ptep, &old.pte, new.pte));
	if (pte_dirty(old))
		note_clean(look, addr, addr + PAGE_SIZE);
}

/*
 * Is there nothing to be done about a page that nobody touched? A device would
 * tell whoever comes with the same content; without one, a key that nobody else
 * was seen with has no twin.
 */
static bool is_settled(const struct gksm_sweep *sweep, u64 state)
{
	u64 key = gksm_state_key(state);

	if (sweep->offload)
		return (state & GKSM_STATE_SETTLED) && !sweep->tell;
	return !gksm_sightings_repeated(key) &&
	       !gksm_domain_is_zero(sweep->slot->domain, key);
}

/* What is kept of a page holds. */
static void keep(struct look *look, unsigned int i, u64 state)
{
	struct gksm_sweep *sweep = look->sweep;

	if (gksm_state_key(state) == GKSM_KEY_MERGED) {
		sweep->merged++;
		return;
	}
	if (is_settled(sweep, state))
		sweep->skipped++;
	else
		__set_bit(i, sweep->kept);
}

static void read_again(struct look *look, unsigned int i)
{
	__set_bit(i, look->sweep->read);
	if (look->states)
		look->states[i] = gksm_state_stale(look->states[i]);
}

static bool holds(const struct look *look, unsigned int i, unsigned long pfn)
{
	return look->states && !look->sweep->due &&
	       gksm_state_frame(look->states[i]) == gksm_frame(pfn);
}

static void look_at_page(struct look *look, pte_t *ptep, unsigned long addr)
{
	const pte_t pte = *ptep;
	unsigned int i = gksm_page_number(addr);
	struct page *page;

	if (!pte_dirty(pte) && !test_bit(i, look->young) &&
	    holds(look, i, pte_pfn(pte))) {
		keep(look, i, look->states[i]);
		return;
	}
	page = pte_page(pte);
	if (gksm_page_is_candidate(page)) {
		clean_entry(look, ptep, addr, page);
		read_again(look, i);
	} else if (gksm_page_test_ksm(page)) {
		look->sweep->merged++;
		if (look->states)
			look->states[i] = gksm_state(GKSM_KEY_MERGED,
						     gksm_frame(pte_pfn(pte)));
	}
}

static void look_at_entry(struct look *look, pte_t *ptep, unsigned long addr)
{
	const pte_t pte = *ptep;
	unsigned int i = gksm_page_number(addr);

	if (pte_none(pte))
		return;
	look->sweep->visited++;
	if (gksm_pte_is_plain(pte))
		look_at_page(look, ptep, addr);
	else if (!look->states)
		return;
	else if (!gksm_pte_is_zero(pte)) /* swapped out, or on its way */
		look->states[i] = gksm_state_stale(look->states[i]);
	else if (gksm_zero_is_merged(pte, look->states[i]))
		look->sweep->zeroed++;
}

static void look_at_table(struct look *look, pmd_t *pmd, unsigned long addr,
			  unsigned long end)
{
	spinlock_t *ptl;
	pte_t *first;
	unsigned int i;

	ask_secondary(look, addr, end,
		      gksm_mm_slot_is_active(look->sweep->slot, addr) ?
			      SECONDARY_PAGES * PAGE_SIZE :
			      PMD_SIZE);
	while (addr < end) {
		first = gksm_pte_lock(look->vma->vm_mm, pmd, addr, &ptl);
		if (!first)
			return;
		for (i = 0; i < SWEEP_PAGES && addr < end; i++) {
			look_at_entry(look, first + i, addr);
			addr += PAGE_SIZE;
		}
		flush(look);
		pte_unmap_unlock(first, ptl);
	}
}

/* Make the entry of a huge page clean, and young if a guest accessed it. */
static void clean_huge(struct look *look, pmd_t *pmd, struct page *page,
		       bool young)
{
	pmd_t old = *pmd, new;

	do {
		new = old;
		if (pmd_dirty(old)) {
			set_page_dirty(page);
			new = pmd_mkclean(new);
		}
		if (young)
			new = pmd_mkyoung(new);
		if (pmd_val(new) == pmd_val(old))
			return;
	} while (!try_cmpxchg64((u64 *)pmd, &old.pmd, new.pmd));
}

/* A huge page keeps its shape: its subpages are looked at one by one. */
static void look_at_huge(struct look *look, pmd_t *pmd, unsigned long addr,
			 unsigned long end)
{
	struct mm_struct *mm = look->vma->vm_mm;
	unsigned long table = addr & PMD_MASK, pfn;
	struct page *page;
	spinlock_t *ptl;
	bool touched, young;
	unsigned int i;

	ask_secondary(look, table, table + PMD_SIZE, PMD_SIZE);
	young = !bitmap_empty(look->young, GKSM_REGION_PAGES);
	ptl = pmd_lock(mm, pmd);
	page = pmd_present(*pmd) && pmd_trans_huge(*pmd) ? pmd_page(*pmd) :
							   NULL;
	if (!page || !gksm_page_is_candidate(page))
		goto unlock;
	touched = young || pmd_dirty(*pmd);
	if (touched && gksm_page_test_swapbacked(page)) {
		if (pmd_dirty(*pmd))
			note_clean(look, table, table + PMD_SIZE);
		clean_huge(look, pmd, page, young);
	}
	/* The bit that is gone spoke of the pages before @addr too. */
	for (i = 0; touched && look->states && i < gksm_page_number(addr); i++)
		look->states[i] = gksm_state_stale(look->states[i]);
	pfn = page_to_pfn(page);
	for (; addr < end; addr += PAGE_SIZE) {
		i = gksm_page_number(addr);
		look->sweep->visited++;
		if (!touched && holds(look, i, pfn + i))
			keep(look, i, look->states[i]);
		else
			read_again(look, i);
	}
	flush(look);
unlock:
	spin_unlock(ptl);
}

/**
 * gksm_sweep_table() - find out what to do about the pages of one page table
 * @sweep: in and out
 * @vma:   an area that may be merged; mmap read lock held
 * @start: where to begin
 * @end:   where to stop, at most, within @vma and the table of @start
 *
 * Afterwards pages in @sweep->read may be read: what their owners write from
 * now on is noticed by the next sweep.
 *
 * Context: scan lock held; may sleep.
 */
void gksm_sweep_table(struct gksm_sweep *sweep, struct vm_area_struct *vma,
		      unsigned long start, unsigned long end)
{
	DECLARE_BITMAP(young, GKSM_REGION_PAGES);
	struct look look = {
		.sweep = sweep,
		.vma = vma,
		.states = gksm_mm_slot_region(sweep->slot, start),
		.young = young,
		.first = ULONG_MAX,
	};
	pmd_t *pmd = gksm_walk_pmd(vma->vm_mm, start, NULL);
	bool active;

	bitmap_zero(young, GKSM_REGION_PAGES);
	bitmap_zero(sweep->read, GKSM_REGION_PAGES);
	bitmap_zero(sweep->kept, GKSM_REGION_PAGES);
	sweep->start = start;
	sweep->end = end;
	sweep->visited = 0;
	sweep->skipped = 0;
	sweep->zeroed = 0;
	sweep->merged = 0;
	if (!pmd || pmd_none(READ_ONCE(*pmd)))
		return;
	if (pmd_trans_huge(READ_ONCE(*pmd)))
		look_at_huge(&look, pmd, start, end);
	else
		look_at_table(&look, pmd, start, end);
	active = !bitmap_empty(sweep->read, GKSM_REGION_PAGES);
	if (active || sweep->skipped || sweep->zeroed ||
	    !bitmap_empty(sweep->kept, GKSM_REGION_PAGES))
		gksm_mm_slot_touch(sweep->slot, start, active && !sweep->due);
	gksm_count(pages_skipped, sweep->skipped);
}
