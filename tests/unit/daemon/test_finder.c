// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_finder.c - which slots of a batch hold the same page
 */
#include <stdbool.h>
#include <string.h>

#include "finder.h"
#include "test.h"

#define MAX_SLOTS 64

static struct gksm_finder finder;
static struct gksm_slot shared[MAX_SLOTS], slots[MAX_SLOTS];
static struct gksm_result results[MAX_SLOTS];
static uint64_t seeds[MAX_SLOTS], hashes[MAX_SLOTS];
static uint8_t zeros[MAX_SLOTS];
static struct gksm_tally tally;
static const struct gksm_hashes computed = { hashes, zeros };

/* Slot i has page i, cookie 100 + i, salt 1 and a hash of its own. */
static int reset(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < MAX_SLOTS; i++) {
		shared[i] = (struct gksm_slot){ .cookie = 100 + i,
						.salt = 1,
						.page = i };
		hashes[i] = 1000 + i;
	}
	memset(zeros, 0, sizeof(zeros));
	memset(results, 0xff, sizeof(results));
	memset(&tally, 0, sizeof(tally));
	return gksm_finder_init(&finder, MAX_SLOTS, 0x123456789abcdef1);
}

static int release(void **state)
{
	(void)state;
	gksm_finder_free(&finder);
	return 0;
}

/* Answers @nr slots; all pairs have equal bytes, or none has. */
static void answer(unsigned int nr, bool equal)
{
	gksm_slots_copy(slots, shared, nr, nr, seeds);
	gksm_finder_pairs(&finder, slots, nr, &computed);
	memset(finder.equal, equal, finder.nr_pairs);
	gksm_finder_results(&finder, slots, nr, &computed, results, &tally);
}

static void assert_result(unsigned int slot, enum gksm_verdict verdict,
			  uint64_t peer)
{
	const bool none = verdict == GKSM_VERDICT_NONE;

	assert_int_equal(results[slot].verdict, verdict);
	assert_true(results[slot].peer == peer);
	assert_true(results[slot].hash ==
		    (none ? 0 : hashes[slots[slot].page]));
	assert_int_equal(results[slot].flags, 0);
}

static void pages_without_a_twin_are_hashed(void **state)
{
	(void)state;
	answer(MAX_SLOTS, true);
	assert_int_equal(finder.nr_pairs, 0);
	for (unsigned int i = 0; i < MAX_SLOTS; i++)
		assert_result(i, GKSM_VERDICT_HASHED, 0);
	assert_int_equal(tally.hashed, MAX_SLOTS);
}

static void twins_name_each_other(void **state)
{
	(void)state;
	hashes[5] = hashes[3];
	answer(8, true);
	assert_int_equal(finder.nr_pairs, 1);
	assert_int_equal(finder.pairs[0].a, 3);
	assert_int_equal(finder.pairs[0].b, 5);
	assert_result(3, GKSM_VERDICT_DUPLICATE, 105);
	assert_result(5, GKSM_VERDICT_DUPLICATE, 103);
	assert_int_equal(tally.duplicate, 2);
	assert_int_equal(tally.hashed, 6);
}

static void many_twins_name_the_first(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < MAX_SLOTS; i++)
		hashes[i] = 7;
	answer(MAX_SLOTS, true);
	assert_int_equal(finder.nr_pairs, MAX_SLOTS - 1);
	assert_result(0, GKSM_VERDICT_DUPLICATE, 101);
	for (unsigned int i = 1; i < MAX_SLOTS; i++)
		assert_result(i, GKSM_VERDICT_DUPLICATE, 100);
	assert_int_equal(tally.duplicate, MAX_SLOTS);
	assert_int_equal(tally.hashed, 0);
}

static void equal_hashes_of_other_bytes_are_only_hashed(void **state)
{
	(void)state;
	hashes[5] = hashes[3];
	answer(8, false);
	assert_int_equal(finder.nr_pairs, 1);
	assert_result(3, GKSM_VERDICT_HASHED, 0);
	assert_result(5, GKSM_VERDICT_HASHED, 0);
	assert_int_equal(tally.collided, 1);
	assert_int_equal(tally.duplicate, 0);
}

