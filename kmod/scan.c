// SPDX-License-Identifier: GPL-2.0-only
/*
 * scan.c - the scan thread: passes, batches, pace
 */
#include <linux/delay.h>
#include <linux/freezer.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/wait.h>
#include <linux/xxhash.h>

#include <gksm_abi.h>

#include "advisor.h"
#include "apply.h"
#include "batch.h"
#include "demand.h"
#include "kpage.h"
#include "ksyms.h"
#include "mm_slot.h"
#include "pace.h"
#include "pass.h"
#include "psi.h"
#include "scan.h"
#include "session.h"
#include "shrink.h"
#include "stable.h"
#include "stats.h"
#include "trace.h"
#include "unmerge.h"
#include "unstable.h"
#include "zero.h"

/**
 * DOC: The scan thread
 *
 * One thread does everything but hashing: it walks, fills batches, takes back
 * what the daemon computed, and merges. So the trees, the slots and the cursor
 * need one lock, the *scan lock*, which is held for a quantum at a time:
 * pages_to_scan pages, or less if somebody waits for the lock.
 *
 * A batch belongs either to a session, and is hashed by the daemon, or to the
 * module (scan.local), and is hashed while it is filled. What follows is the
 * same. Offload is used whenever a daemon is there and answers; batches that
 * it does not answer in time are hashed here, from their copies.
 *
 * A pass (pass.c) ends when the cursor is past the last address space and every
 * batch is applied. The advisor, if it is on, then says what pages_to_scan is
 * to be.
 *
 * Locks, outermost first:
 *
 *   scan.lock > mmap lock > page locks (try) > page table lock
 *   scan.lock > session->lock
 *   advisor_lock (of sysfs.c), demand_lock (of demand.c) > scan.lock
 *   session->setup_lock (SETUP only; never over a page fault)
 *   scan.lock > counting (of pass.c)
 *
 * No path of /dev/gksm takes scan.lock, so a daemon cannot hold up a pass.
 */

#define LOCAL_SLOTS 512
#define IDLE_MS 500 /* nobody opted in: look again after this */
#define NEVER_MS U64_MAX

#define DEFAULT_PAGES_TO_SCAN 100 /* as KSM */

/* With a budget, a quantum is over after this: it is time to reckon up. */
#define BUDGET_QUANTUM_MS 10

/* Entries that are only looked at and count as one page of pages_to_scan. */
#define PASSED_OVER 32

/* A batch that fills slowly is sent anyway: its copies grow old. */
#define BATCH_AGE_MS 250

struct gksm_settings gksm_settings = {
	.run = GKSM_RUN_STOP,
	.pages_to_scan = DEFAULT_PAGES_TO_SCAN,
	.sleep_millisecs = 20,
	.incremental_passes = 64,
	.smart_scan = true,
	.merge_across_nodes = 1,
	.max_page_sharing = 256, /* this and the next: as KSM */
	.stable_node_chains_prune_millisecs = 2000,
	/* As KSM. */
	.advisor_goal = {
		.target_s = 200,
		.max_cpu = 70,
		.min_pages = 500,
		.max_pages = 30000,
	},
};

/**
 * struct scan - the state of the scan; all but the first four: scan.lock
 * @lock:	 the scan lock
 * @waiters:	 control paths that want @lock: the thread steps aside
 * @woken:	 something happened since the thread last looked
 * @wait:	 the thread sleeps here
 * @task:	 the thread
 * @session:	 with a reference, while batches of it may be in use
 * @batch:	 being filled: of @session, or @local
 * @batch_ms:	 when its filling began
 * @local:	 the module's own batch
 * @pass:	 the present pass
 * @unsettle:	 nothing is settled any more: the next pass begins with that
 * @next_ms:	 when the next quantum is due
 * @pace:	 the budget of processor time
 * @boost:	 percent by which pages and budget are more now
 * @advisor:	 what the advisor knows of the passes so far
 * @left:	 pages that are left of the present one
 * @passed_over: entries of this quantum that cost no more than a look
 */
