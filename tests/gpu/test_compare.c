// SPDX-License-Identifier: GPL-2.0-only
/*
 * Comparing pairs of a batch's pages.
 */
#include <errno.h>
#include <string.h>

#include "support.h"

#define NR_PAGES 66

/* A batch whose pages were submitted; all are copies of one. */
static struct gksm_gpu *open_copies(struct pages *pages)
{
	struct gksm_gpu *gpu = open_bound(pages, 2, NR_PAGES);

	fill_random(pages->ours, PAGE);
	for (size_t at = PAGE; at < pages->bytes; at += PAGE)
		memcpy(pages->ours + at, pages->ours, PAGE);
	run_batch(gpu, 1, NR_PAGES);
	return gpu;
}

static uint8_t *page_of(struct pages *pages, unsigned int batch,
			unsigned int page)
{
	return pages->ours + ((size_t)batch * NR_PAGES + page) * PAGE;
}

static bool are_equal(struct gksm_gpu *gpu, unsigned int batch, uint32_t a,
		      uint32_t b)
{
	const struct gksm_gpu_pair pair = { a, b };
	uint8_t equal = 2;

	assert_int_equal(gksm_gpu_compare(gpu, batch, &pair, 1, &equal), 0);
	assert_in_range(equal, 0, 1);
	return equal;
}

static void copies_are_equal(void **state)
{
	struct pages pages;
	struct gksm_gpu *gpu = open_copies(&pages);

	(void)state;
	assert_true(are_equal(gpu, 1, 0, 1));
	assert_true(are_equal(gpu, 1, NR_PAGES - 1, 0));
	close_bound(gpu, &pages);
}

static void a_page_equals_itself(void **state)
{
	struct pages pages;
	struct gksm_gpu *gpu = open_copies(&pages);

	(void)state;
	for (uint32_t i = 0; i < NR_PAGES; i++)
		assert_true(are_equal(gpu, 1, i, i));
	close_bound(gpu, &pages);
}

/* Page i of the batch is changed in another word than any other page. */
static void one_bit_of_any_word_makes_a_difference(void **state)
{
	struct pages pages;
	struct gksm_gpu *gpu = open_copies(&pages);
	struct gksm_gpu_pair pairs[NR_PAGES];
	uint8_t equal[NR_PAGES];

	(void)state;
	for (unsigned int first = 0; first < PAGE; first += NR_PAGES - 1) {
		for (unsigned int i = 1; i < NR_PAGES; i++) {
			const unsigned int at = (first + i - 1) % PAGE;

			memcpy(page_of(&pages, 1, i), pages.ours, PAGE);
			page_of(&pages, 1, i)[at] ^= 1 << i % 8;
			pairs[i] = (struct gksm_gpu_pair){ i % 2 ? 0 : i,
							   i % 2 ? i : 0 };
		}
		pairs[0] = (struct gksm_gpu_pair){ 0, 0 };
		run_batch(gpu, 1, NR_PAGES);
		assert_int_equal(
			gksm_gpu_compare(gpu, 1, pairs, NR_PAGES, equal), 0);
		assert_int_equal(equal[0], 1);
		for (unsigned int i = 1; i < NR_PAGES; i++)
			assert_int_equal(equal[i], 0);
	}
	close_bound(gpu, &pages);
}

static void the_last_byte_makes_a_difference(void **state)
{
	struct pages pages;
	struct gksm_gpu *gpu = open_copies(&pages);

	(void)state;
	page_of(&pages, 1, 3)[PAGE - 1] ^= 1;
	run_batch(gpu, 1, NR_PAGES);
	assert_false(are_equal(gpu, 1, 3, 4));
	assert_false(are_equal(gpu, 1, 4, 3));
	assert_true(are_equal(gpu, 1, 2, 4));
	close_bound(gpu, &pages);
}

static void more_pairs_than_pages_are_all_answered(void **state)
{
	enum {
		NR = 5 * NR_PAGES + 3
	};
	struct pages pages;
	struct gksm_gpu *gpu = open_copies(&pages);
	struct gksm_gpu_pair pairs[NR];
	uint8_t equal[NR + 1];

	(void)state;
	page_of(&pages, 1, 7)[100] ^= 1;
	run_batch(gpu, 1, NR_PAGES);
	for (uint32_t i = 0; i < NR; i++)
		pairs[i] =
			(struct gksm_gpu_pair){ i % NR_PAGES, i % 3 ? 7 : 8 };
	memset(equal, 9, sizeof(equal));
	assert_int_equal(gksm_gpu_compare(gpu, 1, pairs, NR, equal), 0);
	for (uint32_t i = 0; i < NR; i++)
		assert_int_equal(equal[i],
				 (pairs[i].a == 7) == (pairs[i].b == 7));
	assert_int_equal(equal[NR], 9);
	close_bound(gpu, &pages);
}

