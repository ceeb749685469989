// SPDX-License-Identifier: GPL-2.0-only
/*
 * mm_slot.c - which address spaces opted in
 *
 * Owned by whoever holds the scan lock (scan.h).
 */
#include <linux/hash.h>
#include <linux/hashtable.h>
#include <linux/limits.h>
#include <linux/pid.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "domain.h"
#include "events.h"
#include "memory.h"
#include "mm_slot.h"
#include "page_state.h"
#include "scan.h"
#include "sightings.h"
#include "stats.h"
#include "unmerge.h"
#include "unstable.h"

/**
 * DOC: Finding what opted in
 *
 * A process opts in through the kernel's own means: madvise(MADV_MERGEABLE)
 * or prctl(PR_SET_MEMORY_MERGE) set MMF_VM_MERGEABLE in its mm, and fork
 * passes it on. The kernel keeps these mms on a list of ksmd's that a module
 * cannot see, so we walk the processes under RCU instead; there is nothing to
 * register and no hook. A slot holds the mm_struct but not the memory: an
 * exiting process is not delayed, and its slot goes when mm_users is 0.
 */

#define COOKIE_PAGE_MASK ((1ULL << GKSM_COOKIE_PAGE_BITS) - 1)

static DEFINE_HASHTABLE(slots_by_mm, 10);
static LIST_HEAD(slots);
static DEFINE_XARRAY_FLAGS(slots_by_id, XA_FLAGS_ALLOC1);
static u32 next_id;
static struct kmem_cache *slot_cache;
static u64 nr_slots;
static u64 nr_updates;
/* Whose cookie was last asked for: batches are in the order of addresses. */
static struct gksm_mm_slot *recent;

/**
 * gksm_mm_slots_init() - prepare
 *
 * Return: 0 or -ENOMEM.
 */
int gksm_mm_slots_init(void)
{
	slot_cache = KMEM_CACHE(gksm_mm_slot, 0);
	return slot_cache ? 0 : -ENOMEM;
}

/**
 * gksm_mm_slot_find() - the slot of an address space
 * @mm: held by the caller
 *
 * Context: scan lock held.
 * Return: the slot or NULL.
 */
struct gksm_mm_slot *gksm_mm_slot_find(struct mm_struct *mm)
{
	struct gksm_mm_slot *slot;

	hash_for_each_possible(slots_by_mm, slot, hash, (unsigned long)mm)
		if (slot->mm == mm)
			return slot;
	return NULL;
}

static struct gksm_mm_slot *add_slot(const struct gksm_mm_ref *ref)
{
	struct gksm_mm_slot *slot;

	slot = kmem_cache_zalloc(slot_cache, GKSM_GFP);
	if (!slot)
		return NULL;
	slot->domain = gksm_domain_get(ref->domain);
	if (!slot->domain)
		goto free_slot;
	if (xa_alloc_cyclic(&slots_by_id, &slot->id, slot,
			    XA_LIMIT(1, GKSM_MM_ID_MAX), &next_id,
			    GKSM_GFP) < 0)
		goto put_domain;
	mmgrab(ref->mm);
	slot->mm = ref->mm;
	slot->pid = get_pid(ref->pid);
	slot->nr_processes = 1;
	slot->updates = nr_updates;
	xa_init(&slot->regions);
	hash_add(slots_by_mm, &slot->hash, (unsigned long)ref->mm);
	list_add_tail(&slot->list, &slots);
	nr_slots++;
	gksm_event_enter(ref->mm);
	return slot;

put_domain:
	gksm_domain_put(slot->domain);
free_slot:
	kmem_cache_free(slot_cache, slot);
	return NULL;
}

static void free_slot(struct gksm_mm_slot *slot)
{
	gksm_event_exit(slot->mm);
	recent = NULL;
	gksm_regions_free(slot);
	xa_erase(&slots_by_id, slot->id);
	hash_del(&slot->hash);
	list_del(&slot->list);
	gksm_domain_put(slot->domain);
	put_pid(slot->pid);
	mmdrop(slot->mm);
	kmem_cache_free(slot_cache, slot);
	nr_slots--;
}

/**
 * gksm_mm_slots_forget() - forget everything; it is found again
 *
 * The caller must not hold a pointer to a slot across the call.
 *
 * Context: scan lock held.
 */
void gksm_mm_slots_forget(void)
{
	struct gksm_mm_slot *slot, *next;

	list_for_each_entry_safe(slot, next, &slots, list)
		free_slot(slot);
}

/**
 * gksm_mm_slots_exit() - forget everything, for good
 */
