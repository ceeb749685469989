// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmod/mm_slot.c: which address spaces have a slot, what a cookie names, and
 * where hashes are kept. The processes are made up.
 */
#include "test.h"

#include <linux/sched/mm.h>
#include <linux/xxhash.h>
#include <string.h>

#include "domain.h"
#include "events.h"
#include "mm_slot.h"
#include "page_state.h"
#include "scan.h"
#include "unmerge.h"

#define REGION (GKSM_REGION_PAGES * PAGE_SIZE)
#define MANY 1000 /* more than the first guess of the walk */

struct gksm_settings gksm_settings;
struct task_struct *shim_processes;
unsigned int shim_nr_processes;

static struct task_struct leaders[MANY];
static struct mm_struct mms[MANY];

u64 xxh64(const void *bytes, size_t length, u64 seed)
{
	assert_ptr_equal(bytes, shim_zero_page);
	assert_int_equal(length, PAGE_SIZE);
	return ~seed;
}

u64 gksm_domain_id(struct task_struct *task)
{
	return task->owner;
}

/* How many have come and not gone. */
static int nr_entered;

void gksm_event_enter(struct mm_struct *mm)
{
	assert_true(mm->grabs > 0);
	nr_entered++;
}

void gksm_event_exit(struct mm_struct *mm)
{
	assert_true(mm->grabs > 0);
	nr_entered--;
}

static int unmerge_error;

int gksm_unmerge_mm(struct mm_struct *mm)
{
	mm->unmerged += !unmerge_error;
	return unmerge_error;
}

/* @nr processes, each with an address space of its own that opted in. */
static void begin_processes(unsigned int nr)
{
	unsigned int i;

	memset(leaders, 0, sizeof(leaders));
	memset(mms, 0, sizeof(mms));
	for (i = 0; i < nr; i++) {
		mms[i] = (struct mm_struct){
			.mm_users = { 1 },
			.opted_in = true,
		};
		leaders[i].mm = &mms[i];
	}
	shim_processes = leaders;
	shim_nr_processes = nr;
}

static int set_up(void **state)
{
	(void)state;
	shim_reset_allocs();
	begin_processes(0);
	gksm_settings = (struct gksm_settings){ .merge_across_nodes = 1 };
	nr_node_ids = 1;
	unmerge_error = 0;
	return gksm_mm_slots_init();
}

static int tear_down(void **state)
{
	unsigned int i;

	(void)state;
	gksm_mm_slots_exit();
	for (i = 0; i < MANY; i++)
		if (mms[i].grabs || leaders[i].pid.count)
			return -1;
	if (gksm_mm_slots_bytes() || nr_entered)
		return -1;
	return shim_live_allocs();
}

static unsigned int nr_slots(void)
{
	struct gksm_mm_slot *slot;
	unsigned int nr = 0;

	for (slot = gksm_mm_slot_first(); slot; slot = gksm_mm_slot_next(slot))
		nr++;
	return nr;
}

static struct gksm_mm_slot *slot_of(const struct mm_struct *mm)
{
	struct gksm_mm_slot *slot;

	for (slot = gksm_mm_slot_first(); slot; slot = gksm_mm_slot_next(slot))
		if (slot->mm == mm)
			return slot;
	return NULL;
}

static void what_opted_in_has_one_slot(void **state)
{
	(void)state;
	begin_processes(4);
	mms[1].opted_in = false;
	leaders[2].flags = PF_KTHREAD;
	leaders[3].mm = &mms[0];
	gksm_mm_slots_update();
	gksm_mm_slots_update();
	assert_int_equal(nr_slots(), 1);
	assert_ptr_equal(gksm_mm_slot_first()->mm, &mms[0]);
	assert_int_equal(mms[0].grabs, 1);
}

static void a_space_is_found_behind_a_leader_that_exited(void **state)
{
	struct task_struct thread = { .mm = &mms[0] };

	(void)state;
	begin_processes(1);
	leaders[0].mm = NULL;
	leaders[0].next = &thread;
	gksm_mm_slots_update();
	assert_non_null(slot_of(&mms[0]));
}

