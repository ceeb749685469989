// SPDX-License-Identifier: GPL-2.0-only
/*
 * unstable.c - the unstable tree: unchanged pages that wait for a twin
 *
 * One entry a page, 16 bytes, nothing else: the key, and the cookie that
 * names the page. No reference is held and nothing is protected, so an entry
 * may be stale; merging compares. Emptied at the end of every pass.
 *
 * Owned by whoever holds the scan lock (scan.h).
 */
#include <linux/random.h>

#include "index.h"
#include "mm_slot.h"
#include "scan.h"
#include "sightings.h"
#include "unstable.h"

#define UNSTABLE_MIN_BITS 8 /* a page */

static struct gksm_index unstable_index;

/**
 * gksm_unstable_init() - make an empty tree; allocates nothing
 */
void gksm_unstable_init(void)
{
	gksm_index_init(&unstable_index, UNSTABLE_MIN_BITS, get_random_u64());
	gksm_sightings_init(get_random_u64());
}

/**
 * gksm_unstable_exit() - free the memory
 */
void gksm_unstable_exit(void)
{
	gksm_index_destroy(&unstable_index);
	gksm_sightings_exit();
}

/**
 * gksm_unstable_find() - who had this key in this pass?
 * @key: of the content (page_state.h)
 *
 * Return: a cookie, to be checked for its domain, or 0.
 */
u64 gksm_unstable_find(u64 key)
{
	return gksm_index_find(&unstable_index, key);
}

/**
 * gksm_unstable_put() - a page waits for a twin
 * @key:    its key
 * @cookie: its name; takes the place of another page with this key
 *
 * Without memory, or room below max_metadata_kib, the page is not entered, and
 * waits for the next pass. It may still find a twin that is here.
 */
void gksm_unstable_put(u64 key, u64 cookie)
{
	if (gksm_index_replace(&unstable_index, key, cookie))
		return;
	if (gksm_metadata_fits(gksm_mm_slots_bytes() + gksm_sightings_bytes() +
			       gksm_index_grown_bytes(&unstable_index)))
		gksm_index_insert(&unstable_index, key, cookie);
}

/**
 * gksm_unstable_remove() - the page with this key waits no longer
 * @key: its key
 */
void gksm_unstable_remove(u64 key)
{
	gksm_index_remove(&unstable_index, key);
}

/**
 * gksm_unstable_clear() - a pass has ended
 */
void gksm_unstable_clear(void)
{
	gksm_index_clear(&unstable_index);
	/* The limit may have been lowered. */
	if (!gksm_metadata_fits(gksm_mm_slots_bytes() + gksm_unstable_bytes()))
		gksm_index_destroy(&unstable_index);
}

/**
 * gksm_unstable_nr() - how many pages wait
 */
u64 gksm_unstable_nr(void)
{
	return READ_ONCE(unstable_index.nr);
}

/**
 * gksm_unstable_bytes() - memory in use, for sightings as well
 */
u64 gksm_unstable_bytes(void)
{
	return gksm_index_bytes(&unstable_index) + gksm_sightings_bytes();
}
