// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmod/advisor.c on simulated hosts: a pass comes to take as long as it should.
 */
#include "test.h"

#include <linux/types.h>

#include "advisor.h"

#define US 1000ULL
#define MS (1000 * US)
#define S (1000 * MS)

/* Each quantum of pages_to_scan pages costs so much a page, and then a sleep. */
struct host {
	u64 nr_pages;
	u64 page_ns;
	u64 sleep_ns;
	u64 now_ns;
	u64 used_ns;
};

static const struct gksm_advisor_goal defaults = {
	.target_s = 200,
	.max_cpu = 70,
	.min_pages = 500,
	.max_pages = 30000,
};

/* Returns how long the pass took; *pages becomes what the advisor says. */
static u64 pass(struct host *h, struct gksm_advisor *a,
		const struct gksm_advisor_goal *goal, unsigned int *pages)
{
	const u64 begin = h->now_ns;
	const u64 nr_sleeps = h->nr_pages / *pages;

	gksm_advisor_begin(a, h->now_ns, h->used_ns);
	h->used_ns += h->nr_pages * h->page_ns;
	h->now_ns += h->nr_pages * h->page_ns + nr_sleeps * h->sleep_ns;
	*pages = gksm_advisor_end(a, goal, *pages, h->now_ns, h->used_ns);
	return h->now_ns - begin;
}

static void a_pass_comes_to_take_as_long_as_it_should(void **state)
{
	static const u64 nr_pages[] = { 8000000, 50000000, 200000000 };
	unsigned int i, n;

	(void)state;
	for (i = 0; i < sizeof(nr_pages) / sizeof(*nr_pages); i++) {
		struct host h = { nr_pages[i], 300, 20 * MS, 5, 7 };
		struct gksm_advisor a = { 0 };
		unsigned int pages = gksm_advisor_first(&defaults);

		for (n = 0; n < 6; n++)
			pass(&h, &a, &defaults, &pages);
		assert_in_range(pass(&h, &a, &defaults, &pages), 180 * S,
				220 * S);
	}
}

static void growth_and_shrinkage_are_followed(void **state)
{
	struct host h = { 20000000, 300, 20 * MS, 5, 7 };
	struct gksm_advisor a = { 0 };
	unsigned int pages = gksm_advisor_first(&defaults), n;

	(void)state;
	for (n = 0; n < 8; n++)
		pass(&h, &a, &defaults, &pages);
	h.nr_pages *= 4;
	for (n = 0; n < 4; n++)
		pass(&h, &a, &defaults, &pages);
	assert_in_range(pass(&h, &a, &defaults, &pages), 170 * S, 230 * S);
	h.nr_pages /= 5;
	for (n = 0; n < 4; n++)
		pass(&h, &a, &defaults, &pages);
	assert_in_range(pass(&h, &a, &defaults, &pages), 170 * S, 230 * S);
}

static void the_limits_hold_at_both_ends(void **state)
{
	struct host small = { 1000, 300, 20 * MS, 5, 7 };
	struct host huge = { 1ULL << 36, 1, 20 * MS, 5, 7 };
	struct gksm_advisor a = { 0 }, b = { 0 };
	unsigned int pages = 20000, n;

	(void)state;
	for (n = 0; n < 20; n++)
		pass(&small, &a, &defaults, &pages);
	assert_int_equal(pages, 500);
	pages = gksm_advisor_first(&defaults);
	assert_int_equal(pages, 500);
	for (n = 0; n < 20; n++)
		pass(&huge, &b, &defaults, &pages);
	assert_int_equal(pages, 30000);
	/* It was not so far outside that it takes long to come back. */
	huge.nr_pages = 20000000;
	for (n = 0; n < 5; n++)
		pass(&huge, &b, &defaults, &pages);
	assert_in_range(pages, 1900, 2200);
}

