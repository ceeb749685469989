/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GKSM_MEMORY_H
#define GKSM_MEMORY_H

#include <linux/slab.h>

/*
 * For what is allocated while pages are merged: it is to fail, quietly and
 * soon, where others would have a process killed. A merge that is not done now
 * is done in a later pass.
 */
#define GKSM_GFP (GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN)

#endif /* GKSM_MEMORY_H */
