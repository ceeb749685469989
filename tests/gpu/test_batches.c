// SPDX-License-Identifier: GPL-2.0-only
/*
 * Binding, submitting and reaping: order, sizes, and every wrong argument.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "support.h"

static bool is_readable(const struct gksm_gpu *gpu, int wait_ms)
{
	struct pollfd fd = { .fd = gksm_gpu_fd(gpu), .events = POLLIN };

	return poll(&fd, 1, wait_ms) == 1;
}

static void all_batches_can_be_in_flight(void **state)
{
	enum {
		NR_BATCHES = 11,
		BATCH_PAGES = 130
	};
	struct pages pages;
	struct gksm_gpu *gpu = open_bound(&pages, NR_BATCHES, BATCH_PAGES);

	(void)state;
	for (unsigned int round = 0; round < 3; round++) {
		unsigned int seen = 0;

		fill_random(pages.ours, pages.bytes);
		for (unsigned int n = 0; n < NR_BATCHES; n++) {
			/* 4 has no divisor in common with 11. */
			const unsigned int b = n * 4 % NR_BATCHES;

			fill_random(gksm_gpu_seeds(gpu, b),
				    BATCH_PAGES * sizeof(uint64_t));
			assert_int_equal(
				gksm_gpu_submit(gpu, b, BATCH_PAGES - b), 0);
		}
		for (unsigned int n = 0; n < NR_BATCHES; n++) {
			const struct gksm_gpu_batch done = wait_batch(gpu);

			assert_int_equal(done.error, 0);
			assert_int_equal(done.nr_pages,
					 BATCH_PAGES - done.batch);
			assert_false(seen & 1U << done.batch);
			seen |= 1U << done.batch;
			check_batch_results(gpu, &pages, BATCH_PAGES, &done);
		}
	}
	close_bound(gpu, &pages);
}

/* A reaped batch goes out again while the others are still in flight. */
static void batches_go_round(void **state)
{
	enum {
		NR_BATCHES = 3,
		BATCH_PAGES = 33,
		NR_RUNS = 300
	};
	struct pages pages;
	struct gksm_gpu *gpu = open_bound(&pages, NR_BATCHES, BATCH_PAGES);
	unsigned int nr_submitted = 0;

	(void)state;
	fill_random(pages.ours, pages.bytes);
	for (unsigned int b = 0; b < NR_BATCHES; b++, nr_submitted++)
		assert_int_equal(gksm_gpu_submit(gpu, b, BATCH_PAGES), 0);
	for (unsigned int n = 0; n < NR_RUNS; n++) {
		const struct gksm_gpu_batch done = wait_batch(gpu);
		uint64_t *seeds = gksm_gpu_seeds(gpu, done.batch);

		check_batch_results(gpu, &pages, BATCH_PAGES, &done);
		if (nr_submitted++ >= NR_RUNS)
			continue;
		fill_random(seeds, BATCH_PAGES * sizeof(*seeds));
		pages.ours[(size_t)done.batch * BATCH_PAGES * PAGE + n]++;
		assert_int_equal(gksm_gpu_submit(gpu, done.batch, BATCH_PAGES),
				 0);
	}
	close_bound(gpu, &pages);
}

static void changed_pages_are_seen(void **state)
{
	struct pages pages;
	struct gksm_gpu *gpu = open_bound(&pages, 2, 3);

	(void)state;
	for (unsigned int round = 0; round < 10; round++) {
		struct gksm_gpu_batch done;

		fill_random(pages.ours, pages.bytes);
		done = run_batch(gpu, round % 2, 3);
		check_batch_results(gpu, &pages, 3, &done);
	}
	memset(pages.ours, 0, pages.bytes);
	assert_int_equal(run_batch(gpu, 0, 3).zeros[2], 1);
	close_bound(gpu, &pages);
}

/* Around the size of a work-group, which is 64; on the device, too. */
static void no_result_is_written_beyond_the_last_page(void **state)
{
	static const unsigned int sizes[] = { 1, 2, 63, 64, 65, 127, 128, 129 };
	enum {
		BATCH_PAGES = 200
	};
	struct pages pages;
	struct gksm_gpu *gpu = open_bound(&pages, 1, BATCH_PAGES);
	struct gksm_gpu_batch done;
	uint64_t hashes[BATCH_PAGES];
	uint8_t zeros[BATCH_PAGES];

	(void)state;
	interpose.read_whole = true;
	fill_random(pages.ours, pages.bytes);
	done = run_batch(gpu, 0, BATCH_PAGES);
	for (unsigned int i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		const unsigned int nr = sizes[i];

		memcpy(hashes, done.hashes, sizeof(hashes));
		memcpy(zeros, done.zeros, sizeof(zeros));
		fill_random(gksm_gpu_seeds(gpu, 0), sizeof(hashes));
		done = run_batch(gpu, 0, nr);
		check_batch_results(gpu, &pages, BATCH_PAGES, &done);
		assert_memory_equal(done.hashes + nr, hashes + nr,
				    sizeof(hashes) - nr * sizeof(*hashes));
		assert_memory_equal(done.zeros + nr, zeros + nr,
				    sizeof(zeros) - nr);
	}
	close_bound(gpu, &pages);
}

