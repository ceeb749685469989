// SPDX-License-Identifier: GPL-2.0-only
/*
 * What kmod/index.c promises, one promise a test.
 */
#include "test.h"

#include "index.h"

#define BITS 4
#define ROOM (1u << BITS)
#define FULL (ROOM * 3 / 4) /* one more makes the table grow */

static u64 value_of(u64 key)
{
	return ~key;
}

static int set_up(void **state)
{
	(void)state;
	shim_reset_allocs();
	return 0;
}

static struct gksm_index index_with(u64 nr)
{
	struct gksm_index ix;
	u64 key;

	gksm_index_init(&ix, BITS, get_random_u64());
	for (key = 0; key < nr; key++)
		assert_int_equal(gksm_index_insert(&ix, key, value_of(key)), 0);
	return ix;
}

static void assert_holds(const struct gksm_index *ix, u64 nr)
{
	u64 key;

	assert_int_equal(ix->nr, nr);
	for (key = 0; key < nr; key++)
		assert_true(gksm_index_find(ix, key) == value_of(key));
	assert_int_equal(gksm_index_find(ix, nr), 0);
}

static void an_index_without_entries_owns_no_memory(void **state)
{
	struct gksm_index ix = index_with(0);

	(void)state;
	assert_int_equal(shim_live_allocs(), 0);
	assert_int_equal(gksm_index_bytes(&ix), 0);
	assert_int_equal(gksm_index_find(&ix, 7), 0);
	assert_int_equal(gksm_index_replace(&ix, 7, 1), 0);
	assert_false(gksm_index_remove(&ix, 7));
	gksm_index_clear(&ix);
	gksm_index_destroy(&ix);
	assert_int_equal(shim_live_allocs(), 0);
}

static void key_zero_and_key_all_ones_are_keys_like_any(void **state)
{
	const u64 keys[] = { 0, ~0ULL };
	struct gksm_index ix = index_with(0);
	unsigned int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		assert_int_equal(gksm_index_insert(&ix, keys[i], 5), 0);
		assert_int_equal(gksm_index_find(&ix, keys[i]), 5);
		assert_int_equal(gksm_index_replace(&ix, keys[i], ~0ULL), 5);
		assert_true(gksm_index_find(&ix, keys[i]) == ~0ULL);
		assert_true(gksm_index_remove(&ix, keys[i]));
		assert_int_equal(gksm_index_find(&ix, keys[i]), 0);
	}
	gksm_index_destroy(&ix);
}

static void value_zero_is_refused(void **state)
{
	struct gksm_index ix = index_with(0);

	(void)state;
	assert_int_equal(gksm_index_insert(&ix, 1, 0), -EINVAL);
	assert_int_equal(gksm_index_bytes(&ix), 0);
	assert_int_equal(gksm_index_insert(&ix, 1, 2), 0);
	assert_int_equal(gksm_index_insert(&ix, 1, 0), -EINVAL);
	assert_int_equal(gksm_index_replace(&ix, 1, 0), 0);
	assert_int_equal(gksm_index_find(&ix, 1), 2);
	gksm_index_destroy(&ix);
}

static void a_second_insert_of_a_key_changes_nothing(void **state)
{
	u64 nr, key;

	(void)state;
	for (nr = 1; nr <= 4 * FULL; nr++) {
		struct gksm_index ix = index_with(nr);
		u64 bytes = gksm_index_bytes(&ix);

		for (key = 0; key < nr; key++)
			assert_int_equal(gksm_index_insert(&ix, key, 1),
					 -EEXIST);
		assert_holds(&ix, nr);
		assert_int_equal(gksm_index_bytes(&ix), bytes);
		gksm_index_destroy(&ix);
	}
}

static void a_present_key_is_told_apart_without_memory(void **state)
{
	struct gksm_index ix = index_with(FULL);

	(void)state;
	shim_fail_alloc(1);
	assert_int_equal(gksm_index_insert(&ix, 0, 1), -EEXIST);
	shim_fail_alloc(0);
	assert_holds(&ix, FULL);
	gksm_index_destroy(&ix);
}

static void replace_of_an_absent_key_adds_nothing(void **state)
{
	struct gksm_index ix = index_with(FULL);

	(void)state;
	assert_int_equal(gksm_index_replace(&ix, FULL, 1), 0);
	assert_holds(&ix, FULL);
	gksm_index_destroy(&ix);
}

static void growth_loses_nothing(void **state)
{
	const u64 nr = 200000;
	struct gksm_index ix = index_with(nr);

	(void)state;
	assert_holds(&ix, nr);
	assert_int_equal(shim_live_allocs(), 1);
	gksm_index_destroy(&ix);
	assert_int_equal(shim_live_allocs(), 0);
}

