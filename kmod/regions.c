// SPDX-License-Identifier: GPL-2.0-only
/*
 * regions.c - what is known of each page, by address space and address
 *
 * Owned by whoever holds the scan lock (scan.h).
 */
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "memory.h"
#include "mm_slot.h"
#include "page_state.h"
#include "scan.h"
#include "sightings.h"
#include "unstable.h"

/**
 * DOC: Eight bytes for a page
 *
 * A *region* is a page of memory with the states (page_state.h) of the pages
 * that one page table maps: 0.2 % of what was hashed. Regions that a whole pass
 * did not touch are freed at its end (XA_MARK_0 says touched; XA_MARK_1, that
 * pages of it had to be read when it was last looked at).
 *
 * Of max_metadata_kib, hashes take at most a half: a hash is of use only if
 * there is room for the candidate as well, which takes three to five times as
 * much (unstable.c).
 */

#define REGION_TOUCHED XA_MARK_0
#define REGION_ACTIVE XA_MARK_1

static u64 nr_regions;
static u64 nr_vanished; /* regions that were freed */

/*
 * What was last asked for, since batches are in the order of addresses. The
 * region is there, and REGION_TOUCHED is set. Forgotten when a region goes, and
 * when the marks do.
 */
static struct {
	const struct gksm_mm_slot *slot;
	unsigned long nr;
	u64 *states;
} recent;

static void forget_recent(void)
{
	recent.slot = NULL;
}

static void free_region(struct gksm_mm_slot *slot, void *region)
{
	free_page((unsigned long)region);
	slot->nr_regions--;
	nr_regions--;
	nr_vanished++;
}

/**
 * gksm_regions_free() - forget the states of all pages of an address space
 * @slot: which
 *
 * Context: scan lock held; may be in reclaim.
 */
void gksm_regions_free(struct gksm_mm_slot *slot)
{
	unsigned long i;
	void *region;

	forget_recent();
	xa_for_each(&slot->regions, i, region)
		free_region(slot, region);
	xa_destroy(&slot->regions);
}

/**
 * gksm_mm_slots_prune() - a pass has ended: free regions it did not touch
 *
 * Context: scan lock held; may sleep.
 */
void gksm_mm_slots_prune(void)
{
	struct gksm_mm_slot *slot;
	unsigned long i;
	void *region;

	forget_recent();
	/* The limit may have been lowered: what is of use comes back. */
	if (!gksm_metadata_fits(2 * gksm_mm_slots_bytes()))
		gksm_mm_slots_shrink(nr_regions);
	for (slot = gksm_mm_slot_first(); slot;
	     slot = gksm_mm_slot_next(slot)) {
		xa_for_each(&slot->regions, i, region) {
			if (xa_get_mark(&slot->regions, i, REGION_TOUCHED)) {
				xa_clear_mark(&slot->regions, i,
					      REGION_TOUCHED);
			} else {
				xa_erase(&slot->regions, i);
				free_region(slot, region);
			}
		}
		cond_resched();
	}
}

/**
 * gksm_mm_slots_shrink() - forget states
 * @nr: how many regions to free, at least; of whole address spaces, oldest
 *	first
 *
 * Context: scan lock held; may be in reclaim.
 * Return: how many regions, of one page each, were freed.
 */
unsigned long gksm_mm_slots_shrink(unsigned long nr)
{
	u64 before = nr_regions;
	struct gksm_mm_slot *slot;

	for (slot = gksm_mm_slot_first(); slot;
	     slot = gksm_mm_slot_next(slot)) {
		if (before - nr_regions >= nr)
			break;
		gksm_regions_free(slot);
		cond_resched();
	}
	return before - nr_regions;
}

/**
 * gksm_regions_nr() - how many there are
 *
 * Return: regions, of one page of memory each.
 */
u64 gksm_regions_nr(void)
{
	return nr_regions;
}

static bool room_for_region(void)
{
	u64 bytes = gksm_mm_slots_bytes() + PAGE_SIZE;

	return gksm_metadata_fits(2 * bytes) &&
	       gksm_metadata_fits(bytes + gksm_unstable_bytes());
}

static unsigned long region_of(unsigned long addr)
{
	return addr / (GKSM_REGION_PAGES * PAGE_SIZE);
}

/* Its place in its region. */
static unsigned long page_of(unsigned long addr)
{
	return addr / PAGE_SIZE % GKSM_REGION_PAGES;
}

/**
 * gksm_mm_slot_region() - the states of all pages around an address
 * @slot: their address space
 * @addr: an address
 *
 * Context: scan lock held.
 * Return: GKSM_REGION_PAGES states, that of the lowest address first, or NULL.
 */
u64 *gksm_mm_slot_region(struct gksm_mm_slot *slot, unsigned long addr)
{
	return xa_load(&slot->regions, region_of(addr));
}

/**
 * gksm_mm_slot_next_region() - the first states at an address or after it
 * @slot: their address space
 * @addr: in: an address; out: that of the first of these states
 *
 * Context: scan lock held.
 * Return: GKSM_REGION_PAGES states, or NULL.
 */
