// SPDX-License-Identifier: GPL-2.0-only
/*
 * Drivers that fail, lie, or fall silent.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "engine.h"
#include "opencl.h"
#include "support.h"

static int spoil_nothing(void **state)
{
	(void)state;
	interpose_nothing();
	forget_log();
	gksm_engine_patience_ms = 30000;
	return 0;
}

/* Without the cache, so that edits of the source have an effect. */
static int open_shape(struct gksm_gpu **gpu, const char *name,
		      const char *shape)
{
	const struct gksm_gpu_options options = { .device = name,
						  .shape = shape,
						  .log = remember_log };

	return gksm_gpu_open(gpu, &options);
}

static int open_named(struct gksm_gpu **gpu, const char *name)
{
	return open_shape(gpu, name, "narrow");
}

static int open_cached(struct gksm_gpu **gpu)
{
	const struct gksm_gpu_options options = {
		.device = "0",
		.cache_dir = getenv("GKSM_TEST_CACHE"),
		.log = remember_log,
	};

	return gksm_gpu_open(gpu, &options);
}

static void check_auto_takes_the_twin(const char *why)
{
	struct gksm_gpu *gpu;

	forget_log();
	assert_int_equal(open_named(&gpu, "auto"), 0);
	assert_int_equal(gksm_gpu_get_info(gpu)->kind, GKSM_GPU_KIND_TWIN);
	assert_true(log_has("device 0 passed over: "));
	assert_true(log_has(why));
	assert_true(log_has("no OpenCL device is usable: the C twin computes"));
	gksm_gpu_close(gpu);
}

static void a_kernel_that_does_not_build_says_why(void **state)
{
	struct gksm_gpu *gpu;

	(void)state;
	interpose.edit_from = "const size_t i";
	interpose.edit_to = "const site_t i";
	check_error(NULL, open_named(&gpu, "0"), -ENOEXEC, "site_t");
	check_error(NULL, open_named(&gpu, "0"), -ENOEXEC,
		    "cannot build engine: CL_BUILD_PROGRAM_FAILURE");
	check_auto_takes_the_twin("site_t");
}

/* One change each: everything that the kernels compute is looked at. */
static void a_wrong_kernel_fails_the_self_test(void **state)
{
	static const struct {
		const char *from, *to, *why;
	} edits[] = {
		{ "0x9e3779b185ebca87", "0x9e3779b185ebca86", "hash" },
		{ "0x165667b19e3779f9", "0x165667b19e3779f8", "hash" },
		{ "XXH64_ROTATE(acc_2, 12)", "XXH64_ROTATE(acc_2, 13)",
		  "hash" },
		{ "hash ^= hash >> 32;", "", "hash" },
		{ "s < PAGE_STRIPES", "s < PAGE_STRIPES - 1", "self-test" },
		{ "any |= words;", "any = words;", "zero flag" },
		{ "differ |= a[s]", "differ = a[s]", "compared" },
		{ "pairs[i].s1", "pairs[i].s0", "compared" },
		{ "i < nr_pairs", "i + 1 < nr_pairs", "compared" },
		{ "both_lower(&seconds[first], i)", "", "search" },
		{ "index_x(hashes[was]) == x", "was == entry", "search" },
		{ "nr_current < INDEX_KEPT", "nr_current < 1", "search" },
		{ "] = index_ext(x)", "] = index_ext(~x)", "search" },
		{ "return first + ((tag", "return ((tag", "search" },
		{ "words[slot] = INDEX_FREED", "", "search" },
	};
	struct gksm_gpu *gpu;

	(void)state;
	interpose.not_unified = true; /* or each would be tried twice */
	for (size_t i = 0; i < sizeof(edits) / sizeof(*edits); i++) {
		interpose.edit_from = edits[i].from;
		interpose.edit_to = edits[i].to;
		if (!open_named(&gpu, "0"))
			fail_msg("\"%s\" as \"%s\" is not noticed",
				 edits[i].from, edits[i].to);
		assert_non_null(
			strstr(gksm_gpu_error(NULL), "fails its self-test: "));
		if (!strstr(gksm_gpu_error(NULL), edits[i].why))
			fail_msg("\"%s\" as \"%s\": %s", edits[i].from,
				 edits[i].to, gksm_gpu_error(NULL));
	}
	check_auto_takes_the_twin("fails its self-test");
}

