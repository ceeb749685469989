// SPDX-License-Identifier: GPL-2.0-only
/*
 * session.c - one daemon: its memory, its batches, its trust
 */
#include <linux/highmem.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/poll.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <linux/xxhash.h>

#include "breakage.h"
#include "memory.h"
#include "result.h"
#include "scan.h"
#include "session.h"
#include "stats.h"
#include "trace.h"

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
 *
 * DOC: What is checked of a daemon's hashes
 *
 * A wrong hash cannot merge wrongly, but it hides twins. At each COMPLETE a
 * few slots, chosen at random, are hashed again from the staging copy, which
 * cannot have changed. One wrong hash revokes the session: its batches are
 * hashed by the module, and the daemon gets EBADMSG and no more work. A merged
 * page is only ever made of a page whose hash was recomputed (apply.c).
 */

/* Slots recomputed per batch: 1 us, and a liar lives for a few batches. */
#define CHECKED_SLOTS 4

unsigned int gksm_batch_deadline_ms = 1000;

static DEFINE_SPINLOCK(current_lock);
static struct gksm_session *current_session; /* guarded by current_lock */
static u64 ended_cpu_ns; /* of sessions that have ended; current_lock */

static u64 now_ms(void)
{
	return ktime_get_ns() / NSEC_PER_MSEC;
}

static void free_area(struct gksm_area *area)
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

static int alloc_area(struct gksm_area *area, u64 bytes, bool contiguous)
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

static void free_ring(struct gksm_ring *ring)
{
	u32 i;

	for (i = 0; ring->batch && i < ring->nr; i++)
		kvfree(ring->batch[i].ents);
	kfree(ring->batch);
	*ring = (struct gksm_ring){};
}

static int alloc_ring(struct gksm_ring *ring, const struct gksm_area *staging,
		      u32 nr, u32 slots)
{
	u32 i;

	ring->batch = kcalloc(nr, sizeof(*ring->batch), GFP_KERNEL);
	if (!ring->batch)
		return -ENOMEM;
	ring->nr = nr;
	for (i = 0; i < nr; i++) {
		struct gksm_batch *b = &ring->batch[i];

		b->index = i;
		b->pages = staging->pages + (size_t)i * slots;
		b->ents = kvcalloc(slots, sizeof(*b->ents), GKSM_GFP);
		if (!b->ents)
			return -ENOMEM;
	}
	return 0;
}

static void free_memory(struct gksm_session *s)
{
	free_ring(&s->ring);
	free_area(&s->staging);
	free_area(&s->slots);
	free_area(&s->results);
}

static void destroy(struct kref *ref)
{
	struct gksm_session *s = container_of(ref, struct gksm_session, ref);

	free_memory(s);
	if (s->owner)
		put_task_struct(s->owner);
	kfree(s);
}

/**
 * gksm_session_put() - drop a reference
 * @session: from gksm_session_get() or gksm_session_open()
 *
 * Context: may sleep.
 */
void gksm_session_put(struct gksm_session *session)
{
	kref_put(&session->ref, destroy);
}

/**
 * gksm_session_ready() - is its SETUP complete?
 * @session: the session
 *
 * If so, everything that SETUP made may be used.
 */
bool gksm_session_ready(struct gksm_session *session)
{
	/* Pairs with the release in gksm_session_setup(). */
	return smp_load_acquire(&session->ready);
}

/**
 * gksm_session_get() - the session that has batches to fill
 *
 * Return: a session whose SETUP is complete, with a reference, or NULL.
 */
struct gksm_session *gksm_session_get(void)
{
	struct gksm_session *s;

	spin_lock(&current_lock);
	s = current_session;
	if (s && gksm_session_ready(s))
		kref_get(&s->ref);
	else
		s = NULL;
	spin_unlock(&current_lock);
	return s;
}

/**
 * gksm_session_open() - begin the one session
 * @session: out
 *
 * Return: 0, -EBUSY (there is one) or -ENOMEM.
 */
