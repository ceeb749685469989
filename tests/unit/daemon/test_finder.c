// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_finder.c - a batch's slots as entries, and what was found as answers
 */
#include <string.h>

#include "finder.h"
#include "test.h"

#define MAX_SLOTS 64

static struct gksm_slot shared[MAX_SLOTS];
static struct gksm_question questions[MAX_SLOTS];
static struct gksm_result results[MAX_SLOTS];
static uint64_t seeds[MAX_SLOTS], names[MAX_SLOTS], hashes[MAX_SLOTS];
static uint64_t twins[MAX_SLOTS];
static uint8_t found[MAX_SLOTS];
static struct gksm_entries entries;
static struct gksm_tally tally;

/* Slot i has page i, cookie 100 + i, salt 1; all pages are unique. */
static int reset(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < MAX_SLOTS; i++) {
		shared[i] = (struct gksm_slot){ .cookie = 100 + i,
						.salt = 1,
						.page = i };
		hashes[i] = 1000 + i;
		found[i] = GKSM_GPU_FOUND_UNIQUE;
		twins[i] = 0;
	}
	memset(seeds, 0xff, sizeof(seeds));
	memset(names, 0xff, sizeof(names));
	memset(results, 0xff, sizeof(results));
	memset(&tally, 0, sizeof(tally));
	return 0;
}

static void ask(unsigned int nr_slots, unsigned int nr_pages)
{
	entries = (struct gksm_entries){
		.seeds = seeds,
		.names = names,
		.max = MAX_SLOTS,
		.nr_pages = nr_pages,
	};
	gksm_finder_ask(questions, shared, nr_slots, &entries);
}

static void answer(unsigned int nr_slots)
{
	const struct gksm_gpu_batch done = {
		.nr_pages = entries.nr_pages,
		.hashes = hashes,
		.nr_entries = entries.nr_pages + entries.nr_known,
		.found = found,
		.twins = twins,
	};

	gksm_finder_answer(questions, nr_slots, &done, results, &tally);
}

static void assert_result(unsigned int slot, enum gksm_verdict verdict,
			  uint64_t hash, uint64_t peer)
{
	assert_int_equal(results[slot].verdict, verdict);
	assert_true(results[slot].hash == hash);
	assert_true(results[slot].peer == peer);
	assert_int_equal(results[slot].flags, 0);
}

static void slots_become_entries_of_their_pages(void **state)
{
	(void)state;
	shared[0].page = 3;
	shared[0].salt = 30;
	shared[1].page = 0;
	shared[1].salt = 31;
	ask(2, 4);
	assert_true(seeds[3] == 30 && names[3] == 100);
	assert_true(seeds[0] == 31 && names[0] == 101);
	assert_true(!seeds[1] && !names[1] && !seeds[2] && !names[2]);
	assert_int_equal(entries.nr_known, 0);
}

static void what_was_found_is_what_is_answered(void **state)
{
	static const struct {
		enum gksm_gpu_found found;
		uint64_t twin;
		enum gksm_verdict verdict;
		uint64_t peer;
	} cases[] = {
		{ GKSM_GPU_FOUND_NOTHING, 0, GKSM_VERDICT_HASHED, 0 },
		{ GKSM_GPU_FOUND_ZERO, 0, GKSM_VERDICT_ZERO, 0 },
		{ GKSM_GPU_FOUND_UNIQUE, 0, GKSM_VERDICT_UNIQUE, 0 },
		{ GKSM_GPU_FOUND_EQUAL, 7, GKSM_VERDICT_DUPLICATE, 7 },
		{ GKSM_GPU_FOUND_ALIKE, 8, GKSM_VERDICT_DUPLICATE, 8 },
		{ GKSM_GPU_FOUND_COLLIDED, 0, GKSM_VERDICT_HASHED, 0 },
		/* A page is not its own twin. */
		{ GKSM_GPU_FOUND_ALIKE, 106, GKSM_VERDICT_HASHED, 0 },
	};

	(void)state;
	ask(COUNT_OF(cases), COUNT_OF(cases));
	for (unsigned int i = 0; i < COUNT_OF(cases); i++) {
		found[i] = cases[i].found;
		twins[i] = cases[i].twin;
	}
	answer(COUNT_OF(cases));
	for (unsigned int i = 0; i < COUNT_OF(cases); i++)
		assert_result(i, cases[i].verdict, 1000 + i, cases[i].peer);
	assert_int_equal(tally.zero, 1);
	assert_int_equal(tally.unique, 1);
	assert_int_equal(tally.duplicate, 2);
	assert_int_equal(tally.hashed, 3);
	assert_int_equal(tally.collided, 1);
	assert_int_equal(tally.unanswered, 0);
}

static void slots_without_content_follow_the_pages(void **state)
{
	(void)state;
	shared[1].page = GKSM_NO_PAGE;
	shared[1].salt = 555; /* its hash */
	shared[2].page = 1;
	shared[3].page = GKSM_NO_PAGE;
	ask(4, 2);
	assert_int_equal(entries.nr_known, 2);
	assert_true(names[2] == 101 && seeds[2] == 555);
	assert_true(names[3] == 103);
	hashes[2] = 555;
	found[2] = GKSM_GPU_FOUND_ALIKE;
	twins[2] = 9;
	answer(4);
	assert_result(1, GKSM_VERDICT_DUPLICATE, 555, 9);
	assert_result(2, GKSM_VERDICT_UNIQUE, 1001, 0);
	assert_int_equal(tally.known, 2);
}

static void there_are_no_more_entries_than_room(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < MAX_SLOTS; i++)
		shared[i].page = GKSM_NO_PAGE;
	ask(MAX_SLOTS, MAX_SLOTS - 1);
	assert_int_equal(entries.nr_known, 1);
	answer(MAX_SLOTS);
	assert_result(0, GKSM_VERDICT_UNIQUE, 1000 + MAX_SLOTS - 1, 0);
	assert_result(1, GKSM_VERDICT_NONE, 0, 0);
	assert_int_equal(tally.unanswered, MAX_SLOTS - 1);
}

static void slots_that_cannot_be_answered_are_not(void **state)
{
	(void)state;
	shared[1].cookie = 0;
	shared[2].flags = 1;
	shared[3].page = 8;
	shared[4].page = UINT32_MAX - 1;
	shared[6].page = 5; /* has another slot */
	ask(8, 8);
	answer(8);
	for (unsigned int i = 1; i <= 4; i++)
		assert_result(i, GKSM_VERDICT_NONE, 0, 0);
	assert_result(5, GKSM_VERDICT_UNIQUE, 1005, 0);
	assert_result(6, GKSM_VERDICT_NONE, 0, 0);
	assert_true(!names[1] && !names[2] && !names[6]);
	assert_int_equal(tally.unanswered, 5);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, reset)
	static const struct CMUnitTest tests[] = {
		TEST(slots_become_entries_of_their_pages),
		TEST(what_was_found_is_what_is_answered),
		TEST(slots_without_content_follow_the_pages),
		TEST(there_are_no_more_entries_than_room),
		TEST(slots_that_cannot_be_answered_are_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