static void a_batch_of_no_pages_comes_back(void **state)
{
	struct pages pages;
	struct gksm_gpu *gpu = open_bound(&pages, 2, 4);

	(void)state;
	run_batch(gpu, 1, 0);
	assert_int_equal(run_batch(gpu, 1, 4).nr_pages, 4);
	run_batch(gpu, 1, 0);
	close_bound(gpu, &pages);
}

static void the_descriptor_is_readable_until_all_is_reaped(void **state)
{
	struct pages pages;
	struct gksm_gpu *gpu = open_bound(&pages, 2, 4);
	struct gksm_gpu_batch done;

	(void)state;
	assert_int_equal(gksm_gpu_reap(gpu, &done), -EAGAIN);
	assert_false(is_readable(gpu, 0));
	assert_int_equal(gksm_gpu_submit(gpu, 0, 4), 0);
	assert_true(is_readable(gpu, 60000));
	assert_int_equal(gksm_gpu_submit(gpu, 1, 4), 0);
	assert_int_equal(wait_batch(gpu).error, 0);
	assert_true(is_readable(gpu, 60000));
	assert_int_equal(wait_batch(gpu).error, 0);
	assert_int_equal(gksm_gpu_reap(gpu, &done), -EAGAIN);
	assert_false(is_readable(gpu, 0));
	close_bound(gpu, &pages);
}

static void the_device_says_how_long_it_took(void **state)
{
	struct pages pages;
	struct gksm_gpu *gpu = open_bound(&pages, 1, 512);

	(void)state;
	/* Between 4 TB/s and a second, on any machine. */
	assert_in_range(run_batch(gpu, 0, 512).device_ns, 500, 1000000000);
	close_bound(gpu, &pages);
}

static void pages_in_place_are_not_uploaded(void **state)
{
	struct pages pages;
	struct gksm_gpu *gpu = open_bound(&pages, 1, 64);
	size_t uploaded;

	(void)state;
	interpose.nr_uploaded_bytes = 0;
	run_batch(gpu, 0, 50);
	uploaded = interpose.nr_uploaded_bytes;
	if (target.twin)
		assert_int_equal(uploaded, 0);
	else if (gksm_gpu_get_info(gpu)->host_unified)
		assert_int_equal(uploaded, 50 * sizeof(uint64_t));
	else
		assert_int_equal(uploaded, 50 * (PAGE + sizeof(uint64_t)));
	close_bound(gpu, &pages);
}

/* What OpenCL asks of those who let a device use their memory. */
static void pages_in_place_are_ours_only_between_batches(void **state)
{
	const struct gksm_gpu_pair pair = { 0, 1 };
	struct pages pages;
	struct gksm_gpu *gpu = open_bound(&pages, 1, 64);
	const bool in_place =
		!target.twin && gksm_gpu_get_info(gpu)->host_unified;
	uint8_t equal;

	(void)state;
	assert_int_equal(interpose.nr_mapped, in_place);
	interpose.nr_mapped_at_launch = 0;
	run_batch(gpu, 0, 10);
	assert_int_equal(interpose.nr_mapped_at_launch, 0);
	assert_int_equal(interpose.nr_mapped, in_place);
	assert_int_equal(gksm_gpu_compare(gpu, 0, &pair, 1, &equal), 0);
	assert_int_equal(interpose.nr_mapped_at_launch, 0);
	assert_int_equal(interpose.nr_mapped, in_place);
	close_bound(gpu, &pages);
	assert_int_equal(interpose.nr_mapped, 0);
}

static void closing_waits_for_what_is_in_flight(void **state)
{
	(void)state;
	for (unsigned int n = 0; n < 5; n++) {
		struct pages pages;
		struct gksm_gpu *gpu = open_bound(&pages, 4, 1000);

		for (unsigned int b = 0; b < 4; b++)
			assert_int_equal(gksm_gpu_submit(gpu, b, 1000), 0);
		close_bound(gpu, &pages);
	}
	gksm_gpu_close(NULL);
}

static void closing_wipes_device_memory(void **state)
{
	struct pages pages;
	struct gksm_gpu *gpu = open_target();

	(void)state;
	make_pages(&pages, 60);
	interpose.nr_device_bytes = 0;
	assert_int_equal(gksm_gpu_bind(gpu, pages.theirs, 3, 20), 0);
	if (target.not_unified)
		assert_true(interpose.nr_device_bytes > pages.bytes);
	run_batch(gpu, 1, 20);
	close_bound(gpu, &pages);
	assert_int_equal(interpose.nr_unwiped_bytes, 0);
}

