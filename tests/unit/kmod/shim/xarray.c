// SPDX-License-Identifier: GPL-2.0-only
/*
 * xarray.c - a sorted list in place of the kernel's tree
 */
#include <linux/xarray.h>

/* The link to the first entry at @index or after. */
static struct xa_entry **link_at(struct xarray *xa, unsigned long index)
{
	struct xa_entry **link = &xa->first;

	while (*link && (*link)->index < index)
		link = &(*link)->next;
	return link;
}

static struct xa_entry *entry_at(struct xarray *xa, unsigned long index)
{
	struct xa_entry *e = *link_at(xa, index);

	return e && e->index == index ? e : NULL;
}

void *xa_load(struct xarray *xa, unsigned long index)
{
	struct xa_entry *e = entry_at(xa, index);

	return e ? e->entry : NULL;
}

static char no_memory;

int xa_err(void *entry)
{
	return entry == &no_memory ? -ENOMEM : 0;
}

void *xa_store(struct xarray *xa, unsigned long index, void *entry, gfp_t gfp)
{
	struct xa_entry **link = link_at(xa, index), *e = entry_at(xa, index);
	void *old = e ? e->entry : NULL;

	if (!e) {
		e = kvcalloc(1, sizeof(*e), gfp);
		if (!e)
			return &no_memory;
		e->index = index;
		e->next = *link;
		*link = e;
	}
	e->entry = entry;
	return old;
}

void *xa_erase(struct xarray *xa, unsigned long index)
{
	struct xa_entry **link = link_at(xa, index), *e = entry_at(xa, index);
	void *old = e ? e->entry : NULL;

	if (e) {
		*link = e->next;
		kvfree(e);
	}
	return old;
}

void xa_destroy(struct xarray *xa)
{
	while (xa->first)
		xa_erase(xa, xa->first->index);
}

bool xa_get_mark(struct xarray *xa, unsigned long index, xa_mark_t mark)
{
	struct xa_entry *e = entry_at(xa, index);

	return e && (e->marks >> mark & 1);
}

void xa_set_mark(struct xarray *xa, unsigned long index, xa_mark_t mark)
{
	entry_at(xa, index)->marks |= 1U << mark;
}

void xa_clear_mark(struct xarray *xa, unsigned long index, xa_mark_t mark)
{
	entry_at(xa, index)->marks &= ~(1U << mark);
}

/* As in the kernel: 0, 1 after the numbers began again, -ENOMEM or -EBUSY. */
int xa_alloc_cyclic(struct xarray *xa, u32 *id, void *entry,
		    struct xa_limit limit, u32 *next, gfp_t gfp)
{
	u32 first = *next < limit.min ? limit.min : *next, i = first;
	int wrapped = 0;

	while (i > limit.max || xa_load(xa, i)) {
		if (i >= limit.max) {
			if (wrapped)
				return -EBUSY;
			i = limit.min;
			wrapped = 1;
		} else {
			i++;
		}
	}
	if (xa_err(xa_store(xa, i, entry, gfp)))
		return -ENOMEM;
	*id = i;
	*next = i + 1;
	return wrapped;
}

void *shim_xa_find(struct xarray *xa, unsigned long *index)
{
	struct xa_entry *e = *link_at(xa, *index);

	if (!e)
		return NULL;
	*index = e->index;
	return e->entry;
}