void gksm_mm_slots_exit(void)
{
	gksm_mm_slots_forget();
	xa_destroy(&slots_by_id);
	kmem_cache_destroy(slot_cache);
}

/**
 * gksm_mm_ref_process() - the address space of a process, if somebody wants it
 * @process: its group leader, which may have exited before its threads
 * @want:    called under task_lock()
 *
 * Context: RCU read lock held.
 * Return: what is to be given to gksm_mm_ref_release(); its @mm is NULL if the
 * process has no address space (any more), or an unwanted one.
 */
struct gksm_mm_ref gksm_mm_ref_process(struct task_struct *process,
				       bool (*want)(struct mm_struct *mm))
{
	struct gksm_mm_ref ref = {};
	struct task_struct *thread;

	for_each_thread(process, thread) {
		bool found;

		task_lock(thread);
		found = thread->mm && !(thread->flags & PF_KTHREAD);
		if (found && want(thread->mm)) {
			ref.mm = thread->mm;
			ref.pid = get_pid(task_tgid(process));
			ref.domain = gksm_domain_id(thread);
			mmgrab(ref.mm);
		}
		task_unlock(thread);
		if (found)
			break;
	}
	return ref;
}

/**
 * gksm_mm_ref_release() - give an address space back
 * @ref: from gksm_mm_ref_process(); its @mm may be NULL
 */
void gksm_mm_ref_release(struct gksm_mm_ref *ref)
{
	put_pid(ref->pid);
	if (ref->mm)
		mmdrop(ref->mm);
	*ref = (struct gksm_mm_ref){};
}

/**
 * gksm_mm_list_collect() - all address spaces that somebody wants
 * @list: out: to be given to gksm_mm_list_release(), on error too
 * @want: called under task_lock() and RCU
 *
 * The array is sized before the walk; the walk starts again if there were
 * more.
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int gksm_mm_list_collect(struct gksm_mm_list *list,
			 bool (*want)(struct mm_struct *mm))
{
	unsigned int room = 256, found;
	struct task_struct *process;

	for (;;) {
		list->nr = 0;
		list->refs =
			kvmalloc_array(room, sizeof(*list->refs), GKSM_GFP);
		if (!list->refs)
			return -ENOMEM;
		found = 0;
		rcu_read_lock();
		for_each_process(process) {
			struct gksm_mm_ref ref =
				gksm_mm_ref_process(process, want);

			if (!ref.mm)
				continue;
			if (found++ < room)
				list->refs[list->nr++] = ref;
			else
				gksm_mm_ref_release(&ref);
		}
		rcu_read_unlock();
		if (found <= room)
			return 0;
		gksm_mm_list_release(list);
		room = found + found / 4;
		cond_resched();
	}
}

/**
 * gksm_mm_list_release() - give the address spaces back
 * @list: from gksm_mm_list_collect()
 */
void gksm_mm_list_release(struct gksm_mm_list *list)
{
	while (list->nr)
		gksm_mm_ref_release(&list->refs[--list->nr]);
	kvfree(list->refs);
	list->refs = NULL;
}

static bool alive(struct mm_struct *mm)
{
	return atomic_read(&mm->mm_users) > 0;
}

/* Pages that were merged in another domain are given back first. */
static void move_slot(struct gksm_mm_slot *slot, u64 id)
{
	struct gksm_domain *domain = gksm_domain_get(id);

	if (!domain)
		return;
	if (gksm_unmerge_mm(slot->mm)) {
		gksm_domain_put(
			domain); /* it is tried again in the next pass */
		return;
	}
	gksm_regions_free(slot);
	slot->shown = (struct gksm_mm_count){};
	gksm_domain_put(slot->domain);
	slot->domain = domain;
}

/* Of processes that share an address space the first one says whose it is. */
static void find_or_add_slot(const struct gksm_mm_ref *ref)
{
	struct gksm_mm_slot *slot = gksm_mm_slot_find(ref->mm);

	if (!slot) {
		add_slot(ref);
		return;
	}
	if (slot->updates == nr_updates) {
		slot->nr_processes++;
		return;
	}
	slot->updates = nr_updates;
	slot->nr_processes = 1;
	put_pid(slot->pid);
	slot->pid = get_pid(ref->pid);
	if (slot->domain->id != ref->domain)
		move_slot(slot, ref->domain);
}

/**
 * gksm_mm_slots_reap() - drop what has exited
 * @but: where a pass is, or NULL
 *
 * The caller must not hold a pointer to another slot across the call.
 *
 * Context: scan lock held.
 */
