// SPDX-License-Identifier: GPL-2.0-only
/*
 * How large batches should be: the choice, and the measurement.
 */
#include <errno.h>

#include "engine.h"
#include "knee.h"
#include "opencl.h"
#include "support.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct gksm_gpu_limits patient = { 4, 65536, 1000 };

static void the_least_size_that_is_nearly_the_fastest_is_chosen(void **state)
{
	static const struct gksm_knee_point curve[] = {
		{ 256, 1e6 }, { 512, 1.8e6 }, { 1024, 2.4e6 }, { 2048, 2.5e6 }
	};

	(void)state;
	assert_int_equal(gksm_knee_choose(curve, 4, &patient), 1024);
	assert_int_equal(gksm_knee_choose(curve, 2, &patient), 512);
	assert_int_equal(gksm_knee_choose(curve, 1, &patient), 256);
}

static void a_flat_or_falling_curve_has_its_knee_at_the_start(void **state)
{
	static const struct gksm_knee_point flat[] = { { 256, 0.951e6 },
						       { 512, 1e6 },
						       { 1024, 0.9e6 } };
	static const struct gksm_knee_point lost[] = { { 256, 0 }, { 512, 0 } };

	(void)state;
	assert_int_equal(gksm_knee_choose(flat, 3, &patient), 256);
	assert_int_equal(gksm_knee_choose(lost, 2, &patient), 256);
}

/* Ten batches of 1024 take 10 ms, of 2048 16 ms. */
static void what_takes_too_long_does_not_count(void **state)
{
	static const struct gksm_knee_point curve[] = { { 512, 0.8e6 },
							{ 1024, 1.024e6 },
							{ 2048, 1.28e6 } };
	struct gksm_gpu_limits limits = { 10, 65536, 16 };

	(void)state;
	assert_int_equal(gksm_knee_choose(curve, 3, &limits), 2048);
	limits.max_ms = 15;
	assert_int_equal(gksm_knee_choose(curve, 3, &limits), 1024);
	limits.max_ms = 9;
	assert_int_equal(gksm_knee_choose(curve, 3, &limits), 512);
	/* The least one, if all take too long. */
	limits.max_ms = 1;
	assert_int_equal(gksm_knee_choose(curve, 3, &limits), 512);
}

static void a_measurement_keeps_to_the_limits(void **state)
{
	struct gksm_gpu_limits limits = { 4, 1000, 1000 };
	struct gksm_gpu *gpu = open_target();
	struct gksm_gpu_knee knee;

	(void)state;
	assert_int_equal(gksm_gpu_measure(gpu, &limits, &knee), 0);
	assert_true(knee.batch_pages == 256 || knee.batch_pages == 512);
	assert_true(knee.pages_per_s > 1000);
	assert_true(knee.best_per_s >= knee.pages_per_s);
	assert_true((double)knee.pages_per_s >= 0.94 * (double)knee.best_per_s);
	limits.max_pages = 100;
	limits.nr_batches = 64;
	assert_int_equal(gksm_gpu_measure(gpu, &limits, &knee), 0);
	assert_int_equal(knee.batch_pages, 100);
	assert_int_equal(knee.best_pages, 100);
	/* Ten pages a nanosecond are nobody's. */
	assert_true(knee.best_per_s < UINT64_C(10000000000));
	gksm_gpu_close(gpu);
}

static void the_engine_is_as_it_was_afterwards(void **state)
{
	const struct gksm_gpu_limits limits = { 2, 300, 1000 };
	struct gksm_gpu *gpu = open_target();
	struct gksm_gpu_device device;
	struct gksm_gpu_index index;
	struct gksm_gpu_batch done;
	struct gksm_gpu_knee knee;
	struct pages pages;

	(void)state;
	assert_int_equal(gksm_gpu_measure(gpu, &limits, &knee), 0);
	make_pages(&pages, 20);
	fill_random(pages.ours, pages.bytes);
	assert_int_equal(gksm_gpu_bind(gpu, pages.theirs, 2, 10), 0);
	gksm_gpu_get_device(gpu, 0, &device);
	assert_int_equal(device.nr_batches, 0);
	done = run_batch(gpu, 1, 10);
	check_batch_results(gpu, &pages, 10, &done);
	gksm_gpu_get_index(gpu, &index);
	assert_int_equal(index.nr_entries, 0);
	check_error(gpu, gksm_gpu_measure(gpu, &limits, &knee), -EALREADY,
		    "bound already");
	close_bound(gpu, &pages);
}

static void impossible_limits_are_refused(void **state)
{
	static const struct gksm_gpu_limits none[] = { { 0, 100, 100 },
						       { 4, 0, 100 },
						       { 4, 100, 0 } };
	struct gksm_gpu *gpu = open_target();
	struct gksm_gpu_knee knee;

	(void)state;
	for (unsigned int i = 0; i < COUNT(none); i++)
		check_error(gpu, gksm_gpu_measure(gpu, &none[i], &knee),
			    -EINVAL, "no batches, no pages or no time");
	gksm_gpu_close(gpu);
}

static void a_device_that_fails_meanwhile_can_still_be_bound(void **state)
{
	const struct gksm_gpu_limits limits = { 2, 300, 1000 };
	struct gksm_gpu *gpu = open_target();
	struct gksm_gpu_knee knee;
	struct pages pages;

	(void)state;
	if (target.twin) {
		gksm_gpu_close(gpu);
		skip();
	}
	/* Beyond what bind does. */
	interpose.nr_calls = 0;
	interpose.fail_in = "clEnqueueNDRangeKernel";
	interpose.fail_at = 100;
	interpose.fail_status = CL_OUT_OF_RESOURCES;
	check_error(gpu, gksm_gpu_measure(gpu, &limits, &knee), -EIO,
		    "CL_OUT_OF_RESOURCES");
	make_pages(&pages, 20);
	assert_int_equal(gksm_gpu_bind(gpu, pages.theirs, 2, 10), 0);
	run_batch(gpu, 0, 10);
	close_bound(gpu, &pages);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			the_least_size_that_is_nearly_the_fastest_is_chosen),
		cmocka_unit_test(
			a_flat_or_falling_curve_has_its_knee_at_the_start),
		cmocka_unit_test(what_takes_too_long_does_not_count),
		cmocka_unit_test(a_measurement_keeps_to_the_limits),
		cmocka_unit_test(the_engine_is_as_it_was_afterwards),
		cmocka_unit_test(impossible_limits_are_refused),
		cmocka_unit_test(
			a_device_that_fails_meanwhile_can_still_be_bound),
	};

	return run_on_all_targets("knee", tests, COUNT(tests));
}
