// SPDX-License-Identifier: GPL-2.0-only
/*
 * session.c - one daemon: from open to close, and what it has meanwhile
 */
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "memory.h"
#include "scan.h"
#include "session.h"
#include "stats.h"

static DEFINE_SPINLOCK(current_lock);
static struct gksm_session *current_session; /* guarded by current_lock */
static u64 ended_cpu_ns; /* of sessions that have ended; current_lock */

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
	gksm_area_free(&s->staging);
	gksm_area_free(&s->slots);
	gksm_area_free(&s->results);
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
	err = gksm_area_alloc(&s->staging, slots * PAGE_SIZE, false);
	if (!err)
		err = gksm_area_alloc(&s->slots,
				      slots * sizeof(struct gksm_slot), true);
	if (!err)
		err = gksm_area_alloc(&s->results,
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
		setup->staging_bytes = gksm_area_bytes(&session->staging);
		setup->slots_bytes = gksm_area_bytes(&session->slots);
		setup->results_bytes = gksm_area_bytes(&session->results);
		/* Pairs with gksm_session_ready(). */
		smp_store_release(&session->ready, true);
	}
	mutex_unlock(&session->setup_lock);
	if (!err)
		gksm_scan_wake();
	return err;
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
	return gksm_area_map(area, vma, area == &session->results);
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
	bytes = gksm_area_bytes(&s->staging) + gksm_area_bytes(&s->slots) +
		gksm_area_bytes(&s->results) +
		(u64)s->ring.nr * s->batch_slots * sizeof(struct gksm_ent);
	gksm_session_put(s);
	return bytes;
}
