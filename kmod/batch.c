// SPDX-License-Identifier: GPL-2.0-only
/*
 * batch.c - the states of a batch
 *
 * Pure logic: compiled for user space too (tests/unit/kmod). Callers hold the
 * session's lock; time is an argument, in milliseconds.
 */
#include <linux/errno.h>
#include <linux/limits.h>

#include "batch.h"

/**
 * DOC: When a daemon does not answer
 *
 * A batch is never waited for beyond its deadline: the scan thread takes it
 * back and hashes it itself. One late batch costs one deadline; a daemon that
 * is stopped must not cost one for every batch. So the ring counts as
 * *stalled*, and gets no more work, while
 *
 *  - a batch that was in flight at its deadline has not come back: the late
 *    COMPLETE, which is answered with ESTALE, shows that the daemon lives; or
 *  - a ready batch was not fetched before its deadline: the next NEXT shows
 *    that the daemon lives (poll() says readable meanwhile, so that it asks).
 *
 * A daemon that never completes a batch loses its session's work for good,
 * and starts afresh when it opens the device again.
 */

static struct gksm_batch *oldest(const struct gksm_ring *ring,
				 enum gksm_batch_state state)
{
	struct gksm_batch *found = NULL;
	u32 i;

	for (i = 0; i < ring->nr; i++) {
		struct gksm_batch *b = &ring->batch[i];

		if (b->state == state && (!found || b->id < found->id))
			found = b;
	}
	return found;
}

/**
 * gksm_ring_fill() - take a free batch to put pages in
 * @ring: the ring
 *
 * Return: a FILLING batch, empty, or NULL if none is free.
 */
struct gksm_batch *gksm_ring_fill(struct gksm_ring *ring)
{
	struct gksm_batch *b = NULL;
	u32 i;

	for (i = 0; i < ring->nr && !b; i++)
		if (ring->batch[i].state == GKSM_BATCH_FREE)
			b = &ring->batch[i];
	if (b) {
		b->state = GKSM_BATCH_FILLING;
		b->nr = 0;
		b->nr_pages = 0;
	}
	return b;
}

/**
 * gksm_ring_submit() - a batch is full: offer it to the daemon
 * @ring:	 the ring
 * @batch:	 a FILLING batch with pages in it
 * @now_ms:	 the time
 * @deadline_ms: how long it may wait
 */
void gksm_ring_submit(struct gksm_ring *ring, struct gksm_batch *batch,
		      u64 now_ms, u64 deadline_ms)
{
	batch->id = ++ring->last_id;
	batch->deadline_ms = now_ms + deadline_ms;
	batch->state = GKSM_BATCH_READY;
}

/**
 * gksm_ring_ready() - should the daemon call NEXT?
 * @ring: the ring
 */
bool gksm_ring_ready(const struct gksm_ring *ring)
{
	return ring->unheard || oldest(ring, GKSM_BATCH_READY);
}

/**
 * gksm_ring_next() - the daemon asks for work
 * @ring:	 the ring
 * @now_ms:	 the time
 * @deadline_ms: how long it may take
 *
 * Return: the oldest READY batch, now IN_FLIGHT, or NULL.
 */
struct gksm_batch *gksm_ring_next(struct gksm_ring *ring, u64 now_ms,
				  u64 deadline_ms)
{
	struct gksm_batch *b = oldest(ring, GKSM_BATCH_READY);

	ring->unheard = false;
	if (b) {
		b->state = GKSM_BATCH_IN_FLIGHT;
		b->deadline_ms = now_ms + deadline_ms;
	}
	return b;
}

/**
 * gksm_ring_complete() - the daemon gives a batch back
 * @ring:  the ring
 * @id:	   which, in its words
 * @nr:	   how many results it says there are
 * @batch: out: the batch, now COMPLETING
 *
 * Return: 0, -EINVAL (@nr is more than the batch has; nothing changed) or
 * -ESTALE (not in flight).
 */
int gksm_ring_complete(struct gksm_ring *ring, u64 id, u32 nr,
		       struct gksm_batch **batch)
{
	u32 i;

	for (i = 0; id && i < ring->nr; i++) {
		struct gksm_batch *b = &ring->batch[i];

		if (b->lost_id == id) {
			b->lost_id = 0;
			ring->nr_lost--;
			return -ESTALE;
		}
		if (b->state != GKSM_BATCH_IN_FLIGHT || b->id != id)
			continue;
		if (nr > b->nr)
			return -EINVAL;
		b->state = GKSM_BATCH_COMPLETING;
		*batch = b;
		return 0;
	}
	return -ESTALE;
}

/**
 * gksm_ring_completed() - the results are copied
 * @ring:  the ring
 * @batch: a COMPLETING batch
 */
