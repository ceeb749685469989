// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmod/stable.c and kmod/unstable.c. A merged page is a number of sharers and
 * whether the tree has given it up.
 */
#include "test.h"

#include "kpage.h"
#include "mm_slot.h"
#include "scan.h"
#include "stable.h"
#include "stats.h"
#include "unstable.h"

#define SALT 0x5a17ULL
#define NR 3000 /* more than both tables start with */

struct page {
	int sharers;
	unsigned int times_freed;
};

static struct page pages[NR];

struct gksm_settings gksm_settings;
static u64 slots_bytes;

u64 gksm_mm_slots_bytes(void)
{
	return slots_bytes;
}

void gksm_kpage_free(struct page *kpage)
{
	kpage->times_freed++;
}

int gksm_kpage_sharers(struct page *kpage)
{
	assert_int_equal(kpage->times_freed, 0);
	return kpage->sharers;
}

unsigned long gksm_kpage_drain(void)
{
	return 0;
}

/* Multiplied so that hashes spread; 0 is one of them. */
static u64 hash_of(u64 i)
{
	return i * 0x9e3779b97f4a7c15ULL;
}

static int set_up_stable(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < NR; i++)
		pages[i] = (struct page){};
	shim_reset_allocs();
	return gksm_stable_init();
}

static int tear_down_stable(void **state)
{
	(void)state;
	gksm_stable_exit();
	return shim_live_allocs();
}

static void insert_pages(unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		assert_non_null(
			gksm_stable_insert(SALT, hash_of(i), &pages[i]));
}

static void a_stable_node_is_found_by_its_hash(void **state)
{
	unsigned int i;

	(void)state;
	insert_pages(NR);
	assert_int_equal(gksm_stable_nr(), NR);
	for (i = 0; i < NR; i++) {
		struct gksm_stable_node *node;

		node = gksm_stable_find(SALT, hash_of(i));
		assert_non_null(node);
		assert_ptr_equal(node->kpage, &pages[i]);
		assert_true(node->salt == SALT && node->key == hash_of(i));
		assert_true(node->fresh);
	}
	assert_null(gksm_stable_find(SALT, hash_of(NR)));
}

static void another_salt_finds_nothing(void **state)
{
	(void)state;
	insert_pages(1);
	assert_non_null(gksm_stable_find(SALT, hash_of(0)));
	assert_null(gksm_stable_find(SALT + 1, hash_of(0)));
	assert_null(gksm_stable_find(0, hash_of(0)));
}

static void a_taken_hash_leaves_the_page_to_the_caller(void **state)
{
	unsigned int before;

	(void)state;
	insert_pages(1);
	before = shim_live_allocs();
	assert_null(gksm_stable_insert(SALT, hash_of(0), &pages[1]));
	assert_null(gksm_stable_insert(SALT + 1, hash_of(0), &pages[1]));
	assert_int_equal(pages[1].times_freed, 0);
	assert_int_equal(shim_live_allocs(), before);
	assert_int_equal(gksm_stable_nr(), 1);
	assert_ptr_equal(gksm_stable_find(SALT, hash_of(0))->kpage, &pages[0]);
}

static void without_memory_the_page_stays_with_the_caller(void **state)
{
	unsigned int nth, before = shim_live_allocs();

	(void)state;
	/* The node, then the table. */
	for (nth = 1; nth <= 2; nth++) {
		shim_fail_alloc(nth);
		assert_null(gksm_stable_insert(SALT, hash_of(0), &pages[0]));
		assert_int_equal(shim_live_allocs(), before);
		assert_null(gksm_stable_find(SALT, hash_of(0)));
	}
	shim_fail_alloc(0);
	assert_int_equal(pages[0].times_freed, 0);
	insert_pages(1);
}

static void without_memory_there_is_no_tree(void **state)
{
	(void)state;
	shim_fail_alloc(1);
	assert_int_equal(gksm_stable_init(), -ENOMEM);
	assert_int_equal(shim_live_allocs(), 0);
}

static void a_removed_node_gives_its_page_up_once(void **state)
{
	(void)state;
	insert_pages(3);
	gksm_stable_remove(gksm_stable_find(SALT, hash_of(1)));
	assert_null(gksm_stable_find(SALT, hash_of(1)));
	assert_non_null(gksm_stable_find(SALT, hash_of(0)));
	assert_non_null(gksm_stable_find(SALT, hash_of(2)));
	assert_int_equal(gksm_stable_nr(), 2);
	assert_int_equal(pages[1].times_freed, 1);
	assert_int_equal(pages[0].times_freed + pages[2].times_freed, 0);
}

static void exit_gives_every_page_up_once(void **state)
{
	unsigned int i;

	insert_pages(NR);
	assert_int_equal(tear_down_stable(state), 0);
	for (i = 0; i < NR; i++)
		assert_int_equal(pages[i].times_freed, 1);
}

static void recount_frees_pages_without_sharers(void **state)
{
	s64 shared = 0, sharing = 0;
	unsigned int i;

	(void)state;
	insert_pages(NR);
	for (i = 0; i < NR; i++) {
		pages[i].sharers = i % 4;
		shared += pages[i].sharers != 0;
		sharing += pages[i].sharers ? pages[i].sharers - 1 : 0;
	}
	gksm_stable_recount();
	assert_int_equal(gksm_stat(pages_shared), shared);
	assert_int_equal(gksm_stat(pages_sharing), sharing);
	assert_int_equal(gksm_stable_nr(), shared);
	for (i = 0; i < NR; i++) {
		struct gksm_stable_node *node;

		node = gksm_stable_find(SALT, hash_of(i));
		assert_int_equal(node != NULL, pages[i].sharers != 0);
		assert_int_equal(pages[i].times_freed, !pages[i].sharers);
	}
}

