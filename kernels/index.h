/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * index.h - the index of all pages: its layout and every step on it, as
 * OpenCL C 1.2 and as C11
 */
#ifndef GKSM_INDEX_H
#define GKSM_INDEX_H

/**
 * DOC: The index
 *
 * A hash table from a page's hash to its *name*, a 64-bit number that the
 * caller gives each page. 13 bytes a slot: at most 16 bytes an entry from a
 * load of 13/16 on, and the host keeps the load between that and 7/8.
 *
 *	words[slot]  32 bits  generation : 2 | place : 2 | tag : 28
 *	exts[slot]    8 bits  8 more bits of the tag
 *	names[slot]  64 bits
 *
 * Place. Of a hash its upper 49 bits count, x below. 32 slots are a *bucket*.
 * An entry's home is bucket x * nr_homes / 2^49. It lies there unless all but
 * 4 slots are taken; then in the emptier of its home and a second bucket, or,
 * if both are full, in a third or fourth. These are up to 64 buckets further
 * on, how far the tag says, and the word says which of the four it is. After
 * the last home there are 64 more buckets, so that nothing wraps around. An
 * entry for which there is no room is not kept: the caller makes no claim
 * about its page: one in ten million at a load of 7/8 (docs/benchmarks.md).
 * With linear probing over 8 buckets of 16 slots it was one in 200 at 0.9.
 *
 * Tag. The lower 36 bits of x. A home holds at most 2^49 / nr_homes values
 * of x, fewer than 2^36 for every table that is made, so the place and the
 * tag together are all of x: two entries match if 49 bits of their hashes
 * do, and an entry can be moved to a larger table without its page. Because
 * homes are in the order of x, moving reads and writes memory nearly in order.
 * Whoever finds its own name in a match looks no further: 41 bits match then.
 *
 * State of a slot. Word 0: never used. Generation 0 with another word: used
 * once, free again. Otherwise it holds an entry that was last seen in that
 * generation, 1 to 3 in turn. A search ends with the home if more than 4 of
 * its slots were never used, and with the second bucket if either has such a
 * slot: nothing was passed on from there.
 *
 * Gone pages. Whoever still has a page says so once a generation, with or
 * without content. When generation g begins, what was last seen in the g
 * before is swept out: an entry outlives its page by two generations. A page
 * whose hash changed leaves its old entry behind for as long, so that a name
 * found by hash is a hint: it had that hash when it was last seen.
 *
 * Twins. Of any number of pages with one hash two are kept for each
 * generation: enough for each page to find another one. All pages with one
 * hash in one batch are visited by one work-item, which enters at most two.
 *
 * Concurrency. Work-items of one launch claim slots by compare and exchange
 * of the 32-bit word, then write ext and name. Launches follow each other.
 * What a work-item reads of a slot that another one claims at the same time
 * belongs to another hash: it is passed over, or, at 2^-49 a pair, it is a
 * wrong hint. No 64-bit atomics are needed.
 */

#include "both.h"

#define INDEX_BUCKET_SLOTS 32
#define INDEX_PLACES 4
/* How far an entry may be from its home, in buckets. */
#define INDEX_WINDOW 64
/* Available slots below which a home sends entries on. */
#define INDEX_SPARE 4
#define INDEX_SLOT_BYTES 13
/* Words of what memory is read in: 64 bytes on processors. */
#define INDEX_LINE_WORDS 16

#define INDEX_X_BITS 49
#define INDEX_TAG_BITS 28
#define INDEX_EXT_BITS 8
/* The fewest homes for which place and tag are all of x, and the most. */
#define INDEX_MIN_HOMES ((1 << (49 - 36)) + 1)
#define INDEX_MAX_HOMES (1 << 23)

#define INDEX_FREE 0U /* never used */
#define INDEX_FREED 1U /* used once, generation 0 */
#define INDEX_GENERATION_SHIFT 30
#define INDEX_KEY_MASK 0x3fffffffU
/* Generations are 1 to this, in turn. */
#define INDEX_NR_GENERATIONS 3

/* Entries of one hash and generation that are kept. */
#define INDEX_KEPT 2

/* Where the counters of an index are; each counts modulo 2^32. */
#define INDEX_COUNT_FRESH 0 /* entries in slots that were never used */
#define INDEX_COUNT_REUSED 1 /* entries in slots that were free again */
#define INDEX_COUNT_SWEPT 2 /* entries that were swept out */
#define INDEX_COUNT_REFUSED 3 /* entries for which there was no room */
#define INDEX_NR_COUNTS 4

