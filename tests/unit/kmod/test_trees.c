// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmod/stable.c and kmod/unstable.c. A merged page is a number of sharers and
 * whether the tree has given it up.
 */
#include "test.h"

#include <linux/jiffies.h>

#include "events.h"
#include "kpage.h"
#include "mm_slot.h"
#include "page_state.h"
#include "scan.h"
#include "sightings.h"
#include "stable.h"
#include "stats.h"
#include "unstable.h"

#define SALT 0x5a17ULL
#define NR 3000 /* more than both tables start with */

struct page {
	int sharers;
	bool is_bad;
	unsigned int times_freed;
	u64 label;
	struct page *next, *prev; /* ring */
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
	assert_ptr_equal(kpage->next, kpage); /* in nobody's ring any more */
	kpage->times_freed++;
}

int gksm_kpage_sharers(struct page *kpage)
{
	assert_int_equal(kpage->times_freed, 0);
	return kpage->sharers;
}

void gksm_kpage_set_label(struct page *kpage, u64 label)
{
	assert_int_equal(kpage->times_freed, 0);
	kpage->label = label;
}

u64 gksm_kpage_label(const struct page *kpage)
{
	assert_int_equal(kpage->times_freed, 0);
	return kpage->label;
}

void gksm_event_remove(unsigned long pfn)
{
	assert_int_equal(pfn_to_page(pfn)->times_freed, 0);
}

int gksm_kpage_takers(const struct page *kpage)
{
	assert_int_equal(kpage->times_freed, 0);
	return kpage->sharers;
}

bool gksm_kpage_is_sound(struct page *kpage)
{
	return !kpage->is_bad;
}

void gksm_kpage_ring_join(struct page *kpage, struct page *ring)
{
	assert_ptr_equal(kpage->next, kpage);
	kpage->next = ring->next;
	kpage->prev = ring;
	ring->next->prev = kpage;
	ring->next = kpage;
}

void gksm_kpage_ring_leave(struct page *kpage)
{
	kpage->next->prev = kpage->prev;
	kpage->prev->next = kpage->next;
	kpage->next = kpage;
	kpage->prev = kpage;
}

struct page *gksm_kpage_ring_next(struct page *kpage)
{
	assert_int_equal(kpage->times_freed, 0);
	return kpage->next;
}

/* Frame 0 is nobody's, as in the kernel. */
unsigned long page_to_pfn(const struct page *page)
{
	return page - pages + 1;
}

struct page *pfn_to_page(unsigned long pfn)
{
	assert_in_range(pfn, 1, NR);
	return &pages[pfn - 1];
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

static u64 key_of(u64 i)
{
	return gksm_key(hash_of(i));
}

static int set_up_stable(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < NR; i++)
		pages[i] =
			(struct page){ .next = &pages[i], .prev = &pages[i] };
	shim_reset_allocs();
	gksm_settings = (struct gksm_settings){ .max_page_sharing = 256 };
	gksm_sightings_init(1);
	gksm_stable_init();
	return shim_live_allocs();
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
		assert_int_equal(gksm_stable_insert(SALT, key_of(i), &pages[i]),
				 0);
}

static void a_merged_page_is_found_by_its_key(void **state)
{
	unsigned int i;

	(void)state;
	insert_pages(NR);
	assert_int_equal(gksm_stable_nr(), NR);
	for (i = 0; i < NR; i++) {
		assert_ptr_equal(gksm_stable_find(SALT, key_of(i)), &pages[i]);
		assert_true(gksm_stable_is_fresh(&pages[i]));
		gksm_stable_keep(&pages[i]);
		assert_false(gksm_stable_is_fresh(&pages[i]));
		assert_ptr_equal(gksm_stable_find(SALT, key_of(i)), &pages[i]);
	}
	assert_null(gksm_stable_find(SALT, key_of(NR)));
}

static void another_salt_finds_nothing(void **state)
{
	(void)state;
	insert_pages(1);
	assert_non_null(gksm_stable_find(SALT, key_of(0)));
	assert_null(gksm_stable_find(SALT + 1, key_of(0)));
	assert_null(gksm_stable_find(0, key_of(0)));
}