int gksm_session_open(struct gksm_session **session)
{
	struct gksm_session *s = kzalloc(sizeof(*s), GFP_KERNEL);
	int err = 0;

	if (!s)
		return -ENOMEM;
	kref_init(&s->ref);
	mutex_init(&s->setup_lock);
	spin_lock_init(&s->lock);
	init_waitqueue_head(&s->wait);

	spin_lock(&current_lock);
	if (current_session)
		err = -EBUSY;
	else
		current_session = s;
	spin_unlock(&current_lock);
	if (err) {
		kfree(s);
		return err;
	}
	gksm_count(sessions, 1);
	*session = s;
	return 0;
}

/**
 * gksm_session_close() - end it
 * @session: from gksm_session_open()
 *
 * The scan thread takes back what is in flight and goes on without.
 */
void gksm_session_close(struct gksm_session *session)
{
	spin_lock(&current_lock);
	current_session = NULL;
	if (gksm_session_ready(session))
		ended_cpu_ns += gksm_session_cpu_ns(session);
	spin_unlock(&current_lock);

	spin_lock(&session->lock);
	session->closed = true;
	spin_unlock(&session->lock);
	gksm_scan_wake();
	gksm_session_put(session);
}

/* Processor time of a process, those of its threads that have ended included. */
static u64 process_ns(struct task_struct *leader)
{
	struct task_struct *thread;
	u64 ns;

	rcu_read_lock();
	ns = READ_ONCE(leader->signal->sum_sched_runtime);
	for_each_thread(leader, thread)
		ns += READ_ONCE(thread->se.sum_exec_runtime);
	rcu_read_unlock();
	return ns;
}

static int check_setup(const struct gksm_setup *setup)
{
	if (!setup->nr_batches || setup->nr_batches > GKSM_MAX_BATCHES ||
	    setup->batch_slots < GKSM_MIN_BATCH_SLOTS ||
	    setup->batch_slots > GKSM_MAX_BATCH_SLOTS || setup->reserved)
		return -EINVAL;
	if ((u64)setup->nr_batches * setup->batch_slots >
	    GKSM_MAX_STAGING_PAGES)
		return -EINVAL;
	return 0;
}

static u64 area_bytes(const struct gksm_area *area)
{
	return (u64)area->nr * PAGE_SIZE;
}

/*
 * Pages are asked for until there are really none, which is hard on everybody:
 * so see first whether there can be enough, as the kernel's ring buffers do.
 */
static bool may_fit(u64 slots)
{
	const u64 bytes = PAGE_SIZE + sizeof(struct gksm_slot) +
			  sizeof(struct gksm_result) + sizeof(struct gksm_ent);

	return slots * bytes / PAGE_SIZE < si_mem_available();
}

static int alloc_memory(struct gksm_session *s, const struct gksm_setup *setup)
{
	u64 slots = (u64)setup->nr_batches * setup->batch_slots;
	int err;

	if (!may_fit(slots))
		return -ENOMEM;
	err = alloc_area(&s->staging, slots * PAGE_SIZE, false);
	if (!err)
		err = alloc_area(&s->slots, slots * sizeof(struct gksm_slot),
				 true);
	if (!err)
		err = alloc_area(&s->results,
				 slots * sizeof(struct gksm_result), true);
	if (!err)
		err = alloc_ring(&s->ring, &s->staging, setup->nr_batches,
				 setup->batch_slots);
	if (err)
		free_memory(s);
	return err;
}

/**
 * gksm_session_setup() - create the batches
 * @session: the session
 * @setup:   in and out; already in kernel memory, because a page fault under
 *	     @setup_lock could wait for an mmap() that waits for the lock
 *
 * Context: may sleep.
 * Return: 0, -EPROTO, -EALREADY, -EINVAL or -ENOMEM (may be tried again).
 */
int gksm_session_setup(struct gksm_session *session, struct gksm_setup *setup)
{
	int err;

	if (setup->abi != GKSM_ABI_VERSION)
		return -EPROTO;
	mutex_lock(&session->setup_lock);
	err = session->ready ? -EALREADY : check_setup(setup);
	if (!err)
		err = alloc_memory(session, setup);
	if (!err) {
		session->batch_slots = setup->batch_slots;
		session->owner = get_task_struct(current->group_leader);
		session->owner_ns = process_ns(session->owner);
		setup->staging_bytes = area_bytes(&session->staging);
		setup->slots_bytes = area_bytes(&session->slots);
		setup->results_bytes = area_bytes(&session->results);
		/* Pairs with gksm_session_ready(). */
		smp_store_release(&session->ready, true);
	}
	mutex_unlock(&session->setup_lock);
	if (!err)
		gksm_scan_wake();
	return err;
}