static void all_of_many_spaces_are_found(void **state)
{
	unsigned int i;

	(void)state;
	begin_processes(MANY);
	gksm_mm_slots_update();
	assert_int_equal(nr_slots(), MANY);
	for (i = 0; i < MANY; i++)
		assert_int_equal(mms[i].grabs, 1);
}

static void a_space_that_exited_loses_its_slot(void **state)
{
	struct gksm_mm_slot *slot;
	u64 cookie;

	(void)state;
	begin_processes(3);
	gksm_mm_slots_update();
	slot = slot_of(&mms[1]);
	cookie = gksm_cookie(slot, REGION);
	assert_non_null(gksm_mm_slot_state(slot, REGION, true));
	mms[1].mm_users.counter = 0;
	gksm_mm_slots_update();
	assert_null(slot_of(&mms[1]));
	assert_int_equal(nr_slots(), 2);
	assert_int_equal(mms[1].grabs, 0);
	assert_null(gksm_cookie_slot(cookie));
	assert_non_null(slot_of(&mms[0]));
	assert_non_null(slot_of(&mms[2]));
}

static void an_old_cookie_does_not_name_the_next_space(void **state)
{
	u64 cookie;

	(void)state;
	begin_processes(1);
	gksm_mm_slots_update();
	cookie = gksm_cookie(gksm_mm_slot_first(), 0);
	mms[0].mm_users.counter = 0;
	gksm_mm_slots_update();
	mms[0].mm_users.counter = 1;
	gksm_mm_slots_update();
	assert_int_equal(nr_slots(), 1);
	assert_null(gksm_cookie_slot(cookie));
}

static void a_cookie_names_a_space_and_an_address(void **state)
{
	const unsigned long addrs[] = {
		0,	PAGE_SIZE,	REGION - PAGE_SIZE,
		REGION, 0x7ffffffff000, (1UL << 56) - PAGE_SIZE,
	};
	unsigned int i, k;

	(void)state;
	begin_processes(20);
	gksm_mm_slots_update();
	for (i = 0; i < 20; i++) {
		struct gksm_mm_slot *slot = slot_of(&mms[i]);

		for (k = 0; k < sizeof(addrs) / sizeof(*addrs); k++) {
			u64 cookie = gksm_cookie(slot, addrs[k]);

			assert_true(cookie != 0);
			assert_ptr_equal(gksm_cookie_slot(cookie), slot);
			assert_int_equal(gksm_cookie_addr(cookie), addrs[k]);
		}
	}
}

static void a_cookie_that_nobody_gave_names_nothing(void **state)
{
	unsigned int i;

	(void)state;
	begin_processes(1);
	gksm_mm_slots_update();
	assert_null(gksm_cookie_slot(0));
	assert_null(gksm_cookie_slot(~0ULL));
	for (i = 0; i < 1000; i++) {
		u64 cookie = get_random_u64();
		struct gksm_mm_slot *slot = gksm_cookie_slot(cookie);

		if (slot)
			assert_int_equal(slot->id, cookie >> 44);
		assert_true(gksm_cookie_addr(cookie) < 1UL << 56);
	}
}

static void every_page_has_its_own_last_hash(void **state)
{
	const unsigned long nr = 3 * GKSM_REGION_PAGES;
	struct gksm_mm_slot *slot;
	unsigned long i;

	(void)state;
	begin_processes(1);
	gksm_mm_slots_update();
	slot = gksm_mm_slot_first();
	for (i = 0; i < nr; i++) {
		u64 *last = gksm_mm_slot_state(slot, i * PAGE_SIZE, true);

		assert_non_null(last);
		assert_int_equal(*last, GKSM_KEY_NONE);
		*last = i + 1;
	}
	for (i = 0; i < nr; i++)
		assert_int_equal(
			*gksm_mm_slot_state(slot, i * PAGE_SIZE, false), i + 1);
	assert_null(gksm_mm_slot_state(slot, nr * PAGE_SIZE, false));
}