static void a_taken_key_leaves_the_page_to_the_caller(void **state)
{
	unsigned int before;

	(void)state;
	insert_pages(1);
	before = shim_live_allocs();
	assert_int_equal(gksm_stable_insert(SALT + 1, key_of(0), &pages[1]),
			 -EEXIST);
	assert_int_equal(pages[1].times_freed, 0);
	assert_int_equal(shim_live_allocs(), before);
	assert_int_equal(gksm_stable_nr(), 1);
	assert_ptr_equal(gksm_stable_find(SALT, key_of(0)), &pages[0]);
}

static void without_memory_the_page_stays_with_the_caller(void **state)
{
	const unsigned int first = 384; /* pages in the first table */
	unsigned int i;

	(void)state;
	shim_fail_alloc(1);
	assert_int_equal(gksm_stable_insert(SALT, key_of(0), &pages[0]),
			 -ENOMEM);
	assert_int_equal(shim_live_allocs(), 0);
	assert_null(gksm_stable_find(SALT, key_of(0)));
	insert_pages(first);
	shim_fail_alloc(1);
	assert_int_equal(gksm_stable_insert(SALT, key_of(first), &pages[first]),
			 -ENOMEM);
	assert_int_equal(pages[first].times_freed, 0);
	assert_null(gksm_stable_find(SALT, key_of(first)));
	for (i = 0; i < first; i++)
		assert_ptr_equal(gksm_stable_find(SALT, key_of(i)), &pages[i]);
	assert_int_equal(gksm_stable_insert(SALT, key_of(first), &pages[first]),
			 0);
}

static void a_removed_page_is_given_up_once(void **state)
{
	(void)state;
	insert_pages(3);
	gksm_stable_remove(gksm_stable_find(SALT, key_of(1)));
	assert_null(gksm_stable_find(SALT, key_of(1)));
	assert_non_null(gksm_stable_find(SALT, key_of(0)));
	assert_non_null(gksm_stable_find(SALT, key_of(2)));
	assert_int_equal(gksm_stable_nr(), 2);
	assert_int_equal(pages[1].times_freed, 1);
	assert_int_equal(pages[0].times_freed + pages[2].times_freed, 0);
}

static void nobody_joins_a_bad_page(void **state)
{
	(void)state;
	insert_pages(1);
	pages[0].sharers = 2;
	pages[0].is_bad = true;
	assert_null(gksm_stable_find(SALT, key_of(0)));
	/* Another one with that content takes its place. */
	assert_int_equal(gksm_stable_insert(SALT, key_of(0), &pages[1]), 0);
	assert_ptr_equal(gksm_stable_find(SALT, key_of(0)), &pages[1]);
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
		assert_ptr_equal(gksm_stable_find(SALT, key_of(i)),
				 pages[i].sharers ? &pages[i] : NULL);
		assert_int_equal(pages[i].times_freed, !pages[i].sharers);
	}
}

/* Pages @from to @to - 1 get the content of page 0. */
static void insert_dups(unsigned int from, unsigned int to)
{
	unsigned int i;

	for (i = from; i < to; i++)
		assert_int_equal(gksm_stable_insert(SALT, key_of(0), &pages[i]),
				 0);
}

static void check_chains(u64 chains, u64 dups)
{
	assert_int_equal(gksm_stable_chains(), chains);
	assert_int_equal(gksm_stable_dups(), dups);
}

static void a_full_page_is_not_found(void **state)
{
	(void)state;
	insert_pages(2);
	pages[0].sharers = 255;
	assert_ptr_equal(gksm_stable_find(SALT, key_of(0)), &pages[0]);
	pages[0].sharers = 256;
	assert_null(gksm_stable_find(SALT, key_of(0)));
	assert_ptr_equal(gksm_stable_find(SALT, key_of(1)), &pages[1]);
	check_chains(0, 0);
}

static void pages_with_one_content_are_a_chain(void **state)
{
	(void)state;
	insert_pages(2);
	pages[0].sharers = 256;
	insert_dups(2, 3);
	check_chains(1, 2);
	assert_int_equal(gksm_stable_nr(), 3);
	assert_ptr_equal(gksm_stable_find(SALT, key_of(0)), &pages[2]);
	/* If the new one is full, the others may have room again. */
	pages[2].sharers = 256;
	assert_null(gksm_stable_find(SALT, key_of(0)));
	pages[0].sharers = 255;
	assert_ptr_equal(gksm_stable_find(SALT, key_of(0)), &pages[0]);
	/* Another domain does not find it, and cannot join it. */
	assert_null(gksm_stable_find(SALT + 1, key_of(0)));
	assert_int_equal(gksm_stable_insert(SALT + 1, key_of(0), &pages[3]),
			 -EEXIST);
}

