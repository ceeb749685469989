// SPDX-License-Identifier: GPL-2.0-only
/*
 * ring_model.c - a ring, and the books that somebody else keeps about it
 *
 * The books are kept from what was asked and what was answered; they never
 * look into the ring.
 */
#include "test.h"

#include <linux/limits.h>

#include "ring_model.h"

struct model model_new(unsigned int nr)
{
	return (struct model){ .nr = nr, .ring.nr = nr };
}

unsigned int model_args(const struct model *m, enum step step)
{
	switch (step) {
	case STEP_SUBMIT:
	case STEP_GIVE_UP:
	case STEP_COMPLETE:
	case STEP_COMPLETE_MORE:
	case STEP_COMPLETE_LOST:
	case STEP_COMPLETED:
	case STEP_RELEASE:
		return m->nr;
	case STEP_COMPLETE_WRONG:
		return 3;
	default:
		return 1;
	}
}

/* The book with the smallest id of those with @owner (and out of time). */
static struct book *oldest(struct model *m, enum owner owner, bool late)
{
	struct book *found = NULL;
	unsigned int i;

	for (i = 0; i < m->nr; i++) {
		struct book *k = &m->book[i];

		if (k->owner == owner && (!late || m->now >= k->deadline) &&
		    (!found || k->id < found->id))
			found = k;
	}
	return found;
}

static unsigned int nr_lost(const struct model *m)
{
	unsigned int i, nr = 0;

	for (i = 0; i < m->nr; i++)
		nr += m->book[i].lost != 0;
	return nr;
}

static bool stalled(const struct model *m)
{
	return m->unheard || nr_lost(m);
}

static void assert_is(const struct model *m, const struct gksm_batch *b,
		      const struct book *k)
{
	if (k)
		assert_ptr_equal(b, &m->batch[k - m->book]);
	else
		assert_null(b);
}

/* A stalled ring is not filled: the session sees to it. */
static bool fill(struct model *m)
{
	struct gksm_batch *b;
	struct book *k;

	if (stalled(m))
		return false;
	b = gksm_ring_fill(&m->ring);
	if (!b) {
		assert_null(oldest(m, NOBODY, false));
		return true;
	}
	k = &m->book[b - m->batch];
	assert_int_equal(k->owner, NOBODY);
	assert_int_equal(b->nr, 0);
	k->owner = FILLER;
	b->nr = MODEL_SLOTS;
	return true;
}

static bool submit(struct model *m, unsigned int i)
{
	struct gksm_batch *b = &m->batch[i];
	struct book *k = &m->book[i];

	if (k->owner != FILLER || stalled(m))
		return false;
	gksm_ring_submit(&m->ring, b, m->now, MODEL_LIMIT_MS);
	/* Never 0, never used before. */
	assert_true(b->id > m->last_id);
	k->id = b->id;
	m->last_id = b->id;
	k->owner = OFFERED;
	k->deadline = m->now + MODEL_LIMIT_MS;
	m->submitted++;
	return true;
}

static bool next(struct model *m)
{
	struct book *k = oldest(m, OFFERED, false);

	assert_is(m, gksm_ring_next(&m->ring, m->now, MODEL_LIMIT_MS), k);
	m->unheard = false;
	if (k) {
		k->owner = DAEMON;
		k->deadline = m->now + MODEL_LIMIT_MS;
	}
	return true;
}

static bool complete(struct model *m, u64 id, u32 nr)
{
	struct gksm_batch *b = NULL, *expected = NULL;
	int err, answer = -ESTALE;
	unsigned int i;

	for (i = 0; i < m->nr; i++) {
		struct book *k = &m->book[i];

		if (id && k->lost == id) {
			k->lost = 0;
		} else if (k->owner == DAEMON && k->id == id) {
			answer = nr > MODEL_SLOTS ? -EINVAL : 0;
			if (!answer) {
				k->owner = COMPLETER;
				expected = &m->batch[i];
			}
		}
	}
	err = gksm_ring_complete(&m->ring, id, nr, &b);
	assert_int_equal(err, answer);
	assert_ptr_equal(b, expected);
	return true;
}

static bool complete_wrong(struct model *m, unsigned int which)
{
	static const u64 few = 4;
	u64 id = which == 1 ? m->last_id + 1 : 0;

	/* Perhaps stale, perhaps not: the books know. */
	if (which == 2)
		id = m->last_id > few ? m->last_id - few : 1;
	return complete(m, id, MODEL_SLOTS);
}

static bool completed(struct model *m, unsigned int i)
{
	if (m->book[i].owner != COMPLETER)
		return false;
	gksm_ring_completed(&m->ring, &m->batch[i]);
	m->book[i].owner = ANSWERED;
	return true;
}

