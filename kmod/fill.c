// SPDX-License-Identifier: GPL-2.0-only
/*
 * fill.c - put pages into a batch
 */
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/string.h>
#include <linux/xxhash.h>

#include <gksm_abi.h>

#include "batch.h"
#include "domain.h"
#include "fill.h"
#include "mm_slot.h"
#include "page_state.h"
#include "stats.h"
#include "sweep.h"
#include "walk.h"

/**
 * DOC: From page tables to batches
 *
 * The cursor goes from one page table to the next. Each is swept once, which
 * says of every page whether it is to be read, is known, or can be passed over
 * (sweep.c). What is to be read is then taken in runs of RUN_PAGES: references
 * under one hold of the page table lock, copies after all locks are dropped.
 * What is known goes into the batch by what is kept of it.
 *
 * Copies go past the caches. Nobody will read one on this CPU, and what the
 * CPU's owner keeps there would have to make room for it: the workload then
 * fetches six times as much again, where it fills an L2, while copying takes
 * 6 % less and hashing the copy as long (gksm-bench copy).
 *
 * A sweep is used up over several calls, between which all locks were dropped
 * and regions may have been freed. That costs nothing: a page that came
 * meanwhile is read or not read like the one before it, and its entry is dirty
 * or its frame another one, so that the next sweep sees it.
 */

/* Pages collected under one hold of the locks: 64 of them copy in 30 us. */
#define RUN_PAGES 64

/* Page tables looked into under one mmap lock hold when they are empty. */
#define EMPTY_TABLES 256

static struct gksm_ref run_refs[RUN_PAGES]; /* scan lock */

static struct gksm_mm_count *count_of(struct gksm_fill *fill)
{
	return &fill->cursor.slot->counts[fill->round];
}

static void sweep_table(struct gksm_fill *fill, struct vm_area_struct *vma,
			unsigned long end)
{
	struct gksm_cursor *cursor = &fill->cursor;
	struct gksm_mm_count *count = count_of(fill);
	struct gksm_sweep *sweep = &fill->sweep;
	u32 place =
		gksm_rotation_place(cursor->slot->id, cursor->addr / PMD_SIZE);

	sweep->slot = cursor->slot;
	sweep->due = gksm_rotation_due(&fill->read, place);
	sweep->offload = fill->offload;
	sweep->tell =
		!fill->settled || gksm_rotation_due(&fill->confirm, place);
	gksm_sweep_table(sweep, vma, cursor->addr, end);
	fill->visited += sweep->visited;
	fill->skipped += sweep->skipped;
	count->scanned += sweep->visited;
	count->merged += sweep->merged;
	count->zeroed += sweep->zeroed;
	gksm_count(pages_scanned, sweep->visited);
}

/* A sweep is of one address space: the next one may have the same addresses. */
static void forget_sweep(struct gksm_fill *fill)
{
	fill->sweep.start = 0;
	fill->sweep.end = 0;
}

static void leave_slot(struct gksm_fill *fill)
{
	struct gksm_cursor *cursor = &fill->cursor;

	count_of(fill)->end = ULONG_MAX;
	cursor->slot = gksm_mm_slot_next(cursor->slot);
	cursor->addr = 0;
	forget_sweep(fill);
}

/* Where that part of the sweep ends that starts at @addr and has room. */
static unsigned long end_of_part(const struct gksm_sweep *sweep,
				 unsigned long addr, unsigned int room)
{
	unsigned int reads = 0, all = 0;

	for (; addr < sweep->end; addr += PAGE_SIZE) {
		unsigned int i = gksm_page_number(addr);
		bool read = test_bit(i, sweep->read);

		all += read || test_bit(i, sweep->kept);
		reads += read;
		if (all > room || reads > RUN_PAGES)
			break;
	}
	return addr;
}

/*
 * Advance to memory that may be merged, and collect what is to be read.
 * Mmap read lock held. Returns the end of the part of the sweep that begins at
 * the cursor, or 0: there is none yet.
 */
static unsigned long collect(struct gksm_fill *fill, unsigned int room,
			     struct gksm_run *run)
{
	struct gksm_cursor *cursor = &fill->cursor;
	struct gksm_sweep *sweep = &fill->sweep;
	VMA_ITERATOR(vmi, cursor->slot->mm, cursor->addr);
	struct vm_area_struct *vma;
	unsigned int tables = 0;
	unsigned long end, next;
	pmd_t *pmd;

