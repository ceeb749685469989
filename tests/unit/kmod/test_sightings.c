// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmod/sightings.c: no repeated key is overlooked, few others are taken for one.
 */
#include "test.h"

#include <linux/types.h>

#include "page_state.h"
#include "scan.h"
#include "sightings.h"

#define NR 100000

struct gksm_settings gksm_settings;

static u64 key_of(u64 i)
{
	i = (i + 1) * 0x9e3779b97f4a7c15ULL;
	i ^= i >> 31;
	return gksm_key(i * 0xbf58476d1ce4e5b9ULL);
}

static int set_up(void **state)
{
	(void)state;
	shim_reset_allocs();
	gksm_sightings_init(0x5ec7e7);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	gksm_sightings_exit();
	return shim_live_allocs();
}

static void without_filters_every_key_is_repeated(void **state)
{
	(void)state;
	assert_true(gksm_sightings_want_rebuild(0));
	gksm_sightings_note(key_of(1));
	assert_true(gksm_sightings_repeated(key_of(1)));
	assert_true(gksm_sightings_repeated(key_of(2)));
	assert_int_equal(gksm_sightings_bytes(), 0);
}

static void what_was_noted_twice_is_found(void **state)
{
	u64 i, mistakes = 0;

	(void)state;
	gksm_sightings_begin(NR);
	/* Every fifth key twice, the second time much later. */
	for (i = 0; i < NR; i++)
		gksm_sightings_note(key_of(i));
	for (i = 0; i < NR; i += 5)
		gksm_sightings_note(key_of(i));
	gksm_sightings_end();
	for (i = 0; i < NR; i++) {
		if (i % 5 == 0)
			assert_true(gksm_sightings_repeated(key_of(i)));
		else
			mistakes += gksm_sightings_repeated(key_of(i));
	}
	assert_in_range(mistakes, 1, NR / 15);
}

static void most_that_were_noted_once_are_not(void **state)
{
	u64 i, mistakes = 0;

	(void)state;
	gksm_sightings_begin(NR);
	for (i = 0; i < NR; i++)
		gksm_sightings_note(key_of(i));
	for (i = 0; i < NR; i++)
		mistakes += gksm_sightings_repeated(key_of(i));
	assert_in_range(mistakes, 0, NR / 30);
	/* And of those that were never noted. */
	for (mistakes = 0, i = NR; i < 2 * NR; i++)
		mistakes += gksm_sightings_repeated(key_of(i));
	assert_in_range(mistakes, 0, NR / 100);
}

static void memory_is_ten_bits_a_page_and_slack(void **state)
{
	(void)state;
	gksm_sightings_begin(NR);
	assert_in_range(gksm_sightings_bytes() * 8, 10 * NR, 10 * NR * 8 / 7);
	assert_true(gksm_sightings_bytes() <= gksm_sightings_wanted_bytes(NR));
	assert_int_equal(shim_live_allocs(), 2);
}

static void a_rebuild_is_wanted_when_it_helps(void **state)
{
	u64 i;

	(void)state;
	gksm_sightings_begin(NR);
	for (i = 0; i < NR; i++)
		gksm_sightings_note(key_of(i));
	gksm_sightings_end();
	assert_false(gksm_sightings_want_rebuild(NR));
	assert_true(gksm_sightings_want_rebuild(2 * NR));
	assert_true(gksm_sightings_want_rebuild(NR / 8));
	for (i = 0; i <= NR * 9 / 32; i++)
		gksm_sightings_note(key_of(NR + i));
	assert_true(gksm_sightings_want_rebuild(NR));
}

static void want_of_memory_leaves_nothing_behind(void **state)
{
	unsigned int nth;

	(void)state;
	for (nth = 1; nth <= 2; nth++) {
		shim_fail_alloc(nth);
		gksm_sightings_begin(NR);
		assert_int_equal(shim_live_allocs(), 0);
		assert_true(gksm_sightings_repeated(key_of(1)));
		gksm_sightings_end();
	}
}

#define sightings_test(name) \
	cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		sightings_test(without_filters_every_key_is_repeated),
		sightings_test(what_was_noted_twice_is_found),
		sightings_test(most_that_were_noted_once_are_not),
		sightings_test(memory_is_ten_bits_a_page_and_slack),
		sightings_test(a_rebuild_is_wanted_when_it_helps),
		sightings_test(want_of_memory_leaves_nothing_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