u64 *gksm_mm_slot_next_region(struct gksm_mm_slot *slot, unsigned long *addr)
{
	unsigned long i = region_of(*addr);
	u64 *region = xa_find(&slot->regions, &i, ULONG_MAX, XA_PRESENT);

	*addr = i * GKSM_REGION_PAGES * PAGE_SIZE;
	return region;
}

/**
 * gksm_mm_slot_is_active() - did pages around an address have to be read?
 * @slot: their address space
 * @addr: an address
 *
 * Return: what gksm_mm_slot_touch() was last told; true without a region.
 */
bool gksm_mm_slot_is_active(struct gksm_mm_slot *slot, unsigned long addr)
{
	unsigned long i = region_of(addr);

	return !xa_load(&slot->regions, i) ||
	       xa_get_mark(&slot->regions, i, REGION_ACTIVE);
}

/**
 * gksm_mm_slot_touch() - a region is of use in this pass
 * @slot:   its address space
 * @addr:   an address in it; nothing happens if there is no region
 * @active: whether pages of it have to be read
 *
 * Context: scan lock held; may sleep.
 */
void gksm_mm_slot_touch(struct gksm_mm_slot *slot, unsigned long addr,
			bool active)
{
	unsigned long i = region_of(addr);

	if (!xa_load(&slot->regions, i))
		return;
	if (!xa_get_mark(&slot->regions, i, REGION_TOUCHED))
		xa_set_mark(&slot->regions, i, REGION_TOUCHED);
	if (xa_get_mark(&slot->regions, i, REGION_ACTIVE) == active)
		return;
	if (active)
		xa_set_mark(&slot->regions, i, REGION_ACTIVE);
	else
		xa_clear_mark(&slot->regions, i, REGION_ACTIVE);
}

/**
 * gksm_mm_slots_unsettle() - every page is to be told to the device again
 *
 * Because it is another device, or another question.
 *
 * Context: scan lock held; may sleep.
 */
void gksm_mm_slots_unsettle(void)
{
	struct gksm_mm_slot *slot;
	unsigned long i;
	u64 *region;

	for (slot = gksm_mm_slot_first(); slot;
	     slot = gksm_mm_slot_next(slot)) {
		xa_for_each(&slot->regions, i, region) {
			unsigned int p;

			for (p = 0; p < GKSM_REGION_PAGES; p++)
				region[p] &= ~GKSM_STATE_SETTLED;
			cond_resched();
		}
	}
}

/**
 * gksm_mm_slots_note_keys() - note the key of every page (sightings.h)
 *
 * Context: scan lock held; may sleep.
 */
void gksm_mm_slots_note_keys(void)
{
	struct gksm_mm_slot *slot;
	unsigned long i;
	u64 *region;

	for (slot = gksm_mm_slot_first(); slot;
	     slot = gksm_mm_slot_next(slot)) {
		xa_for_each(&slot->regions, i, region) {
			unsigned int p;

			for (p = 0; p < GKSM_REGION_PAGES; p++) {
				u64 key = gksm_state_key(region[p]);

				if (gksm_key_is_content(key))
					gksm_sightings_note(key);
			}
			cond_resched();
		}
	}
}

/**
 * gksm_mm_slots_pages() - pages that have a state, or room for one
 *
 * Return: how many.
 */
u64 gksm_mm_slots_pages(void)
{
	return nr_regions * GKSM_REGION_PAGES;
}

/**
 * gksm_mm_slots_vanished() - pages whose state was forgotten
 *
 * With their address space, for the most part: a device still knows them.
 *
 * Return: how many since the last call, at most.
 */
u64 gksm_mm_slots_vanished(void)
{
	u64 pages = nr_vanished * GKSM_REGION_PAGES;

	nr_vanished = 0;
	return pages;
}

/**
 * gksm_mm_slot_state() - where the state of a page is kept
 * @slot:   its address space
 * @addr:   its address
 * @create: whether to make room for it
 *
 * Marks the region as touched in this pass. At the limit of max_metadata_kib
 * no room is made: pages beyond it join merged pages, but are not offered to
 * twins.
 *
 * Context: scan lock held; may sleep if @create.
 * Return: the place, or NULL if there is none (and no room to make it).
 */
u64 *gksm_mm_slot_state(struct gksm_mm_slot *slot, unsigned long addr,
			bool create)
{
	unsigned long i = region_of(addr);
	u64 *region;

	if (recent.slot == slot && recent.nr == i)
		return recent.states + page_of(addr);
	region = xa_load(&slot->regions, i);
	if (!region) {
		if (!create || !room_for_region())
			return NULL;
		region = (u64 *)get_zeroed_page(GKSM_GFP);
		if (!region)
			return NULL;
		if (xa_err(xa_store(&slot->regions, i, region, GKSM_GFP))) {
			free_page((unsigned long)region);
			return NULL;
		}
		slot->nr_regions++;
		nr_regions++;
	}
	if (!xa_get_mark(&slot->regions, i, REGION_TOUCHED))
		xa_set_mark(&slot->regions, i, REGION_TOUCHED);
	recent.slot = slot;
	recent.nr = i;
	recent.states = region;
	return region + page_of(addr);
}