static void an_entry_costs_at_most_128_thirds_bytes(void **state)
{
	struct gksm_index ix = index_with(FULL);
	u64 key;

	(void)state;
	for (key = FULL; key < 100000; key++) {
		assert_int_equal(gksm_index_insert(&ix, key, value_of(key)), 0);
		/* Right after growth a table is 3/8 full. */
		assert_true(gksm_index_bytes(&ix) * 3 <= ix.nr * 16 * 8);
		assert_true(gksm_index_bytes(&ix) * 3 >= ix.nr * 16 * 4);
	}
	gksm_index_destroy(&ix);
}

static void the_first_insert_can_fail_and_be_repeated(void **state)
{
	struct gksm_index ix = index_with(0);

	(void)state;
	shim_fail_alloc(1);
	assert_int_equal(gksm_index_insert(&ix, 0, value_of(0)), -ENOMEM);
	assert_holds(&ix, 0);
	assert_int_equal(gksm_index_bytes(&ix), 0);
	assert_int_equal(gksm_index_insert(&ix, 0, value_of(0)), 0);
	assert_holds(&ix, 1);
	gksm_index_destroy(&ix);
}

static void a_failed_growth_leaves_the_index_intact(void **state)
{
	u64 nr;

	(void)state;
	for (nr = FULL; nr <= 64 * FULL; nr *= 2) {
		struct gksm_index ix = index_with(nr);
		u64 bytes = gksm_index_bytes(&ix);

		shim_fail_alloc(1);
		assert_int_equal(gksm_index_insert(&ix, nr, value_of(nr)),
				 -ENOMEM);
		assert_holds(&ix, nr);
		assert_int_equal(gksm_index_bytes(&ix), bytes);
		assert_int_equal(gksm_index_insert(&ix, nr, value_of(nr)), 0);
		assert_holds(&ix, nr + 1);
		assert_int_equal(gksm_index_bytes(&ix), 2 * bytes);
		gksm_index_destroy(&ix);
	}
}

static void clear_keeps_a_table_that_was_an_eighth_full(void **state)
{
	struct gksm_index ix = index_with(4 * FULL);
	u64 bytes = gksm_index_bytes(&ix), key;

	(void)state;
	for (key = 4 * ROOM / 8; key < 4 * FULL; key++)
		assert_true(gksm_index_remove(&ix, key));
	gksm_index_clear(&ix);
	assert_holds(&ix, 0);
	for (key = 0; key < 4 * FULL; key++)
		assert_int_equal(gksm_index_find(&ix, key), 0);
	assert_int_equal(gksm_index_bytes(&ix), bytes);
	gksm_index_destroy(&ix);
}

static void clear_frees_a_table_that_was_emptier(void **state)
{
	struct gksm_index ix = index_with(4 * FULL);
	u64 key;

	(void)state;
	for (key = 4 * ROOM / 8 - 1; key < 4 * FULL; key++)
		assert_true(gksm_index_remove(&ix, key));
	gksm_index_clear(&ix);
	assert_holds(&ix, 0);
	assert_int_equal(shim_live_allocs(), 0);
	/* It begins again at its first size. */
	assert_int_equal(gksm_index_insert(&ix, 0, value_of(0)), 0);
	assert_int_equal(gksm_index_bytes(&ix), ROOM * 16);
	gksm_index_destroy(&ix);
}

static void a_destroyed_index_can_be_used_again(void **state)
{
	struct gksm_index ix = index_with(4 * FULL);

	(void)state;
	gksm_index_destroy(&ix);
	gksm_index_destroy(&ix);
	assert_int_equal(shim_live_allocs(), 0);
	assert_holds(&ix, 0);
	assert_int_equal(gksm_index_insert(&ix, 0, value_of(0)), 0);
	assert_holds(&ix, 1);
	gksm_index_destroy(&ix);
}

static void the_smallest_table_has_two_entries(void **state)
{
	struct gksm_index ix;
	u64 key;

	(void)state;
	gksm_index_init(&ix, 1, 0);
	for (key = 0; key < 100; key++) {
		assert_int_equal(gksm_index_insert(&ix, key, value_of(key)), 0);
		assert_holds(&ix, key + 1);
	}
	gksm_index_destroy(&ix);
}

#define index_test(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		index_test(an_index_without_entries_owns_no_memory),
		index_test(key_zero_and_key_all_ones_are_keys_like_any),
		index_test(value_zero_is_refused),
		index_test(a_second_insert_of_a_key_changes_nothing),
		index_test(a_present_key_is_told_apart_without_memory),
		index_test(replace_of_an_absent_key_adds_nothing),
		index_test(growth_loses_nothing),
		index_test(an_entry_costs_at_most_128_thirds_bytes),
		index_test(the_first_insert_can_fail_and_be_repeated),
		index_test(a_failed_growth_leaves_the_index_intact),
		index_test(clear_keeps_a_table_that_was_an_eighth_full),
		index_test(clear_frees_a_table_that_was_emptier),
		index_test(a_destroyed_index_can_be_used_again),
		index_test(the_smallest_table_has_two_entries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
