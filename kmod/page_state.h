/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GKSM_PAGE_STATE_H
#define GKSM_PAGE_STATE_H

#include <linux/bits.h>
#include <linux/types.h>

/**
 * DOC: What is kept of a page
 *
 * One 64-bit word, the page's *state*, in the region of its address
 * (mm_slot.h):
 *
 *	key : 49 | settled : 1 | frame : 14
 *
 * Key. The upper 49 bits of the hash that the content had when it was last
 * read, which are those that the index of a device has too. Two contents have
 * one key by accident with odds of 2^-49 a pair; it costs a comparison, or
 * leaves the second one unmerged, never more. All of the module that looks
 * pages up does so by key.
 *
 * Frame. Which page frame had that content, in short: the page at this address
 * is another one if it differs, and neighbours do differ. 0: the content has to
 * be read again, whatever the page tables say.
 *
 * Settled. The device knows the page, and has found no other like it. While
 * nobody touches it there is nothing to do: who comes later with the same
 * content will be told of it.
 */

#define GKSM_KEY_SHIFT 15
#define GKSM_KEY_MASK (~0ULL << GKSM_KEY_SHIFT)
#define GKSM_STATE_SETTLED BIT_ULL(14)
#define GKSM_STATE_FRAME (GKSM_STATE_SETTLED - 1)

/* Keys that no content has. */
#define GKSM_KEY_NONE 0ULL /* never read */
#define GKSM_KEY_ZEROED BIT_ULL(GKSM_KEY_SHIFT) /* the zero page, by us */
#define GKSM_KEY_MERGED (2ULL << GKSM_KEY_SHIFT) /* a KSM page, of that frame */

/* The key of a content, by its hash; of a key, itself. */
static inline u64 gksm_key(u64 hash)
{
	u64 key = hash & GKSM_KEY_MASK;

	return key > GKSM_KEY_MERGED ? key : ~hash & GKSM_KEY_MASK;
}

static inline bool gksm_key_is_content(u64 key)
{
	return key > GKSM_KEY_MERGED;
}

/* A page frame in short: 1 to 2^14 - 1. */
static inline u16 gksm_frame(unsigned long pfn)
{
	return pfn % GKSM_STATE_FRAME + 1;
}

static inline u64 gksm_state(u64 key, u16 frame)
{
	return key | frame;
}

static inline u64 gksm_state_key(u64 state)
{
	return state & GKSM_KEY_MASK;
}

static inline u16 gksm_state_frame(u64 state)
{
	return state & GKSM_STATE_FRAME;
}

/* The content is to be read again; what it was is remembered. */
static inline u64 gksm_state_stale(u64 state)
{
	return gksm_state_key(state);
}

#endif /* GKSM_PAGE_STATE_H */
