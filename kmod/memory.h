/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GKSM_MEMORY_H
#define GKSM_MEMORY_H

#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

/*
 * For what is allocated while pages are merged: it is to fail, quietly and
 * soon, where others would have a process killed. A merge that is not done now
 * is done in a later pass.
 */
#define GKSM_GFP (GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN)

/*
 * Zeroed memory for a table whose size is no power of two, for kvfree(). It
 * takes whole pages of the size, where kvcalloc() takes up to twice as much:
 * kmalloc() rounds what is larger than a page up to a power of two.
 */
static inline void *gksm_table_alloc(size_t bytes)
{
	if (bytes <= PAGE_SIZE)
		return kvcalloc(1, bytes, GKSM_GFP);
	return __vmalloc(bytes, GKSM_GFP | __GFP_ZERO);
}

#endif /* GKSM_MEMORY_H */
