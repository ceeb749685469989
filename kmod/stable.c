// SPDX-License-Identifier: GPL-2.0-only
/*
 * stable.c - the stable tree: merged pages by (salt, key)
 *
 * Owned by whoever holds the scan lock (scan.h).
 */
#include <linux/bits.h>
#include <linux/hash.h>
#include <linux/jiffies.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "events.h"
#include "kpage.h"
#include "memory.h"
#include "page_state.h"
#include "scan.h"
#include "sightings.h"
#include "stable.h"
#include "stats.h"

/**
 * DOC: Eight bytes for a merged page
 *
 * The tree is a hash table of words, open addressing with linear probing, for
 * the reasons that index.c gives. A word names a merged page:
 *
 *	mark : 24 | page frame : 40
 *
 * The *mark* is some of the scattered key, so that hardly any page but the
 * right one is looked at. What else there is to know is the page's label
 * (kpage.c), which costs nothing:
 *
 *	key : 49 | fresh : 1 | salt, in short : 14
 *
 * A key is there at most once, whatever the salt. Pages of two trust domains
 * have the same key by accident only (2^-49 a pair), and would then still have
 * to agree in the short salt.
 *
 * A merged page has at most max_page_sharing sharers. Those of one content
 * beyond that are in a ring (kpage.c), a *chain* in KSM's words, of which the
 * word names one: the last that was made, for it has room; and, since sharers
 * go, every stable_node_chains_prune_millisecs the one that has most. A search
 * looks at a few of a ring only, so that its length costs nothing.
 *
 * The table grows by a half, to a load of at least a half, so that a merged
 * page takes 10.7 to 16 bytes once there are more than the first table holds.
 * A word moves twice on average while it grows. Removal shifts back what
 * follows: there are no tombstones.
 */

#define LEAST_WORDS 512 /* a page */
#define MAX_WORDS BIT_ULL(32) /* of which home() can name */
#define FRAME_BITS 40
#define FRAME_MASK (BIT_ULL(FRAME_BITS) - 1)
#define LABEL_FRESH GKSM_STATE_SETTLED
#define SALT_BITS 14
#define RING_LOOK 8 /* pages of a ring that a search looks at */

static struct {
	u64 *words; /* 0: nothing there */
	u64 size; /* in words */
	u64 nr_words;
	u64 nr; /* merged pages */
	u64 nr_rings; /* of two merged pages or more */
	u64 nr_ringed; /* pages of these */
	unsigned long pruned; /* when rings were last looked at, in jiffies */
	u64 secret; /* odd, so that nobody can choose keys that collide */
} stable;

static u64 scatter(u64 key)
{
	return key * stable.secret;
}

/* By the upper 32 bits: in order of the scattered keys, at any size. */
static u64 home(u64 key)
{
	return ((scatter(key) >> 32) * stable.size) >> 32;
}

static u64 next(u64 i)
{
	return i + 1 < stable.size ? i + 1 : 0;
}

/* How far behind @from is @to? */
static u64 distance(u64 from, u64 to)
{
	return to >= from ? to - from : to + stable.size - from;
}

static u64 mark_of(u64 key)
{
	return scatter(key) >> 16 << FRAME_BITS;
}

static struct page *page_of(u64 word)
{
	return pfn_to_page(word & FRAME_MASK);
}

static u64 key_of(const struct page *kpage)
{
	return gksm_kpage_label(kpage) & GKSM_KEY_MASK;
}

static u64 label_of(u64 salt, u64 key)
{
	return key | hash_64(salt, SALT_BITS);
}

/* Where the key is, or the empty place where it would go. */
static u64 probe(u64 key)
{
	const u64 mark = mark_of(key);
	u64 i = home(key);

	while (stable.words[i]) {
		if (!((stable.words[i] ^ mark) >> FRAME_BITS) &&
		    key_of(page_of(stable.words[i])) == key)
			break;
		i = next(i);
	}
	return i;
}

static void free_words(void)
{
	kvfree(stable.words);
	stable.words = NULL;
	stable.size = 0;
}

/* All words go into a table of another size. */
static int resize(u64 size)
{
	u64 *old = stable.words, old_size = stable.size, i;
	u64 *words = NULL;

	if (size <= MAX_WORDS)
		words = gksm_table_alloc(size * sizeof(u64));
	if (!words)
		return -ENOMEM;
	stable.words = words;
	stable.size = size;
	for (i = 0; i < old_size; i++) {
		if (old[i])
			words[probe(key_of(page_of(old[i])))] = old[i];
		if (!(i & 0xfff))
			cond_resched();
	}
	kvfree(old);
	return 0;
}

static bool is_full(void)
{
	return stable.nr_words + 1 > stable.size / 4 * 3;
}

