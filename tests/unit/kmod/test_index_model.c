// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmod/index.c against an array of values, one for each of a few keys: so few
 * that they collide, wrap around and shift back all the time.
 *
 * With 1 as secret the upper bits of a key are its home, so a test chooses
 * where keys go.
 */
#include "test.h"

#include "index.h"

#define MAX_KEYS 512

/**
 * struct model - an index and what should be in it
 * @ix:	   the index
 * @nr:	   how many different keys the test uses
 * @key:   these keys
 * @value: what the index should say about each; 0: absent
 * @size:  how many are not 0
 */
struct model {
	struct gksm_index ix;
	unsigned int nr;
	u64 key[MAX_KEYS];
	u64 value[MAX_KEYS];
	u64 size;
};

static void check_all(const struct model *m)
{
	u64 entries = gksm_index_bytes(&m->ix) / sizeof(*m->ix.entries);
	u64 used = 0, i;

	for (i = 0; i < m->nr; i++) {
		if (gksm_index_find(&m->ix, m->key[i]) == m->value[i])
			continue;
		print_error("key %#llx is not as it should be\n", m->key[i]);
		fail();
	}
	for (i = 0; i < entries; i++)
		used += m->ix.entries[i].value != 0;
	assert_int_equal(used, m->size);
	assert_int_equal(m->ix.nr, m->size);
	assert_true(m->size * 4 <= entries * 3);
}

static void check_insert(struct model *m, unsigned int k, u64 value)
{
	int err = gksm_index_insert(&m->ix, m->key[k], value);

	assert_int_equal(err, m->value[k] ? -EEXIST : 0);
	if (!err) {
		m->value[k] = value;
		m->size++;
	}
}

static void check_replace(struct model *m, unsigned int k, u64 value)
{
	u64 old = gksm_index_replace(&m->ix, m->key[k], value);

	assert_true(old == m->value[k]);
	if (old)
		m->value[k] = value;
}

static void check_remove(struct model *m, unsigned int k)
{
	bool there = gksm_index_remove(&m->ix, m->key[k]);

	assert_int_equal(there, m->value[k] != 0);
	m->size -= there;
	m->value[k] = 0;
	if (there)
		check_all(m);
}

static void check_clear(struct model *m)
{
	unsigned int k;

	gksm_index_clear(&m->ix);
	for (k = 0; k < m->nr; k++)
		m->value[k] = 0;
	m->size = 0;
	check_all(m);
}

/* Random operations; the index fills and empties in turns. */
static void run_steps(struct model *m, unsigned int nr_steps)
{
	unsigned int step, bias = 0;

	for (step = 0; step < nr_steps; step++) {
		unsigned int k = random_below(m->nr);
		unsigned int what = random_below(16);
		u64 value = get_random_u64() | 1;

		if (!random_below(8 * m->nr))
			bias = random_below(9);
		if (what < 2)
			check_replace(m, k, value);
		else if (what < 4)
			assert_true(gksm_index_find(&m->ix, m->key[k]) ==
				    m->value[k]);
		else if (what < 6 + bias)
			check_insert(m, k, value);
		else
			check_remove(m, k);
		if (!random_below(4096))
			check_clear(m);
	}
	check_all(m);
	gksm_index_destroy(&m->ix);
	assert_int_equal(shim_live_allocs(), 0);
}

static void random_keys_and_secret(void **state)
{
	unsigned int nr, k;

	(void)state;
	for (nr = 4; nr <= MAX_KEYS; nr *= 2) {
		struct model m = { .nr = nr };

		gksm_index_init(&m.ix, 2, get_random_u64());
		for (k = 0; k < nr; k++)
			m.key[k] = get_random_u64();
		run_steps(&m, 8000000 / (nr + 32));
	}
}

static void small_numbers_as_keys(void **state)
{
	struct model m = { .nr = 24 };
	unsigned int k;

	(void)state;
	gksm_index_init(&m.ix, 3, get_random_u64());
	for (k = 0; k < m.nr; k++)
		m.key[k] = k;
	run_steps(&m, 200000);
}

/* @home(k) says in which 16th of the table the key k has its home. */
static void keys_with_homes(unsigned int nr, unsigned int min_bits,
			    unsigned int (*home)(unsigned int k))
{
	struct model m = { .nr = nr };
	unsigned int k;

	gksm_index_init(&m.ix, min_bits, 1);
	for (k = 0; k < m.nr; k++)
		m.key[k] = (u64)home(k) << 60 | k;
	run_steps(&m, 200000);
}

static unsigned int first(unsigned int k)
{
	return k & 0;
}

static unsigned int last(unsigned int k)
{
	return 15 + (k & 0);
}

static unsigned int around_the_end(unsigned int k)
{
	return (13 + k % 6) % 16;
}

static unsigned int three_clusters(unsigned int k)
{
	return k % 3 * 6;
}

static void keys_that_all_collide(void **state)
{
	(void)state;
	keys_with_homes(12, 4, first);
	keys_with_homes(30, 4, first);
}

static void keys_that_all_wrap_around_the_end(void **state)
{
	(void)state;
	keys_with_homes(12, 4, last);
	keys_with_homes(30, 4, last);
	keys_with_homes(12, 4, around_the_end);
	keys_with_homes(40, 4, around_the_end);
}

static void clusters_that_grow_into_each_other(void **state)
{
	(void)state;
	keys_with_homes(12, 4, three_clusters);
	keys_with_homes(20, 4, three_clusters);
}

/* Five keys at all homes of a table of eight: each removed, then another. */
static void every_removal_from_every_small_table(void **state)
{
	enum {
		BITS = 3,
		KEYS = 5
	};
	unsigned int layout, k, gone;

	(void)state;
	for (layout = 0; layout < 1u << (BITS * KEYS); layout++) {
		for (gone = 0; gone < KEYS; gone++) {
			struct model m = { .nr = KEYS };

			gksm_index_init(&m.ix, BITS, 1);
			for (k = 0; k < KEYS; k++) {
				u64 home = layout >> (BITS * k) & 7;

				m.key[k] = home << (64 - BITS) | k;
				check_insert(&m, k, k + 1);
			}
			check_remove(&m, gone);
			check_remove(&m, (gone + 2) % KEYS);
			gksm_index_destroy(&m.ix);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_keys_and_secret),
		cmocka_unit_test(small_numbers_as_keys),
		cmocka_unit_test(keys_that_all_collide),
		cmocka_unit_test(keys_that_all_wrap_around_the_end),
		cmocka_unit_test(clusters_that_grow_into_each_other),
		cmocka_unit_test(every_removal_from_every_small_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
