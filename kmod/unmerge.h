/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GKSM_UNMERGE_H
#define GKSM_UNMERGE_H

struct mm_struct;

int gksm_unmerge_page(struct mm_struct *mm, unsigned long addr);
int gksm_unmerge_mm(struct mm_struct *mm);
int gksm_unmerge_zeroed(void);
int gksm_unmerge_all(void);

#endif /* GKSM_UNMERGE_H */