static void remove_at(u64 hole)
{
	u64 i;

	/*
	 * Pull back whatever was pushed past the hole: a word may move into
	 * the hole if its home is not between the hole and where it is now.
	 */
	for (i = next(hole); stable.words[i]; i = next(i)) {
		u64 want = home(key_of(page_of(stable.words[i])));

		if (distance(want, i) < distance(hole, i))
			continue;
		stable.words[hole] = stable.words[i];
		hole = i;
	}
	stable.words[hole] = 0;
	stable.nr_words--;
}

static bool is_alone(struct page *kpage)
{
	return gksm_kpage_ring_next(kpage) == kpage;
}

static u64 word_of(const struct page *kpage)
{
	return mark_of(key_of(kpage)) | page_to_pfn(kpage);
}

/* The page becomes one more of the word's ring, and the first. */
static void add_to_ring(u64 i, struct page *kpage)
{
	struct page *first = page_of(stable.words[i]);

	stable.nr_rings += is_alone(first);
	stable.nr_ringed += is_alone(first) ? 2 : 1;
	gksm_kpage_ring_join(kpage, first);
	stable.words[i] = word_of(kpage);
}

/* Not alone. */
static void remove_from_ring(u64 i, struct page *kpage)
{
	struct page *other = gksm_kpage_ring_next(kpage);

	gksm_kpage_ring_leave(kpage);
	stable.nr_rings -= is_alone(other);
	stable.nr_ringed -= is_alone(other) ? 2 : 1;
	if (page_of(stable.words[i]) == kpage)
		stable.words[i] = word_of(other);
}

/* The word at @i names @kpage, or another of its ring. */
static void forget(u64 i, struct page *kpage)
{
	if (is_alone(kpage))
		remove_at(i);
	else
		remove_from_ring(i, kpage);
	stable.nr--;
	gksm_event_remove(page_to_pfn(kpage));
	gksm_kpage_free(kpage);
}

/**
 * gksm_stable_init() - make an empty tree; allocates nothing
 */
void gksm_stable_init(void)
{
	stable.secret = get_random_u64() | 1;
}

/**
 * gksm_stable_exit() - drop every merged page and the tree
 *
 * Merged pages stay where they are mapped; the kernel undoes them like any
 * KSM page.
 */
void gksm_stable_exit(void)
{
	u64 i;

	for (i = 0; i < stable.size; i++)
		while (stable.words[i])
			forget(i, page_of(stable.words[i]));
	free_words();
	gksm_kpage_drain();
}

static bool is_of(const struct page *kpage, u64 salt, u64 key)
{
	return (gksm_kpage_label(kpage) & ~LABEL_FRESH) == label_of(salt, key);
}

static bool has_room(struct page *kpage)
{
	return gksm_kpage_is_sound(kpage) &&
	       gksm_kpage_takers(kpage) <
		       (int)READ_ONCE(gksm_settings.max_page_sharing);
}

/**
 * gksm_stable_find() - a merged page with this key, that one more can share
 * @salt: trust domain
 * @key:  of the content (page_state.h)
 *
 * Return: the page, without a reference of the caller's, or NULL.
 */
struct page *gksm_stable_find(u64 salt, u64 key)
{
	struct page *first, *kpage;
	unsigned int looked = 0;
	u64 word;

	if (!stable.words)
		return NULL;
	word = stable.words[probe(key)];
	if (!word)
		return NULL;
	first = page_of(word);
	if (!is_of(first, salt, key))
		return NULL;
	kpage = first;
	do {
		if (has_room(kpage))
			return kpage;
		kpage = gksm_kpage_ring_next(kpage);
	} while (kpage != first && ++looked < RING_LOOK);
	return NULL;
}

/* Whoever has it, has something to join. */
static void note_key(u64 key)
{
	gksm_sightings_note(key);
	gksm_sightings_note(key);
}

/**
 * gksm_stable_insert() - add a merged page, which is fresh
 * @salt:  trust domain
 * @key:   of the content
 * @kpage: from gksm_kpage_alloc(); the tree takes over its reference
 *
 * Where gksm_stable_find() finds none with room it joins those with the key.
 *
 * Return: 0, -EEXIST if the key is that of another trust domain's page, or
 * -ENOMEM; then the caller keeps @kpage.
 */
int gksm_stable_insert(u64 salt, u64 key, struct page *kpage)
{
	bool is_known = stable.words && stable.words[probe(key)];
	u64 i;
	int err;

	if (is_known && !is_of(page_of(stable.words[probe(key)]), salt, key))
		return -EEXIST;
	if (!is_known && (!stable.words || is_full())) {
		err = resize(stable.size ? stable.size / 2 * 3 : LEAST_WORDS);
		if (err)
			return err;
	}
	gksm_kpage_set_label(kpage, label_of(salt, key) | LABEL_FRESH);
	i = probe(key);
	if (is_known) {
		add_to_ring(i, kpage);
	} else {
		stable.words[i] = word_of(kpage);
		stable.nr_words++;
	}
	stable.nr++;
	note_key(key);
	gksm_count(stable_nodes_created, 1);
	return 0;
}