static struct scan {
	struct mutex lock;
	atomic_t waiters;
	atomic_t woken;
	wait_queue_head_t wait;
	struct task_struct *task;
	struct gksm_session *session;
	struct gksm_batch *batch;
	u64 batch_ms;
	struct gksm_batch local;
	struct gksm_pass pass;
	atomic_t unsettle;
	u64 next_ms;
	struct gksm_pace pace;
	unsigned int boost;
	struct gksm_advisor advisor;
	unsigned long left;
	u64 passed_over;
} scan;

static u64 now_ms(void)
{
	return ktime_get_ns() / NSEC_PER_MSEC;
}

/**
 * gksm_scan_wake() - tell the thread that something happened
 *
 * Context: any but under a lock that the scheduler takes.
 */
void gksm_scan_wake(void)
{
	atomic_set(&scan.woken, 1);
	wake_up(&scan.wait);
}

/**
 * gksm_scan_trylock() - take the scan lock if it is free
 *
 * For reclaim, which may run in the task that holds it.
 *
 * Return: whether it was; then call gksm_scan_unlock().
 */
bool gksm_scan_trylock(void)
{
	return mutex_trylock(&scan.lock);
}

/**
 * gksm_scan_unlock() - release what gksm_scan_trylock() took
 */
void gksm_scan_unlock(void)
{
	mutex_unlock(&scan.lock);
}

/* Should a quantum end early? */
static bool interrupted(void)
{
	return atomic_read(&scan.waiters) || gksm_shrink_wanted() ||
	       kthread_should_stop() || freezing(current);
}

static bool running(void)
{
	return READ_ONCE(gksm_settings.run) == GKSM_RUN_MERGE;
}

static void control_lock(void)
{
	atomic_inc(&scan.waiters);
	mutex_lock(&scan.lock);
}

static void control_unlock(void)
{
	mutex_unlock(&scan.lock);
	atomic_dec(&scan.waiters);
	gksm_scan_wake();
}

/**
 * gksm_scan_barrier() - what the thread is in the middle of, it has done
 *
 * Context: may sleep.
 */
void gksm_scan_barrier(void)
{
	control_lock();
	control_unlock();
}

/**
 * gksm_scan_enter() - take the scan lock, as soon as the thread steps aside
 *
 * Context: may sleep.
 * Return: 0, then call gksm_scan_leave(); -ERESTARTSYS: there is a signal.
 */
int gksm_scan_enter(void)
{
	atomic_inc(&scan.waiters);
	if (!mutex_lock_interruptible(&scan.lock))
		return 0;
	atomic_dec(&scan.waiters);
	gksm_scan_wake();
	return -ERESTARTSYS;
}

/**
 * gksm_scan_leave() - release what gksm_scan_enter() took
 */
void gksm_scan_leave(void)
{
	control_unlock();
}

/**
 * gksm_scan_is_wanted() - should who is in leave soon?
 *
 * Context: after gksm_scan_enter().
 */
bool gksm_scan_is_wanted(void)
{
	return atomic_read(&scan.waiters) > 1 || gksm_shrink_wanted();
}

/**
 * gksm_scan_slot() - the slot of an address space, which gets one
 * @ref: an address space that opted in
 *
 * Slots of those that have exited go, but for the one where a pass is.
 *
 * Context: after gksm_scan_enter(); may sleep.
 * Return: the slot, or NULL: no memory.
 */
struct gksm_mm_slot *gksm_scan_slot(const struct gksm_mm_ref *ref)
{
	gksm_mm_slots_reap(scan.pass.fill.cursor.slot);
	return gksm_mm_slot_get(ref);
}

/**
 * gksm_scan_note_demand() - something was merged on demand
 * @nr_changed: pages that had changed, and no pass has read: what a device
 *		knows of them is stale (begin_rotations())
 *
 * Context: after gksm_scan_enter().
 */
void gksm_scan_note_demand(u64 nr_changed)
{
	scan.pass.fill.added += nr_changed;
	/* The pass was held up. */
	gksm_advisor_forget(&scan.advisor);
}

/**
 * gksm_scan_end_demand() - merging on demand has ended, one way or another
 *
 * Context: may sleep.
 */
