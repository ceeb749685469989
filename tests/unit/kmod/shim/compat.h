/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Force-included like kmod/compat.h, whose place it takes.
 */
#ifndef SHIM_COMPAT_H
#define SHIM_COMPAT_H

#include <linux/sched/mm.h>

static inline bool gksm_mm_opted_in(struct mm_struct *mm)
{
	return mm->opted_in;
}

static inline void gksm_mm_set_merging(struct mm_struct *mm,
				       unsigned long pages)
{
	mm->merging = pages;
}

static inline unsigned long gksm_mm_merging(struct mm_struct *mm)
{
	return mm->merging;
}

#endif /* SHIM_COMPAT_H */
