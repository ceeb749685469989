// SPDX-License-Identifier: GPL-2.0-only
/*
 * demand.c - merge the pages of one process now
 */
#include <linux/delay.h>
#include <linux/ktime.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include <gksm_abi.h>

#include "apply.h"
#include "batch.h"
#include "demand.h"
#include "domain.h"
#include "fill.h"
#include "ksyms.h"
#include "mm_slot.h"
#include "overhead.h"
#include "page_state.h"
#include "scan.h"
#include "shrink.h"
#include "stable.h"
#include "stats.h"
#include "unstable.h"
#include "zero.h"

/**
 * DOC: Merging on demand
 *
 * A process is merged by whoever writes its number to the file merge_pid: in
 * the writer's context and at full speed, whatever pages_to_scan,
 * cpu_budget_percent and run (but for 2) are, as MADV_COLLAPSE does it beside
 * khugepaged. Pages are hashed here, for a device is slower to answer for few
 * of them. What is done is a *round* like a pass (fill.c, apply.c), over one
 * address space:
 *
 * 1. The first look reads every page, whatever its bits say. One that joins a
 *    merged page, or has the key that it had before, is dealt with as in a pass.
 * 2. The second look, LOOKS_APART_MS later at least, reads what was touched
 *    since. What was not touched is unchanged: it is offered to others.
 * 3. Keys of pages that wait for a twin, and of those that have found one, are
 *    looked for in what is kept of all other address spaces of the domain. No
 *    content is read; a page whose state is stale is left alone. Merging
 *    compares, as always.
 *
 * Equal pages of others that no round has read yet are not found: they find
 * ours, once they are read.
 *
 * All of it is done under the scan lock, for QUANTUM_MS at a time and less if
 * somebody waits for the lock, such as the scan thread. What a quantum has read
 * is applied before it ends, so that nothing of ours is in flight between two.
 *
 * What keeps it apart from a pass that is under way:
 *
 *   cursor, sweep	   there is one of each for each round (struct gksm_fill)
 *   pages that wait	   a tree of our own (unstable.c): the pass's candidates,
 *			   and how many they are, are the pass's
 *   counts		   a count of our own (mm_count.c), so that a page that is
 *			   merged behind the cursor of the pass is counted by it,
 *			   and one before the cursor is not counted twice.
 *			   pages_unshared and pages_volatile are what the pass met
 *   batches in flight	   pages may have been read here after they were copied
 *			   for the device, whose older hash would take the place
 *			   of the newer one for good, as the dirty bits are gone.
 *			   Each quantum of a look has a number (slot->demands),
 *			   which the records of a batch have too: hashes of another
 *			   one are thrown away, and the pages read again (apply.c)
 *   rotation		   it does not move. Pages that changed are told to the
 *			   next pass, which names pages to the device the faster
 *   advisor		   the pass that was held up teaches it nothing
 *
 * Races:
 *
 *   exit, OOM killer	   the mm_struct is held, the memory is not: it goes at
 *			   once, and we are done (ESRCH). The slot may have gone
 *			   between two quanta; it is found by its mm each time
 *   exec		   the same: the old address space has gone
 *   run = 2		   waits for the end of a quantum; the next one finds it
 *			   and gives up (EBUSY). While run is 2 nothing is begun
 *   settings that make	   everything is forgotten between two quanta: the slot
 *   all pages strangers   is gone, or another one (EAGAIN)
 *   a second demand	   waits for the first; a signal ends that
 *   a signal, the freezer end it after a quantum; what is merged stays merged.
 *			   Begun again, it goes on
 *   rmmod		   gksm_demand_stop() ends it after a quantum (ENODEV); the
 *			   removal of the file then waits for the writer
 *   reclaim		   leaves a note that is read after each quantum (shrink.c)
 *
 * Slots of processes that have exited are dropped here as well: without passes
 * nobody else would do it.
 */

#define QUANTUM_MS 10
#define DEMAND_SLOTS 512