/* What only one shape has. */
static void a_wrong_shape_fails_the_self_test(void **state)
{
	static const struct {
		const char *shape, *from, *to;
	} edits[] = {
		{ "wide", "page_2[s],", "page_1[s]," },
		{ "wide", "min(i + 3, last)", "min(i + 2, last)" },
		{ "wide", "acc.hi.lo, any.hi.lo", "acc.hi.lo, any.hi.hi" },
		{ "lanes", "any |= word;", "any = word;" },
		{ "lanes", "acc = XXH64_ROUND(acc, word);", "acc += word;" },
		{ "lanes", "accs[item + 3]", "accs[item + 2]" },
		{ "lanes", "anys[item + 1]", "anys[item + 2]" },
		{ "lanes", "anys[item] = any", "anys[item] = 0" },
	};
	struct gksm_gpu *gpu;

	(void)state;
	interpose.not_unified = true; /* or each would be tried twice */
	for (size_t i = 0; i < sizeof(edits) / sizeof(*edits); i++) {
		interpose.edit_from = edits[i].from;
		interpose.edit_to = edits[i].to;
		check_error(NULL, open_shape(&gpu, "0", edits[i].shape),
			    -EBADMSG, "fails its self-test: ");
		/* The edit is of nothing that others have. */
		assert_int_equal(open_named(&gpu, "0"), 0);
		gksm_gpu_close(gpu);
	}
}

/* Whichever is the fastest: both are wrong but one, which is slow or not. */
static void a_device_with_wrong_shapes_has_the_narrow_one(void **state)
{
	struct gksm_gpu *gpu;

	(void)state;
	interpose.edit_from = "__kernel void page_hash_wide(";
	interpose.edit_to = "#define xxh64_finish(a, b, c, d, e) 0\n"
			    "#define finish(a, b, c, d) (void)0\n"
			    "__kernel void page_hash_wide(";
	assert_int_equal(open_shape(&gpu, "0", NULL), 0);
	assert_string_equal(gksm_gpu_get_info(gpu)->shape, "narrow");
	assert_true(log_has("trying again, in the narrow shape"));
	gksm_gpu_close(gpu);
}

static void a_shape_that_cannot_be_measured_is_the_narrow_one(void **state)
{
	struct gksm_gpu *gpu;

	(void)state;
	interpose.not_unified = true; /* or it would be measured once more */
	interpose.fail_in = "clEnqueueNDRangeKernel";
	interpose.fail_status = CL_OUT_OF_RESOURCES;
	interpose.fail_at = 1;
	assert_int_equal(open_shape(&gpu, "0", NULL), 0);
	assert_string_equal(gksm_gpu_get_info(gpu)->shape, "narrow");
	assert_true(log_has("hashes pages in the narrow shape: "));
	assert_true(log_has("CL_OUT_OF_RESOURCES"));
	gksm_gpu_close(gpu);
}

/* The engine with pages uploaded, though the device shares our memory. */
static void check_uploads(struct gksm_gpu *gpu)
{
	struct gksm_gpu_batch done;
	struct pages pages;

	make_pages(&pages, 200);
	fill_random(pages.ours, pages.bytes);
	assert_int_equal(gksm_gpu_bind(gpu, pages.theirs, 2, 100), 0);
	assert_false(gksm_gpu_get_info(gpu)->host_unified);
	for (unsigned int round = 0; round < 3; round++) {
		pages.ours[round]++;
		done = run_batch(gpu, 0, 100);
		check_batch_results(gpu, &pages, 100, &done);
	}
	close_bound(gpu, &pages);
}

static bool is_unified(void)
{
	struct gksm_gpu *gpu;
	bool unified;

	assert_int_equal(open_cached(&gpu), 0);
	unified = gksm_gpu_get_info(gpu)->host_unified;
	gksm_gpu_close(gpu);
	return unified;
}