void gksm_scan_end_demand(void)
{
	/* It is done there, and takes long. */
	if (READ_ONCE(gksm_settings.run) == GKSM_RUN_UNMERGE)
		return;
	control_lock();
	gksm_unstable_clear(GKSM_ROUND_DEMAND);
	control_unlock();
}

/**
 * gksm_scan_unsettle() - what is said of pages has to be asked again
 *
 * Context: any.
 */
void gksm_scan_unsettle(void)
{
	atomic_set(&scan.unsettle, 1);
}

/* Hash what the daemon did not, from the copies. */
static void hash_rest(struct gksm_batch *b)
{
	unsigned int i, here = 0;

	for (i = 0; i < b->nr; i++) {
		struct gksm_ent *ent = &b->ents[i];

		if (ent->page == GKSM_NO_PAGE ||
		    ent->verdict != GKSM_VERDICT_NONE)
			continue;
		ent->hash = xxh64(page_address(b->pages[ent->page]), PAGE_SIZE,
				  ent->salt);
		here++;
		if (!(here & 0xff))
			cond_resched();
	}
	if (here)
		trace_gksm_batch_fell_back(b->id, b->nr, here);
	gksm_count(pages_hashed_kernel, here);
	gksm_count(pages_hashed_offload, b->nr_pages - here);
}

static void apply_batch(struct gksm_batch *b)
{
	if (b->pages)
		hash_rest(b);
	else
		gksm_count(pages_hashed_kernel, b->nr_pages);
	gksm_apply(b->ents, b->nr, &scan.pass.tally);
}

/* Apply what the daemon answered, and what it did not answer in time. */
static void apply_finished(void)
{
	struct gksm_batch *b;

	while (scan.session && !interrupted() &&
	       (b = gksm_session_take(scan.session))) {
		apply_batch(b);
		gksm_session_release(scan.session, b);
	}
}

/*
 * The session has ended, or is no longer wanted. What is out is applied, or
 * thrown away: those pages come again in the next pass.
 */
static void leave_session(bool apply)
{
	struct gksm_session *s = scan.session;
	struct gksm_batch *b;

	if (!s)
		return;
	if (scan.batch && scan.batch != &scan.local) {
		if (apply)
			apply_batch(scan.batch);
		gksm_session_release(s, scan.batch);
		scan.batch = NULL;
	}
	while (gksm_session_busy(s)) {
		b = gksm_session_take_any(s);
		if (!b) {
			/* A COMPLETE is copying: it is done in a moment. */
			usleep_range(50, 200);
			continue;
		}
		if (apply)
			apply_batch(b);
		gksm_session_release(s, b);
	}
	scan.session = NULL;
	gksm_session_put(s);
}

/* The batch that is being filled is full, old, or the last of its pass. */
static void finish_batch(void)
{
	struct gksm_batch *b = scan.batch;

	scan.batch = NULL;
	if (b != &scan.local && b->nr && gksm_session_accepts(scan.session)) {
		gksm_session_submit(scan.session, b);
		return;
	}
	apply_batch(b);
	if (b == &scan.local) {
		b->nr = 0;
		b->nr_pages = 0;
	} else {
		gksm_session_release(scan.session, b);
	}
}

/* Returns false if all batches are with the daemon. */
static bool begin_batch(void)
{
	if (scan.session && gksm_session_over(scan.session))
		leave_session(true);
	if (!scan.session) {
		scan.session = gksm_session_get();
		if (scan.session && gksm_session_over(scan.session)) {
			gksm_session_put(scan.session);
			scan.session = NULL;
		}
		/* This daemon knows nothing yet. */
		if (scan.session)
			gksm_scan_unsettle();
	}
	if (scan.session && gksm_session_accepts(scan.session))
		scan.batch = gksm_session_fill(scan.session);
	else
		scan.batch = &scan.local;
	scan.batch_ms = now_ms();
	scan.pass.fill.offload = scan.batch != &scan.local;
	scan.pass.fill.settled = !atomic_read(&scan.unsettle);
	return scan.batch;
}

static unsigned int batch_room(const struct gksm_batch *b)
{
	return b == &scan.local ? LOCAL_SLOTS : scan.session->batch_slots;
}

