// SPDX-License-Identifier: GPL-2.0-only
/*
 * shrink.c - give memory back when the kernel asks for it
 */
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/shrinker.h>

#include "kpage.h"
#include "mm_slot.h"
#include "scan.h"
#include "shrink.h"
#include "stable.h"
#include "stats.h"
#include "unstable.h"

/**
 * DOC: What can be given back
 *
 * In this order, until enough is free: merged pages that nobody maps any more
 * (normally freed at the end of a pass), the pools that merged pages come
 * from, the unstable tree (twins are found one pass later), and the hashes of
 * the last pass (pages must then be unchanged for one more pass).
 *
 * All of it belongs to the scan lock. Reclaim may run in a task that holds
 * that lock, or under locks that its holder waits for, so the lock is only
 * tried. At full speed the scan thread has it nearly all the time: it is left
 * a note then, and shrinks itself as soon as it can.
 */

/*
 * How many merged pages nobody maps is known only when they have been counted,
 * which takes a look at each: not again for a while if there were none.
 */
#define RECOUNT_JIFFIES HZ

static unsigned long next_recount;

static bool may_recount(void)
{
	return time_after_eq(jiffies, READ_ONCE(next_recount));
}

static unsigned long free_unmapped(void)
{
	u64 before = gksm_stable_nr(), freed;

	gksm_stable_recount();
	freed = before - gksm_stable_nr();
	if (!freed)
		WRITE_ONCE(next_recount, jiffies + RECOUNT_JIFFIES);
	return freed;
}

static unsigned long count(struct shrinker *shrinker, struct shrink_control *sc)
{
	return (may_recount() ? gksm_stable_nr() : 0) + gksm_kpage_pooled() +
	       (gksm_mm_slots_bytes() + gksm_unstable_bytes()) / PAGE_SIZE;
}

/* Scan lock held. */
static unsigned long shrink(unsigned long nr)
{
	unsigned long freed = 0;

	if (may_recount())
		freed = free_unmapped();
	if (freed < nr)
		freed += gksm_kpage_drain();
	if (freed < nr) {
		freed += gksm_unstable_bytes() / PAGE_SIZE;
		gksm_unstable_exit();
	}
	if (freed < nr)
		freed += gksm_mm_slots_shrink(nr - freed);
	gksm_count(pages_reclaimed, freed);
	return freed;
}

static atomic_long_t wanted; /* pages, of a request that met a busy scan */

static unsigned long scan(struct shrinker *shrinker, struct shrink_control *sc)
{
	unsigned long freed;

	if (!gksm_scan_trylock()) {
		atomic_long_set(&wanted, sc->nr_to_scan);
		return SHRINK_STOP;
	}
	freed = shrink(sc->nr_to_scan);
	gksm_scan_unlock();
	return freed ?: SHRINK_STOP;
}

/**
 * gksm_shrink_wanted() - did a request meet a busy scan?
 */
bool gksm_shrink_wanted(void)
{
	return atomic_long_read(&wanted);
}

/**
 * gksm_shrink_late() - do what such a request wanted
 *
 * Context: scan lock held.
 */
void gksm_shrink_late(void)
{
	unsigned long nr = atomic_long_xchg(&wanted, 0);

	if (nr)
		shrink(nr);
}

static struct gksm_shrinker shrinker;

/**
 * gksm_shrink_init() - offer to shrink
 *
 * Return: 0 or -ENOMEM.
 */
int gksm_shrink_init(void)
{
	next_recount = jiffies;
	return gksm_shrinker_register(&shrinker, "gksm", count, scan);
}

/**
 * gksm_shrink_exit() - offer no more; waits for a call that is under way
 */
void gksm_shrink_exit(void)
{
	gksm_shrinker_unregister(&shrinker);
}