static void lose(struct book *k)
{
	/* A batch is not given out again while the daemon has it. */
	assert_int_equal(k->lost, 0);
	k->lost = k->id;
}

static bool take(struct model *m)
{
	struct book *k = oldest(m, ANSWERED, false);
	bool timed_out, answered = k;

	if (!k) {
		struct book *offered = oldest(m, OFFERED, true);

		k = oldest(m, DAEMON, true);
		if (offered && (!k || offered->id < k->id))
			k = offered;
	}
	timed_out = answered;
	assert_is(m, gksm_ring_take(&m->ring, m->now, &timed_out), k);
	assert_int_equal(timed_out, k && !answered);
	if (k) {
		if (k->owner == OFFERED)
			m->unheard = true;
		else if (k->owner == DAEMON)
			lose(k);
		k->owner = APPLIER;
		m->taken++;
	}
	return true;
}

static bool take_any(struct model *m)
{
	struct book *k = oldest(m, ANSWERED, false);
	bool has_answer = k, answered = !k;

	if (!k)
		k = oldest(m, DAEMON, false);
	if (!k)
		k = oldest(m, OFFERED, false);
	assert_is(m, gksm_ring_take_any(&m->ring, &answered), k);
	assert_int_equal(answered, has_answer);
	if (k) {
		if (k->owner == DAEMON)
			lose(k);
		k->owner = APPLIER;
		m->taken++;
	}
	return true;
}

static bool release(struct model *m, unsigned int i, enum owner owner)
{
	if (m->book[i].owner != owner)
		return false;
	gksm_ring_release(&m->ring, &m->batch[i]);
	m->book[i].owner = NOBODY;
	return true;
}

static bool dispatch(struct model *m, enum step step, unsigned int i)
{
	const struct book *k = &m->book[i % m->nr];

	switch (step) {
	case STEP_FILL:
		return fill(m);
	case STEP_SUBMIT:
		return submit(m, i);
	case STEP_GIVE_UP:
		return release(m, i, FILLER);
	case STEP_NEXT:
		return next(m);
	case STEP_COMPLETE:
		return k->id && complete(m, k->id, i % (MODEL_SLOTS + 1));
	case STEP_COMPLETE_MORE:
		return k->id && complete(m, k->id, MODEL_SLOTS + 1);
	case STEP_COMPLETE_LOST:
		return k->lost && complete(m, k->lost, MODEL_SLOTS);
	case STEP_COMPLETE_WRONG:
		return complete_wrong(m, i);
	case STEP_COMPLETED:
		return completed(m, i);
	case STEP_TAKE:
		return take(m);
	case STEP_TAKE_ANY:
		return take_any(m);
	case STEP_RELEASE:
		return release(m, i, APPLIER);
	default:
		m->now++;
		return true;
	}
}

static const enum gksm_batch_state state_of[] = {
	[NOBODY] = GKSM_BATCH_FREE,	     [FILLER] = GKSM_BATCH_FILLING,
	[OFFERED] = GKSM_BATCH_READY,	     [DAEMON] = GKSM_BATCH_IN_FLIGHT,
	[COMPLETER] = GKSM_BATCH_COMPLETING, [ANSWERED] = GKSM_BATCH_DONE,
	[APPLIER] = GKSM_BATCH_APPLYING,
};

static void check(const struct model *m)
{
	u64 deadline = U64_MAX, out = 0;
	bool ready = m->unheard, done = false, busy = false;
	unsigned int i;

	for (i = 0; i < m->nr; i++) {
		const struct book *k = &m->book[i];
		bool waits = k->owner == OFFERED || k->owner == DAEMON;

		assert_int_equal(m->batch[i].state, state_of[k->owner]);
		assert_true(m->batch[i].lost_id == k->lost);
		if (waits && k->deadline < deadline)
			deadline = k->deadline;
		out += k->owner >= OFFERED && k->owner <= ANSWERED;
		ready |= k->owner == OFFERED;
		done |= k->owner == ANSWERED;
		busy |= k->owner != NOBODY;
	}
	assert_int_equal(m->ring.nr_lost, nr_lost(m));
	assert_int_equal(gksm_ring_stalled(&m->ring), stalled(m));
	assert_int_equal(gksm_ring_ready(&m->ring), ready);
	assert_int_equal(gksm_ring_done(&m->ring), done);
	assert_int_equal(gksm_ring_busy(&m->ring), busy);
	assert_true(gksm_ring_deadline(&m->ring) == deadline);
	/* Nothing is lost on the way, and nothing comes back twice. */
	assert_true(m->submitted == m->taken + out);
}

bool model_step(struct model *m, enum step step, unsigned int arg)
{
	m->ring.batch = m->batch;
	if (!dispatch(m, step, arg))
		return false;
	check(m);
	return true;
}