/**
 * gksm_session_next() - give the daemon a batch
 * @session: the session
 * @next:    out
 *
 * Return: 0, -ENOTCONN, -EAGAIN or -EBADMSG.
 */
int gksm_session_next(struct gksm_session *session, struct gksm_next *next)
{
	unsigned int deadline_ms = READ_ONCE(gksm_batch_deadline_ms);
	struct gksm_batch *b;
	int err = 0;

	if (!gksm_session_ready(session))
		return -ENOTCONN;
	spin_lock(&session->lock);
	if (session->revoked) {
		err = -EBADMSG;
	} else {
		b = gksm_ring_next(&session->ring, now_ms(), deadline_ms);
		if (b) {
			next->batch = b->id;
			next->index = b->index;
			next->nr_slots = b->nr;
			next->nr_pages = b->nr_pages;
			next->deadline_ms = deadline_ms;
		} else {
			err = -EAGAIN;
		}
	}
	spin_unlock(&session->lock);
	return err;
}

static u64 hash_slot(const struct gksm_batch *batch, u32 i)
{
	const struct gksm_ent *ent = &batch->ents[i];

	return xxh64(page_address(batch->pages[ent->page]), PAGE_SIZE,
		     ent->salt);
}

/* A slot with content, chosen so that the daemon cannot know which. */
static u32 random_slot(const struct gksm_batch *b)
{
	u32 i = get_random_u32() % b->nr;

	while (b->ents[i].page == GKSM_NO_PAGE)
		i = (i + 1) % b->nr;
	return i;
}

/* Recompute a few hashes. */
static bool hashes_are_right(const struct gksm_batch *b)
{
	unsigned int n;

	for (n = 0; b->nr_pages && n < CHECKED_SLOTS; n++) {
		u32 i = random_slot(b);

		if (b->ents[i].verdict == GKSM_VERDICT_NONE)
			continue;
		gksm_count(hashes_checked, 1);
		if (hash_slot(b, i) != b->ents[i].hash)
			return false;
	}
	return true;
}

static void clear_verdicts(struct gksm_batch *b)
{
	u32 i;

	for (i = 0; i < b->nr; i++)
		b->ents[i].verdict = GKSM_VERDICT_NONE;
}

/**
 * gksm_session_complete() - take the daemon's results
 * @session:  the session
 * @complete: in and out
 *
 * Return: 0, -ENOTCONN, -EINVAL, -ESTALE or -EBADMSG.
 */
int gksm_session_complete(struct gksm_session *session,
			  struct gksm_complete *complete)
{
	const struct gksm_result *results;
	struct gksm_batch *b;
	bool right;
	int err;

	if (!gksm_session_ready(session))
		return -ENOTCONN;
	if (complete->nr_slots > session->batch_slots)
		return -EINVAL;
	spin_lock(&session->lock);
	err = gksm_ring_complete(&session->ring, complete->batch,
				 complete->nr_slots, &b);
	spin_unlock(&session->lock);
	if (err)
		return err;

	/* COMPLETING: the batch is ours alone, no lock needed. */
	results = session->results.vaddr;
	results += (size_t)b->index * session->batch_slots;
	complete->accepted = gksm_results_take(b, results, complete->nr_slots);
	gksm_count(results_invalid, complete->nr_slots - complete->accepted);
	right = hashes_are_right(b);
	if (right) {
		gksm_count(batches_completed, 1);
		trace_gksm_batch_completed(b->id, b->nr, b->nr_pages);
	} else {
		gksm_count(batches_rejected, 1);
		clear_verdicts(b);
		pr_warn_ratelimited(
			"the daemon's hashes are wrong: its results are not used any more\n");
	}

	spin_lock(&session->lock);
	if (!right)
		session->revoked = true;
	gksm_ring_completed(&session->ring, b);
	spin_unlock(&session->lock);
	gksm_scan_wake();
	return right ? 0 : -EBADMSG;
}

