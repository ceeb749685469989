// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmod/batch.c: what a daemon and the scan thread see, story by story.
 */
#include "test.h"

#include <linux/limits.h>
#include <string.h>

#include "batch.h"

#define NR 4
#define SLOTS 16
#define LIMIT 100 /* deadline_ms of every submit and next */

static struct gksm_batch batches[NR];
static struct gksm_ring ring;

static int set_up(void **state)
{
	(void)state;
	memset(batches, 0, sizeof(batches));
	ring = (struct gksm_ring){ .batch = batches, .nr = NR };
	return 0;
}

static struct gksm_batch *submit(u64 now)
{
	struct gksm_batch *b = gksm_ring_fill(&ring);

	assert_non_null(b);
	b->nr = SLOTS;
	gksm_ring_submit(&ring, b, now, LIMIT);
	return b;
}

static struct gksm_batch *next(u64 now)
{
	return gksm_ring_next(&ring, now, LIMIT);
}

static int complete(u64 id)
{
	struct gksm_batch *b;
	int err = gksm_ring_complete(&ring, id, SLOTS, &b);

	if (!err)
		gksm_ring_completed(&ring, b);
	return err;
}

static struct gksm_batch *take_answered(u64 now)
{
	bool timed_out = true;
	struct gksm_batch *b = gksm_ring_take(&ring, now, &timed_out);

	assert_false(timed_out);
	return b;
}

static struct gksm_batch *take_expired(u64 now)
{
	bool timed_out = false;
	struct gksm_batch *b = gksm_ring_take(&ring, now, &timed_out);

	assert_true(timed_out);
	return b;
}

static void a_batch_goes_round(void **state)
{
	struct gksm_batch *b = submit(0);

	(void)state;
	assert_true(gksm_ring_ready(&ring));
	assert_null(take_answered(LIMIT - 1));
	assert_ptr_equal(next(0), b);
	assert_false(gksm_ring_ready(&ring));
	assert_false(gksm_ring_done(&ring));
	assert_int_equal(complete(b->id), 0);
	assert_true(gksm_ring_done(&ring));
	assert_ptr_equal(take_answered(0), b);
	assert_false(gksm_ring_done(&ring));
	assert_true(gksm_ring_busy(&ring));
	gksm_ring_release(&ring, b);
	assert_false(gksm_ring_busy(&ring));
	assert_int_equal(b->nr, 0);
	assert_null(take_answered(U64_MAX));
}

static void a_full_ring_gives_no_batch_to_fill(void **state)
{
	struct gksm_batch *seen[NR];
	unsigned int i, k;

	(void)state;
	for (i = 0; i < NR; i++) {
		seen[i] = gksm_ring_fill(&ring);
		assert_non_null(seen[i]);
		for (k = 0; k < i; k++)
			assert_ptr_not_equal(seen[i], seen[k]);
	}
	assert_null(gksm_ring_fill(&ring));
	gksm_ring_release(&ring, seen[2]);
	assert_ptr_equal(gksm_ring_fill(&ring), seen[2]);
}

static void next_hands_out_the_oldest_first(void **state)
{
	struct gksm_batch *first, *later;
	unsigned int i;

	(void)state;
	for (i = 0; i < NR; i++)
		submit(i);
	/* Free the first of the array and submit it again: now the youngest. */
	first = next(0);
	assert_int_equal(complete(first->id), 0);
	gksm_ring_release(&ring, take_answered(0));
	assert_ptr_equal(submit(0), first);
	for (i = 0; i < NR; i++) {
		later = next(0);
		assert_int_equal(later->id, i + 2);
	}
	assert_ptr_equal(later, first);
	assert_null(next(0));
}

static void answers_are_taken_oldest_first(void **state)
{
	u64 id[NR];
	unsigned int i;

	(void)state;
	for (i = 0; i < NR; i++)
		id[i] = submit(0)->id;
	for (i = 0; i < NR; i++)
		next(0);
	for (i = NR; i--;)
		assert_int_equal(complete(id[i]), 0);
	for (i = 0; i < NR; i++)
		assert_int_equal(take_answered(LIMIT)->id, id[i]);
}