/* A table in use; it has index_buckets(nr_homes) buckets. */
struct index_table {
	volatile BOTH_GLOBAL both_u32 *words;
	BOTH_GLOBAL both_u8 *exts;
	BOTH_GLOBAL both_u64 *names;
	both_u32 nr_homes;
};

/* What a visit did, to be added to the counters. */
struct index_tally {
	both_u32 fresh;
	both_u32 reused;
	both_u32 refused;
};

/* What a visit found: the name of another page with that hash, or 0. */
struct index_found {
	both_u64 other;
	both_u32 is_kept; /* the first of the visitors is in the index */
};

static inline both_u32 index_buckets(both_u32 nr_homes)
{
	return nr_homes + INDEX_WINDOW;
}

static inline both_u64 index_x(both_u64 hash)
{
	return hash >> (64 - INDEX_X_BITS);
}

static inline both_u32 index_home(both_u64 x, both_u32 nr_homes)
{
	return (both_u32)both_mul_high(x << (64 - INDEX_X_BITS), nr_homes);
}

/* The word of an entry, less its generation. */
static inline both_u32 index_key(both_u64 x, both_u32 place)
{
	return ((both_u32)x & ((1U << INDEX_TAG_BITS) - 1)) |
	       place << INDEX_TAG_BITS;
}

/* How far from its home an entry is, by its word or key. */
static inline both_u32 index_distance(both_u32 word)
{
	const both_u32 place = (word & INDEX_KEY_MASK) >> INDEX_TAG_BITS;

	/* 6 bits of the tag for each place after the first. */
	return place ? 1 + (word >> (6 * (place - 1)) & (INDEX_WINDOW - 1)) : 0;
}

static inline both_u8 index_ext(both_u64 x)
{
	return (both_u8)(x >> INDEX_TAG_BITS);
}

static inline both_u32 index_generation(both_u32 word)
{
	return word >> INDEX_GENERATION_SHIFT;
}

/* The lowest x of a home: home * 2^49 / nr_homes, rounded up. */
static inline both_u64 index_first_x(both_u64 home, both_u32 nr_homes)
{
	/* In two steps of 64 bits. */
	const both_u64 high = (home << 40) / nr_homes;
	const both_u64 rest = (home << 40) % nr_homes;

	return (high << 9) + ((rest << 9) + nr_homes - 1) / nr_homes;
}

/* The x of an entry, from the lowest of its home, its word and its ext. */
static inline both_u64 index_restore(both_u64 first, both_u32 word, both_u8 ext)
{
	const both_u64 span = 1UL << (INDEX_TAG_BITS + INDEX_EXT_BITS);
	const both_u64 tag = (both_u64)ext << INDEX_TAG_BITS |
			     (word & ((1U << INDEX_TAG_BITS) - 1));

	return first + ((tag - first) & (span - 1));
}

/* A bucket as one glance finds it; a bit for each slot. */
struct index_bucket {
	both_u64 base;
	both_u32 key;
	both_u32 matching; /* entries with the key */
	both_u32 fresh; /* never used */
	both_u32 available; /* never used, or free again */
};

/* The first slot of one of the places that x may be in. */
static inline both_u64 index_base(struct index_table table, both_u64 x,
				  both_u32 place)
{
	const both_u32 bucket = index_home(x, table.nr_homes) +
				index_distance(index_key(x, place));

	return (both_u64)bucket * INDEX_BUCKET_SLOTS;
}

/* Have the words of a place at hand for index_look(). */
static inline void index_ask(struct index_table table, both_u64 x,
			     both_u32 place)
{
	const both_u64 base = index_base(table, x, place);

	for (both_u32 s = 0; s < INDEX_BUCKET_SLOTS; s += INDEX_LINE_WORDS)
		both_ask(&table.words[base + s]);
}

/* Look at one of the places that x may be in. */
static inline struct index_bucket index_look(struct index_table table,
					     both_u64 x, both_u32 place)
{
	struct index_bucket bucket = { index_base(table, x, place),
				       index_key(x, place), 0, 0, 0 };
	const BOTH_GLOBAL both_u32 *words;

	/* Each word is read once, in whatever order, so as wide as can be. */
	words = (const BOTH_GLOBAL both_u32 *)table.words + bucket.base;
	for (both_u32 s = 0; s < INDEX_BUCKET_SLOTS; s++) {
		const both_u32 word = words[s];
		const both_u32 is_free = !index_generation(word);
		const both_u32 has_key =
			!((word ^ bucket.key) & INDEX_KEY_MASK);

		bucket.matching |= (has_key & !is_free) << s;
		bucket.fresh |= (both_u32)(word == INDEX_FREE) << s;
		bucket.available |= is_free << s;
	}
	return bucket;
}