static void a_chain_outlives_any_of_its_pages(void **state)
{
	unsigned int gone, i;

	(void)state;
	for (gone = 0; gone < 3; gone++) {
		assert_int_equal(set_up_stable(state), 0);
		insert_pages(1);
		insert_dups(1, 3);
		check_chains(1, 3);
		gksm_stable_remove(&pages[gone]);
		check_chains(1, 2);
		assert_int_equal(pages[gone].times_freed, 1);
		assert_non_null(gksm_stable_find(SALT, key_of(0)));
		gksm_stable_remove(&pages[(gone + 1) % 3]);
		check_chains(0, 0);
		assert_ptr_equal(gksm_stable_find(SALT, key_of(0)),
				 &pages[(gone + 2) % 3]);
		assert_int_equal(tear_down_stable(state), 0);
		for (i = 0; i < 3; i++)
			assert_int_equal(pages[i].times_freed, 1);
	}
}

/* Whichever of a chain's pages have gone. */
static void recount_sees_all_of_a_chain(void **state)
{
	const unsigned int nr = 5;
	unsigned int mask, i;

	(void)state;
	for (mask = 0; mask < 1U << nr; mask++) {
		const u64 left = __builtin_popcount(mask);

		assert_int_equal(set_up_stable(state), 0);
		insert_pages(1);
		insert_dups(1, nr);
		for (i = 0; i < nr; i++)
			pages[i].sharers = mask & 1U << i ? 3 : 0;
		gksm_stable_recount();
		assert_int_equal(gksm_stable_nr(), left);
		assert_int_equal(gksm_stat(pages_shared), left);
		assert_int_equal(gksm_stat(pages_sharing), 2 * left);
		check_chains(left > 1, left > 1 ? left : 0);
		for (i = 0; i < nr; i++)
			assert_int_equal(pages[i].times_freed,
					 !pages[i].sharers);
		assert_int_equal(tear_down_stable(state), 0);
	}
}

static void pruning_finds_the_page_with_most_room(void **state)
{
	const unsigned int nr = 100; /* more than a search looks at */
	unsigned int i;

	(void)state;
	gksm_settings.stable_node_chains_prune_millisecs = 2000;
	jiffies = 10000;
	insert_pages(1);
	insert_dups(1, nr);
	for (i = 0; i < nr; i++)
		pages[i].sharers = 256;
	gksm_stable_recount(); /* the first time */
	pages[50].sharers = 7;
	pages[60].sharers = 8;
	jiffies += 1999;
	gksm_stable_recount();
	assert_null(gksm_stable_find(SALT, key_of(0)));
	jiffies++;
	gksm_stable_recount();
	assert_ptr_equal(gksm_stable_find(SALT, key_of(0)), &pages[50]);
}