static void what_expired_is_taken_oldest_first(void **state)
{
	struct gksm_batch *young;
	unsigned int i;

	(void)state;
	submit(0);
	submit(0);
	/* The first of the array again, younger than the second. */
	assert_int_equal(complete(next(0)->id), 0);
	gksm_ring_release(&ring, take_answered(0));
	young = submit(0);
	assert_ptr_equal(young, &batches[0]);
	for (i = 2; i <= 3; i++) {
		struct gksm_batch *b = take_expired(LIMIT);

		assert_int_equal(b->id, i);
	}
}

static void an_answer_is_taken_before_what_expired(void **state)
{
	struct gksm_batch *late = submit(0), *answered = submit(0);

	(void)state;
	next(0);
	next(0);
	assert_int_equal(complete(answered->id), 0);
	assert_ptr_equal(take_answered(LIMIT), answered);
	assert_ptr_equal(take_expired(LIMIT), late);
}

static void a_batch_is_completed_once(void **state)
{
	struct gksm_batch *b = submit(0), *same;

	(void)state;
	next(0);
	assert_int_equal(gksm_ring_complete(&ring, b->id, 0, &same), 0);
	assert_ptr_equal(same, b);
	assert_int_equal(complete(b->id), -ESTALE);
	gksm_ring_completed(&ring, b);
	assert_int_equal(complete(b->id), -ESTALE);
	assert_ptr_equal(take_answered(0), b);
	assert_int_equal(complete(b->id), -ESTALE);
	gksm_ring_release(&ring, b);
	assert_int_equal(complete(b->id), -ESTALE);
	assert_false(gksm_ring_stalled(&ring));
}

static void only_a_batch_in_flight_can_be_completed(void **state)
{
	struct gksm_batch *b = gksm_ring_fill(&ring);

	(void)state;
	assert_int_equal(complete(0), -ESTALE);
	assert_int_equal(complete(1), -ESTALE);
	assert_int_equal(complete(~0ULL), -ESTALE);
	b->nr = SLOTS;
	gksm_ring_submit(&ring, b, 0, LIMIT);
	assert_int_equal(complete(b->id), -ESTALE);
	assert_int_equal(complete(0), -ESTALE);
	assert_int_equal(b->state, GKSM_BATCH_READY);
}

static void too_many_results_change_nothing(void **state)
{
	struct gksm_batch *b = submit(0), *out = NULL, before;

	(void)state;
	next(0);
	before = *b;
	assert_int_equal(gksm_ring_complete(&ring, b->id, SLOTS + 1, &out),
			 -EINVAL);
	assert_int_equal(gksm_ring_complete(&ring, b->id, ~0u, &out), -EINVAL);
	assert_memory_equal(b, &before, sizeof(before));
	assert_null(out);
	assert_int_equal(complete(b->id), 0);
}

static void a_late_answer_is_stale_and_ends_the_stall(void **state)
{
	struct gksm_batch *b = submit(0);
	u64 id = b->id;

	(void)state;
	next(50);
	assert_null(take_answered(50 + LIMIT - 1));
	assert_ptr_equal(take_expired(50 + LIMIT), b);
	assert_true(gksm_ring_stalled(&ring));
	gksm_ring_release(&ring, b);
	/* Asking for more work is no answer. */
	assert_null(next(200));
	assert_int_equal(complete(id + 1), -ESTALE);
	assert_int_equal(complete(0), -ESTALE);
	assert_true(gksm_ring_stalled(&ring));
	assert_int_equal(complete(id), -ESTALE);
	assert_false(gksm_ring_stalled(&ring));
	assert_int_equal(complete(id), -ESTALE);
	assert_false(gksm_ring_stalled(&ring));
}

static void each_lost_batch_has_to_come_back(void **state)
{
	unsigned int i;
	u64 id[NR];

	(void)state;
	for (i = 0; i < NR; i++) {
		id[i] = submit(0)->id;
		next(0);
	}
	for (i = 0; i < NR; i++)
		gksm_ring_release(&ring, take_expired(LIMIT));
	for (i = 0; i < NR; i++) {
		assert_int_equal(ring.nr_lost, NR - i);
		assert_true(gksm_ring_stalled(&ring));
		assert_int_equal(complete(id[i]), -ESTALE);
	}
	assert_false(gksm_ring_stalled(&ring));
}