static void a_driver_that_refuses_our_pages_gets_copies(void **state)
{
	struct gksm_gpu *gpu;

	(void)state;
	if (!is_unified())
		skip();
	interpose.refuse_host_ptr = true;
	assert_int_equal(open_cached(&gpu), 0);
	assert_true(log_has("pages are uploaded, not used in place"));
	assert_true(log_has("CL_INVALID_HOST_PTR"));
	check_uploads(gpu);
}

/* As one does that pins anonymous memory, but not a device's. */
static void a_driver_may_refuse_them_as_late_as_in_bind(void **state)
{
	struct gksm_gpu *gpu;

	(void)state;
	if (!is_unified())
		skip();
	forget_log();
	assert_int_equal(open_cached(&gpu), 0);
	assert_true(gksm_gpu_get_info(gpu)->host_unified);
	interpose.refuse_host_ptr = true;
	check_uploads(gpu);
	assert_true(log_has("pages are uploaded, not used in place"));
}

static void a_driver_that_moves_our_pages_gets_copies(void **state)
{
	struct gksm_gpu *gpu;

	(void)state;
	if (!is_unified())
		skip();
	interpose.moved_pages = true;
	assert_int_equal(open_cached(&gpu), 0);
	assert_true(log_has("the driver made a copy"));
	check_uploads(gpu);
}

static void a_driver_that_keeps_stale_pages_gets_copies(void **state)
{
	struct gksm_gpu *gpu;

	(void)state;
	if (!is_unified())
		skip();
	interpose.stale_pages = true;
	assert_int_equal(open_cached(&gpu), 0);
	assert_true(log_has("trying again, with uploaded pages"));
	check_uploads(gpu);
}

static void a_batch_that_fails_in_flight_is_reaped_with_an_error(void **state)
{
	struct gksm_gpu_batch done;
	struct gksm_gpu *gpu;
	struct pages pages;
	int err;

	(void)state;
	assert_int_equal(open_cached(&gpu), 0);
	make_pages(&pages, 20);
	assert_int_equal(gksm_gpu_bind(gpu, pages.theirs, 2, 10), 0);
	interpose.finish_status = CL_DEVICE_NOT_AVAILABLE;
	assert_int_equal(gksm_gpu_submit(gpu, 1, 10), 0);
	done = wait_batch(gpu);
	assert_int_equal(done.batch, 1);
	check_error(gpu, done.error, -ENODEV, "failed in flight");
	err = gksm_gpu_compare(gpu, 1, &(struct gksm_gpu_pair){ 0, 0 }, 1,
			       (uint8_t[1]){ 0 });
	check_error(gpu, err, -EINVAL, "batch 1 holds 0");
	interpose.finish_status = 0;
	done = run_batch(gpu, 1, 10);
	check_batch_results(gpu, &pages, 10, &done);
	close_bound(gpu, &pages);
}

static void a_kernel_may_fail_though_all_that_follows_succeeds(void **state)
{
	struct gksm_gpu *gpu;
	struct pages pages;

	(void)state;
	assert_int_equal(open_cached(&gpu), 0);
	make_pages(&pages, 10);
	assert_int_equal(gksm_gpu_bind(gpu, pages.theirs, 1, 10), 0);
	interpose.kernel_status = CL_OUT_OF_RESOURCES;
	assert_int_equal(gksm_gpu_submit(gpu, 0, 10), 0);
	check_error(gpu, wait_batch(gpu).error, -EIO,
		    "cannot compute a batch: CL_OUT_OF_RESOURCES (-5)");
	interpose.kernel_status = 0;
	run_batch(gpu, 0, 10);
	close_bound(gpu, &pages);
}

static void a_silent_device_is_passed_over(void **state)
{
	(void)state;
	gksm_engine_patience_ms = 20;
	interpose.lose_callbacks = true;
	check_auto_takes_the_twin("did not finish a batch within 20 ms");
	assert_true(interpose_nr_objects() > 0); /* abandoned */
}