/*
 * Enter x into a bucket. Returns 1, or 0 if others took all that was there. The
 * bucket may have been looked at long ago; slots that were tried are no longer
 * available.
 */
static inline both_u32 index_claim(struct index_table table,
				   struct index_bucket *bucket, both_u64 x,
				   both_u64 name, both_u32 generation,
				   struct index_tally *tally)
{
	const both_u32 word = bucket->key | generation
						    << INDEX_GENERATION_SHIFT;

	while (bucket->available) {
		const both_u32 s = both_lowest(bucket->available);
		const both_u64 slot = bucket->base + s;
		const both_u32 was =
			bucket->fresh >> s & 1 ? INDEX_FREE : INDEX_FREED;

		bucket->available &= bucket->available - 1;
		if (both_exchange(&table.words[slot], was, word) != was)
			continue;
		table.exts[slot] = index_ext(x);
		table.names[slot] = name;
		tally->fresh += was == INDEX_FREE;
		tally->reused += was != INDEX_FREE;
		return 1;
	}
	return 0;
}

/* Does an entry go to the second bucket, as far as room in home is short? */
static inline both_u32 index_is_fuller(struct index_bucket home,
				       struct index_bucket second)
{
	return both_count(second.available) > both_count(home.available);
}

/*
 * Enter x with that name and generation. Returns 1, or 0 for want of room.
 *
 * Home is what index_look() found, however long ago: it may since have become
 * fuller, not emptier. Then the entry goes where it would have gone before.
 */
static inline both_u32 index_enter(struct index_table table,
				   struct index_bucket *home, both_u64 x,
				   both_u64 name, both_u32 generation,
				   struct index_tally *tally)
{
	both_u32 entered = 0;

	if (both_count(home->available) <= INDEX_SPARE) {
		struct index_bucket second = index_look(table, x, 1);

		if (index_is_fuller(*home, second))
			entered = index_claim(table, &second, x, name,
					      generation, tally);
	}
	if (!entered)
		entered = index_claim(table, home, x, name, generation, tally);
	for (both_u32 place = 1; !entered && place < INDEX_PLACES; place++) {
		struct index_bucket bucket = index_look(table, x, place);

		entered =
			index_claim(table, &bucket, x, name, generation, tally);
	}
	tally->refused += !entered;
	return entered;
}

/**
 * DOC: Waiting for memory once
 *
 * A search touches five lines of memory that are in no cache, and where the
 * later ones are depends on the earlier ones. What index_see() looks at first
 * is therefore done in steps, apart from what is then done about it: each step
 * ends with asking for what the next one reads, and between two steps a group
 * of work-items has a barrier. On a processor, where work-items run one after
 * the other between barriers, the misses of a whole group overlap; on a GPU
 * its scheduler does that.
 *
 * index_glance_start(), index_glance_home(), index_glance_further(), and then
 * index_see().
 */
struct index_glance {
	struct index_bucket home;
	struct index_bucket second; /* unless nothing was passed on from home */
	both_u64 slot; /* a match in home, if there is one */
	both_u64 name; /* its name */
};

/* Is there nothing in later places than this? */
static inline both_u32 index_is_last(struct index_bucket bucket, both_u32 place,
				     both_u32 was_fresh)
{
	if (place == 0)
		return both_count(bucket.fresh) > INDEX_SPARE;
	return bucket.fresh || was_fresh;
}

static inline void index_glance_start(struct index_table table, both_u64 hash)
{
	index_ask(table, index_x(hash), 0);
}

/* A match is read, a slot that is available may be written to. */
static inline void index_ask_slot(struct index_table table,
				  struct index_bucket bucket)
{
	const both_u32 wanted =
		bucket.matching ? bucket.matching : bucket.available;
	both_u64 slot;

	if (!wanted)
		return;
	slot = bucket.base + both_lowest(wanted);
	both_ask(&table.names[slot]);
	if (!bucket.matching)
		both_ask(&table.exts[slot]);
}

static inline struct index_glance index_glance_home(struct index_table table,
						    both_u64 hash)
{
	const both_u64 x = index_x(hash);
	struct index_glance glance;

	glance.home = index_look(table, x, 0);
	glance.second = glance.home;
	glance.slot = ~(both_u64)0;
	glance.name = 0;
	if (index_is_last(glance.home, 0, 0)) {
		index_ask_slot(table, glance.home);
		return glance;
	}
	if (glance.home.matching)
		index_ask_slot(table, glance.home);
	index_ask(table, x, 1);
	return glance;
}