/**
 * gksm_session_mmap() - map an area
 * @session: the session
 * @vma:     the whole of one area, shared
 *
 * Context: mmap write lock held; takes no lock that is held over a fault.
 * Return: 0, -ENOTCONN, -EINVAL, -EACCES or -ENOMEM.
 */
int gksm_session_mmap(struct gksm_session *session, struct vm_area_struct *vma)
{
	u64 offset = (u64)vma->vm_pgoff << PAGE_SHIFT;
	unsigned long left;
	struct gksm_area *area;

	if (!gksm_session_ready(session))
		return -ENOTCONN;
	if (offset == GKSM_MMAP_STAGING)
		area = &session->staging;
	else if (offset == GKSM_MMAP_SLOTS)
		area = &session->slots;
	else if (offset == GKSM_MMAP_RESULTS)
		area = &session->results;
	else
		return -EINVAL;
	if (vma->vm_end - vma->vm_start != area_bytes(area) ||
	    !(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	if (vma->vm_flags & VM_EXEC)
		return -EACCES;
	if (area != &session->results && (vma->vm_flags & VM_WRITE))
		return -EACCES;

	vm_flags_mod(vma, VM_DONTEXPAND | VM_DONTDUMP | VM_DONTCOPY,
		     VM_MAYEXEC |
			     (area == &session->results ? 0 : VM_MAYWRITE));
	left = area->nr;
	return vm_insert_pages(vma, vma->vm_start, area->pages, &left);
}

/**
 * gksm_session_accepts() - may batches be offered to this daemon now?
 * @session: the session
 */
bool gksm_session_accepts(struct gksm_session *session)
{
	bool accepts;

	spin_lock(&session->lock);
	accepts = !session->closed && !session->revoked &&
		  !gksm_ring_stalled(&session->ring);
	spin_unlock(&session->lock);
	return accepts;
}

/**
 * gksm_session_over() - has it been closed or revoked?
 * @session: the session
 */
bool gksm_session_over(struct gksm_session *session)
{
	bool over;

	spin_lock(&session->lock);
	over = session->closed || session->revoked;
	spin_unlock(&session->lock);
	return over;
}

/**
 * gksm_session_fill() - a batch to put pages in
 * @session: the session
 *
 * Return: an empty batch or NULL: all are on their way.
 */
struct gksm_batch *gksm_session_fill(struct gksm_session *session)
{
	struct gksm_batch *b;

	spin_lock(&session->lock);
	b = gksm_ring_fill(&session->ring);
	spin_unlock(&session->lock);
	return b;
}

/**
 * gksm_session_submit() - offer a filled batch
 * @session: the session
 * @batch:   from gksm_session_fill(), with at least one page
 */
void gksm_session_submit(struct gksm_session *session, struct gksm_batch *batch)
{
	struct gksm_slot *slots = session->slots.vaddr;
	u32 i;

	slots += (size_t)batch->index * session->batch_slots;
	for (i = 0; i < batch->nr; i++) {
		const struct gksm_ent *ent = &batch->ents[i];

		slots[i] = (struct gksm_slot){
			.cookie = ent->cookie,
			.salt = ent->page == GKSM_NO_PAGE ? ent->hash :
							    ent->salt,
			.page = ent->page,
		};
	}
	spin_lock(&session->lock);
	gksm_ring_submit(&session->ring, batch, now_ms(),
			 READ_ONCE(gksm_batch_deadline_ms));
	/* Unlocked, it may be answered, and be another batch already. */
	trace_gksm_batch_filled(batch->id, batch->nr, batch->nr_pages);
	spin_unlock(&session->lock);
	gksm_count(batches_submitted, 1);
	wake_up_interruptible_poll(&session->wait, EPOLLIN);
}

/**
 * gksm_session_take() - a batch to go on with: answered, or out of time
 * @session: the session
 *
 * Entries without a result have GKSM_VERDICT_NONE; their copies are there.
 *
 * Return: a batch, for gksm_session_release(), or NULL.
 */
struct gksm_batch *gksm_session_take(struct gksm_session *session)
{
	struct gksm_batch *b;
	bool timed_out;

	spin_lock(&session->lock);
	b = gksm_ring_take(&session->ring, now_ms(), &timed_out);
	spin_unlock(&session->lock);
	if (timed_out) {
		clear_verdicts(b);
		gksm_count(batches_timed_out, 1);
		trace_gksm_batch_timed_out(b->id, b->nr, b->nr_pages);
	}
	return b;
}

/**
 * gksm_session_take_any() - take back whatever the daemon has
 * @session: the session
 *
 * Return: a batch, for gksm_session_release(), or NULL.
 */
struct gksm_batch *gksm_session_take_any(struct gksm_session *session)
{
	struct gksm_batch *b;
	bool answered;

	spin_lock(&session->lock);
	b = gksm_ring_take_any(&session->ring, &answered);
	spin_unlock(&session->lock);
	if (b && !answered) {
		clear_verdicts(b);
		gksm_count(batches_abandoned, 1);
	}
	return b;
}

/**
 * gksm_session_release() - done with a batch
 * @session: the session
 * @batch:   from gksm_session_take(), _take_any() or _fill()
 */
void gksm_session_release(struct gksm_session *session,
			  struct gksm_batch *batch)
{
	spin_lock(&session->lock);
	gksm_ring_release(&session->ring, batch);
	spin_unlock(&session->lock);
}

/**
 * gksm_session_busy() - is a batch anywhere but free?
 * @session: the session
 */
bool gksm_session_busy(struct gksm_session *session)
{
	bool busy;

	spin_lock(&session->lock);
	busy = gksm_ring_busy(&session->ring);
	spin_unlock(&session->lock);
	return busy;
}

/**
 * gksm_session_wait_ms() - how long until there is something to take
 * @session: the session
 *
 * Return: milliseconds until a batch is answered or out of time at the
 * latest; 0: now; U64_MAX: nothing is out.
 */
u64 gksm_session_wait_ms(struct gksm_session *session)
{
	u64 now = now_ms(), deadline;
	bool done;

	spin_lock(&session->lock);
	done = session->closed || session->revoked ||
	       gksm_ring_done(&session->ring);
	deadline = gksm_ring_deadline(&session->ring);
	spin_unlock(&session->lock);
	if (done || deadline <= now)
		return 0;
	return deadline == U64_MAX ? U64_MAX : deadline - now;
}

/**
 * gksm_session_cpu_ns() - what the daemon has used since SETUP
 * @session: after SETUP
 *
 * Return: nanoseconds of processor time of all its threads.
 */
u64 gksm_session_cpu_ns(const struct gksm_session *session)
{
	u64 ns = process_ns(session->owner);

	/* A thread that is just ending may be counted nowhere. */
	return ns > session->owner_ns ? ns - session->owner_ns : 0;
}

/**
 * gksm_session_all_cpu_ns() - what daemons have used in all their sessions
 *
 * Return: nanoseconds of processor time of all their threads, from SETUP to the
 * end of each session.
 */
u64 gksm_session_all_cpu_ns(void)
{
	u64 ns;

	spin_lock(&current_lock);
	ns = ended_cpu_ns;
	if (current_session && gksm_session_ready(current_session))
		ns += gksm_session_cpu_ns(current_session);
	spin_unlock(&current_lock);
	return ns;
}

/**
 * gksm_session_state() - one word for /sys/kernel/mm/gksm/offload
 *
 * Return: "none", "active", "stalled" or "revoked".
 */
const char *gksm_session_state(void)
{
	struct gksm_session *s = gksm_session_get();
	const char *state = "active";

	if (!s)
		return "none";
	spin_lock(&s->lock);
	if (s->revoked)
		state = "revoked";
	else if (gksm_ring_stalled(&s->ring))
		state = "stalled";
	spin_unlock(&s->lock);
	gksm_session_put(s);
	return state;
}

/**
 * gksm_session_bytes() - memory of the session
 *
 * Return: bytes in the three areas and the module's records.
 */
u64 gksm_session_bytes(void)
{
	struct gksm_session *s = gksm_session_get();
	u64 bytes;

	if (!s)
		return 0;
	bytes = area_bytes(&s->staging) + area_bytes(&s->slots) +
		area_bytes(&s->results) +
		(u64)s->ring.nr * s->batch_slots * sizeof(struct gksm_ent);
	gksm_session_put(s);
	return bytes;
}