static void a_region_that_a_pass_did_not_touch_is_freed(void **state)
{
	struct gksm_mm_slot *slot;
	u64 bytes;

	(void)state;
	begin_processes(1);
	gksm_mm_slots_update();
	slot = gksm_mm_slot_first();
	*gksm_mm_slot_state(slot, 0, true) = 5;
	*gksm_mm_slot_state(slot, REGION, true) = 6;
	bytes = gksm_mm_slots_bytes();
	gksm_mm_slots_prune();
	assert_int_equal(gksm_mm_slots_bytes(), bytes);
	assert_int_equal(*gksm_mm_slot_state(slot, REGION, false), 6);
	gksm_mm_slots_prune();
	assert_int_equal(gksm_mm_slots_bytes(), bytes - PAGE_SIZE);
	assert_null(gksm_mm_slot_state(slot, 0, false));
	assert_int_equal(*gksm_mm_slot_state(slot, REGION, false), 6);
}

static void a_region_that_a_pass_passed_over_stays(void **state)
{
	struct gksm_mm_slot *slot;

	(void)state;
	begin_processes(1);
	gksm_mm_slots_update();
	slot = gksm_mm_slot_first();
	assert_null(gksm_mm_slot_region(slot, 0));
	gksm_mm_slot_touch(slot, 0, true); /* makes none */
	assert_null(gksm_mm_slot_region(slot, 0));
	assert_true(gksm_mm_slot_is_active(slot, 0));
	*gksm_mm_slot_state(slot, PAGE_SIZE, true) = 5;
	gksm_mm_slots_prune();
	assert_false(gksm_mm_slot_is_active(slot, 0));
	gksm_mm_slot_touch(slot, 3 * PAGE_SIZE, true);
	assert_true(gksm_mm_slot_is_active(slot, 0));
	gksm_mm_slots_prune();
	assert_int_equal(gksm_mm_slot_region(slot, 0)[1], 5);
	assert_true(gksm_mm_slot_is_active(slot, 0));
	gksm_mm_slot_touch(slot, 0, false);
	assert_false(gksm_mm_slot_is_active(slot, 0));
	gksm_mm_slots_prune();
	assert_non_null(gksm_mm_slot_region(slot, 0));
	gksm_mm_slots_prune();
	assert_null(gksm_mm_slot_region(slot, 0));
}

static void unsettling_leaves_key_and_frame(void **state)
{
	const u64 kept = gksm_state(gksm_key(~0ULL), GKSM_STATE_FRAME);
	u64 *page;

	(void)state;
	begin_processes(2);
	gksm_mm_slots_update();
	page = gksm_mm_slot_state(slot_of(&mms[1]), 2 * REGION - PAGE_SIZE,
				  true);
	*page = kept | GKSM_STATE_SETTLED;
	gksm_mm_slots_unsettle();
	assert_true(*page == kept);
}

static void a_state_holds_what_was_put_into_it(void **state)
{
	static const u64 hashes[] = {
		0,	     1,		  0x7fff,
		0x8000,	     0x10000,	  0x18000,
		1ULL << 63,  ~0ULL,	  0x123456789abcdef0,
		~0ULL << 15, ~0ULL << 16, ~0x7fffULL
	};
	unsigned int i;
	u16 frame;

	(void)state;
	for (i = 0; i < sizeof(hashes) / sizeof(*hashes); i++) {
		u64 key = gksm_key(hashes[i]);

		assert_true(gksm_key_is_content(key));
		assert_true(gksm_key(key) == key);
		for (frame = 0; frame <= GKSM_STATE_FRAME; frame += 0x7ff) {
			u64 page = gksm_state(key, frame);

			assert_true(gksm_state_key(page) == key);
			assert_int_equal(gksm_state_frame(page), frame);
			page |= GKSM_STATE_SETTLED;
			assert_true(gksm_state_key(page) == key);
			assert_int_equal(gksm_state_frame(page), frame);
			assert_true(gksm_state_stale(page) == key);
		}
	}
}

static void no_frame_is_taken_for_its_neighbour_or_for_none(void **state)
{
	unsigned long pfn;

	(void)state;
	for (pfn = 0; pfn < 100000; pfn++) {
		assert_in_range(gksm_frame(pfn), 1, GKSM_STATE_FRAME);
		assert_int_not_equal(gksm_frame(pfn), gksm_frame(pfn + 1));
		assert_int_not_equal(gksm_frame(pfn), gksm_frame(pfn + 512));
	}
}

