// SPDX-License-Identifier: GPL-2.0-only
/*
 * mm_count.c - how many merged pages each address space has
 *
 * Pure logic: compiled for user space too (tests/unit/kmod). Owned by whoever
 * holds the scan lock (scan.h).
 */
#include "mm_count.h"
#include "mm_slot.h"

/**
 * DOC: Counting what is merged while more is merged
 *
 * A round counts the merged pages that it meets, and is exact at its end: what
 * is merged at an address that it has looked at is added to its count, what is
 * merged at one that is still before it will be met. The pass and a look on
 * demand may be under way together; a merge counts for both, for each in its
 * own way, and at once in what is shown.
 */

/**
 * gksm_mm_count_begin() - a round begins to count
 * @slot:  what is counted
 * @round: which round
 */
void gksm_mm_count_begin(struct gksm_mm_slot *slot, enum gksm_round round)
{
	slot->counts[round] = (struct gksm_mm_count){};
}

/**
 * gksm_mm_count_end() - a round has looked at everything
 * @slot:  what it counted
 * @round: which round
 */
void gksm_mm_count_end(struct gksm_mm_slot *slot, enum gksm_round round)
{
	slot->shown = slot->counts[round];
}

/**
 * gksm_mm_counts_begin_pass() - a pass begins to count
 *
 * Context: scan lock held.
 */
void gksm_mm_counts_begin_pass(void)
{
	struct gksm_mm_slot *slot;

	for (slot = gksm_mm_slot_first(); slot; slot = gksm_mm_slot_next(slot))
		gksm_mm_count_begin(slot, GKSM_ROUND_PASS);
}

/**
 * gksm_mm_counts_end_pass() - a pass has ended
 *
 * Context: scan lock held.
 */
void gksm_mm_counts_end_pass(void)
{
	struct gksm_mm_slot *slot;

	for (slot = gksm_mm_slot_first(); slot; slot = gksm_mm_slot_next(slot))
		gksm_mm_count_end(slot, GKSM_ROUND_PASS);
	gksm_mm_counts_tell();
}

/**
 * gksm_mm_counts_tell() - let the kernel tell how many merged pages there are
 *
 * In /proc/PID/ksm_merging_pages, and in ksm_stat beside it. While ksmd is
 * stopped nobody else writes there.
 *
 * Context: scan lock held.
 */
void gksm_mm_counts_tell(void)
{
	struct gksm_mm_slot *slot;

	for (slot = gksm_mm_slot_first(); slot; slot = gksm_mm_slot_next(slot))
		gksm_mm_set_merging(slot->mm, slot->shown.merged);
}

/**
 * gksm_mm_count_merged() - a page was merged, or given back at once
 * @slot: its address space
 * @addr: its address
 * @nr:   1 or -1
 *
 * Context: scan lock held.
 */
void gksm_mm_count_merged(struct gksm_mm_slot *slot, unsigned long addr, int nr)
{
	unsigned int r;

	for (r = 0; r < GKSM_NR_ROUNDS; r++)
		if (addr < slot->counts[r].end)
			slot->counts[r].merged += nr;
	slot->shown.merged += nr;
}

/**
 * gksm_mm_count_zeroed() - a page was merged with the zero page
 * @slot: its address space
 * @addr: its address
 *
 * Context: scan lock held.
 */
void gksm_mm_count_zeroed(struct gksm_mm_slot *slot, unsigned long addr)
{
	unsigned int r;

	for (r = 0; r < GKSM_NR_ROUNDS; r++)
		if (addr < slot->counts[r].end)
			slot->counts[r].zeroed++;
	slot->shown.zeroed++;
}

static void count_unmerged(struct gksm_mm_count *count, bool merged,
			   bool zeroed)
{
	if (merged)
		count->merged = 0;
	if (zeroed)
		count->zeroed = 0;
}

/**
 * gksm_mm_counts_unmerged() - pages were given back to their owners
 * @zeroed: those that were merged with the zero page, too
 *
 * gksm_unmerge_mm() has told the kernel of which address spaces.
 *
 * Context: scan lock held.
 */
void gksm_mm_counts_unmerged(bool zeroed)
{
	struct gksm_mm_slot *slot;
	unsigned int r;

	for (slot = gksm_mm_slot_first(); slot;
	     slot = gksm_mm_slot_next(slot)) {
		bool merged = !gksm_mm_merging(slot->mm);

		for (r = 0; r < GKSM_NR_ROUNDS; r++)
			count_unmerged(&slot->counts[r], merged, zeroed);
		count_unmerged(&slot->shown, merged, zeroed);
	}
}

/**
 * gksm_mm_counts_zeroed() - mappings of the zero page that merging made
 *
 * Context: scan lock held.
 * Return: how many, of all address spaces, as shown.
 */
u64 gksm_mm_counts_zeroed(void)
{
	struct gksm_mm_slot *slot;
	u64 nr = 0;

	for (slot = gksm_mm_slot_first(); slot; slot = gksm_mm_slot_next(slot))
		nr += slot->shown.zeroed;
	return nr;
}
