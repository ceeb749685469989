// SPDX-License-Identifier: GPL-2.0-only
/*
 * index.c - a map from 64-bit hashes to 64-bit values
 *
 * Pure logic: compiled for user space too (tests/unit/kmod).
 */
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "index.h"
#include "memory.h"

/**
 * DOC: Why a hash table where KSM has trees
 *
 * KSM's trees are ordered by page content: a search reads log2(n) pages,
 * cold. Ours are keyed by a 64-bit hash that is already there, so order buys
 * nothing, and one open-addressing table answers with one cache miss whatever
 * its size. An entry is 16 bytes and nothing is allocated per page. KSM's
 * terms stay: the *unstable* tree is the index of candidates, which starts
 * empty in every pass; the *stable* tree, of merged pages, is a table of the
 * same kind with smaller entries (stable.c).
 *
 * A key is present at most once: the first page with a hash stands for the
 * content, and a hash collision between different contents (odds 2^-64 a
 * pair, by accident) leaves the second content unmerged.
 *
 * Linear probing at a load of at most 3/4; removal shifts back what follows,
 * so there are no tombstones and the cost of a search never grows with age.
 */

#define MAX_BITS 40

static u64 home(const struct gksm_index *ix, u64 key)
{
	return (key * ix->secret) >> (64 - ix->bits);
}

static u64 mask(const struct gksm_index *ix)
{
	return (1ULL << ix->bits) - 1;
}

/* Where the key is, or the empty entry where it would go. */
static u64 probe(const struct gksm_index *ix, u64 key)
{
	u64 i = home(ix, key);

	while (ix->entries[i].value && ix->entries[i].key != key)
		i = (i + 1) & mask(ix);
	return i;
}

static int resize(struct gksm_index *ix, unsigned int bits)
{
	struct gksm_index grown = *ix;
	u64 i;

	if (bits > MAX_BITS)
		return -ENOMEM;
	grown.bits = bits;
	grown.entries =
		kvcalloc(1ULL << bits, sizeof(*grown.entries), GKSM_GFP);
	if (!grown.entries)
		return -ENOMEM;
	for (i = 0; ix->entries && i <= mask(ix); i++) {
		const struct gksm_index_entry *e = &ix->entries[i];

		if (e->value)
			grown.entries[probe(&grown, e->key)] = *e;
		if (!(i & 0xfff))
			cond_resched();
	}
	kvfree(ix->entries);
	*ix = grown;
	return 0;
}

static bool is_full(const struct gksm_index *ix)
{
	return ix->nr + 1 > (3ULL << ix->bits) / 4;
}

/**
 * gksm_index_init() - make an empty index; allocates nothing
 * @ix:	      the index
 * @min_bits: log2 of its first size in entries, 1 to 40
 * @secret:   random number
 */
void gksm_index_init(struct gksm_index *ix, unsigned int min_bits, u64 secret)
{
	*ix = (struct gksm_index){
		.bits = min_bits,
		.min_bits = min_bits,
		.secret = secret | 1,
	};
}

/**
 * gksm_index_destroy() - free the memory; the index is empty afterwards
 * @ix: the index
 */
void gksm_index_destroy(struct gksm_index *ix)
{
	kvfree(ix->entries);
	ix->entries = NULL;
	ix->bits = ix->min_bits;
	ix->nr = 0;
}

/**
 * gksm_index_clear() - forget all pairs, expecting about as many again
 * @ix: the index
 *
 * Keeps the table if it was at least an eighth full, and frees it otherwise.
 */
void gksm_index_clear(struct gksm_index *ix)
{
	if (!ix->entries)
		return;
	if (ix->nr < (1ULL << ix->bits) / 8) {
		gksm_index_destroy(ix);
		return;
	}
	memset(ix->entries, 0, gksm_index_bytes(ix));
	ix->nr = 0;
}

/**
 * gksm_index_insert() - add a pair
 * @ix:	   the index
 * @key:   any value that is not present
 * @value: any value but 0
 *
 * Context: may sleep.
 * Return: 0, -EEXIST (nothing changed), -EINVAL or -ENOMEM.
 */
int gksm_index_insert(struct gksm_index *ix, u64 key, u64 value)
{
	u64 i;
	int err;

	if (!value)
		return -EINVAL;
	if (!ix->entries) {
		err = resize(ix, ix->min_bits);
		if (err)
			return err;
	}
	i = probe(ix, key);
	if (ix->entries[i].value)
		return -EEXIST;
	if (is_full(ix)) {
		err = resize(ix, ix->bits + 1);
		if (err)
			return err;
		i = probe(ix, key);
	}
	ix->entries[i].key = key;
	ix->entries[i].value = value;
	ix->nr++;
	return 0;
}

/**
 * gksm_index_find() - look a key up
 * @ix:	 the index
 * @key: the key
 *
 * Return: its value, or 0.
 */
u64 gksm_index_find(const struct gksm_index *ix, u64 key)
{
	return ix->entries ? ix->entries[probe(ix, key)].value : 0;
}

/**
 * gksm_index_replace() - give a present key another value
 * @ix:	   the index
 * @key:   the key
 * @value: the new value, not 0
 *
 * Return: the old value, or 0 if the key was not there (nothing changed).
 */
u64 gksm_index_replace(struct gksm_index *ix, u64 key, u64 value)
{
	struct gksm_index_entry *e;
	u64 old;

	if (!ix->entries || !value)
		return 0;
	e = &ix->entries[probe(ix, key)];
	old = e->value;
	if (old)
		e->value = value;
	return old;
}

/**
 * gksm_index_remove() - take a pair out
 * @ix:	 the index
 * @key: the key
 *
 * Return: whether it was there.
 */
bool gksm_index_remove(struct gksm_index *ix, u64 key)
{
	u64 hole, i;

	if (!ix->entries)
		return false;
	hole = probe(ix, key);
	if (!ix->entries[hole].value)
		return false;
	/*
	 * Pull back whatever was pushed past the hole: an entry may move into
	 * the hole if its home is not between the hole and where it is now.
	 */
	for (i = (hole + 1) & mask(ix); ix->entries[i].value;
	     i = (i + 1) & mask(ix)) {
		u64 want = home(ix, ix->entries[i].key);

		if (((i - want) & mask(ix)) < ((i - hole) & mask(ix)))
			continue;
		ix->entries[hole] = ix->entries[i];
		hole = i;
	}
	ix->entries[hole] = (struct gksm_index_entry){};
	ix->nr--;
	return true;
}

/**
 * gksm_index_bytes() - memory in use
 * @ix: the index
 *
 * Return: bytes.
 */
u64 gksm_index_bytes(const struct gksm_index *ix)
{
	return ix->entries ? sizeof(*ix->entries) << ix->bits : 0;
}

/**
 * gksm_index_grown_bytes() - memory in use after one more insertion
 * @ix: the index
 *
 * While it grows the old table is there as well, half as large.
 *
 * Return: bytes.
 */
u64 gksm_index_grown_bytes(const struct gksm_index *ix)
{
	unsigned int bits = ix->bits;

	if (ix->entries && is_full(ix))
		bits++;
	return sizeof(*ix->entries) << bits;
}