static void an_unwanted_batch_stalls_until_the_daemon_asks(void **state)
{
	struct gksm_batch *b = submit(0);

	(void)state;
	assert_ptr_equal(take_expired(LIMIT), b);
	gksm_ring_release(&ring, b);
	assert_true(gksm_ring_stalled(&ring));
	/* poll() says readable, so that it asks. */
	assert_true(gksm_ring_ready(&ring));
	assert_int_equal(complete(b->id), -ESTALE);
	assert_true(gksm_ring_stalled(&ring));
	assert_null(next(LIMIT));
	assert_false(gksm_ring_stalled(&ring));
	assert_false(gksm_ring_ready(&ring));
}

static void an_answer_after_the_deadline_counts_if_nobody_looked(void **state)
{
	struct gksm_batch *b = submit(0);

	(void)state;
	next(0);
	assert_int_equal(complete(b->id), 0);
	assert_ptr_equal(take_answered(10 * LIMIT), b);
	assert_false(gksm_ring_stalled(&ring));
}

static void a_batch_being_completed_does_not_expire(void **state)
{
	struct gksm_batch *b = submit(0), *same;
	bool answered;

	(void)state;
	next(0);
	assert_int_equal(gksm_ring_complete(&ring, b->id, SLOTS, &same), 0);
	assert_null(take_answered(10 * LIMIT));
	assert_null(gksm_ring_take_any(&ring, &answered));
	assert_false(answered);
	assert_true(gksm_ring_busy(&ring));
	gksm_ring_completed(&ring, b);
	assert_ptr_equal(gksm_ring_take_any(&ring, &answered), b);
	assert_true(answered);
}

static void take_any_takes_all_that_is_out(void **state)
{
	struct gksm_batch *answered = submit(0), *flying = submit(0);
	struct gksm_batch *ready = submit(0), *filling;
	bool has;

	(void)state;
	next(0);
	next(0);
	assert_int_equal(complete(answered->id), 0);
	filling = gksm_ring_fill(&ring);
	assert_ptr_equal(gksm_ring_take_any(&ring, &has), answered);
	assert_true(has);
	assert_ptr_equal(gksm_ring_take_any(&ring, &has), flying);
	assert_false(has);
	assert_ptr_equal(gksm_ring_take_any(&ring, &has), ready);
	assert_false(has);
	assert_null(gksm_ring_take_any(&ring, &has));
	assert_int_equal(filling->state, GKSM_BATCH_FILLING);
	/* The daemon still has one of them; it was not at fault for another. */
	assert_int_equal(ring.nr_lost, 1);
	assert_false(ring.unheard);
	assert_int_equal(complete(flying->id), -ESTALE);
	assert_false(gksm_ring_stalled(&ring));
}

static void the_earliest_deadline_counts(void **state)
{
	struct gksm_batch *b;

	(void)state;
	assert_true(gksm_ring_deadline(&ring) == U64_MAX);
	b = submit(10);
	assert_int_equal(gksm_ring_deadline(&ring), 10 + LIMIT);
	submit(5);
	assert_int_equal(gksm_ring_deadline(&ring), 5 + LIMIT);
	submit(20);
	assert_int_equal(gksm_ring_deadline(&ring), 5 + LIMIT);
	assert_ptr_equal(next(90), b);
	assert_int_equal(gksm_ring_deadline(&ring), 5 + LIMIT);
	next(90);
	assert_int_equal(gksm_ring_deadline(&ring), 20 + LIMIT);
	next(95);
	assert_int_equal(gksm_ring_deadline(&ring), 90 + LIMIT);
	assert_int_equal(complete(b->id), 0);
	assert_int_equal(gksm_ring_deadline(&ring), 90 + LIMIT);
}

#define ring_test(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ring_test(a_batch_goes_round),
		ring_test(a_full_ring_gives_no_batch_to_fill),
		ring_test(next_hands_out_the_oldest_first),
		ring_test(answers_are_taken_oldest_first),
		ring_test(what_expired_is_taken_oldest_first),
		ring_test(an_answer_is_taken_before_what_expired),
		ring_test(a_batch_is_completed_once),
		ring_test(only_a_batch_in_flight_can_be_completed),
		ring_test(too_many_results_change_nothing),
		ring_test(a_late_answer_is_stale_and_ends_the_stall),
		ring_test(each_lost_batch_has_to_come_back),
		ring_test(an_unwanted_batch_stalls_until_the_daemon_asks),
		ring_test(an_answer_after_the_deadline_counts_if_nobody_looked),
		ring_test(a_batch_being_completed_does_not_expire),
		ring_test(take_any_takes_all_that_is_out),
		ring_test(the_earliest_deadline_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