static inline void index_glance_further(struct index_table table, both_u64 hash,
					struct index_glance *glance)
{
	const struct index_bucket home = glance->home;

	if (!index_is_last(home, 0, 0)) {
		glance->second = index_look(table, index_x(hash), 1);
		if (glance->second.matching ||
		    (!home.matching && index_is_fuller(home, glance->second)))
			index_ask_slot(table, glance->second);
		else if (!home.matching)
			index_ask_slot(table, home);
	}
	if (!home.matching)
		return;
	glance->slot = home.base + both_lowest(home.matching);
	glance->name = table.names[glance->slot];
}

/*
 * One or two pages with this hash are there (name_1 is 0 if it is one):
 * confirm their entries, make those that are missing and wanted, and find
 * another page.
 */
static inline struct index_found index_see(struct index_table table,
					   struct index_glance glance,
					   both_u64 hash, both_u64 name_0,
					   both_u64 name_1, both_u32 generation,
					   struct index_tally *tally)
{
	const both_u64 x = index_x(hash);
	both_u64 current = 0, older = 0;
	both_u32 nr_current = 0, has_0 = 0, has_1 = !name_1;
	both_u32 is_last = 0, was_fresh = 0;
	struct index_found found;

	for (both_u32 place = 0; place < INDEX_PLACES && !is_last; place++) {
		const struct index_bucket bucket =
			place == 0 ? glance.home :
			place == 1 ? glance.second :
				     index_look(table, x, place);
		const both_u32 seen =
			bucket.key | generation << INDEX_GENERATION_SHIFT;

		for (both_u32 left = bucket.matching; left; left &= left - 1) {
			const both_u64 slot = bucket.base + both_lowest(left);
			const both_u32 word = table.words[slot];
			const both_u64 name = slot == glance.slot ?
						      glance.name :
						      table.names[slot];
			const both_u32 is_asker =
				name == name_0 || name == name_1;

			/* Its own entry is known without the rest of the tag. */
			if (!is_asker && table.exts[slot] != index_ext(x))
				continue;
			if (is_asker) {
				has_0 |= name == name_0;
				has_1 |= name == name_1;
				nr_current++;
				if (word != seen)
					table.words[slot] = seen;
			} else if (word == seen) {
				current = name;
				nr_current++;
			} else {
				older = name;
			}
		}
		is_last = index_is_last(bucket, place, was_fresh);
		was_fresh |= bucket.fresh;
	}
	if (!has_0 && nr_current < INDEX_KEPT) {
		has_0 = index_enter(table, &glance.home, x, name_0, generation,
				    tally);
		nr_current++;
	}
	if (!has_1 && nr_current < INDEX_KEPT)
		index_enter(table, &glance.home, x, name_1, generation, tally);
	found.other = current ? current : older;
	found.is_kept = has_0;
	return found;
}

/* Sweep a slot: free it if it was last seen in the expired generation. */
static inline both_u32 index_expire(volatile BOTH_GLOBAL both_u32 *words,
				    both_u64 slot, both_u32 expired)
{
	if (index_generation(words[slot]) != expired)
		return 0;
	words[slot] = INDEX_FREED;
	return 1;
}

/*
 * Enter what a bucket of one table holds into another table. What its own
 * entries have there is a few homes next to each other: two are kept in mind.
 */
static inline void index_carry(struct index_table from, struct index_table to,
			       both_u32 bucket, struct index_tally *tally)
{
	const both_u64 base = (both_u64)bucket * INDEX_BUCKET_SLOTS;
	const both_u64 first = index_first_x(bucket, from.nr_homes);
	struct index_bucket homes[2] = { { 0, 0, 0, 0, 0 }, { 0, 0, 0, 0, 0 } };

	/* No home starts there. */
	homes[0].base = ~(both_u64)0;
	homes[1].base = ~(both_u64)0;
	for (both_u32 s = 0; s < INDEX_BUCKET_SLOTS; s++) {
		const both_u32 word = from.words[base + s];
		const both_u32 distance = index_distance(word);
		struct index_bucket *home;
		both_u64 x;

		if (!index_generation(word))
			continue;
		x = index_restore(distance ? index_first_x(bucket - distance,
							   from.nr_homes) :
					     first,
				  word, from.exts[base + s]);
		home = &homes[index_home(x, to.nr_homes) & 1];
		if (home->base != index_base(to, x, 0))
			*home = index_look(to, x, 0);
		home->key = index_key(x, 0);
		index_enter(to, home, x, from.names[base + s],
			    index_generation(word), tally);
	}
}

#endif /* GKSM_INDEX_H */
