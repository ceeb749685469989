// SPDX-License-Identifier: GPL-2.0-only
/*
 * unstable.c - the unstable tree: unchanged pages that wait for a twin
 *
 * One entry a page, 16 bytes, nothing else: the key, and the cookie that
 * names the page. No reference is held and nothing is protected, so an entry
 * may be stale; merging compares. Emptied at the end of every pass.
 *
 * Who looks on demand has a tree of his own, so that what waits in a pass, and
 * how many, is the pass's affair.
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

/* Who waits there: nobody any more, but more pages may have the key. */
#define NOBODY 1ULL /* no slot has the number 0 */

static struct gksm_index trees[GKSM_NR_ROUNDS];

/**
 * gksm_unstable_init() - make empty trees; allocates nothing
 */
void gksm_unstable_init(void)
{
	unsigned int r;

	for (r = 0; r < GKSM_NR_ROUNDS; r++)
		gksm_index_init(&trees[r], UNSTABLE_MIN_BITS, get_random_u64());
	gksm_sightings_init(get_random_u64());
}

/**
 * gksm_unstable_exit() - free the memory
 */
void gksm_unstable_exit(void)
{
	unsigned int r;

	for (r = 0; r < GKSM_NR_ROUNDS; r++)
		gksm_index_destroy(&trees[r]);
	gksm_sightings_exit();
}

/**
 * gksm_unstable_find() - who had this key in this round?
 * @round: whose tree
 * @key:   of the content (page_state.h)
 *
 * Return: a cookie, to be checked for its slot and its domain, or 0.
 */
u64 gksm_unstable_find(enum gksm_round round, u64 key)
{
	return gksm_index_find(&trees[round], key);
}

static u64 other_bytes(enum gksm_round round)
{
	return gksm_mm_slots_bytes() + gksm_unstable_bytes() -
	       gksm_index_bytes(&trees[round]);
}

/**
 * gksm_unstable_put() - a page waits for a twin
 * @round:  whose tree
 * @key:    its key
 * @cookie: its name; takes the place of another page with this key
 *
 * Without memory, or room below max_metadata_kib, the page is not entered, and
 * waits for the next pass. It may still find a twin that is here.
 */
void gksm_unstable_put(enum gksm_round round, u64 key, u64 cookie)
{
	if (gksm_index_replace(&trees[round], key, cookie))
		return;
	if (gksm_metadata_fits(other_bytes(round) +
			       gksm_index_grown_bytes(&trees[round])))
		gksm_index_insert(&trees[round], key, cookie);
}

/**
 * gksm_unstable_settle() - the page with this key waits no longer
 * @round: whose tree
 * @key:   its key
 *
 * Who looks on demand has yet to see who else has this key: it stays there.
 */
void gksm_unstable_settle(enum gksm_round round, u64 key)
{
	if (round == GKSM_ROUND_PASS)
		gksm_index_remove(&trees[round], key);
	else
		gksm_index_replace(&trees[round], key, NOBODY);
}

/**
 * gksm_unstable_clear() - a round has ended
 * @round: whose tree; the pass will need about as much memory again
 */
void gksm_unstable_clear(enum gksm_round round)
{
	if (round == GKSM_ROUND_PASS)
		gksm_index_clear(&trees[round]);
	/* The limit may have been lowered. */
	if (round != GKSM_ROUND_PASS ||
	    !gksm_metadata_fits(gksm_mm_slots_bytes() + gksm_unstable_bytes()))
		gksm_index_destroy(&trees[round]);
}

/**
 * gksm_unstable_nr() - how many keys are in a tree
 * @round: whose
 */
u64 gksm_unstable_nr(enum gksm_round round)
{
	return READ_ONCE(trees[round].nr);
}

/**
 * gksm_unstable_bytes() - memory in use, for sightings as well
 */
u64 gksm_unstable_bytes(void)
{
	u64 bytes = gksm_sightings_bytes();
	unsigned int r;

	for (r = 0; r < GKSM_NR_ROUNDS; r++)
		bytes += gksm_index_bytes(&trees[r]);
	return bytes;
}
