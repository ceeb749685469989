// SPDX-License-Identifier: GPL-2.0-only
/*
 * exchange.c - batches to a daemon and back, and what is checked of them
 *
 * The scan thread fills and takes, the daemon calls NEXT and COMPLETE; a
 * session's lock (session.h) is between them, and batch.c says which batch is
 * whose.
 */
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/poll.h>
#include <linux/random.h>
#include <linux/xxhash.h>

#include "result.h"
#include "scan.h"
#include "session.h"
#include "stats.h"
#include "trace.h"

/**
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

static u64 now_ms(void)
{
	return ktime_get_ns() / NSEC_PER_MSEC;
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