static void recount_of_an_empty_tree_says_zero(void **state)
{
	(void)state;
	insert_pages(2);
	gksm_stable_recount();
	assert_int_equal(gksm_stable_nr(), 0);
	assert_int_equal(gksm_stat(pages_shared), 0);
	assert_int_equal(gksm_stat(pages_sharing), 0);
	gksm_stable_recount();
}

static void the_stable_tree_knows_its_size(void **state)
{
	const u64 table = 1024 * 16;

	(void)state;
	assert_int_equal(gksm_stable_bytes(), 0);
	insert_pages(10);
	assert_int_equal(gksm_stable_bytes(),
			 table + 10 * sizeof(struct gksm_stable_node));
}

static int set_up_unstable(void **state)
{
	(void)state;
	shim_reset_allocs();
	gksm_settings = (struct gksm_settings){};
	slots_bytes = 0;
	gksm_unstable_init();
	return shim_live_allocs();
}

static int tear_down_unstable(void **state)
{
	(void)state;
	gksm_unstable_exit();
	return shim_live_allocs();
}

static void a_waiting_page_is_found_until_it_is_removed(void **state)
{
	const u64 nr = 10000;
	u64 i;

	(void)state;
	for (i = 0; i < nr; i++)
		gksm_unstable_put(hash_of(i), i + 1);
	assert_int_equal(gksm_unstable_nr(), nr);
	for (i = 0; i < nr; i += 2)
		gksm_unstable_remove(hash_of(i));
	assert_int_equal(gksm_unstable_nr(), nr / 2);
	for (i = 0; i < nr; i++)
		assert_int_equal(gksm_unstable_find(hash_of(i)),
				 i % 2 ? i + 1 : 0);
}

static void the_last_page_with_a_hash_waits(void **state)
{
	(void)state;
	gksm_unstable_put(7, 1);
	gksm_unstable_put(7, 2);
	assert_int_equal(gksm_unstable_find(7), 2);
	assert_int_equal(gksm_unstable_nr(), 1);
	gksm_unstable_remove(7);
	gksm_unstable_remove(7);
	assert_int_equal(gksm_unstable_nr(), 0);
}

static void a_new_pass_finds_nobody_waiting(void **state)
{
	u64 i, bytes;

	(void)state;
	for (i = 0; i < NR; i++)
		gksm_unstable_put(hash_of(i), i + 1);
	bytes = gksm_unstable_bytes();
	gksm_unstable_clear();
	assert_int_equal(gksm_unstable_nr(), 0);
	assert_int_equal(gksm_unstable_bytes(), bytes);
	for (i = 0; i < NR; i++)
		assert_int_equal(gksm_unstable_find(hash_of(i)), 0);
	/* Nobody waited in a whole pass: the memory goes back. */
	gksm_unstable_clear();
	assert_int_equal(gksm_unstable_bytes(), 0);
}

static void without_memory_a_page_does_not_wait(void **state)
{
	(void)state;
	shim_fail_alloc(1);
	gksm_unstable_put(7, 1);
	assert_int_equal(gksm_unstable_find(7), 0);
	assert_int_equal(gksm_unstable_nr(), 0);
	gksm_unstable_put(7, 1);
	assert_int_equal(gksm_unstable_find(7), 1);
}

static void candidates_stay_below_the_limit(void **state)
{
	const u64 room =
		2048 * 3 / 4; /* of a table of 32 KiB, the next is 64 */
	u64 i;

	(void)state;
	gksm_settings.max_metadata_kib = 64;
	slots_bytes = 32 * 1024;
	for (i = 0; i < NR; i++)
		gksm_unstable_put(hash_of(i), i + 1);
	assert_int_equal(gksm_unstable_bytes(), 32 * 1024);
	assert_int_equal(gksm_unstable_nr(), room);
	assert_int_equal(gksm_unstable_find(hash_of(room - 1)), room);
	assert_int_equal(gksm_unstable_find(hash_of(room)), 0);
	/* Who has the hash of one that waits still takes its place. */
	gksm_unstable_put(hash_of(3), 77);
	assert_int_equal(gksm_unstable_find(hash_of(3)), 77);
	/* One byte less is one byte too few, also for what is there. */
	slots_bytes++;
	gksm_unstable_remove(hash_of(0));
	gksm_unstable_put(hash_of(0), 1);
	assert_int_equal(gksm_unstable_find(hash_of(0)), 0);
	gksm_unstable_clear();
	assert_int_equal(gksm_unstable_bytes(), 0);
}

#define stable_test(name) \
	cmocka_unit_test_setup_teardown(name, set_up_stable, tear_down_stable)
#define unstable_test(name)                                    \
	cmocka_unit_test_setup_teardown(name, set_up_unstable, \
					tear_down_unstable)

int main(void)
{
	const struct CMUnitTest tests[] = {
		stable_test(a_stable_node_is_found_by_its_hash),
		stable_test(another_salt_finds_nothing),
		stable_test(a_taken_hash_leaves_the_page_to_the_caller),
		stable_test(without_memory_the_page_stays_with_the_caller),
		cmocka_unit_test(without_memory_there_is_no_tree),
		stable_test(a_removed_node_gives_its_page_up_once),
		cmocka_unit_test_setup(exit_gives_every_page_up_once,
				       set_up_stable),
		stable_test(recount_frees_pages_without_sharers),
		stable_test(recount_of_an_empty_tree_says_zero),
		stable_test(the_stable_tree_knows_its_size),
		unstable_test(a_waiting_page_is_found_until_it_is_removed),
		unstable_test(the_last_page_with_a_hash_waits),
		unstable_test(a_new_pass_finds_nobody_waiting),
		unstable_test(without_memory_a_page_does_not_wait),
		unstable_test(candidates_stay_below_the_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
