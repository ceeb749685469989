// SPDX-License-Identifier: GPL-2.0-only
/*
 * fill.c - put pages into a batch
 */
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/xxhash.h>

#include <gksm_abi.h>

#include "batch.h"
#include "fill.h"
#include "mm_slot.h"
#include "stats.h"
#include "walk.h"

/* Pages collected under one hold of the locks: 64 of them copy in 30 us. */
#define RUN_PAGES 64

/* Page tables looked into under one mmap lock hold when they are empty. */
#define EMPTY_TABLES 256

static struct gksm_ref run_refs[RUN_PAGES]; /* scan lock */

/* Advance to memory that may be merged, and collect. Mmap read lock held. */
static void collect(struct gksm_cursor *cursor, struct gksm_run *run)
{
	VMA_ITERATOR(vmi, cursor->slot->mm, cursor->addr);
	unsigned int tables = 0;
	struct vm_area_struct *vma;

	for_each_vma(vmi, vma) {
		if (!gksm_vma_mergeable(vma))
			continue;
		cursor->addr = max(cursor->addr, vma->vm_start);
		while (cursor->addr < vma->vm_end) {
			cursor->addr = gksm_walk_run(vma, cursor->addr,
						     vma->vm_end, run);
			if (run->visited || ++tables == EMPTY_TABLES)
				return;
		}
	}
	cursor->slot = gksm_mm_slot_next(cursor->slot);
	cursor->addr = 0;
}

static void add_page(struct gksm_batch *b, const struct gksm_mm_slot *slot,
		     const struct gksm_ref *ref)
{
	struct gksm_ent *ent = &b->ents[b->nr];

	*ent = (struct gksm_ent){
		.cookie = gksm_cookie(slot, ref->addr),
		.salt = slot->salt,
	};
	if (b->pages) {
		copy_highpage(b->pages[b->nr], ref->page);
	} else {
		void *bytes = kmap_local_page(ref->page);

		gksm_racy_begin();
		ent->hash = xxh64(bytes, PAGE_SIZE, slot->salt);
		gksm_racy_end();
		ent->verdict = GKSM_VERDICT_HASHED;
		kunmap_local(bytes);
	}
	b->nr++;
}

/**
 * gksm_fill() - put the next pages of a pass into a batch
 * @cursor: where the pass is; advanced, @cursor->slot is not NULL on entry
 * @batch:  a batch with room. Pages are copied if it has staging pages, and
 *	    hashed on the spot otherwise
 * @room:   slots of the batch
 * @max:    most entries to visit
 * @zeroed: incremented by mappings of the zero page that merging made
 *
 * One hold of the mmap read lock, at most one of a page table lock with
 * something in it; pages are copied after both are dropped. What a copy holds
 * may be torn, which matters no more than a write right after it.
 *
 * Context: scan lock held; may sleep.
 * Return: entries visited; 0 says nothing about what follows.
 */
unsigned int gksm_fill(struct gksm_cursor *cursor, struct gksm_batch *batch,
		       unsigned int room, unsigned long max,
		       unsigned long *zeroed)
{
	struct gksm_mm_slot *slot = cursor->slot;
	struct mm_struct *mm = slot->mm;
	struct gksm_run run = {
		.ref = run_refs,
		.max = min3(max, (unsigned long)room - batch->nr,
			    (unsigned long)RUN_PAGES),
	};
	unsigned int i;

	if (!mmget_not_zero(mm)) {
		cursor->slot = gksm_mm_slot_next(slot);
		cursor->addr = 0;
		return 0;
	}
	mmap_read_lock(mm);
	collect(cursor, &run);
	mmap_read_unlock(mm);
	mmput_async(mm);

	for (i = 0; i < run.nr; i++) {
		const struct gksm_ref *ref = &run_refs[i];

		if (ref->page) {
			add_page(batch, slot, ref);
			put_page(ref->page);
		} else {
			u64 *last =
				gksm_mm_slot_last_hash(slot, ref->addr, false);

			*zeroed += last && *last == GKSM_HASH_ZEROED;
		}
	}
	gksm_count(pages_scanned, run.visited);
	return run.visited;
}
