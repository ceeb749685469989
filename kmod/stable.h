/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GKSM_STABLE_H
#define GKSM_STABLE_H

#include <linux/list.h>
#include <linux/types.h>

struct page;

/**
 * struct gksm_stable_node - one merged page
 * @list:  all nodes, oldest first
 * @salt:  trust domain; a page with another salt never merges here
 * @key:   of the content (page_state.h)
 * @kpage: the merged page; the node holds one reference
 * @fresh: made by the batch that is being applied
 */
struct gksm_stable_node {
	struct list_head list;
	u64 salt;
	u64 key;
	struct page *kpage;
	bool fresh;
};

int gksm_stable_init(void);
void gksm_stable_exit(void);
struct gksm_stable_node *gksm_stable_find(u64 salt, u64 key);
struct gksm_stable_node *gksm_stable_insert(u64 salt, u64 key,
					    struct page *kpage);
void gksm_stable_remove(struct gksm_stable_node *node);
void gksm_stable_note_keys(void);
void gksm_stable_recount(void);
u64 gksm_stable_nr(void);
u64 gksm_stable_bytes(void);

#endif /* GKSM_STABLE_H */
