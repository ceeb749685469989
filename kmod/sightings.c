// SPDX-License-Identifier: GPL-2.0-only
/*
 * sightings.c - which keys have more than one page?
 *
 * Pure logic: compiled for user space too (tests/unit/kmod). Owned by whoever
 * holds the scan lock (scan.h).
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "memory.h"
#include "page_state.h"
#include "sightings.h"

/**
 * DOC: Sightings
 *
 * Most pages have no twin, and none of them needs an entry in the unstable
 * tree, which takes 21 to 43 bytes a page. A key is noted when a page is first
 * seen with it; only a key that was noted more than once may have a twin.
 * This costs about 10 bits a page.
 *
 * Two Bloom filters: *once* has the keys that were noted, *twice* those that
 * were in once when they were noted. Each key has its bits, BITS of them, in one
 * word of 64, so that a look costs one cache line. A key that was noted twice
 * is always found. One that was noted once is found by mistake with odds of
 * 1 in 30 or so, which costs its page an entry in the unstable tree and nothing
 * else.
 *
 * Bits are never taken back. Keys that no page has any more make mistakes more
 * frequent, so the filters are built again from what is kept of all pages when
 * those may be a quarter of all, or when there are more pages than there was
 * room for. Without memory, every key counts as repeated.
 */

#define BITS 4
/* Of once, in bits; twice has a quarter of it. */
#define BITS_PER_PAGE 8
#define LEAST_PAGES 4096

static struct {
	u64 *once;
	u64 *twice;
	u32 once_words;
	u32 twice_words;
	u64 room; /* pages that it was made for */
	u64 noted; /* keys since it was built */
	u64 secret;
} sightings;

/* The key's place: its upper half says where, its lower half which bits. */
static u64 scatter(u64 key)
{
	key = (key ^ sightings.secret) * 0x9e3779b97f4a7c15ULL;
	return key ^ key >> 29;
}

static u64 bits_of(u64 place)
{
	u64 bits = 0;
	unsigned int i;

	for (i = 0; i < BITS; i++)
		bits |= 1ULL << (place >> 6 * i & 63);
	return bits;
}

static u64 *word_of(u64 *words, u32 nr, u64 place)
{
	return &words[(place >> 32) * nr >> 32];
}

/**
 * gksm_sightings_init() - nothing noted yet; allocates nothing
 * @secret: random, so that nobody who chooses contents can choose their bits
 */
void gksm_sightings_init(u64 secret)
{
	sightings.secret = secret;
}

/**
 * gksm_sightings_exit() - forget everything, and free the memory
 */
void gksm_sightings_exit(void)
{
	kvfree(sightings.once);
	kvfree(sightings.twice);
	sightings.once = NULL;
	sightings.twice = NULL;
	sightings.once_words = 0;
	sightings.twice_words = 0;
	sightings.room = 0;
}

/**
 * gksm_sightings_want_rebuild() - should all keys be noted afresh?
 * @nr_pages: how many pages have a key, at most
 */
bool gksm_sightings_want_rebuild(u64 nr_pages)
{
	if (!sightings.once)
		return true;
	return nr_pages > sightings.room ||
	       sightings.noted > sightings.room / 4 ||
	       (nr_pages < sightings.room / 4 && sightings.room > LEAST_PAGES);
}

static u64 room_for(u64 nr_pages)
{
	u64 room = nr_pages + nr_pages / 8;

	return room > LEAST_PAGES ? room : LEAST_PAGES;
}

/**
 * gksm_sightings_wanted_bytes() - the memory that so many pages take
 * @nr_pages: how many pages have a key, at most
 *
 * Return: bytes.
 */
u64 gksm_sightings_wanted_bytes(u64 nr_pages)
{
	return room_for(nr_pages) * BITS_PER_PAGE / 8 * 5 / 4;
}

/**
 * gksm_sightings_begin() - begin afresh: all known keys are to be noted next
 * @nr_pages: how many pages have a key, at most
 *
 * Then gksm_sightings_end().
 *
 * Context: may sleep.
 */
void gksm_sightings_begin(u64 nr_pages)
{
	u64 room = room_for(nr_pages);

	gksm_sightings_exit();
	if (room > 1ULL << 34)
		return;
	sightings.once_words = room * BITS_PER_PAGE / 64;
	sightings.twice_words = sightings.once_words / 4;
	sightings.once = gksm_table_alloc(sightings.once_words * sizeof(u64));
	sightings.twice = gksm_table_alloc(sightings.twice_words * sizeof(u64));
	if (sightings.once && sightings.twice)
		sightings.room = room;
	else
		gksm_sightings_exit();
}

/**
 * gksm_sightings_end() - all known keys are noted
 */
void gksm_sightings_end(void)
{
	sightings.noted = 0;
}

/**
 * gksm_sightings_note() - a page is seen with a key that it did not have
 * @key: a content's key
 */
void gksm_sightings_note(u64 key)
{
	u64 place = scatter(key), bits = bits_of(place), *word;

	if (!sightings.once)
		return;
	sightings.noted++;
	word = word_of(sightings.once, sightings.once_words, place);
	if ((*word & bits) == bits)
		*word_of(sightings.twice, sightings.twice_words, place) |= bits;
	else
		*word |= bits;
}

/**
 * gksm_sightings_repeated() - may more than one page have this key?
 * @key: a content's key
 *
 * Return: false only if it was noted at most once.
 */
bool gksm_sightings_repeated(u64 key)
{
	u64 place = scatter(key), bits = bits_of(place);

	if (!sightings.once)
		return true;
	return (*word_of(sightings.twice, sightings.twice_words, place) &
		bits) == bits;
}

/**
 * gksm_sightings_bytes() - memory in use
 *
 * Return: bytes.
 */
u64 gksm_sightings_bytes(void)
{
	return ((u64)sightings.once_words + sightings.twice_words) *
	       sizeof(u64);
}
