// SPDX-License-Identifier: GPL-2.0-only
/*
 * area.c - memory that the module shares with a daemon
 */
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "area.h"
#include "breakage.h"
#include "memory.h"

/**
 * DOC: Memory that a driver can pin
 *
 * The three areas are ordinary order-0 pages with a reference count, inserted
 * into the daemon's address space by vm_insert_pages() (VM_MIXEDMAP, never
 * VM_PFNMAP), so that get_user_pages() works on them and an OpenCL driver can
 * pin them once, at start. Staging and slots are read-only for ever: the
 * mapping loses VM_MAYWRITE. All three are cleared when they are freed, which
 * is when the file is closed, the mappings are gone (a mapping holds the file
 * open) and the scan thread has let go.
 */

/**
 * gksm_area_free() - clear the pages and give them back
 * @area: from gksm_area_alloc(), which may have failed; empty afterwards
 *
 * Context: may sleep.
 */
void gksm_area_free(struct gksm_area *area)
{
	unsigned long i;

	if (area->vaddr)
		vunmap(area->vaddr);
	for (i = 0; i < area->nr; i++) {
		/* Whoever still pins the page finds nothing in it. */
		if (!gksm_breaks(GKSM_BREAK_WIPE))
			clear_highpage(area->pages[i]);
		put_page(area->pages[i]);
		if (!(i & 0xff))
			cond_resched();
	}
	kvfree(area->pages);
	*area = (struct gksm_area){};
}

/**
 * gksm_area_alloc() - allocate pages that are zero
 * @area:	empty
 * @bytes:	how much, in whole pages
 * @contiguous: whether the module wants to see them in a row, too
 *
 * Context: may sleep; a fatal signal ends it.
 * Return: 0 or -ENOMEM; then call gksm_area_free().
 */
int gksm_area_alloc(struct gksm_area *area, u64 bytes, bool contiguous)
{
	unsigned long nr = DIV_ROUND_UP(bytes, PAGE_SIZE);

	area->pages = kvcalloc(nr, sizeof(*area->pages), GKSM_GFP);
	if (!area->pages)
		return -ENOMEM;
	for (area->nr = 0; area->nr < nr; area->nr++) {
		struct page *page;

		if (fatal_signal_pending(current))
			return -ENOMEM;
		page = alloc_page(GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN |
				  __GFP_RETRY_MAYFAIL);
		if (!page)
			return -ENOMEM;
		area->pages[area->nr] = page;
		if (!(area->nr & 0xff))
			cond_resched();
	}
	if (contiguous)
		area->vaddr = vmap(area->pages, nr, VM_MAP, PAGE_KERNEL);
	return contiguous && !area->vaddr ? -ENOMEM : 0;
}

/**
 * gksm_area_map() - map an area into the daemon
 * @area:     which
 * @vma:      the whole of it, shared
 * @writable: whether the daemon may ever write to it
 *
 * Context: mmap write lock held; takes no lock that is held over a fault.
 * Return: 0, -EINVAL, -EACCES or -ENOMEM.
 */
int gksm_area_map(const struct gksm_area *area, struct vm_area_struct *vma,
		  bool writable)
{
	unsigned long left = area->nr;

	if (vma->vm_end - vma->vm_start != gksm_area_bytes(area) ||
	    !(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	if (vma->vm_flags & VM_EXEC)
		return -EACCES;
	if (!writable && (vma->vm_flags & VM_WRITE))
		return -EACCES;

	vm_flags_mod(vma, VM_DONTEXPAND | VM_DONTDUMP | VM_DONTCOPY,
		     VM_MAYEXEC | (writable ? 0 : VM_MAYWRITE));
	return vm_insert_pages(vma, vma->vm_start, area->pages, &left);
}
