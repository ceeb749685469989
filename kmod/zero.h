/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GKSM_ZERO_H
#define GKSM_ZERO_H

#include <linux/pgtable.h>
#include <linux/types.h>

struct mm_struct;

bool gksm_zero_has_marks(void);
pte_t gksm_zero_entry(struct mm_struct *mm, unsigned long addr, pgprot_t prot);
bool gksm_zero_is_marked(pte_t pte);
bool gksm_zero_is_merged(pte_t pte, u64 state);
void gksm_zero_merged(u64 nr);
void gksm_zero_settle(u64 nr);
s64 gksm_zero_pages(void);

#endif /* GKSM_ZERO_H */