/* Also on the device: the pairs of the first compare are still there. */
static void no_answer_is_written_beyond_the_last_pair(void **state)
{
	struct pages pages;
	struct gksm_gpu *gpu = open_copies(&pages);
	struct gksm_gpu_pair pairs[NR_PAGES];
	uint8_t equal[NR_PAGES];

	(void)state;
	interpose.read_whole = true;
	for (uint32_t i = 0; i < NR_PAGES; i++)
		pairs[i] = (struct gksm_gpu_pair){ 0, i };
	page_of(&pages, 1, 0)[0] ^= 1;
	run_batch(gpu, 1, NR_PAGES);
	assert_int_equal(gksm_gpu_compare(gpu, 1, pairs, NR_PAGES, equal), 0);
	page_of(&pages, 1, 0)[0] ^= 1;
	run_batch(gpu, 1, NR_PAGES);
	assert_int_equal(gksm_gpu_compare(gpu, 1, pairs, 10, equal), 0);
	for (uint32_t i = 0; i < NR_PAGES; i++)
		assert_int_equal(equal[i], i < 10);
	close_bound(gpu, &pages);
}

static void no_pairs_are_no_error(void **state)
{
	struct pages pages;
	struct gksm_gpu *gpu = open_copies(&pages);

	(void)state;
	assert_int_equal(gksm_gpu_compare(gpu, 1, NULL, 0, NULL), 0);
	close_bound(gpu, &pages);
}

/* The other batch's pages are changed, those of this one are compared. */
static void batches_do_not_mix(void **state)
{
	struct pages pages;
	struct gksm_gpu *gpu = open_copies(&pages);

	(void)state;
	page_of(&pages, 0, 1)[0] ^= 1;
	run_batch(gpu, 0, NR_PAGES);
	assert_true(are_equal(gpu, 1, 0, 1));
	assert_false(are_equal(gpu, 0, 0, 1));
	close_bound(gpu, &pages);
}

static void hashing_goes_on_after_a_compare(void **state)
{
	struct pages pages;
	struct gksm_gpu *gpu = open_copies(&pages);
	struct gksm_gpu_batch done;

	(void)state;
	for (unsigned int round = 0; round < 3; round++) {
		fill_random(page_of(&pages, 1, 0), (size_t)NR_PAGES * PAGE);
		done = run_batch(gpu, 1, NR_PAGES);
		check_batch_results(gpu, &pages, NR_PAGES, &done);
		assert_false(are_equal(gpu, 1, 0, 1));
	}
	close_bound(gpu, &pages);
}

static void a_batch_in_flight_is_busy(void **state)
{
	const struct gksm_gpu_pair pair = { 0, 1 };
	struct pages pages;
	struct gksm_gpu *gpu = open_copies(&pages);
	uint8_t equal;

	(void)state;
	assert_int_equal(gksm_gpu_submit(gpu, 1, NR_PAGES), 0);
	check_error(gpu, gksm_gpu_compare(gpu, 1, &pair, 1, &equal), -EBUSY,
		    "not yet reaped");
	wait_batch(gpu);
	close_bound(gpu, &pages);
}

static void only_submitted_pages_can_be_compared(void **state)
{
	const struct gksm_gpu_pair beyond_a = { 10, 0 }, beyond_b = { 0, 10 };
	const struct gksm_gpu_pair last = { 9, 0 };
	struct pages pages;
	struct gksm_gpu *gpu = open_copies(&pages);
	uint8_t equal;

	(void)state;
	run_batch(gpu, 1, 10);
	assert_int_equal(gksm_gpu_compare(gpu, 1, &last, 1, &equal), 0);
	check_error(gpu, gksm_gpu_compare(gpu, 1, &beyond_a, 1, &equal),
		    -EINVAL, "batch 1 holds 10");
	check_error(gpu, gksm_gpu_compare(gpu, 1, &beyond_b, 1, &equal),
		    -EINVAL, "batch 1 holds 10");
	check_error(gpu, gksm_gpu_compare(gpu, 0, &last, 1, &equal), -EINVAL,
		    "batch 0 holds 0");
	check_error(gpu, gksm_gpu_compare(gpu, 2, &last, 1, &equal), -EINVAL,
		    "no batch 2");
	close_bound(gpu, &pages);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies_are_equal),
		cmocka_unit_test(a_page_equals_itself),
		cmocka_unit_test(one_bit_of_any_word_makes_a_difference),
		cmocka_unit_test(the_last_byte_makes_a_difference),
		cmocka_unit_test(more_pairs_than_pages_are_all_answered),
		cmocka_unit_test(no_answer_is_written_beyond_the_last_pair),
		cmocka_unit_test(no_pairs_are_no_error),
		cmocka_unit_test(batches_do_not_mix),
		cmocka_unit_test(hashing_goes_on_after_a_compare),
		cmocka_unit_test(a_batch_in_flight_is_busy),
		cmocka_unit_test(only_submitted_pages_can_be_compared),
	};

	return run_on_all_targets("compare", tests,
				  sizeof(tests) / sizeof(*tests));
}