static void a_collision_does_not_spoil_a_twin(void **state)
{
	(void)state;
	hashes[2] = hashes[4] = hashes[6];
	gksm_slots_copy(slots, shared, 8, 8, seeds);
	gksm_finder_pairs(&finder, slots, 8, &computed);
	assert_int_equal(finder.nr_pairs, 2);
	finder.equal[0] = 0;
	finder.equal[1] = 1;
	gksm_finder_results(&finder, slots, 8, &computed, results, &tally);
	assert_result(2, GKSM_VERDICT_DUPLICATE, 106);
	assert_result(4, GKSM_VERDICT_HASHED, 0);
	assert_result(6, GKSM_VERDICT_DUPLICATE, 102);
}

static void other_salts_never_match(void **state)
{
	(void)state;
	hashes[5] = hashes[3];
	shared[5].salt = 2;
	answer(8, true);
	assert_int_equal(finder.nr_pairs, 0);
	assert_result(5, GKSM_VERDICT_HASHED, 0);
}

static void zero_pages_are_no_twins(void **state)
{
	(void)state;
	hashes[5] = hashes[3];
	zeros[5] = zeros[3] = 1;
	answer(8, true);
	assert_int_equal(finder.nr_pairs, 0);
	assert_result(3, GKSM_VERDICT_ZERO, 0);
	assert_result(5, GKSM_VERDICT_ZERO, 0);
	assert_int_equal(tally.zero, 2);
}

static void slots_that_cannot_be_answered_are_not(void **state)
{
	(void)state;
	shared[1].page = GKSM_NO_PAGE;
	shared[2].flags = 1;
	shared[3].page = 8;
	shared[4].page = UINT32_MAX - 1;
	hashes[1] = hashes[2] = hashes[5];
	answer(8, true);
	for (unsigned int i = 1; i <= 4; i++)
		assert_result(i, GKSM_VERDICT_NONE, 0);
	assert_result(5, GKSM_VERDICT_HASHED, 0);
	assert_int_equal(tally.unanswered, 4);
}

static void seeds_belong_to_pages_not_to_slots(void **state)
{
	(void)state;
	shared[0].page = 3;
	shared[0].salt = 30;
	shared[1].page = 0;
	shared[1].salt = 31;
	gksm_slots_copy(slots, shared, 2, 4, seeds);
	assert_true(seeds[3] == 30);
	assert_true(seeds[0] == 31);
	assert_true(seeds[1] == 0 && seeds[2] == 0);
}

static void a_page_with_two_salts_has_one_answer(void **state)
{
	(void)state;
	shared[0].page = shared[1].page = shared[2].page = 0;
	shared[2].salt = shared[1].salt = 5;
	answer(3, true);
	assert_true(seeds[0] == 5);
	assert_result(0, GKSM_VERDICT_NONE, 0);
	assert_result(1, GKSM_VERDICT_DUPLICATE, 102);
	assert_result(2, GKSM_VERDICT_DUPLICATE, 101);
}

static void one_batch_leaves_nothing_to_the_next(void **state)
{
	(void)state;
	answer(8, true);
	answer(8, true);
	assert_int_equal(finder.nr_pairs, 0);
	answer(0, true);
	assert_int_equal(finder.nr_pairs, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, reset, release)
	static const struct CMUnitTest tests[] = {
		TEST(pages_without_a_twin_are_hashed),
		TEST(twins_name_each_other),
		TEST(many_twins_name_the_first),
		TEST(equal_hashes_of_other_bytes_are_only_hashed),
		TEST(a_collision_does_not_spoil_a_twin),
		TEST(other_salts_never_match),
		TEST(zero_pages_are_no_twins),
		TEST(slots_that_cannot_be_answered_are_not),
		TEST(seeds_belong_to_pages_not_to_slots),
		TEST(a_page_with_two_salts_has_one_answer),
		TEST(one_batch_leaves_nothing_to_the_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