static void no_room_is_made_beyond_the_limit(void **state)
{
	struct gksm_mm_slot *slot;

	(void)state;
	begin_processes(1);
	gksm_mm_slots_update();
	slot = gksm_mm_slot_first();
	/* The other half is for candidates. */
	gksm_settings.max_metadata_kib =
		2 * (gksm_mm_slots_bytes() + PAGE_SIZE) / 1024 + 1;
	assert_non_null(gksm_mm_slot_state(slot, 0, true));
	assert_null(gksm_mm_slot_state(slot, REGION, true));
	/* What is there stays. */
	gksm_mm_slots_prune();
	assert_non_null(gksm_mm_slot_state(slot, PAGE_SIZE, true));
	/* Unless the limit is lowered. */
	gksm_settings.max_metadata_kib--;
	gksm_mm_slots_prune();
	assert_null(gksm_mm_slot_state(slot, PAGE_SIZE, true));
}

static void shrinking_stops_when_enough_is_free(void **state)
{
	unsigned int i;

	(void)state;
	begin_processes(3);
	gksm_mm_slots_update();
	for (i = 0; i < 3 * 4; i++)
		assert_non_null(gksm_mm_slot_state(slot_of(&mms[i / 4]),
						   i % 4 * REGION, true));
	gksm_mm_slots_vanished();
	assert_int_equal(gksm_mm_slots_shrink(5), 8);
	assert_int_equal(gksm_mm_slots_vanished(), 8 * GKSM_REGION_PAGES);
	assert_int_equal(gksm_mm_slots_vanished(), 0);
	assert_null(gksm_mm_slot_state(slot_of(&mms[1]), 0, false));
	assert_non_null(gksm_mm_slot_state(slot_of(&mms[2]), 0, false));
	assert_int_equal(gksm_mm_slots_shrink(~0UL), 4);
	assert_int_equal(gksm_mm_slots_shrink(~0UL), 0);
	assert_int_equal(nr_slots(), 3);
}

static void owners_have_domains_of_their_own(void **state)
{
	struct gksm_domain *first;

	(void)state;
	begin_processes(3);
	leaders[2].owner = 7;
	gksm_mm_slots_update();
	first = slot_of(&mms[0])->domain;
	assert_ptr_equal(slot_of(&mms[1])->domain, first);
	assert_ptr_not_equal(slot_of(&mms[2])->domain, first);
	assert_true(slot_of(&mms[2])->domain->salt != first->salt);
	assert_int_equal(gksm_domains_nr(), 2);
	mms[2].mm_users.counter = 0;
	gksm_mm_slots_update();
	assert_int_equal(gksm_domains_nr(), 1);
}

static void who_changes_its_owner_is_unmerged_and_new(void **state)
{
	const struct gksm_domain *before;

	(void)state;
	begin_processes(2);
	gksm_mm_slots_update();
	before = slot_of(&mms[1])->domain;
	*gksm_mm_slot_state(slot_of(&mms[1]), 0, true) = 5;
	leaders[1].owner = 7;
	/* As long as that cannot be done it stays what it was. */
	unmerge_error = -ENOMEM;
	gksm_mm_slots_update();
	assert_ptr_equal(slot_of(&mms[1])->domain, before);
	assert_int_equal(gksm_domains_nr(), 1);
	assert_non_null(gksm_mm_slot_state(slot_of(&mms[1]), 0, false));
	unmerge_error = 0;
	gksm_mm_slots_update();
	gksm_mm_slots_update();
	assert_int_equal(mms[1].unmerged, 1);
	assert_int_equal(mms[0].unmerged, 0);
	assert_ptr_not_equal(slot_of(&mms[1])->domain, before);
	assert_null(gksm_mm_slot_state(slot_of(&mms[1]), 0, false));
}

static void of_two_owners_of_a_space_the_first_counts(void **state)
{
	unsigned int i;

	(void)state;
	begin_processes(2);
	leaders[1].mm = &mms[0];
	leaders[1].owner = 7;
	for (i = 0; i < 3; i++) {
		gksm_mm_slots_update();
		assert_int_equal(slot_of(&mms[0])->domain->id, 0);
	}
	assert_int_equal(mms[0].unmerged, 0);
}