/**
 * gksm_stable_remove() - forget a merged page
 * @kpage: one that is in the tree; its reference is given up
 */
void gksm_stable_remove(struct page *kpage)
{
	forget(probe(key_of(kpage)), kpage);
}

/**
 * gksm_stable_is_fresh() - was it made by the batch that is being applied?
 * @kpage: a merged page in the tree
 */
bool gksm_stable_is_fresh(const struct page *kpage)
{
	return gksm_kpage_label(kpage) & LABEL_FRESH;
}

/**
 * gksm_stable_keep() - the batch is applied: the page is fresh no longer
 * @kpage: a merged page in the tree
 */
void gksm_stable_keep(struct page *kpage)
{
	gksm_kpage_set_label(kpage, gksm_kpage_label(kpage) & ~LABEL_FRESH);
}

/**
 * gksm_stable_note_keys() - note the key of every merged page (sightings.h)
 *
 * Context: scan lock held; may sleep.
 */
void gksm_stable_note_keys(void)
{
	u64 i;

	for (i = 0; i < stable.size; i++) {
		if (stable.words[i])
			note_key(key_of(page_of(stable.words[i])));
		if (!(i & 0xff))
			cond_resched();
	}
}

/* A place that is empty: at a load of 3/4 there is one. */
static u64 find_gap(void)
{
	u64 i = 0;

	while (stable.words[i])
		i++;
	return i;
}

static void give_memory_back(void)
{
	if (!stable.nr_words)
		free_words();
	else if (stable.size > LEAST_WORDS && stable.nr_words < stable.size / 4)
		resize(max_t(u64, stable.nr_words * 2, LEAST_WORDS));
}

/* What gksm_stable_recount() has seen. */
struct census {
	bool prune;
	u64 shared;
	u64 sharing;
};

/* All merged pages with one content; the first one last, as it may go, too. */
static void count_ring(struct census *census, u64 i)
{
	struct page *first = page_of(stable.words[i]), *roomiest = NULL;
	struct page *kpage, *next = gksm_kpage_ring_next(first);
	int sharers, least = INT_MAX;

	do {
		kpage = next;
		next = gksm_kpage_ring_next(kpage);
		sharers = gksm_kpage_sharers(kpage);
		if (sharers > 0) {
			census->shared++;
			census->sharing += sharers - 1;
			if (sharers < least)
				roomiest = kpage;
			least = min(least, sharers);
		} else {
			forget(i, kpage);
		}
	} while (kpage != first);
	if (census->prune && roomiest)
		stable.words[i] = word_of(roomiest);
}

/* Is it time to see which pages of the rings have room? */
static bool begin_pruning(void)
{
	unsigned int ms =
		READ_ONCE(gksm_settings.stable_node_chains_prune_millisecs);

	if (!stable.nr_rings ||
	    time_before(jiffies, stable.pruned + msecs_to_jiffies(ms)))
		return false;
	stable.pruned = jiffies;
	return true;
}

/**
 * gksm_stable_recount() - count sharers, free merged pages without any
 *
 * Sets the gauges pages_shared and pages_sharing to what the page tables say
 * now. A page without sharers can get none while the caller holds the scan
 * lock: only a merge or a fork of a sharer adds one.
 *
 * Backwards, and from a gap: what removal moves has been counted then, and
 * moves to where nobody looks again.
 *
 * Context: scan lock held; may sleep.
 */
void gksm_stable_recount(void)
{
	struct census census = { .prune = begin_pruning() };
	u64 n, i;

	i = stable.words ? find_gap() : 0;
	for (n = 0; n < stable.size; n++) {
		if (stable.words[i])
			count_ring(&census, i);
		i = i ? i - 1 : stable.size - 1;
		if (!(n & 0xff))
			cond_resched();
	}
	give_memory_back();
	gksm_gauge(pages_shared, census.shared);
	gksm_gauge(pages_sharing, census.sharing);
}

/**
 * gksm_stable_nr() - how many merged pages there are
 *
 * Return: pages, those without sharers included.
 */
u64 gksm_stable_nr(void)
{
	return READ_ONCE(stable.nr);
}

/**
 * gksm_stable_chains() - contents with more than one merged page
 */
u64 gksm_stable_chains(void)
{
	return READ_ONCE(stable.nr_rings);
}

/**
 * gksm_stable_dups() - the merged pages of these contents
 */
u64 gksm_stable_dups(void)
{
	return READ_ONCE(stable.nr_ringed);
}

/**
 * gksm_stable_bytes() - memory in use, merged pages not counted
 *
 * Return: bytes.
 */
u64 gksm_stable_bytes(void)
{
	return stable.size * sizeof(u64);
}