/* What it may still write to is not freed: the sanitizers would tell. */
static void a_device_that_falls_silent_is_abandoned(void **state)
{
	struct gksm_gpu *gpu;
	struct pages pages;

	(void)state;
	assert_int_equal(open_cached(&gpu), 0);
	make_pages(&pages, 20);
	assert_int_equal(gksm_gpu_bind(gpu, pages.theirs, 2, 10), 0);
	interpose.lose_callbacks = true;
	assert_int_equal(gksm_gpu_submit(gpu, 0, 10), 0);
	gksm_engine_patience_ms = 20;
	gksm_gpu_close(gpu);
	assert_true(log_has("does not answer and was abandoned"));
	assert_true(interpose_nr_objects() > 0);
}

static void a_device_that_is_given_up_is_not_waited_for_again(void **state)
{
	struct timespec start, end;
	struct gksm_gpu *gpu;
	struct pages pages;

	(void)state;
	gksm_gpu_give_up(NULL);
	assert_int_equal(open_cached(&gpu), 0);
	make_pages(&pages, 20);
	assert_int_equal(gksm_gpu_bind(gpu, pages.theirs, 2, 10), 0);
	interpose.lose_callbacks = true;
	assert_int_equal(gksm_gpu_submit(gpu, 0, 10), 0);
	clock_gettime(CLOCK_MONOTONIC, &start);
	gksm_gpu_give_up(gpu);
	clock_gettime(CLOCK_MONOTONIC, &end);
	/* Not for the 30 seconds of these tests. */
	assert_in_range(end.tv_sec - start.tv_sec, 1, 20);
	assert_true(log_has("does not answer and was abandoned"));
	assert_true(interpose_nr_objects() > 0);
}

static void too_little_device_memory_is_said_so(void **state)
{
	struct gksm_gpu *gpu;
	struct pages pages;

	(void)state;
	interpose.not_unified = true;
	assert_int_equal(open_cached(&gpu), 0);
	make_pages(&pages, 64);
	interpose.fail_in = "clCreateBuffer";
	interpose.fail_status = CL_MEM_OBJECT_ALLOCATION_FAILURE;
	for (unsigned int n = 1; n < 5; n++) {
		interpose.nr_calls = 0;
		interpose.fail_at = n;
		check_error(gpu, gksm_gpu_bind(gpu, pages.theirs, 4, 16),
			    -ENOMEM, "try fewer or smaller batches");
	}
	interpose_nothing();
	assert_int_equal(gksm_gpu_bind(gpu, pages.theirs, 4, 16), 0);
	run_batch(gpu, 3, 16);
	close_bound(gpu, &pages);
}

/* All that a program does with an engine; 0 or the first error. */
static int live_a_life(const struct pages *pages)
{
	const struct gksm_gpu_pair pair = { 1, 2 };
	struct gksm_gpu_batch done;
	struct gksm_gpu *gpu;
	uint8_t equal;
	int err = open_cached(&gpu);

	if (err) {
		check_error(NULL, err, err, "");
		assert_string_not_equal(gksm_gpu_error(NULL), "");
		return err;
	}
	err = gksm_gpu_bind(gpu, pages->theirs, 2, 8);
	for (unsigned int b = 0; !err && b < 2; b++) {
		err = gksm_gpu_submit(gpu, b, 8);
		if (err)
			break;
		done = wait_batch(gpu);
		err = done.error;
		if (!err)
			check_batch_results(gpu, pages, 8, &done);
	}
	if (!err)
		err = gksm_gpu_compare(gpu, 1, &pair, 1, &equal);
	if (!err)
		assert_int_equal(equal, 0);
	if (err)
		assert_string_not_equal(gksm_gpu_error(gpu), "");
	gksm_gpu_close(gpu);
	return err;
}