static u64 thread_cpu_ns(void)
{
	return READ_ONCE(current->se.sum_exec_runtime);
}

/* What sysfs may be changing, each word once. */
static struct gksm_advisor_goal advisor_goal(void)
{
	const struct gksm_advisor_goal *goal = &gksm_settings.advisor_goal;

	return (struct gksm_advisor_goal){
		.target_s = READ_ONCE(goal->target_s),
		/* Who never sleeps takes all of a CPU however many pages. */
		.max_cpu = READ_ONCE(gksm_settings.sleep_millisecs) ?
				   READ_ONCE(goal->max_cpu) :
				   100,
		.min_pages = READ_ONCE(goal->min_pages),
		.max_pages = READ_ONCE(goal->max_pages),
	};
}

/* A pass has ended: how many pages between two sleeps from now on? */
static void take_advice(void)
{
	struct gksm_advisor_goal goal = advisor_goal();
	unsigned int before = gksm_settings.pages_to_scan, pages;

	if (!gksm_settings.advisor)
		return;
	pages = gksm_advisor_end(&scan.advisor, &goal, before, ktime_get_ns(),
				 thread_cpu_ns());
	WRITE_ONCE(gksm_settings.pages_to_scan, pages);
	trace_gksm_advisor(before, pages);
}

static bool begin_pass(void)
{
	gksm_advisor_begin(&scan.advisor, ktime_get_ns(), thread_cpu_ns());
	gksm_mm_slots_update();
	if (atomic_xchg(&scan.unsettle, 0))
		gksm_mm_slots_unsettle();
	return gksm_pass_begin(&scan.pass);
}

/* Past the last address space: returns whether the pass is complete. */
static bool drain_pass(void)
{
	if (scan.batch)
		finish_batch();
	if (scan.session && gksm_session_busy(scan.session))
		return false;
	gksm_pass_end(&scan.pass);
	/* Who waits for the pass shall find the pace that follows from it. */
	take_advice();
	gksm_pass_count();
	return true;
}

/**
 * enum quantum - why a quantum ended
 * @QUANTUM_SPENT:	 pages_to_scan pages, or a pass, are done: sleep
 * @QUANTUM_IDLE:	 there is nothing to scan: look again later
 * @QUANTUM_BLOCKED:	 goes on when the daemon answers or a deadline passes
 * @QUANTUM_INTERRUPTED: goes on as soon as others have had the lock
 */
enum quantum {
	QUANTUM_SPENT,
	QUANTUM_IDLE,
	QUANTUM_BLOCKED,
	QUANTUM_INTERRUPTED,
};

/* Put pages into a batch, once. */
static void fill_batch(void)
{
	unsigned int room = batch_room(scan.batch) - scan.batch->nr;
	u64 before = scan.pass.fill.visited;
	unsigned int nr = scan.batch->nr;

	gksm_fill(&scan.pass.fill, scan.batch, min_t(u64, room, scan.left));
	nr = scan.batch->nr - nr;
	scan.left -= nr;
	scan.passed_over += scan.pass.fill.visited - before;
	scan.left -= min_t(u64, scan.left, scan.passed_over / PASSED_OVER);
	scan.passed_over %= PASSED_OVER;
	if (nr == room || now_ms() - scan.batch_ms >= BATCH_AGE_MS)
		finish_batch();
}

/* How long the budget wants the thread to wait, in milliseconds. */
static u64 budget_wait_ms(void)
{
	unsigned int percent = READ_ONCE(gksm_settings.cpu_budget_percent);
	u64 used = thread_cpu_ns();

	if (!percent) {
		scan.pace = (struct gksm_pace){};
		return 0;
	}
	if (scan.session)
		used += gksm_session_cpu_ns(scan.session);
	percent = gksm_pace_boosted(percent, scan.boost);
	return DIV_ROUND_UP_ULL(gksm_pace_wait_ns(&scan.pace, percent,
						  ktime_get_ns(), used),
				NSEC_PER_MSEC);
}