static void a_batch_is_submitted_once(void **state)
{
	struct pages pages;
	struct gksm_gpu *gpu = open_bound(&pages, 2, 100);

	(void)state;
	assert_int_equal(gksm_gpu_submit(gpu, 0, 100), 0);
	check_error(gpu, gksm_gpu_submit(gpu, 0, 100), -EBUSY,
		    "not yet reaped");
	check_error(gpu, gksm_gpu_submit(gpu, 0, 0), -EBUSY, "not yet reaped");
	/* Finished is not reaped. */
	assert_true(is_readable(gpu, 60000));
	check_error(gpu, gksm_gpu_submit(gpu, 0, 100), -EBUSY,
		    "not yet reaped");
	assert_int_equal(wait_batch(gpu).nr_pages, 100);
	run_batch(gpu, 0, 100);
	close_bound(gpu, &pages);
}

static void wrong_numbers_are_refused(void **state)
{
	struct pages pages;
	struct gksm_gpu *gpu = open_bound(&pages, 2, 100);
	struct gksm_gpu_batch done;

	(void)state;
	check_error(gpu, gksm_gpu_submit(gpu, 2, 1), -EINVAL, "no batch 2");
	check_error(gpu, gksm_gpu_submit(gpu, UINT32_MAX, 0), -EINVAL,
		    "no batch 4294967295");
	check_error(gpu, gksm_gpu_submit(gpu, 0, 101), -EINVAL,
		    "a batch has 100");
	check_error(gpu, gksm_gpu_submit(gpu, 0, UINT32_MAX), -EINVAL,
		    "a batch has 100");
	assert_null(gksm_gpu_seeds(gpu, 2));
	assert_int_equal(gksm_gpu_reap(gpu, &done), -EAGAIN);
	close_bound(gpu, &pages);
}

static void nothing_is_done_before_bind(void **state)
{
	const struct gksm_gpu_pair pair = { 0, 0 };
	struct gksm_gpu *gpu = open_target();
	struct gksm_gpu_batch done;
	uint8_t equal;

	(void)state;
	check_error(gpu, gksm_gpu_submit(gpu, 0, 0), -ENOTCONN, "no page");
	check_error(gpu, gksm_gpu_reap(gpu, &done), -ENOTCONN, "no page");
	check_error(gpu, gksm_gpu_compare(gpu, 0, &pair, 1, &equal), -ENOTCONN,
		    "no page");
	assert_null(gksm_gpu_seeds(gpu, 0));
	assert_false(is_readable(gpu, 0));
	gksm_gpu_close(gpu);
}

static void only_whole_pages_are_bound_and_only_once(void **state)
{
	struct gksm_gpu *gpu = open_target();
	struct pages pages;

	(void)state;
	make_pages(&pages, 8);
	check_error(gpu, gksm_gpu_bind(gpu, NULL, 2, 4), -EINVAL, "page");
	check_error(gpu, gksm_gpu_bind(gpu, pages.theirs + 64, 1, 4), -EINVAL,
		    "not page-aligned");
	check_error(gpu, gksm_gpu_bind(gpu, pages.theirs, 0, 4), -EINVAL,
		    "at least one");
	check_error(gpu, gksm_gpu_bind(gpu, pages.theirs, 2, 0), -EINVAL,
		    "at least one");
	check_error(gpu, gksm_gpu_bind(gpu, pages.theirs, 1U << 31, 1U << 31),
		    -EINVAL, "at most");
	assert_int_equal(gksm_gpu_bind(gpu, pages.theirs, 2, 4), 0);
	check_error(gpu, gksm_gpu_bind(gpu, pages.theirs, 2, 4), -EALREADY,
		    "already");
	run_batch(gpu, 1, 4);
	close_bound(gpu, &pages);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_batches_can_be_in_flight),
		cmocka_unit_test(batches_go_round),
		cmocka_unit_test(changed_pages_are_seen),
		cmocka_unit_test(no_result_is_written_beyond_the_last_page),
		cmocka_unit_test(a_batch_of_no_pages_comes_back),
		cmocka_unit_test(
			the_descriptor_is_readable_until_all_is_reaped),
		cmocka_unit_test(the_device_says_how_long_it_took),
		cmocka_unit_test(pages_in_place_are_not_uploaded),
		cmocka_unit_test(pages_in_place_are_ours_only_between_batches),
		cmocka_unit_test(closing_waits_for_what_is_in_flight),
		cmocka_unit_test(closing_wipes_device_memory),
		cmocka_unit_test(a_batch_is_submitted_once),
		cmocka_unit_test(wrong_numbers_are_refused),
		cmocka_unit_test(nothing_is_done_before_bind),
		cmocka_unit_test(only_whole_pages_are_bound_and_only_once),
	};

	return run_on_all_targets("batches", tests,
				  sizeof(tests) / sizeof(*tests));
}