void gksm_mm_slots_reap(const struct gksm_mm_slot *but)
{
	struct gksm_mm_slot *slot, *next;

	list_for_each_entry_safe(slot, next, &slots, list)
		if (slot != but && !alive(slot->mm))
			free_slot(slot);
	gksm_gauge(mms, nr_slots);
}

/**
 * gksm_mm_slot_get() - the slot of an address space, which gets one
 * @ref: an address space that opted in
 *
 * Passes that are under way will come by it, too.
 *
 * Context: scan lock held; may sleep.
 * Return: the slot, or NULL: no memory.
 */
struct gksm_mm_slot *gksm_mm_slot_get(const struct gksm_mm_ref *ref)
{
	struct gksm_mm_slot *slot = gksm_mm_slot_find(ref->mm);

	if (!slot)
		slot = add_slot(ref);
	gksm_gauge(mms, nr_slots);
	return slot;
}

/**
 * gksm_mm_slots_update() - drop what has exited, add what opted in
 *
 * The caller must not hold a pointer to a slot across the call.
 *
 * Context: scan lock held; may sleep.
 */
void gksm_mm_slots_update(void)
{
	struct gksm_mm_list list;
	unsigned int i;

	gksm_mm_slots_reap(NULL);
	nr_updates++;
	if (!gksm_mm_list_collect(&list, gksm_mm_opted_in))
		for (i = 0; i < list.nr; i++)
			if (alive(list.refs[i].mm))
				find_or_add_slot(&list.refs[i]);
	gksm_mm_list_release(&list);
	gksm_gauge(mms, nr_slots);
}

/**
 * gksm_mm_slot_first() - the slot that a pass starts with
 *
 * Return: a slot or NULL.
 */
struct gksm_mm_slot *gksm_mm_slot_first(void)
{
	return list_first_entry_or_null(&slots, struct gksm_mm_slot, list);
}

/**
 * gksm_mm_slot_next() - the slot after another
 * @slot: a slot
 *
 * Return: a slot or NULL.
 */
struct gksm_mm_slot *gksm_mm_slot_next(struct gksm_mm_slot *slot)
{
	return list_is_last(&slot->list, &slots) ? NULL :
						   list_next_entry(slot, list);
}

/**
 * gksm_mm_slot_from() - the slot with the least number from another on
 * @id: in: the least that it may have; out: what it has
 *
 * Context: scan lock held.
 * Return: a slot or NULL.
 */
struct gksm_mm_slot *gksm_mm_slot_from(unsigned long *id)
{
	return xa_find(&slots_by_id, id, GKSM_MM_ID_MAX, XA_PRESENT);
}

/**
 * gksm_mm_slots_bytes() - memory in use
 *
 * Return: bytes.
 */
u64 gksm_mm_slots_bytes(void)
{
	return gksm_regions_nr() * PAGE_SIZE +
	       nr_slots * sizeof(struct gksm_mm_slot) + gksm_domains_bytes();
}

/**
 * gksm_mm_slot_bytes() - memory in use for one address space alone
 * @slot: which
 *
 * What all have in common, trees and domains, is nobody's.
 *
 * Return: bytes.
 */
u64 gksm_mm_slot_bytes(const struct gksm_mm_slot *slot)
{
	return slot->nr_regions * PAGE_SIZE + sizeof(*slot);
}

/**
 * gksm_cookie() - name a page
 * @slot: its address space
 * @addr: its address
 *
 * Return: the cookie, never 0.
 */
u64 gksm_cookie(const struct gksm_mm_slot *slot, unsigned long addr)
{
	return (u64)slot->id << GKSM_COOKIE_PAGE_BITS | addr >> PAGE_SHIFT;
}

/**
 * gksm_cookie_slot() - the address space in a cookie
 * @cookie: any number, trusted or not
 *
 * Context: scan lock held.
 * Return: the slot or NULL. An id may have been given to another address
 * space since; what is done with the page must not depend on it.
 */
struct gksm_mm_slot *gksm_cookie_slot(u64 cookie)
{
	u64 id = cookie >> GKSM_COOKIE_PAGE_BITS;

	if (!recent || recent->id != id)
		recent = xa_load(&slots_by_id, id);
	return recent;
}

/**
 * gksm_cookie_addr() - the address in a cookie
 * @cookie: any number, trusted or not
 */
unsigned long gksm_cookie_addr(u64 cookie)
{
	return (cookie & COOKIE_PAGE_MASK) << PAGE_SHIFT;
}
