// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmod/pace.c: over any ten seconds the budget holds, and it is used; the
 * pressure is high when tasks are stalled, and not when they no longer are.
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

/*
 * So many seconds in which tasks are stalled for @percent of the time, as PSI
 * tells of it: every two seconds. Asked each 20 ms. Returns how often it was
 * high.
 */
static unsigned int stall(struct gksm_pressure *p, u64 *now, u64 *stalled,
			  unsigned int percent, unsigned int seconds)
{
	static u64 untold;
	unsigned int i, nr_high = 0;

	for (i = 0; i < seconds * 50; i++) {
		u64 before = *now;

		*now += 20 * MS;
		untold += 20 * MS * percent / 100;
		if (*now / (2 * S) != before / (2 * S)) {
			*stalled += untold;
			untold = 0;
		}
		nr_high += gksm_pressure_is_high(p, *now, *stalled);
	}
	return nr_high;
}

static void pressure_is_high_while_tasks_are_stalled(void **state)
{
	struct gksm_pressure p = { 0 };
	u64 now = 987654321, stalled = 3600 * S;

	(void)state;
	/* What was before does not count. */
	assert_int_equal(stall(&p, &now, &stalled, 0, 60), 0);
	assert_int_equal(stall(&p, &now, &stalled, 4, 60), 0);
	/* Seen in a window, or in the one that follows. */
	assert_true(stall(&p, &now, &stalled, 50, 60) >= 50 * 50);
	assert_true(p.high);
	assert_true(stall(&p, &now, &stalled, 0, 60) <= 10 * 50);
	assert_false(p.high);
}

static void pressure_between_the_limits_changes_nothing(void **state)
{
	struct gksm_pressure p = { 0 };
	u64 now = 1, stalled = 0;

	(void)state;
	assert_int_equal(stall(&p, &now, &stalled, 7, 600), 0);
	stall(&p, &now, &stalled, 20, 20);
	assert_int_equal(stall(&p, &now, &stalled, 7, 600), 600 * 50);
	stall(&p, &now, &stalled, 3, 20);
	assert_int_equal(stall(&p, &now, &stalled, 7, 600), 0);
}

static void a_boost_is_so_many_percent_more(void **state)
{
	(void)state;
	assert_int_equal(gksm_pace_boosted(100, 0), 100);
	assert_int_equal(gksm_pace_boosted(100, 50), 150);
	assert_int_equal(gksm_pace_boosted(7, 10), 7);
	assert_int_equal(gksm_pace_boosted(0, 1000), 0);
	assert_true(gksm_pace_boosted(~0U, 1000) == 11ULL * ~0U);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_budget_holds_over_any_ten_seconds),
		cmocka_unit_test(what_was_saved_up_is_little),
		cmocka_unit_test(what_is_owed_is_paid),
		cmocka_unit_test(a_daemon_that_has_gone_leaves_no_credit),
		cmocka_unit_test(pressure_is_high_while_tasks_are_stalled),
		cmocka_unit_test(pressure_between_the_limits_changes_nothing),
		cmocka_unit_test(a_boost_is_so_many_percent_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