/* As KSM sleeps between two batches: a hot page is written in that time. */
#define LOOKS_APART_MS 20

/**
 * struct demand - one process that is being merged
 * @ref:     its address space
 * @slot:    valid within a quantum only
 * @id:	     the slot's, 0 before the first quantum
 * @fill:    where the look is
 * @batch:   pages of this quantum
 * @tally:   what became of them
 * @other_id: third step: least number of the slots that are still to be asked
 * @other_addr: where in that
 * @end_ms:  when the quantum ends
 */
struct demand {
	struct gksm_mm_ref ref;
	struct gksm_mm_slot *slot;
	u32 id;
	struct gksm_fill fill;
	struct gksm_batch batch;
	struct gksm_apply_tally tally;
	unsigned long other_id;
	unsigned long other_addr;
	u64 end_ms;
};

static DEFINE_MUTEX(demand_lock); /* one at a time; > scan lock */
static struct gksm_ent *ents; /* demand_lock */
static bool stopping;
static atomic64_t cpu_ns;

static u64 now_ms(void)
{
	return ktime_get_ns() / NSEC_PER_MSEC;
}

static bool alive(struct mm_struct *mm)
{
	return atomic_read(&mm->mm_users) > 0;
}

/* Scan lock held. */
static int find_slot(struct demand *d)
{
	if (!alive(d->ref.mm))
		return -ESRCH;
	d->slot =
		d->id ? gksm_mm_slot_find(d->ref.mm) : gksm_scan_slot(&d->ref);
	if (!d->slot)
		return d->id ? -EAGAIN : -ENOMEM;
	if (d->id && d->id != d->slot->id)
		return -EAGAIN;
	d->id = d->slot->id;
	return 0;
}

static int check(void)
{
	if (READ_ONCE(stopping))
		return -ENODEV;
	if (READ_ONCE(gksm_settings.run) == GKSM_RUN_UNMERGE)
		return -EBUSY;
	return signal_pending(current) ? -ERESTARTSYS : 0;
}

/* Then end_quantum(), if it returns 0. */
static int begin_quantum(struct demand *d)
{
	/* Without waiting for the lock, which unmerging holds for long. */
	int err = check();

	if (!err)
		err = gksm_scan_enter();
	if (err)
		return err;
	err = check();
	if (!err)
		err = find_slot(d);
	if (err)
		gksm_scan_leave();
	d->end_ms = now_ms() + QUANTUM_MS;
	return err;
}

static void apply(struct demand *d)
{
	struct gksm_batch *b = &d->batch;

	gksm_count(pages_hashed_kernel, b->nr_pages);
	gksm_apply(b->ents, b->nr, &d->tally);
	b->nr = 0;
	b->nr_pages = 0;
}

static void end_quantum(struct demand *d, u64 begun_ns)
{
	apply(d);
	gksm_shrink_late();
	atomic64_add(gksm_cpu_ns() - begun_ns, &cpu_ns);
	gksm_scan_leave();
	cond_resched();
	/* The scan thread has to wake up before it can have the lock. */
	if (READ_ONCE(gksm_settings.run) == GKSM_RUN_MERGE)
		usleep_range(500, 1000);
}

static bool quantum_is_over(const struct demand *d)
{
	return now_ms() >= d->end_ms || gksm_scan_is_wanted() ||
	       signal_pending(current);
}

/**
 * typedef quantum_fn - some of the work
 * @d: the demand; scan lock held
 *
 * Stops soon after quantum_is_over(). Returns whether all is done.
 */
typedef bool quantum_fn(struct demand *d);

static int in_quanta(struct demand *d, quantum_fn *work)
{
	bool done = false;

	while (!done) {
		u64 begun_ns = gksm_cpu_ns();
		int err = begin_quantum(d);

		if (err)
			return err;
		done = work(d);
		end_quantum(d, begun_ns);
	}
	return 0;
}

