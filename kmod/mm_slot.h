/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GKSM_MM_SLOT_H
#define GKSM_MM_SLOT_H

#include <linux/list.h>
#include <linux/mm.h>
#include <linux/types.h>
#include <linux/xarray.h>

#include "mm_count.h"

struct gksm_domain;
struct mm_struct;
struct pid;
struct task_struct;

/**
 * struct gksm_mm_slot - an address space that opted in
 * @hash:      by @mm
 * @list:      all slots, in the order in which they are scanned
 * @mm:	       held by mmgrab(): the struct stays, the memory need not
 * @id:	       number in the cookies of its pages, 1 to GKSM_MM_ID_MAX
 * @domain:    its trust domain
 * @pid:       of the first of its processes, when it was last found
 * @nr_processes: how many had it then
 * @counts:    what each round has met so far
 * @shown:     what the last whole round met, with what was merged since
 * @demands:   how often it was looked at on demand (apply.c)
 * @updates:   how often the slots had been updated when it was last found
 * @regions:   state of every page (page_state.h), by address / 2 MiB; an entry
 *	       is one page of GKSM_REGION_PAGES states
 * @nr_regions: how many there are
 */
struct gksm_mm_slot {
	struct hlist_node hash;
	struct list_head list;
	struct mm_struct *mm;
	u32 id;
	struct gksm_domain *domain;
	struct pid *pid;
	unsigned int nr_processes;
	struct gksm_mm_count counts[GKSM_NR_ROUNDS];
	struct gksm_mm_count shown;
	u32 demands;
	u64 updates;
	struct xarray regions;
	u64 nr_regions;
};

/* Pages of a region: what one page table maps. */
#define GKSM_REGION_PAGES 512

/* The number of a page in its page table, and region. */
static inline unsigned int gksm_page_number(unsigned long addr)
{
	return addr / PAGE_SIZE % GKSM_REGION_PAGES;
}

/*
 * A cookie is the slot's id above the page number of the address: 20 bits
 * above 44, which is enough for 2^20 address spaces of 2^56 bytes.
 */
#define GKSM_COOKIE_PAGE_BITS 44
#define GKSM_MM_ID_MAX ((1U << 20) - 1)

int gksm_mm_slots_init(void);
void gksm_mm_slots_exit(void);
void gksm_mm_slots_update(void);
void gksm_mm_slots_forget(void);
void gksm_mm_slots_reap(const struct gksm_mm_slot *but);
struct gksm_mm_slot *gksm_mm_slot_first(void);
struct gksm_mm_slot *gksm_mm_slot_next(struct gksm_mm_slot *slot);
struct gksm_mm_slot *gksm_mm_slot_from(unsigned long *id);
struct gksm_mm_slot *gksm_mm_slot_find(struct mm_struct *mm);
u64 gksm_mm_slots_bytes(void);
u64 gksm_mm_slot_bytes(const struct gksm_mm_slot *slot);

u64 gksm_cookie(const struct gksm_mm_slot *slot, unsigned long addr);
struct gksm_mm_slot *gksm_cookie_slot(u64 cookie);
unsigned long gksm_cookie_addr(u64 cookie);

/**
 * struct gksm_mm_ref - an address space and one of its processes
 * @mm:	    held by mmgrab()
 * @pid:    the process, held by get_pid()
 * @domain: gksm_domain_id()
 */
struct gksm_mm_ref {
	struct mm_struct *mm;
	struct pid *pid;
	u64 domain;
};

/**
 * struct gksm_mm_list - address spaces
 * @refs: array, in the order of the processes
 * @nr:	  its length; one address space may appear twice
 */
struct gksm_mm_list {
	struct gksm_mm_ref *refs;
	unsigned int nr;
};

struct gksm_mm_ref gksm_mm_ref_process(struct task_struct *process,
				       bool (*want)(struct mm_struct *mm));
void gksm_mm_ref_release(struct gksm_mm_ref *ref);
struct gksm_mm_slot *gksm_mm_slot_get(const struct gksm_mm_ref *ref);

int gksm_mm_list_collect(struct gksm_mm_list *list,
			 bool (*want)(struct mm_struct *mm));
void gksm_mm_list_release(struct gksm_mm_list *list);

/* regions.c: what is known of each page. */
void gksm_mm_slots_prune(void);
unsigned long gksm_mm_slots_shrink(unsigned long nr);
void gksm_mm_slots_unsettle(void);
void gksm_mm_slots_note_keys(void);
u64 gksm_mm_slots_pages(void);
u64 gksm_mm_slots_vanished(void);
u64 *gksm_mm_slot_state(struct gksm_mm_slot *slot, unsigned long addr,
			bool create);
u64 *gksm_mm_slot_region(struct gksm_mm_slot *slot, unsigned long addr);
u64 *gksm_mm_slot_next_region(struct gksm_mm_slot *slot, unsigned long *addr);
bool gksm_mm_slot_is_active(struct gksm_mm_slot *slot, unsigned long addr);
void gksm_mm_slot_touch(struct gksm_mm_slot *slot, unsigned long addr,
			bool active);
u64 gksm_regions_nr(void);
void gksm_regions_free(struct gksm_mm_slot *slot);

#endif /* GKSM_MM_SLOT_H */