/* Each call in turn fails once; a failure is an error or has no effect. */
static void any_call_may_fail(void **state)
{
	unsigned int nr_errors = 0, n;
	struct pages pages;

	(void)state;
	make_pages(&pages, 16);
	fill_random(pages.ours, pages.bytes);
	/* So that the shape is in the cache. */
	assert_int_equal(live_a_life(&pages), 0);
	for (n = 1; n < 10000; n++) {
		interpose_nothing();
		interpose.not_unified = n % 2;
		interpose.fail_at = n;
		interpose.fail_status = CL_OUT_OF_HOST_MEMORY;
		nr_errors += live_a_life(&pages) != 0;
		if (interpose.nr_calls < n)
			break;
	}
	assert_in_range(n, 100, 1000);
	assert_true(nr_errors > n / 2);
	free_pages(&pages);
}

/* A device whose hashes are all the same, and which nobody has tested. */
static struct gksm_gpu *open_weak(void)
{
	static const struct gksm_gpu_options options = { .log = remember_log };
	const struct gksm_cl_how how = { .upload = false };
	struct gksm_gpu *gpu = gksm_engine_new(&options);
	struct gksm_cl_device *devices;
	unsigned int nr;

	assert_non_null(gpu);
	assert_int_equal(gksm_cl_device_list(&devices, &nr), 0);
	interpose.edit_from = "*hash = xxh64_finish";
	interpose.edit_to = "*hash = 0 * xxh64_finish";
	assert_int_equal(gksm_cl_open(gpu, &devices[0], &how), 0);
	free(devices);
	return gpu;
}

static void equal_hashes_are_not_taken_for_equal_bytes(void **state)
{
	struct gksm_gpu *gpu = open_weak();
	struct gksm_gpu_batch done;
	struct pages pages;

	(void)state;
	make_pages(&pages, 100);
	for (unsigned int i = 0; i < 100; i++) {
		/* The last byte of each third page is another one. */
		memset(pages.ours + i * PAGE, 7, PAGE);
		pages.ours[i * PAGE + PAGE - 1] += i % 3 == 2;
	}
	assert_int_equal(gksm_gpu_bind(gpu, pages.theirs, 1, 100), 0);
	for (unsigned int i = 0; i < 100; i++)
		gksm_gpu_names(gpu, 0)[i] = 1000 + i;
	assert_int_equal(gksm_gpu_search(gpu, 0, 100, 0), 0);
	done = wait_batch(gpu);
	for (unsigned int i = 0; i < 100; i++) {
		assert_true(done.hashes[i] == 0);
		assert_int_equal(done.found[i],
				 i % 3 == 2 ? GKSM_GPU_FOUND_COLLIDED :
					      GKSM_GPU_FOUND_EQUAL);
		assert_true(done.twins[i] == (i % 3 == 2 ? 0 :
					      i		 ? 1000 :
							   1001));
	}
	close_bound(gpu, &pages);
}

static void ignore_info(void *arg, const struct gksm_gpu_info *info)
{
	(void)arg;
	(void)info;
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, spoil_nothing, check_released)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_kernel_that_does_not_build_says_why),
		TEST(a_wrong_kernel_fails_the_self_test),
		TEST(a_wrong_shape_fails_the_self_test),
		TEST(a_device_with_wrong_shapes_has_the_narrow_one),
		TEST(a_shape_that_cannot_be_measured_is_the_narrow_one),
		TEST(equal_hashes_are_not_taken_for_equal_bytes),
		TEST(a_driver_that_refuses_our_pages_gets_copies),
		TEST(a_driver_may_refuse_them_as_late_as_in_bind),
		TEST(a_driver_that_moves_our_pages_gets_copies),
		TEST(a_driver_that_keeps_stale_pages_gets_copies),
		TEST(a_batch_that_fails_in_flight_is_reaped_with_an_error),
		TEST(a_kernel_may_fail_though_all_that_follows_succeeds),
		TEST(a_silent_device_is_passed_over),
		TEST(a_device_that_falls_silent_is_abandoned),
		TEST(a_device_that_is_given_up_is_not_waited_for_again),
		TEST(too_little_device_memory_is_said_so),
		TEST(any_call_may_fail),
	};

	if (gksm_gpu_list(ignore_info, NULL) < 2)
		return EXIT_SKIPPED;
	return cmocka_run_group_tests_name("faults", tests, NULL, NULL);
}
