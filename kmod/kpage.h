/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GKSM_KPAGE_H
#define GKSM_KPAGE_H

#include <linux/types.h>

struct mm_struct;
struct page;

struct page *gksm_kpage_alloc(struct page *source, struct mm_struct *mm);
void gksm_kpage_free(struct page *kpage);
void gksm_kpage_set_label(struct page *kpage, u64 label);
u64 gksm_kpage_label(const struct page *kpage);
bool gksm_kpage_test(struct page *page);
int gksm_kpage_sharers(struct page *kpage);
bool gksm_kpage_is_sound(struct page *kpage);
void gksm_kpage_claim(struct page *kpage);
void gksm_kpage_unclaim(struct page *kpage);
int gksm_kpage_takers(const struct page *kpage);
void gksm_kpage_ring_join(struct page *kpage, struct page *ring);
void gksm_kpage_ring_leave(struct page *kpage);
struct page *gksm_kpage_ring_next(struct page *kpage);
unsigned long gksm_kpage_drain(void);
void gksm_kpage_end_pass(void);
unsigned long gksm_kpage_pooled(void);

#endif /* GKSM_KPAGE_H */
