// SPDX-License-Identifier: GPL-2.0-only
/*
 * stable.c - the stable tree: merged pages by (salt, key)
 *
 * Owned by whoever holds the scan lock (scan.h).
 */
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "index.h"
#include "kpage.h"
#include "memory.h"
#include "sightings.h"
#include "stable.h"
#include "stats.h"

#define STABLE_MIN_BITS 10

static struct kmem_cache *node_cache;
static struct gksm_index stable_index;
static LIST_HEAD(stable_nodes);

/**
 * gksm_stable_init() - make an empty tree
 *
 * Return: 0 or -ENOMEM.
 */
int gksm_stable_init(void)
{
	node_cache = KMEM_CACHE(gksm_stable_node, 0);
	if (!node_cache)
		return -ENOMEM;
	gksm_index_init(&stable_index, STABLE_MIN_BITS, get_random_u64());
	return 0;
}

/**
 * gksm_stable_exit() - drop every node and the tree
 *
 * Merged pages stay where they are mapped; the kernel undoes them like any
 * KSM page.
 */
void gksm_stable_exit(void)
{
	struct gksm_stable_node *node, *next;

	list_for_each_entry_safe(node, next, &stable_nodes, list)
		gksm_stable_remove(node);
	gksm_kpage_drain();
	gksm_index_destroy(&stable_index);
	kmem_cache_destroy(node_cache);
}

/**
 * gksm_stable_find() - the merged page with this key, if there is one
 * @salt: trust domain
 * @key:  of the content (page_state.h)
 *
 * Return: the node or NULL.
 */
struct gksm_stable_node *gksm_stable_find(u64 salt, u64 key)
{
	struct gksm_stable_node *node;

	node = (void *)(unsigned long)gksm_index_find(&stable_index, key);
	return node && node->salt == salt ? node : NULL;
}

/* Whoever has it, has something to join. */
static void note_key(const struct gksm_stable_node *node)
{
	gksm_sightings_note(node->key);
	gksm_sightings_note(node->key);
}

/**
 * gksm_stable_insert() - add a merged page
 * @salt:  trust domain
 * @key:   of the content; not present yet
 * @kpage: from gksm_kpage_alloc(); the node takes over its reference
 *
 * Return: the node, or NULL without memory or if the key is taken (then the
 * caller keeps @kpage).
 */
struct gksm_stable_node *gksm_stable_insert(u64 salt, u64 key,
					    struct page *kpage)
{
	struct gksm_stable_node *node;

	node = kmem_cache_alloc(node_cache, GKSM_GFP);
	if (!node)
		return NULL;
	node->salt = salt;
	node->key = key;
	node->kpage = kpage;
	node->fresh = true;
	if (gksm_index_insert(&stable_index, key, (unsigned long)node)) {
		kmem_cache_free(node_cache, node);
		return NULL;
	}
	list_add_tail(&node->list, &stable_nodes);
	note_key(node);
	gksm_count(stable_nodes_created, 1);
	return node;
}

/**
 * gksm_stable_remove() - forget a merged page
 * @node: freed, with its reference
 */
void gksm_stable_remove(struct gksm_stable_node *node)
{
	gksm_index_remove(&stable_index, node->key);
	list_del(&node->list);
	gksm_kpage_free(node->kpage);
	kmem_cache_free(node_cache, node);
}

/**
 * gksm_stable_note_keys() - note the key of every merged page (sightings.h)
 *
 * Context: scan lock held; may sleep.
 */
void gksm_stable_note_keys(void)
{
	struct gksm_stable_node *node;
	unsigned int n = 0;

	list_for_each_entry(node, &stable_nodes, list) {
		note_key(node);
		if (!(++n & 0xff))
			cond_resched();
	}
}

/**
 * gksm_stable_recount() - count sharers, free merged pages without any
 *
 * Sets the gauges pages_shared and pages_sharing to what the page tables say
 * now. A page without sharers can get none while the caller holds the scan
 * lock: only a merge or a fork of a sharer adds one.
 *
 * Context: scan lock held; may sleep.
 */
void gksm_stable_recount(void)
{
	struct gksm_stable_node *node, *next;
	u64 shared = 0, sharing = 0;
	unsigned int n = 0;

	list_for_each_entry_safe(node, next, &stable_nodes, list) {
		int sharers = gksm_kpage_sharers(node->kpage);

		if (sharers > 0) {
			shared++;
			sharing += sharers - 1;
		} else {
			gksm_stable_remove(node);
		}
		if (!(++n & 0xff))
			cond_resched();
	}
	if (!stable_index.nr)
		gksm_index_destroy(&stable_index);
	gksm_gauge(pages_shared, shared);
	gksm_gauge(pages_sharing, sharing);
}

/**
 * gksm_stable_nr() - how many merged pages there are
 *
 * Return: nodes, those without sharers included.
 */
u64 gksm_stable_nr(void)
{
	return READ_ONCE(stable_index.nr);
}

/**
 * gksm_stable_bytes() - memory in use, merged pages not counted
 *
 * Return: bytes.
 */
u64 gksm_stable_bytes(void)
{
	return gksm_index_bytes(&stable_index) +
	       stable_index.nr * sizeof(struct gksm_stable_node);
}