static void make_room(struct demand *d)
{
	if (d->batch.nr == DEMAND_SLOTS)
		apply(d);
}

static bool look_on(struct demand *d)
{
	struct gksm_cursor *cursor = &d->fill.cursor;

	cursor->slot = d->slot;
	d->slot->demands++;
	do {
		gksm_fill(&d->fill, &d->batch, DEMAND_SLOTS - d->batch.nr);
		make_room(d);
		cond_resched();
	} while (cursor->slot == d->slot && !quantum_is_over(d));
	return cursor->slot != d->slot;
}

static bool begin_look(struct demand *d)
{
	gksm_mm_count_begin(d->slot, GKSM_ROUND_DEMAND);
	gksm_fill_begin(&d->fill);
	d->fill.cursor = (struct gksm_cursor){};
	return true;
}

/* @share of the pages is read whatever their bits say: all, or none. */
static int look(struct demand *d, unsigned int share)
{
	int err;

	d->fill.round = GKSM_ROUND_DEMAND;
	d->fill.read.arc = gksm_rotation_share(share, 1);
	err = in_quanta(d, begin_look);
	return err ?: in_quanta(d, look_on);
}

static void offer(struct demand *d, struct gksm_mm_slot *slot,
		  unsigned long addr, u64 state)
{
	d->batch.ents[d->batch.nr++] = (struct gksm_ent){
		.cookie = gksm_cookie(slot, addr),
		.hash = gksm_state_key(state),
		.verdict = GKSM_VERDICT_HASHED,
		.page = GKSM_NO_PAGE,
		.frame = gksm_state_frame(state),
	};
	gksm_count(pages_scanned, 1);
	gksm_count(pages_kept, 1);
	make_room(d);
}

/* Who of a region has a key that ours have had? */
static void offer_region(struct demand *d, struct gksm_mm_slot *slot,
			 unsigned long addr, const u64 *states)
{
	unsigned int i;

	for (i = 0; i < GKSM_REGION_PAGES; i++) {
		u64 key = gksm_state_key(states[i]);

		if (gksm_key_is_content(key) && gksm_state_frame(states[i]) &&
		    gksm_unstable_find(GKSM_ROUND_DEMAND, key))
			offer(d, slot, addr + i * PAGE_SIZE, states[i]);
	}
}

/* The next region of @slot, if it is one to ask; returns whether there was. */
static bool ask_slot(struct demand *d, struct gksm_mm_slot *slot)
{
	u64 *states;

	if (slot == d->slot || slot->domain != d->slot->domain)
		return false;
	states = gksm_mm_slot_next_region(slot, &d->other_addr);
	if (!states)
		return false;
	offer_region(d, slot, d->other_addr, states);
	d->other_addr += GKSM_REGION_PAGES * PAGE_SIZE;
	return true;
}

/* By their numbers: between two quanta they may come and go. */
static bool ask_others(struct demand *d)
{
	if (!gksm_unstable_nr(GKSM_ROUND_DEMAND))
		return true;
	do {
		unsigned long id = d->other_id;
		struct gksm_mm_slot *slot = gksm_mm_slot_from(&id);

		if (!slot)
			return true;
		if (id != d->other_id)
			d->other_addr = 0;
		d->other_id = id;
		if (!ask_slot(d, slot)) {
			d->other_id++;
			d->other_addr = 0;
		}
		cond_resched();
	} while (!quantum_is_over(d));
	return false;
}

/* Everything was looked at: what was met is shown. */
static bool show(struct demand *d)
{
	gksm_mm_count_end(d->slot, GKSM_ROUND_DEMAND);
	gksm_mm_counts_tell();
	gksm_scan_note_demand(d->tally.nr_volatile);
	if (READ_ONCE(gksm_settings.run) != GKSM_RUN_MERGE) {
		/* No pass will. */
		gksm_stable_recount();
		if (!gksm_zero_has_marks())
			gksm_zero_settle(gksm_mm_counts_zeroed());
	}
	return true;
}