static void nodes_have_seeds_of_their_own_if_they_shall(void **state)
{
	struct gksm_domain *domain;

	(void)state;
	nr_node_ids = 3;
	domain = gksm_domain_get(1);
	assert_non_null(domain);
	assert_true(gksm_domain_seed(domain, 0) == gksm_domain_seed(domain, 2));
	assert_true(gksm_domain_is_zero(
		domain, gksm_key(~gksm_domain_seed(domain, 2))));
	gksm_domain_put(domain);
	gksm_settings.merge_across_nodes = 0;
	domain = gksm_domain_get(1);
	assert_true(gksm_domain_seed(domain, 0) != gksm_domain_seed(domain, 2));
	for (int nid = 0; nid < 3; nid++)
		assert_true(gksm_domain_is_zero(
			domain, gksm_key(~gksm_domain_seed(domain, nid))));
	assert_false(gksm_domain_is_zero(
		domain, gksm_key(~gksm_domain_seed(domain, 3))));
	gksm_domain_put(domain);
	assert_int_equal(gksm_domains_nr(), 0);
}

/* A round looks at what is below @end, where it meets so many. */
static void look_at(struct gksm_mm_slot *slot, enum gksm_round round,
		    unsigned long end, unsigned int merged, unsigned int zeroed)
{
	slot->counts[round].end = end;
	slot->counts[round].merged += merged;
	slot->counts[round].zeroed += zeroed;
}

static void merged_pages_are_counted_by_the_pass(void **state)
{
	struct gksm_mm_slot *slot;

	(void)state;
	begin_processes(2);
	gksm_mm_slots_update();
	slot = slot_of(&mms[1]);
	slot_of(&mms[0])->shown.merged = 5;
	gksm_mm_counts_begin_pass();
	look_at(slot, GKSM_ROUND_PASS, REGION, 3, 2);
	assert_int_equal(slot->shown.merged, 0);
	gksm_mm_counts_end_pass();
	assert_int_equal(mms[0].merging, 0);
	assert_int_equal(mms[1].merging, 3);
	assert_int_equal(gksm_mm_counts_zeroed(), 2);
}

static void what_is_merged_is_counted_once_by_each_round(void **state)
{
	struct gksm_mm_slot *slot;

	(void)state;
	begin_processes(1);
	gksm_mm_slots_update();
	slot = slot_of(&mms[0]);
	gksm_mm_counts_begin_pass();
	gksm_mm_count_begin(slot, GKSM_ROUND_DEMAND);
	look_at(slot, GKSM_ROUND_PASS, 2 * REGION, 1, 0);
	look_at(slot, GKSM_ROUND_DEMAND, REGION, 1, 0);
	/* Met by both, by one, and still before both. */
	gksm_mm_count_merged(slot, REGION - PAGE_SIZE, 1);
	gksm_mm_count_merged(slot, REGION, 1);
	gksm_mm_count_merged(slot, 2 * REGION, 1);
	gksm_mm_count_zeroed(slot, 0);
	gksm_mm_count_zeroed(slot, 2 * REGION - PAGE_SIZE);
	/* Given back at once. */
	gksm_mm_count_merged(slot, 0, 1);
	gksm_mm_count_merged(slot, 0, -1);
	assert_int_equal(slot->shown.merged, 3);
	assert_int_equal(slot->shown.zeroed, 2);
	/* They meet the rest. */
	look_at(slot, GKSM_ROUND_DEMAND, ~0UL, 2, 1);
	gksm_mm_count_end(slot, GKSM_ROUND_DEMAND);
	assert_int_equal(slot->shown.merged, 4);
	assert_int_equal(slot->shown.zeroed, 2);
	look_at(slot, GKSM_ROUND_PASS, ~0UL, 1, 0);
	slot->shown.merged = 0;
	gksm_mm_counts_end_pass();
	assert_int_equal(mms[0].merging, 4);
	assert_int_equal(gksm_mm_counts_zeroed(), 2);
}

