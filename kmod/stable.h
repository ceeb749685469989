/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GKSM_STABLE_H
#define GKSM_STABLE_H

#include <linux/types.h>

struct page;

void gksm_stable_init(void);
void gksm_stable_exit(void);
struct page *gksm_stable_find(u64 salt, u64 key);
int gksm_stable_insert(u64 salt, u64 key, struct page *kpage);
void gksm_stable_remove(struct page *kpage);
bool gksm_stable_is_fresh(const struct page *kpage);
void gksm_stable_keep(struct page *kpage);
void gksm_stable_note_keys(void);
void gksm_stable_recount(void);
u64 gksm_stable_nr(void);
u64 gksm_stable_chains(void);
u64 gksm_stable_dups(void);
u64 gksm_stable_bytes(void);

#endif /* GKSM_STABLE_H */