static bool quantum_is_over(u64 begun_ms)
{
	return READ_ONCE(gksm_settings.cpu_budget_percent) &&
	       now_ms() - begun_ms >= BUDGET_QUANTUM_MS;
}

static enum quantum scan_quantum(void)
{
	u64 begun_ms = now_ms();

	if (!scan.left)
		scan.left = gksm_pace_boosted(
			READ_ONCE(gksm_settings.pages_to_scan), scan.boost);
	if (!scan.left)
		return QUANTUM_IDLE;
	while (scan.left) {
		if (interrupted() || quantum_is_over(begun_ms))
			return QUANTUM_INTERRUPTED;
		apply_finished();
		if (!scan.pass.begun && !begin_pass())
			return QUANTUM_IDLE;
		if (!scan.pass.fill.cursor.slot) {
			if (!drain_pass())
				return QUANTUM_BLOCKED;
			scan.left = 0;
			return scan.pass.fill.visited ? QUANTUM_SPENT :
							QUANTUM_IDLE;
		}
		if (!scan.batch && !begin_batch())
			return QUANTUM_BLOCKED;
		fill_batch();
		cond_resched();
	}
	return QUANTUM_SPENT;
}

/* Scan if it is time to. Returns how long the thread may sleep. */
static u64 scan_turn(void)
{
	u64 now = now_ms(), wait;

	scan.boost = gksm_psi_boost();
	/* Not the pace that the advisor chose. */
	if (scan.boost)
		gksm_advisor_forget(&scan.advisor);
	if (now < scan.next_ms)
		return scan.next_ms - now;
	wait = budget_wait_ms();
	if (wait)
		return wait;
	scan.next_ms = 0;
	switch (scan_quantum()) {
	case QUANTUM_SPENT:
		scan.next_ms = READ_ONCE(gksm_settings.sleep_millisecs);
		break;
	case QUANTUM_IDLE:
		scan.next_ms = IDLE_MS;
		break;
	case QUANTUM_BLOCKED:
		return NEVER_MS;
	case QUANTUM_INTERRUPTED:
		return 0;
	}
	now = now_ms();
	scan.next_ms += now;
	return scan.next_ms - now;
}

/* One turn of the thread. Returns how long it may sleep, in milliseconds. */
static u64 turn(void)
{
	u64 wait = NEVER_MS;

	gksm_shrink_late();
	if (scan.session && gksm_session_over(scan.session))
		leave_session(true);
	apply_finished();
	if (running())
		wait = scan_turn();
	if (READ_ONCE(gksm_settings.pressure_boost) && running())
		wait = min_t(u64, wait, GKSM_PRESSURE_WINDOW_MS);
	if (scan.session)
		wait = min(wait, gksm_session_wait_ms(scan.session));
	return wait;
}

static bool wake_condition(void)
{
	return atomic_xchg(&scan.woken, 0) || kthread_should_stop();
}

static int scan_thread(void *unused)
{
	set_freezable();
	set_user_nice(current, 5); /* as ksmd */
	while (!kthread_should_stop()) {
		u64 wait;

		mutex_lock(&scan.lock);
		wait = turn();
		mutex_unlock(&scan.lock);
		cond_resched();
		wait_event_interruptible(scan.wait,
					 !atomic_read(&scan.waiters) ||
						 kthread_should_stop());
		wait_event_freezable_timeout(
			scan.wait, wake_condition(),
			msecs_to_jiffies(min_t(u64, wait, MAX_JIFFY_OFFSET)));
	}
	return 0;
}

/* The next one begins at the first page again. */
static void abandon_pass(void)
{
	leave_session(false);
	scan.batch = NULL;
	scan.local.nr = 0;
	scan.local.nr_pages = 0;
	gksm_pass_abandon(&scan.pass);
	scan.next_ms = 0;
	gksm_advisor_forget(&scan.advisor);
}

/**
 * gksm_scan_set_run() - write to the file run
 * @run: GKSM_RUN_*
 *
 * As in KSM: stop leaves merged pages merged, and the pass where it is; unmerge
 * gives them all back and stops, and turns into stop if that fails. The pass
 * after it begins anew.
 *
 * Context: may sleep, long for GKSM_RUN_UNMERGE.
 * Return: 0, or what gksm_unmerge_all() says.
 */
