// SPDX-License-Identifier: GPL-2.0-only
/*
 * domain.c - trust domains: who may share pages with whom
 *
 * Pure logic: compiled for user space too (tests/unit/kmod). Owned by whoever
 * holds the scan lock (scan.h).
 */
#include <linux/hashtable.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/xxhash.h>

#include "domain.h"
#include "memory.h"
#include "page_state.h"
#include "scan.h"

/**
 * DOC: A domain is a salt
 *
 * Pages are looked for by hash, and the hash of a page begins with the salt of
 * its address space's domain. So equal pages of two domains have nothing in
 * common: no tree, no device and no daemon ever sees that they are equal, and
 * there is no check to be forgotten. Salts are random, are made when a domain
 * gets its first address space, and go with its last, so that who knows the
 * content of one domain's pages can prepare nothing for another.
 *
 * Without merge_across_nodes the same is done with NUMA nodes: the hash of a
 * page begins with the *seed* of its domain and its node. A page that moves to
 * another node has another key from then on, as if it had been written.
 *
 * A process that changes its user or its control group takes its pages along:
 * they are unmerged and forgotten at the start of the next pass, and looked at
 * as new ones (mm_slot.c).
 */

/* Odd, so that no two nodes have one seed. */
#define NODE_FACTOR 0x9e3779b97f4a7c15ULL

static DEFINE_HASHTABLE(domains, 8);
static u64 nr_domains;

static size_t domain_bytes(void)
{
	return sizeof(struct gksm_domain) + nr_node_ids * sizeof(u64);
}

static unsigned int nr_zero_keys(void)
{
	return READ_ONCE(gksm_settings.merge_across_nodes) ? 1 : nr_node_ids;
}

static struct gksm_domain *make_domain(u64 id)
{
	const void *zeros = page_address(ZERO_PAGE(0));
	struct gksm_domain *domain;
	unsigned int nid;

	domain = kzalloc(domain_bytes(), GKSM_GFP);
	if (!domain)
		return NULL;
	domain->id = id;
	domain->salt = get_random_u64();
	for (nid = 0; nid < nr_zero_keys(); nid++)
		domain->zero_keys[nid] = gksm_key(
			xxh64(zeros, PAGE_SIZE, gksm_domain_seed(domain, nid)));
	hash_add(domains, &domain->hash, id);
	nr_domains++;
	return domain;
}

/**
 * gksm_domain_get() - a domain gets one more address space
 * @id: which
 *
 * Context: scan lock held; may sleep.
 * Return: the domain, or NULL: no memory.
 */
struct gksm_domain *gksm_domain_get(u64 id)
{
	struct gksm_domain *domain;

	hash_for_each_possible(domains, domain, hash, id) {
		if (domain->id == id) {
			domain->nr_slots++;
			return domain;
		}
	}
	domain = make_domain(id);
	if (domain)
		domain->nr_slots = 1;
	return domain;
}

/**
 * gksm_domain_put() - a domain loses one of its address spaces
 * @domain: from gksm_domain_get()
 */
void gksm_domain_put(struct gksm_domain *domain)
{
	if (--domain->nr_slots)
		return;
	hash_del(&domain->hash);
	nr_domains--;
	kfree(domain);
}

/**
 * gksm_domain_seed() - what the hash of a page begins with
 * @domain: of its address space
 * @nid:    its node
 */
u64 gksm_domain_seed(const struct gksm_domain *domain, int nid)
{
	if (READ_ONCE(gksm_settings.merge_across_nodes))
		return domain->salt;
	return domain->salt + NODE_FACTOR * (nid + 1);
}

/**
 * gksm_domain_is_zero() - is this the key of a page of zeros, on any node?
 * @domain: of its address space
 * @key:    page_state.h
 */
bool gksm_domain_is_zero(const struct gksm_domain *domain, u64 key)
{
	const unsigned int nr = nr_zero_keys();
	unsigned int nid;

	for (nid = 0; nid < nr; nid++)
		if (domain->zero_keys[nid] == key)
			return true;
	return false;
}

/**
 * gksm_domains_nr() - how many domains have address spaces
 */
u64 gksm_domains_nr(void)
{
	return READ_ONCE(nr_domains);
}

/**
 * gksm_domains_bytes() - memory in use
 */
u64 gksm_domains_bytes(void)
{
	return gksm_domains_nr() * domain_bytes();
}