	for_each_vma(vmi, vma) {
		if (!gksm_vma_mergeable(vma))
			continue;
		cursor->addr = max(cursor->addr, vma->vm_start);
		while (cursor->addr < vma->vm_end) {
			pmd = gksm_walk_pmd(vma->vm_mm, cursor->addr, &next);
			next = min(next, vma->vm_end);
			if (!pmd || pmd_none(READ_ONCE(*pmd))) {
				cursor->addr = next;
				if (++tables == EMPTY_TABLES)
					return 0;
				continue;
			}
			if (cursor->addr < sweep->start ||
			    cursor->addr >= sweep->end)
				sweep_table(fill, vma, next);
			end = min(end_of_part(sweep, cursor->addr, room), next);
			gksm_walk_run(vma, cursor->addr, end, sweep->read, run);
			return end;
		}
	}
	leave_slot(fill);
	return 0;
}

static void add_page(struct gksm_batch *b, const struct gksm_mm_slot *slot,
		     const struct gksm_ref *ref)
{
	struct gksm_ent *ent = &b->ents[b->nr++];
	void *bytes;

	*ent = (struct gksm_ent){
		.cookie = gksm_cookie(slot, ref->addr),
		.salt = gksm_domain_seed(slot->domain, page_to_nid(ref->page)),
		.page = b->nr_pages++,
		.frame = gksm_frame(page_to_pfn(ref->page)),
		.demands = slot->demands,
	};
	bytes = kmap_local_page(ref->page);
	gksm_racy_begin();
	if (b->pages) {
		memcpy_flushcache(page_address(b->pages[ent->page]), bytes,
				  PAGE_SIZE);
	} else {
		ent->hash = xxh64(bytes, PAGE_SIZE, ent->salt);
		ent->verdict = GKSM_VERDICT_HASHED;
	}
	gksm_racy_end();
	kunmap_local(bytes);
}

static void add_kept(struct gksm_batch *b, const struct gksm_mm_slot *slot,
		     unsigned long addr, u64 state)
{
	b->ents[b->nr++] = (struct gksm_ent){
		.cookie = gksm_cookie(slot, addr),
		.hash = gksm_state_key(state),
		.verdict = GKSM_VERDICT_HASHED,
		.page = GKSM_NO_PAGE,
		.frame = gksm_state_frame(state),
	};
}

/* What is known of pages in [addr, end), in the table of the sweep. */
static void add_known(struct gksm_fill *fill, struct gksm_batch *b,
		      struct gksm_mm_slot *slot, unsigned long addr,
		      unsigned long end)
{
	const u64 *states = gksm_mm_slot_region(slot, addr);
	unsigned long table = addr & PMD_MASK;
	unsigned int i = gksm_page_number(addr);
	unsigned int before = b->nr;

	if (!states || addr == end)
		return;
	for_each_set_bit_from(i, fill->sweep.kept,
			      (end - 1 - table) / PAGE_SIZE + 1)
		if (gksm_key_is_content(gksm_state_key(states[i])))
			add_kept(b, slot, table + i * PAGE_SIZE, states[i]);
	fill->kept += b->nr - before;
	gksm_count(pages_kept, b->nr - before);
}

/**
 * gksm_fill_begin() - a round begins
 * @fill: its round and rotations are set
 */
void gksm_fill_begin(struct gksm_fill *fill)
{
	forget_sweep(fill);
	fill->visited = 0;
	fill->added = 0;
	fill->kept = 0;
	fill->skipped = 0;
}

/**
 * gksm_fill() - put the next pages of a round into a batch
 * @fill:  where the round is; @fill->cursor.slot is not NULL on entry
 * @batch: a batch. Pages are copied if it has staging pages, and hashed on the
 *	   spot otherwise
 * @room:  most pages to put into it, not 0
 *
 * One page table at most, or many without anything in them. One hold of the
 * mmap read lock; pages are copied after it is dropped. What a copy holds
 * may be torn, which matters no more than a write right after it.
 *
 * Context: scan lock held; may sleep.
 */
void gksm_fill(struct gksm_fill *fill, struct gksm_batch *batch,
	       unsigned int room)
{
	struct gksm_cursor *cursor = &fill->cursor;
	struct gksm_mm_slot *slot = cursor->slot;
	struct mm_struct *mm = slot->mm;
	struct gksm_run run = { .ref = run_refs, .max = RUN_PAGES };
	unsigned long addr, end;
	unsigned int i;

	if (!mmget_not_zero(mm)) {
		leave_slot(fill);
		return;
	}
	mmap_read_lock(mm);
	end = collect(fill, room, &run);
	mmap_read_unlock(mm);
	mmput_async(mm);
	if (cursor->slot == slot)
		slot->counts[fill->round].end =
			max3(cursor->addr, end, fill->sweep.end);
	if (!end)
		return;

	addr = cursor->addr;
	cursor->addr = end;
	add_known(fill, batch, slot, addr, end);
	fill->added += run.nr;
	for (i = 0; i < run.nr; i++) {
		add_page(batch, slot, &run_refs[i]);
		put_page(run_refs[i].page);
	}
	/*
	 * Stores past the caches are in no order, not even with what makes
	 * the batch the daemon's: all copies come first.
	 */
	wmb();
}