static void who_has_his_pages_back_has_none_merged(void **state)
{
	(void)state;
	begin_processes(2);
	gksm_mm_slots_update();
	gksm_mm_counts_begin_pass();
	look_at(slot_of(&mms[0]), GKSM_ROUND_PASS, REGION, 3, 2);
	look_at(slot_of(&mms[1]), GKSM_ROUND_PASS, REGION, 4, 1);
	gksm_mm_counts_end_pass();
	/* It could not be done with the second one. */
	mms[0].merging = 0;
	gksm_mm_counts_unmerged(false);
	assert_int_equal(slot_of(&mms[0])->shown.merged, 0);
	assert_int_equal(slot_of(&mms[1])->shown.merged, 4);
	assert_int_equal(gksm_mm_counts_zeroed(), 3);
	mms[1].merging = 0;
	gksm_mm_counts_unmerged(true);
	gksm_mm_counts_end_pass();
	assert_int_equal(mms[1].merging, 0);
	assert_int_equal(gksm_mm_counts_zeroed(), 0);
}

static void a_slot_knows_its_processes(void **state)
{
	struct gksm_mm_slot *slot;

	(void)state;
	begin_processes(3);
	leaders[1].mm = &mms[0];
	gksm_mm_slots_update();
	slot = slot_of(&mms[0]);
	assert_ptr_equal(slot->pid, &leaders[0].pid);
	assert_int_equal(slot->nr_processes, 2);
	assert_int_equal(slot_of(&mms[2])->nr_processes, 1);
	leaders[0].mm = NULL;
	gksm_mm_slots_update();
	assert_ptr_equal(slot->pid, &leaders[1].pid);
	assert_int_equal(slot->nr_processes, 1);
	assert_int_equal(leaders[0].pid.count, 0);
}

static void a_slot_pays_for_its_own_regions(void **state)
{
	struct gksm_mm_slot *one, *other;
	u64 bytes;

	(void)state;
	begin_processes(2);
	gksm_mm_slots_update();
	one = slot_of(&mms[0]);
	other = slot_of(&mms[1]);
	bytes = gksm_mm_slot_bytes(one);
	gksm_mm_slot_state(one, 0, true);
	gksm_mm_slot_state(one, 5 * REGION, true);
	gksm_mm_slot_state(one, 5 * REGION + PAGE_SIZE, true);
	assert_int_equal(gksm_mm_slot_bytes(one), bytes + 2 * PAGE_SIZE);
	assert_int_equal(gksm_mm_slot_bytes(other), bytes);
	gksm_mm_slots_prune();
	gksm_mm_slot_state(one, 5 * REGION, true);
	gksm_mm_slots_prune();
	assert_int_equal(gksm_mm_slot_bytes(one), bytes + PAGE_SIZE);
	gksm_mm_slots_shrink(1);
	assert_int_equal(gksm_mm_slot_bytes(one), bytes);
}

static void slots_and_regions_are_found_in_order(void **state)
{
	struct gksm_mm_slot *slot;
	unsigned long id = 1, addr = PAGE_SIZE;
	unsigned int nr = 0;

	(void)state;
	begin_processes(3);
	gksm_mm_slots_update();
	mms[1].mm_users.counter = 0;
	gksm_mm_slots_update();
	for (; (slot = gksm_mm_slot_from(&id)); id++) {
		assert_int_equal(slot->id, id);
		nr++;
	}
	assert_int_equal(nr, 2);
	slot = slot_of(&mms[2]);
	*gksm_mm_slot_state(slot, 0, true) = 5;
	*gksm_mm_slot_state(slot, 3 * REGION, true) = 6;
	assert_int_equal(gksm_mm_slot_next_region(slot, &addr)[0], 5);
	assert_int_equal(addr, 0);
	addr = REGION;
	assert_int_equal(gksm_mm_slot_next_region(slot, &addr)[0], 6);
	assert_int_equal(addr, 3 * REGION);
	addr += REGION;
	assert_null(gksm_mm_slot_next_region(slot, &addr));
}

static bool anybody(struct mm_struct *mm)
{
	(void)mm;
	return true;
}

static void who_is_wanted_now_has_a_slot_at_once(void **state)
{
	struct gksm_mm_ref ref;
	struct gksm_mm_slot *slot, *first;

	(void)state;
	begin_processes(3);
	gksm_mm_slots_update();
	first = slot_of(&mms[0]);
	mms[0].mm_users.counter = 0;
	mms[1].mm_users.counter = 0;
	/* Where the pass is one stays. */
	gksm_mm_slots_reap(first);
	assert_ptr_equal(slot_of(&mms[0]), first);
	assert_null(slot_of(&mms[1]));
	mms[1].mm_users.counter = 1;
	ref = gksm_mm_ref_process(&leaders[1], anybody);
	slot = gksm_mm_slot_get(&ref);
	assert_ptr_equal(slot->mm, &mms[1]);
	assert_ptr_equal(gksm_mm_slot_get(&ref), slot);
	gksm_mm_ref_release(&ref);
	assert_int_equal(leaders[1].pid.count, 1);
	assert_int_equal(mms[1].grabs, 1);
}