/* What of a CPU the thread takes, in percent, once things have settled. */
static u64 percent_used(unsigned long max_cpu, u64 page_ns)
{
	const struct gksm_advisor_goal goal = { 1, max_cpu, 10, 1000000 };
	struct host h = { 10000000, page_ns, 20 * MS, 5, 7 };
	struct gksm_advisor a = { 0 };
	unsigned int pages = gksm_advisor_first(&goal), n;
	u64 wall, used;

	for (n = 0; n < 8; n++)
		pass(&h, &a, &goal, &pages);
	used = h.used_ns;
	wall = pass(&h, &a, &goal, &pages);
	return (h.used_ns - used) * 100 / wall;
}

static void the_thread_takes_no_more_of_a_cpu_than_it_may(void **state)
{
	static const unsigned long max_cpu[] = { 2, 10, 50, 70, 95 };
	unsigned int i;

	(void)state;
	/* A pass of ten seconds of work cannot take one. */
	for (i = 0; i < sizeof(max_cpu) / sizeof(*max_cpu); i++)
		assert_in_range(percent_used(max_cpu[i], 1000), max_cpu[i] - 1,
				max_cpu[i]);
	assert_true(percent_used(100, 1000) > 95);
	assert_true(percent_used(~0UL, 1000) > 95);
	/* A second of work a pass: the target of one is met first. */
	assert_true(percent_used(70, 10) <= 15);
}

static void the_limit_of_a_cpu_goes_below_the_least(void **state)
{
	const struct gksm_advisor_goal goal = { 1, 1, 5000, 30000 };
	struct host h = { 1000000, 10 * US, 20 * MS, 5, 7 };
	struct gksm_advisor a = { 0 };
	unsigned int pages = gksm_advisor_first(&goal);

	(void)state;
	pass(&h, &a, &goal, &pages);
	assert_in_range(pages, 19, 21); /* 0.2 ms in 20 */
}

static void a_pass_that_was_not_measured_changes_nothing(void **state)
{
	struct gksm_advisor a = { 0 };

	(void)state;
	assert_int_equal(gksm_advisor_end(&a, &defaults, 777, 900 * S, 1), 777);
	gksm_advisor_begin(&a, 1, 0);
	gksm_advisor_forget(&a);
	assert_int_equal(gksm_advisor_end(&a, &defaults, 777, 900 * S, 1), 777);
	gksm_advisor_begin(&a, 0, 0);
	assert_true(gksm_advisor_end(&a, &defaults, 777, 900 * S, 1) > 777);
	/* A pass is measured once. */
	assert_int_equal(gksm_advisor_end(&a, &defaults, 777, 900 * S, 1), 777);
}

static void any_goal_and_any_time_give_a_number_of_pages(void **state)
{
	static const unsigned long any[] = { 0,	  1,   2,     99,
					     100, 101, 30000, 0xffffffffUL,
					     ~0UL };
	static const u64 times[] = {
		0, 1, MS, S, 1ULL << 40, 1ULL << 63, ~0ULL
	};
	unsigned int i, k;

	(void)state;
	for (i = 0; i < 100000; i++) {
		const struct gksm_advisor_goal goal = {
			.target_s = any[random_below(9)],
			.max_cpu = any[random_below(9)],
			.min_pages = any[random_below(9)],
			.max_pages = any[random_below(9)],
		};
		struct gksm_advisor a = { .pages = (u32)any[random_below(9)] };
		unsigned int pages = gksm_advisor_first(&goal);

		assert_true(pages > 0);
		for (k = 0; k < 3; k++) {
			gksm_advisor_begin(&a, 0, 0);
			pages = gksm_advisor_end(&a, &goal, pages,
						 times[random_below(7)],
						 times[random_below(7)]);
			assert_true(pages > 0);
			assert_true(!goal.max_pages || pages <= goal.max_pages);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pass_comes_to_take_as_long_as_it_should),
		cmocka_unit_test(growth_and_shrinkage_are_followed),
		cmocka_unit_test(the_limits_hold_at_both_ends),
		cmocka_unit_test(the_thread_takes_no_more_of_a_cpu_than_it_may),
		cmocka_unit_test(the_limit_of_a_cpu_goes_below_the_least),
		cmocka_unit_test(a_pass_that_was_not_measured_changes_nothing),
		cmocka_unit_test(any_goal_and_any_time_give_a_number_of_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