static int merge_now(struct demand *d)
{
	u64 begun_ms = now_ms(), took_ms;
	int err = look(d, 1);

	if (err)
		return err;
	/* Fresh pages sit in per-CPU lists, with a reference: not mergeable. */
	ksym(lru_add_drain_all)();
	took_ms = now_ms() - begun_ms;
	if (took_ms < LOOKS_APART_MS)
		msleep_interruptible(LOOKS_APART_MS - took_ms);
	d->tally = (struct gksm_apply_tally){
		.round = GKSM_ROUND_DEMAND,
		.nr_volatile = d->tally.nr_volatile,
	};
	err = look(d, 0);
	if (!err)
		err = in_quanta(d, ask_others);
	if (!err)
		err = in_quanta(d, show);
	if (err)
		return err;
	if (d->tally.nr_full)
		return -ENOSPC;
	return d->tally.nr_no_memory ? -ENOMEM : 0;
}

static bool any_mm(struct mm_struct *mm)
{
	return true;
}

static int find_process(pid_t nr, struct gksm_mm_ref *ref)
{
	struct task_struct *process;

	rcu_read_lock();
	process = pid_task(find_vpid(nr), PIDTYPE_TGID);
	if (process)
		*ref = gksm_mm_ref_process(process, any_mm);
	rcu_read_unlock();
	if (!ref->mm)
		return -ESRCH;
	return gksm_mm_opted_in(ref->mm) ? 0 : -ENODATA;
}

/* Demand lock held. */
static int demand(struct gksm_mm_ref *ref)
{
	struct demand *d = kzalloc(sizeof(*d), GFP_KERNEL);
	int err;

	if (!d)
		return -ENOMEM;
	d->ref = *ref;
	d->batch.ents = ents;
	d->tally.round = GKSM_ROUND_DEMAND;
	err = merge_now(d);
	gksm_scan_end_demand();
	kfree(d);
	return err;
}

/**
 * gksm_demand() - merge the pages of a process now
 * @nr: its number, in the caller's namespace
 *
 * Context: may sleep, for as long as it takes.
 * Return: 0: all that could be merged is. -ENOSPC, -ENOMEM: some of it is not,
 * because of max_shared_pages, or for want of memory or of room below
 * max_metadata_kib. -ESRCH: there is no such process, or not any more.
 * -ENODATA: it has not opted in. -EBUSY: run is 2. -EAGAIN: it has been
 * forgotten meanwhile. -ENODEV: the module is being unloaded. -ERESTARTSYS:
 * there is a signal.
 */
int gksm_demand(pid_t nr)
{
	struct gksm_mm_ref ref = {};
	int err = check();

	if (!err)
		err = find_process(nr, &ref);
	if (!err && mutex_lock_interruptible(&demand_lock))
		err = -ERESTARTSYS;
	if (!err) {
		err = demand(&ref);
		mutex_unlock(&demand_lock);
	}
	gksm_mm_ref_release(&ref);
	return err;
}

/**
 * gksm_demand_cpu_ns() - what merging on demand has used
 *
 * Return: nanoseconds of processor time.
 */
u64 gksm_demand_cpu_ns(void)
{
	return atomic64_read(&cpu_ns);
}

/**
 * gksm_demand_init() - allocate what it needs
 *
 * Return: 0 or -ENOMEM.
 */
int gksm_demand_init(void)
{
	ents = kvcalloc(DEMAND_SLOTS, sizeof(*ents), GFP_KERNEL);
	return ents ? 0 : -ENOMEM;
}

/**
 * gksm_demand_stop() - end what is under way, and begin nothing
 */
void gksm_demand_stop(void)
{
	WRITE_ONCE(stopping, true);
}

/**
 * gksm_demand_exit() - free the memory; nobody is there any more
 */
void gksm_demand_exit(void)
{
	kvfree(ents);
}