void gksm_ring_completed(struct gksm_ring *ring, struct gksm_batch *batch)
{
	batch->state = GKSM_BATCH_DONE;
}

static bool expired(const struct gksm_batch *b, u64 now_ms)
{
	return (b->state == GKSM_BATCH_READY ||
		b->state == GKSM_BATCH_IN_FLIGHT) &&
	       now_ms >= b->deadline_ms;
}

static struct gksm_batch *oldest_expired(const struct gksm_ring *ring,
					 u64 now_ms)
{
	struct gksm_batch *found = NULL;
	u32 i;

	for (i = 0; i < ring->nr; i++) {
		struct gksm_batch *b = &ring->batch[i];

		if (expired(b, now_ms) && (!found || b->id < found->id))
			found = b;
	}
	return found;
}

/*
 * The daemon has it and may still complete it. Nothing is in flight twice: a
 * ring with lost batches is stalled, and is not filled.
 */
static void lose(struct gksm_ring *ring, struct gksm_batch *b)
{
	if (!b->lost_id)
		ring->nr_lost++;
	b->lost_id = b->id;
}

/**
 * gksm_ring_take() - a batch that the scan thread can go on with
 * @ring:      the ring
 * @now_ms:    the time
 * @timed_out: out: it was taken back at its deadline and has no results
 *
 * Return: the oldest such batch, now APPLYING, or NULL.
 */
struct gksm_batch *gksm_ring_take(struct gksm_ring *ring, u64 now_ms,
				  bool *timed_out)
{
	struct gksm_batch *b = oldest(ring, GKSM_BATCH_DONE);

	*timed_out = false;
	if (!b) {
		b = oldest_expired(ring, now_ms);
		*timed_out = b;
	}
	if (*timed_out) {
		if (b->state == GKSM_BATCH_READY)
			ring->unheard = true;
		else
			lose(ring, b);
	}
	if (b)
		b->state = GKSM_BATCH_APPLYING;
	return b;
}

/**
 * gksm_ring_take_any() - take back what is out, whatever its deadline
 * @ring:     the ring
 * @answered: out: it has results
 *
 * A COMPLETING batch is left for a later call: it is DONE in a moment.
 *
 * Return: a batch that had been submitted and not applied, now APPLYING, or
 * NULL.
 */
struct gksm_batch *gksm_ring_take_any(struct gksm_ring *ring, bool *answered)
{
	struct gksm_batch *b = oldest(ring, GKSM_BATCH_DONE);

	*answered = b;
	if (!b)
		b = oldest(ring, GKSM_BATCH_IN_FLIGHT);
	if (!b)
		b = oldest(ring, GKSM_BATCH_READY);
	if (b) {
		if (b->state == GKSM_BATCH_IN_FLIGHT)
			lose(ring, b);
		b->state = GKSM_BATCH_APPLYING;
	}
	return b;
}

/**
 * gksm_ring_release() - a batch has been applied, or is given up
 * @ring:  the ring
 * @batch: an APPLYING or FILLING batch
 */
void gksm_ring_release(struct gksm_ring *ring, struct gksm_batch *batch)
{
	batch->nr = 0;
	batch->nr_pages = 0;
	batch->state = GKSM_BATCH_FREE;
}

/**
 * gksm_ring_stalled() - does the daemon leave batches unanswered?
 * @ring: the ring
 */
bool gksm_ring_stalled(const struct gksm_ring *ring)
{
	return ring->nr_lost || ring->unheard;
}

/**
 * gksm_ring_done() - has a batch been answered?
 * @ring: the ring
 */
bool gksm_ring_done(const struct gksm_ring *ring)
{
	return oldest(ring, GKSM_BATCH_DONE);
}

/**
 * gksm_ring_busy() - is a batch with the daemon, or about to be?
 * @ring: the ring
 */
bool gksm_ring_busy(const struct gksm_ring *ring)
{
	u32 i;

	for (i = 0; i < ring->nr; i++)
		if (ring->batch[i].state != GKSM_BATCH_FREE)
			return true;
	return false;
}

/**
 * gksm_ring_deadline() - when the next batch can be taken back
 * @ring: the ring
 *
 * Return: time in milliseconds, U64_MAX: nothing is out.
 */
u64 gksm_ring_deadline(const struct gksm_ring *ring)
{
	u64 first = U64_MAX;
	u32 i;

	for (i = 0; i < ring->nr; i++) {
		const struct gksm_batch *b = &ring->batch[i];

		if ((b->state == GKSM_BATCH_READY ||
		     b->state == GKSM_BATCH_IN_FLIGHT) &&
		    b->deadline_ms < first)
			first = b->deadline_ms;
	}
	return first;
}