int gksm_scan_set_run(unsigned int run)
{
	int err = 0;

	control_lock();
	if (run != gksm_settings.run) {
		WRITE_ONCE(gksm_settings.run, run);
		scan.next_ms = 0;
		gksm_advisor_forget(&scan.advisor);
		gksm_psi_forget();
		if (run != GKSM_RUN_MERGE)
			leave_session(false);
		if (run == GKSM_RUN_UNMERGE) {
			int zero_err = gksm_unmerge_zeroed();

			err = gksm_unmerge_all() ?: zero_err;
			gksm_mm_counts_unmerged(!zero_err);
			abandon_pass();
			gksm_unstable_clear(GKSM_ROUND_DEMAND);
			gksm_mm_slots_shrink(ULONG_MAX);
			gksm_kpage_drain();
			gksm_gauge(pages_unshared, 0);
			gksm_gauge(pages_volatile, 0);
			gksm_gauge(unstable_nodes, 0);
			if (!zero_err)
				gksm_zero_settle(0);
			if (err)
				WRITE_ONCE(gksm_settings.run, GKSM_RUN_STOP);
		}
	}
	control_unlock();
	return err;
}

/* As if nothing had been seen: it is looked at anew. */
static void forget_all(void)
{
	abandon_pass();
	gksm_mm_slots_forget();
	gksm_scan_unsettle();
}

/**
 * gksm_scan_change() - a setting that merged pages would not obey
 * @setting: of gksm_settings
 * @value:   its new value
 *
 * Context: may sleep.
 * Return: 0, or -EBUSY: there are merged pages, and it would be another value.
 */
int gksm_scan_change(unsigned int *setting, unsigned int value)
{
	int err = 0;

	control_lock();
	if (*setting != value) {
		gksm_stable_recount();
		if (gksm_stable_nr()) {
			err = -EBUSY;
		} else {
			forget_all();
			WRITE_ONCE(*setting, value);
		}
	}
	control_unlock();
	return err;
}

/**
 * gksm_scan_cpu_ns() - what the thread has used, and merging on demand
 *
 * Context: between gksm_scan_init() and gksm_scan_exit(); any.
 * Return: nanoseconds of processor time.
 */
u64 gksm_scan_cpu_ns(void)
{
	return ksym(task_sched_runtime)(scan.task) + gksm_demand_cpu_ns();
}

/**
 * gksm_scan_set_advisor() - write to the file advisor_mode
 * @advisor: does the scan-time advisor set pages_to_scan?
 *
 * As in KSM, a change begins with the advisor's least, or our own default.
 *
 * Context: may sleep.
 */
void gksm_scan_set_advisor(bool advisor)
{
	struct gksm_advisor_goal goal;

	control_lock();
	if (advisor != gksm_settings.advisor) {
		goal = advisor_goal();
		scan.advisor = (struct gksm_advisor){};
		WRITE_ONCE(gksm_settings.advisor, advisor);
		WRITE_ONCE(gksm_settings.pages_to_scan,
			   advisor ? gksm_advisor_first(&goal) :
				     DEFAULT_PAGES_TO_SCAN);
	}
	control_unlock();
}

/**
 * gksm_scan_init() - start the thread
 *
 * Return: 0 or -errno.
 */
int gksm_scan_init(void)
{
	mutex_init(&scan.lock);
	init_waitqueue_head(&scan.wait);
	scan.local.ents =
		kvcalloc(LOCAL_SLOTS, sizeof(*scan.local.ents), GFP_KERNEL);
	if (!scan.local.ents)
		return -ENOMEM;
	scan.task = kthread_run(scan_thread, NULL, "gksm_scan");
	if (IS_ERR(scan.task)) {
		kvfree(scan.local.ents);
		return PTR_ERR(scan.task);
	}
	return 0;
}

/**
 * gksm_scan_exit() - stop the thread; merged pages stay merged
 */
void gksm_scan_exit(void)
{
	kthread_stop(scan.task);
	leave_session(false);
	kvfree(scan.local.ents);
}