/* Tables grow and shrink around a chain. */
static void chains_move_with_the_table(void **state)
{
	unsigned int i;

	(void)state;
	insert_pages(1);
	insert_dups(1, 100);
	for (i = 100; i < NR; i++)
		assert_int_equal(gksm_stable_insert(SALT, key_of(i), &pages[i]),
				 0);
	check_chains(1, 100);
	for (i = 0; i < 100; i++)
		pages[i].sharers = 2;
	gksm_stable_recount();
	assert_int_equal(gksm_stable_bytes(), 512 * sizeof(u64));
	assert_int_equal(gksm_stable_nr(), 100);
	check_chains(1, 100);
	assert_non_null(gksm_stable_find(SALT, key_of(0)));
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

/* Whatever the secret, and wherever a chain begins: none is counted twice. */
static void recount_counts_each_page_once(void **state)
{
	unsigned int round, i;

	for (round = 0; round < 50; round++) {
		s64 shared = 0;

		assert_int_equal(set_up_stable(state), 0);
		insert_pages(384);
		for (i = 0; i < 384; i++) {
			pages[i].sharers = (i * 7 + round) % 3;
			shared += pages[i].sharers != 0;
		}
		gksm_stable_recount();
		assert_int_equal(gksm_stat(pages_shared), shared);
		assert_int_equal(gksm_stable_nr(), shared);
		assert_int_equal(tear_down_stable(state), 0);
		for (i = 0; i < 384; i++)
			assert_int_equal(pages[i].times_freed, 1);
	}
}

static void a_merged_page_takes_sixteen_bytes_at_most(void **state)
{
	unsigned int i;

	(void)state;
	assert_int_equal(gksm_stable_bytes(), 0);
	for (i = 0; i < NR; i++) {
		assert_int_equal(gksm_stable_insert(SALT, key_of(i), &pages[i]),
				 0);
		assert_true(gksm_stable_bytes() <=
			    (i < 256 ? 4096 : 16 * (i + 1)));
	}
}

static void what_few_pages_do_not_need_is_given_back(void **state)
{
	unsigned int i;

	(void)state;
	insert_pages(NR);
	for (i = 0; i < 400; i++)
		pages[i].sharers = 2;
	gksm_stable_recount();
	assert_int_equal(gksm_stable_bytes(), 800 * sizeof(u64));
	for (i = 0; i < NR; i++)
		assert_ptr_equal(gksm_stable_find(SALT, key_of(i)),
				 i < 400 ? &pages[i] : NULL);
	/* Without memory for a smaller table the large one stays. */
	for (i = 100; i < 400; i++)
		pages[i].sharers = 0;
	shim_fail_alloc(1);
	gksm_stable_recount();
	assert_int_equal(gksm_stable_bytes(), 800 * sizeof(u64));
	assert_ptr_equal(gksm_stable_find(SALT, key_of(99)), &pages[99]);
	gksm_stable_recount();
	assert_int_equal(gksm_stable_bytes(), 512 * sizeof(u64));
	assert_ptr_equal(gksm_stable_find(SALT, key_of(99)), &pages[99]);
}

#define PASS GKSM_ROUND_PASS
#define DEMAND GKSM_ROUND_DEMAND

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
		gksm_unstable_put(PASS, hash_of(i), i + 1);
	assert_int_equal(gksm_unstable_nr(PASS), nr);
	for (i = 0; i < nr; i += 2)
		gksm_unstable_settle(PASS, hash_of(i));
	assert_int_equal(gksm_unstable_nr(PASS), nr / 2);
	for (i = 0; i < nr; i++)
		assert_int_equal(gksm_unstable_find(PASS, hash_of(i)),
				 i % 2 ? i + 1 : 0);
}

static void the_last_page_with_a_hash_waits(void **state)
{
	(void)state;
	gksm_unstable_put(PASS, 7, 1);
	gksm_unstable_put(PASS, 7, 2);
	assert_int_equal(gksm_unstable_find(PASS, 7), 2);
	assert_int_equal(gksm_unstable_nr(PASS), 1);
	gksm_unstable_settle(PASS, 7);
	gksm_unstable_settle(PASS, 7);
	assert_int_equal(gksm_unstable_nr(PASS), 0);
}

static void a_new_pass_finds_nobody_waiting(void **state)
{
	u64 i, bytes;

	(void)state;
	for (i = 0; i < NR; i++)
		gksm_unstable_put(PASS, hash_of(i), i + 1);
	bytes = gksm_unstable_bytes();
	gksm_unstable_clear(PASS);
	assert_int_equal(gksm_unstable_nr(PASS), 0);
	assert_int_equal(gksm_unstable_bytes(), bytes);
	for (i = 0; i < NR; i++)
		assert_int_equal(gksm_unstable_find(PASS, hash_of(i)), 0);
	/* Nobody waited in a whole pass: the memory goes back. */
	gksm_unstable_clear(PASS);
	assert_int_equal(gksm_unstable_bytes(), 0);
}

static void without_memory_a_page_does_not_wait(void **state)
{
	(void)state;
	shim_fail_alloc(1);
	gksm_unstable_put(PASS, 7, 1);
	assert_int_equal(gksm_unstable_find(PASS, 7), 0);
	assert_int_equal(gksm_unstable_nr(PASS), 0);
	gksm_unstable_put(PASS, 7, 1);
	assert_int_equal(gksm_unstable_find(PASS, 7), 1);
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
		gksm_unstable_put(PASS, hash_of(i), i + 1);
	assert_int_equal(gksm_unstable_bytes(), 32 * 1024);
	assert_int_equal(gksm_unstable_nr(PASS), room);
	assert_int_equal(gksm_unstable_find(PASS, hash_of(room - 1)), room);
	assert_int_equal(gksm_unstable_find(PASS, hash_of(room)), 0);
	/* Who has the hash of one that waits still takes its place. */
	gksm_unstable_put(PASS, hash_of(3), 77);
	assert_int_equal(gksm_unstable_find(PASS, hash_of(3)), 77);
	/* One byte less is one byte too few, also for what is there. */
	slots_bytes++;
	gksm_unstable_settle(PASS, hash_of(0));
	gksm_unstable_put(PASS, hash_of(0), 1);
	assert_int_equal(gksm_unstable_find(PASS, hash_of(0)), 0);
	gksm_unstable_clear(PASS);
	assert_int_equal(gksm_unstable_bytes(), 0);
}

