// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmod/pace.c: over any ten seconds the budget holds, and it is used.
 */
#include "test.h"

#include <linux/types.h>

#include "pace.h"

#define MS 1000000ULL
#define S (1000 * MS)

/* Works as it may for @seconds; returns the most and least of any 10 s. */
static void run(unsigned int percent, u64 work, unsigned int nr_workers,
		unsigned int seconds, u64 *most, u64 *least)
{
	static u64 used_at[600 * 100 + 1]; /* each 10 ms */
	struct gksm_pace pace = { 0 };
	u64 now = 12345, used = 777, end = now + seconds * S, last = 0;
	const u64 begin = now;
	unsigned int i;

	while (now < end) {
		u64 wait = gksm_pace_wait_ns(&pace, percent, now, used);

		assert_true(wait <= S);
		if (wait) {
			now += wait;
		} else {
			now += work;
			used += work * nr_workers;
		}
		for (; last * 10 * MS + begin <= now && last <= seconds * 100;
		     last++)
			used_at[last] = used;
	}
	*most = 0;
	*least = ~0ULL;
	for (i = 100; i + 1000 < last; i++) {
		u64 ten = used_at[i + 1000] - used_at[i];

		*most = ten > *most ? ten : *most;
		*least = ten < *least ? ten : *least;
	}
}

static void a_budget_holds_over_any_ten_seconds(void **state)
{
	static const struct {
		unsigned int percent;
		u64 work;
		unsigned int nr_workers;
	} cases[] = {
		{ 1, 1 * MS, 1 },   { 10, 10 * MS, 1 },	 { 10, 1 * MS, 3 },
		{ 50, 10 * MS, 2 }, { 100, 10 * MS, 1 }, { 150, 10 * MS, 4 },
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const u64 budget = cases[i].percent * 10 * S / 100;
		u64 most, least;

		run(cases[i].percent, cases[i].work, cases[i].nr_workers, 120,
		    &most, &least);
		assert_true(most <= budget + budget / 10);
		assert_true(least >= budget - budget / 10);
	}
}

static void what_was_saved_up_is_little(void **state)
{
	struct gksm_pace pace = { 0 };

	(void)state;
	assert_int_equal(gksm_pace_wait_ns(&pace, 10, 1 * S, 0), 0);
	/* An hour without work is not an hour of work. */
	assert_int_equal(gksm_pace_wait_ns(&pace, 10, 3601 * S, 0), 0);
	assert_int_equal(gksm_pace_wait_ns(&pace, 10, 3601 * S, 49 * MS), 0);
	assert_true(gksm_pace_wait_ns(&pace, 10, 3601 * S, 60 * MS) >= 99 * MS);
}

static void what_is_owed_is_paid(void **state)
{
	struct gksm_pace pace = { 0 };
	u64 now = 1 * S, slept = 0, wait;

	(void)state;
	gksm_pace_wait_ns(&pace, 20, now, 0);
	/* Ten seconds of a device at once: fifty of sleep. */
	while ((wait = gksm_pace_wait_ns(&pace, 20, now, 10 * S))) {
		now += wait;
		slept += wait;
	}
	assert_in_range(slept, 49 * S, 51 * S);
}

static void a_daemon_that_has_gone_leaves_no_credit(void **state)
{
	struct gksm_pace pace = { 0 };

	(void)state;
	gksm_pace_wait_ns(&pace, 50, 1 * S, 100 * S);
	assert_int_equal(gksm_pace_wait_ns(&pace, 50, 1 * S, 3 * S), 0);
	assert_true(gksm_pace_wait_ns(&pace, 50, 1 * S, 4 * S) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_budget_holds_over_any_ten_seconds),
		cmocka_unit_test(what_was_saved_up_is_little),
		cmocka_unit_test(what_is_owed_is_paid),
		cmocka_unit_test(a_daemon_that_has_gone_leaves_no_credit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
