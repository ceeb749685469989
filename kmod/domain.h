/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GKSM_DOMAIN_H
#define GKSM_DOMAIN_H

#include <linux/list.h>
#include <linux/types.h>

struct task_struct;

/**
 * enum gksm_merge_domain - whose pages may be merged with each other
 * @GKSM_DOMAIN_GLOBAL: everybody's, as in KSM
 * @GKSM_DOMAIN_UID:	those of one user
 * @GKSM_DOMAIN_CGROUP: those of one control group (version 2)
 */
enum gksm_merge_domain {
	GKSM_DOMAIN_GLOBAL,
	GKSM_DOMAIN_UID,
	GKSM_DOMAIN_CGROUP,
};

/**
 * struct gksm_domain - address spaces whose pages may be merged
 * @hash:      by @id
 * @nr_slots:  how many there are
 * @id:	       what gksm_domain_id() says of their processes
 * @salt:      random, and no other domain has it
 * @zero_keys: keys of a page of zeros, by node; one if nodes are not told apart
 */
struct gksm_domain {
	struct hlist_node hash;
	unsigned int nr_slots;
	u64 id;
	u64 salt;
	u64 zero_keys[];
};

struct gksm_domain *gksm_domain_get(u64 id);
void gksm_domain_put(struct gksm_domain *domain);
u64 gksm_domain_seed(const struct gksm_domain *domain, int nid);
bool gksm_domain_is_zero(const struct gksm_domain *domain, u64 key);
u64 gksm_domains_bytes(void);
u64 gksm_domains_nr(void);

bool gksm_domain_knows(enum gksm_merge_domain kind);
u64 gksm_domain_id(struct task_struct *task);

#endif /* GKSM_DOMAIN_H */