static void who_looks_on_demand_has_a_tree_of_his_own(void **state)
{
	u64 i, bytes;

	(void)state;
	for (i = 0; i < NR; i++)
		gksm_unstable_put(PASS, hash_of(i), i + 1);
	bytes = gksm_unstable_bytes();
	gksm_unstable_put(DEMAND, hash_of(5), 77);
	gksm_unstable_put(DEMAND, hash_of(NR), 78);
	assert_true(gksm_unstable_bytes() > bytes);
	assert_int_equal(gksm_unstable_nr(PASS), NR);
	assert_int_equal(gksm_unstable_find(PASS, hash_of(5)), 6);
	assert_int_equal(gksm_unstable_find(PASS, hash_of(NR)), 0);
	assert_int_equal(gksm_unstable_nr(DEMAND), 2);
	gksm_unstable_settle(PASS, hash_of(5));
	assert_int_equal(gksm_unstable_find(DEMAND, hash_of(5)), 77);
	/* Its memory is not for the next one. */
	gksm_unstable_clear(DEMAND);
	assert_int_equal(gksm_unstable_bytes(), bytes);
	assert_int_equal(gksm_unstable_nr(PASS), NR - 1);
}

static void on_demand_a_key_is_remembered_when_nobody_waits(void **state)
{
	u64 cookie;

	(void)state;
	gksm_unstable_put(DEMAND, 7, 5ULL << GKSM_COOKIE_PAGE_BITS);
	gksm_unstable_settle(DEMAND, 7);
	cookie = gksm_unstable_find(DEMAND, 7);
	assert_true(cookie != 0);
	assert_int_equal(cookie >> GKSM_COOKIE_PAGE_BITS, 0);
	gksm_unstable_put(DEMAND, 7, 6ULL << GKSM_COOKIE_PAGE_BITS);
	assert_int_equal(gksm_unstable_find(DEMAND, 7),
			 6ULL << GKSM_COOKIE_PAGE_BITS);
	gksm_unstable_settle(DEMAND, 8);
	assert_int_equal(gksm_unstable_nr(DEMAND), 1);
}

#define stable_test(name) \
	cmocka_unit_test_setup_teardown(name, set_up_stable, tear_down_stable)
#define unstable_test(name)                                    \
	cmocka_unit_test_setup_teardown(name, set_up_unstable, \
					tear_down_unstable)

int main(void)
{
	const struct CMUnitTest tests[] = {
		stable_test(a_merged_page_is_found_by_its_key),
		stable_test(another_salt_finds_nothing),
		stable_test(a_taken_key_leaves_the_page_to_the_caller),
		stable_test(without_memory_the_page_stays_with_the_caller),
		stable_test(a_removed_page_is_given_up_once),
		stable_test(nobody_joins_a_bad_page),
		cmocka_unit_test_setup(exit_gives_every_page_up_once,
				       set_up_stable),
		stable_test(recount_frees_pages_without_sharers),
		stable_test(a_full_page_is_not_found),
		stable_test(pages_with_one_content_are_a_chain),
		cmocka_unit_test(a_chain_outlives_any_of_its_pages),
		cmocka_unit_test(recount_sees_all_of_a_chain),
		stable_test(pruning_finds_the_page_with_most_room),
		stable_test(chains_move_with_the_table),
		stable_test(recount_of_an_empty_tree_says_zero),
		cmocka_unit_test(recount_counts_each_page_once),
		stable_test(a_merged_page_takes_sixteen_bytes_at_most),
		stable_test(what_few_pages_do_not_need_is_given_back),
		unstable_test(a_waiting_page_is_found_until_it_is_removed),
		unstable_test(the_last_page_with_a_hash_waits),
		unstable_test(a_new_pass_finds_nobody_waiting),
		unstable_test(without_memory_a_page_does_not_wait),
		unstable_test(candidates_stay_below_the_limit),
		unstable_test(who_looks_on_demand_has_a_tree_of_his_own),
		unstable_test(on_demand_a_key_is_remembered_when_nobody_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
