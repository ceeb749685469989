/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A sorted list in place of the kernel's tree; one allocation an entry.
 */
#ifndef SHIM_LINUX_XARRAY_H
#define SHIM_LINUX_XARRAY_H

#include <linux/errno.h>
#include <linux/slab.h>

struct xa_entry {
	struct xa_entry *next;
	unsigned long index;
	void *entry;
	unsigned int marks;
};

struct xarray {
	struct xa_entry *first;
};

struct xa_limit {
	u32 min;
	u32 max;
};

typedef unsigned int xa_mark_t;

#define XA_MARK_0 0u
#define XA_MARK_1 1u
#define XA_FLAGS_ALLOC1 0u
#define XA_LIMIT(low, high) ((struct xa_limit){ (low), (high) })
#define DEFINE_XARRAY_FLAGS(name, flags) struct xarray name = { NULL }

static inline void xa_init(struct xarray *xa)
{
	xa->first = NULL;
}

void *xa_load(struct xarray *xa, unsigned long index);
void *xa_store(struct xarray *xa, unsigned long index, void *entry, gfp_t gfp);
int xa_err(void *entry);
void *xa_erase(struct xarray *xa, unsigned long index);
void xa_destroy(struct xarray *xa);
bool xa_get_mark(struct xarray *xa, unsigned long index, xa_mark_t mark);
void xa_set_mark(struct xarray *xa, unsigned long index, xa_mark_t mark);
void xa_clear_mark(struct xarray *xa, unsigned long index, xa_mark_t mark);
int xa_alloc_cyclic(struct xarray *xa, u32 *id, void *entry,
		    struct xa_limit limit, u32 *next, gfp_t gfp);

/* The first entry at *@index or after, which becomes its index, or NULL. */
void *shim_xa_find(struct xarray *xa, unsigned long *index);

/* Nobody asks for less than all. */
#define XA_PRESENT 0
#define xa_find(xa, index, max, filter) shim_xa_find(xa, index)

#define xa_for_each(xa, index, entry) \
	for (index = 0; (entry = shim_xa_find(xa, &(index))); index++)

#endif /* SHIM_LINUX_XARRAY_H */