static void forgotten_spaces_come_back(void **state)
{
	(void)state;
	begin_processes(3);
	gksm_mm_slots_update();
	gksm_mm_slot_state(slot_of(&mms[1]), 0, true);
	gksm_mm_slots_forget();
	assert_int_equal(gksm_mm_slots_bytes(), 0);
	gksm_mm_slots_update();
	assert_int_equal(nr_slots(), 3);
}

static void without_memory_there_is_no_slot_until_the_next_pass(void **state)
{
	unsigned int nth, before = shim_live_allocs();

	(void)state;
	begin_processes(1);
	/* The list of address spaces, the slot, its domain, its number. */
	for (nth = 1; nth <= 4; nth++) {
		shim_fail_alloc(nth);
		gksm_mm_slots_update();
		assert_int_equal(nr_slots(), 0);
		assert_int_equal(mms[0].grabs, 0);
		assert_int_equal(shim_live_allocs(), before);
	}
	gksm_mm_slots_update();
	assert_int_equal(nr_slots(), 1);
}

static void without_memory_a_page_has_no_last_hash(void **state)
{
	struct gksm_mm_slot *slot;
	unsigned int nth, before;
	u64 bytes;

	(void)state;
	begin_processes(1);
	gksm_mm_slots_update();
	slot = gksm_mm_slot_first();
	before = shim_live_allocs();
	bytes = gksm_mm_slots_bytes();
	for (nth = 1; nth <= 2; nth++) {
		shim_fail_alloc(nth);
		assert_null(gksm_mm_slot_state(slot, 0, true));
		assert_int_equal(shim_live_allocs(), before);
		assert_int_equal(gksm_mm_slots_bytes(), bytes);
	}
	assert_non_null(gksm_mm_slot_state(slot, 0, true));
	assert_int_equal(gksm_mm_slots_bytes(), bytes + PAGE_SIZE);
}

#define slot_test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		slot_test(what_opted_in_has_one_slot),
		slot_test(a_space_is_found_behind_a_leader_that_exited),
		slot_test(all_of_many_spaces_are_found),
		slot_test(a_space_that_exited_loses_its_slot),
		slot_test(an_old_cookie_does_not_name_the_next_space),
		slot_test(a_cookie_names_a_space_and_an_address),
		slot_test(a_cookie_that_nobody_gave_names_nothing),
		slot_test(every_page_has_its_own_last_hash),
		slot_test(a_region_that_a_pass_passed_over_stays),
		slot_test(unsettling_leaves_key_and_frame),
		slot_test(a_state_holds_what_was_put_into_it),
		slot_test(no_frame_is_taken_for_its_neighbour_or_for_none),
		slot_test(a_region_that_a_pass_did_not_touch_is_freed),
		slot_test(no_room_is_made_beyond_the_limit),
		slot_test(shrinking_stops_when_enough_is_free),
		slot_test(owners_have_domains_of_their_own),
		slot_test(who_changes_its_owner_is_unmerged_and_new),
		slot_test(of_two_owners_of_a_space_the_first_counts),
		slot_test(nodes_have_seeds_of_their_own_if_they_shall),
		slot_test(merged_pages_are_counted_by_the_pass),
		slot_test(what_is_merged_is_counted_once_by_each_round),
		slot_test(who_has_his_pages_back_has_none_merged),
		slot_test(a_slot_knows_its_processes),
		slot_test(a_slot_pays_for_its_own_regions),
		slot_test(slots_and_regions_are_found_in_order),
		slot_test(who_is_wanted_now_has_a_slot_at_once),
		slot_test(forgotten_spaces_come_back),
		slot_test(without_memory_there_is_no_slot_until_the_next_pass),
		slot_test(without_memory_a_page_has_no_last_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
