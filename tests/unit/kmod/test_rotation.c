// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmod/rotation.c: whatever the arcs, once around is everything once.
 */
#include "test.h"

#include <linux/types.h>

#include "rotation.h"

#define CIRCLE (1ULL << 32)
#define REGIONS 5000 /* of two address spaces in turn */

static u32 place_of(unsigned int i)
{
	return gksm_rotation_place(1 + i % 2, 0x7f0000 + i / 2);
}

static void each_region_has_one_turn_in_so_many_passes(void **state)
{
	static const unsigned int passes[] = { 1, 2, 3, 7, 64, 1000 };
	unsigned int n, i, p;

	(void)state;
	for (n = 0; n < sizeof(passes) / sizeof(*passes); n++) {
		struct gksm_rotation r = {
			.at = 0x89abcdef,
			.arc = gksm_rotation_share(1, passes[n]),
		};
		unsigned char turns[REGIONS] = { 0 };

		for (p = 0; p < passes[n]; p++) {
			for (i = 0; i < REGIONS; i++)
				turns[i] += gksm_rotation_due(&r, place_of(i));
			gksm_rotation_advance(&r);
		}
		for (i = 0; i < REGIONS; i++)
			assert_in_range(turns[i], 1, passes[n] < 64 ? 1 : 2);
	}
}

static void no_pass_is_a_spike(void **state)
{
	struct gksm_rotation r = { .arc = gksm_rotation_share(1, 50) };
	unsigned int i, p;

	(void)state;
	for (p = 0; p < 50; p++) {
		unsigned int due = 0;

		for (i = 0; i < REGIONS; i++)
			due += gksm_rotation_due(&r, place_of(i));
		assert_in_range(due, REGIONS / 50 - 5, REGIONS / 50 + 5);
		gksm_rotation_advance(&r);
	}
}

/* Each place has its turn at least once between two crossings. */
static void a_crossing_means_that_everything_had_its_turn(void **state)
{
	struct gksm_rotation r = { 0 };
	unsigned char turns[REGIONS] = { 0 };
	unsigned int i, pass, crossings = 0;
	u64 random = 1;

	(void)state;
	for (pass = 0; crossings < 20; pass++) {
		random = random * 6364136223846793005ULL +
			 1442695040888963407ULL;
		r.arc = gksm_rotation_share(random >> 60, 31);
		for (i = 0; i < REGIONS; i++)
			turns[i] |= gksm_rotation_due(&r, place_of(i));
		if (!gksm_rotation_advance(&r))
			continue;
		/* Before the first, only what is after its start. */
		for (i = 0; i < REGIONS; i++) {
			assert_true(turns[i]);
			/* This arc may have reached past the origin. */
			turns[i] = place_of(i) < r.at;
		}
		crossings++;
	}
	assert_true(pass > 20);
}

static void a_share_is_rounded_up_and_at_most_all(void **state)
{
	(void)state;
	assert_true(gksm_rotation_share(0, 0) == CIRCLE);
	assert_true(gksm_rotation_share(5, 0) == CIRCLE);
	assert_true(gksm_rotation_share(1, 1) == CIRCLE);
	assert_true(gksm_rotation_share(9, 3) == CIRCLE);
	assert_true(gksm_rotation_share(0, 7) == 0);
	assert_true(gksm_rotation_share(1, 2) == CIRCLE / 2);
	assert_true(gksm_rotation_share(1, 3) == CIRCLE / 3 + 1);
	assert_true(gksm_rotation_share(1ULL << 62, 1ULL << 63) == CIRCLE / 2);
	assert_true(gksm_rotation_share(~0ULL - 1, ~0ULL) <= CIRCLE);
}

static void all_of_the_circle_is_always_due(void **state)
{
	struct gksm_rotation r = { .at = 12345, .arc = CIRCLE };

	(void)state;
	assert_true(gksm_rotation_due(&r, 0));
	assert_true(gksm_rotation_due(&r, 12344));
	assert_true(gksm_rotation_due(&r, ~0U));
	assert_true(gksm_rotation_advance(&r));
	assert_int_equal(r.at, 12345);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_region_has_one_turn_in_so_many_passes),
		cmocka_unit_test(no_pass_is_a_spike),
		cmocka_unit_test(a_crossing_means_that_everything_had_its_turn),
		cmocka_unit_test(a_share_is_rounded_up_and_at_most_all),
		cmocka_unit_test(all_of_the_circle_is_always_due),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
