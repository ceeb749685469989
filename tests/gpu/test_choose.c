// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which device a name means.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "opencl.h"
#include "support.h"

#define MAX_INFOS 64

static struct gksm_gpu_info infos[MAX_INFOS];
static unsigned int nr_infos;

static void remember_info(void *arg, const struct gksm_gpu_info *info)
{
	assert_ptr_equal(arg, &nr_infos);
	assert_true(nr_infos < MAX_INFOS);
	infos[nr_infos++] = *info;
}

static int open_named(struct gksm_gpu **gpu, const char *name)
{
	const struct gksm_gpu_options options = {
		.device = name,
		.cache_dir = getenv("GKSM_TEST_CACHE"),
		.log = remember_log,
	};

	return gksm_gpu_open(gpu, &options);
}

static void check_opens(const char *name, unsigned int index)
{
	struct gksm_gpu *gpu;
	const struct gksm_gpu_info *info;

	assert_int_equal(open_named(&gpu, name), 0);
	info = gksm_gpu_get_info(gpu);
	assert_int_equal(info->index, index);
	assert_int_equal(info->kind, infos[index].kind);
	assert_string_equal(info->name, infos[index].name);
	assert_string_equal(info->driver, infos[index].driver);
	gksm_gpu_close(gpu);
}

static void the_list_counts_up_and_ends_with_the_twin(void **state)
{
	const int nr = gksm_gpu_list(remember_info, (nr_infos = 0, &nr_infos));

	(void)state;
	assert_int_equal(nr, nr_infos);
	for (unsigned int i = 0; i < nr_infos; i++) {
		assert_int_equal(infos[i].index, i);
		assert_string_not_equal(infos[i].name, "");
		assert_true(infos[i].compute_units > 0);
		assert_true(infos[i].global_mem_bytes > 0);
		assert_int_equal(infos[i].kind == GKSM_GPU_KIND_TWIN,
				 i == nr_infos - 1);
	}
	assert_string_equal(infos[nr_infos - 1].name, "twin");
	assert_string_equal(infos[nr_infos - 1].platform, "none");
}

static void every_index_opens_its_device(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < nr_infos; i++) {
		char index[16];

		snprintf(index, sizeof(index), "%u", i);
		check_opens(index, i);
	}
}

static void auto_prefers_a_device_to_the_twin(void **state)
{
	static const char *const names[] = { NULL, "auto", "Auto" };

	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		struct gksm_gpu *gpu;
		enum gksm_gpu_kind kind;

		assert_int_equal(open_named(&gpu, names[i]), 0);
		kind = gksm_gpu_get_info(gpu)->kind;
		for (unsigned int other = 0; other < nr_infos; other++)
			assert_true(kind <= infos[other].kind);
		gksm_gpu_close(gpu);
	}
}

static void no_options_are_the_default(void **state)
{
	struct gksm_gpu *gpu;

	(void)state;
	assert_int_equal(gksm_gpu_open(&gpu, NULL), 0);
	gksm_gpu_close(gpu);
}

static void the_twin_has_a_name(void **state)
{
	(void)state;
	check_opens("twin", nr_infos - 1);
	check_opens("TWIN", nr_infos - 1);
}

/* Any part, in any case; other devices may share the platform's name. */
static void a_part_of_a_name_is_enough(void **state)
{
	struct gksm_gpu *gpu;
	char part[16];

	(void)state;
	if (nr_infos < 2)
		skip();
	snprintf(part, sizeof(part), "%.10s", infos[0].name + 1);
	for (char *c = part; *c; c++)
		*c = islower(*c) ? toupper(*c) : tolower(*c);
	check_opens(part, 0);
	snprintf(part, sizeof(part), "%.8s", infos[0].platform);
	assert_int_equal(open_named(&gpu, part), 0);
	assert_string_equal(gksm_gpu_get_info(gpu)->platform,
			    infos[0].platform);
	gksm_gpu_close(gpu);
}

/* As of a laptop whose two drivers both know its GPU, and a CPU. */
static void of_several_that_match_the_best_kind_is_meant(void **state)
{
	static const struct gksm_cl_device devices[] = {
		{ .info = { .kind = GKSM_GPU_KIND_CPU,
			    .name = "Core",
			    .platform = "Acme OpenCL" } },
		{ .info = { .kind = GKSM_GPU_KIND_GPU,
			    .name = "Graphics",
			    .platform = "Acme OpenCL" } },
		{ .info = { .kind = GKSM_GPU_KIND_GPU,
			    .name = "Graphics (other driver)",
			    .platform = "Other" } },
	};

	(void)state;
	assert_ptr_equal(gksm_cl_device_match(devices, 3, "acme"), &devices[1]);
	assert_ptr_equal(gksm_cl_device_match(devices, 3, "open"), &devices[1]);
	assert_ptr_equal(gksm_cl_device_match(devices, 3, "graph"),
			 &devices[1]);
	assert_ptr_equal(gksm_cl_device_match(devices, 3, "other"),
			 &devices[2]);
	assert_ptr_equal(gksm_cl_device_match(devices, 3, "CORE"), &devices[0]);
	assert_ptr_equal(gksm_cl_device_match(devices, 3, "2"), &devices[2]);
	assert_null(gksm_cl_device_match(devices, 3, "3"));
}

static void a_name_that_nothing_has_lists_what_there_is(void **state)
{
	struct gksm_gpu *gpu = (void *)1;

	(void)state;
	check_error(NULL, open_named(&gpu, "voodoo"), -ENODEV,
		    "no device matches \"voodoo\"; there are: 0: ");
	assert_null(gpu);
	check_error(NULL, open_named(&gpu, "voodoo"), -ENODEV, infos[0].name);
	check_error(NULL, open_named(&gpu, "voodoo"), -ENODEV, ": twin");
}

static void an_index_out_of_range_opens_nothing(void **state)
{
	struct gksm_gpu *gpu;
	char index[16];

	(void)state;
	snprintf(index, sizeof(index), "%u", nr_infos);
	check_error(NULL, open_named(&gpu, index), -ENODEV, "no device");
	check_error(NULL, open_named(&gpu, "4294967296"), -ENODEV, "no device");
	check_error(NULL, open_named(&gpu, "99999999999999999999999"), -ENODEV,
		    "no device");
	check_error(NULL, open_named(&gpu, "-1"), -ENODEV, "no device");
}

static void an_empty_name_is_refused(void **state)
{
	struct gksm_gpu *gpu;

	(void)state;
	check_error(NULL, open_named(&gpu, ""), -EINVAL, "empty");
}

static void a_name_longer_than_the_message_is_cut(void **state)
{
	struct gksm_gpu *gpu;
	char name[5000];

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	check_error(NULL, open_named(&gpu, name), -ENODEV, "xxx");
}

static void a_shape_that_there_is_not_is_refused(void **state)
{
	const struct gksm_gpu_options options = { .device = "0",
						  .shape = "round" };
	struct gksm_gpu *gpu;

	(void)state;
	if (nr_infos < 2)
		skip();
	check_error(NULL, gksm_gpu_open(&gpu, &options), -EINVAL,
		    "no shape \"round\"; there are narrow, wide and lanes");
}

static void the_fastest_shape_is_taken(void **state)
{
	const struct gksm_gpu_options options = { .device = "0",
						  .shape = "auto" };
	const struct gksm_gpu_info *info;
	double best = 1e9, taken = 0;
	struct gksm_gpu *gpu;

	(void)state;
	if (nr_infos < 2)
		skip();
	assert_int_equal(gksm_gpu_open(&gpu, &options), 0);
	info = gksm_gpu_get_info(gpu);
	for (unsigned int s = 0; s < GKSM_CL_NR_SHAPES; s++) {
		const char *name = gksm_cl_shapes[s].name;
		const char *at = strstr(info->shape_log, name);
		const double ns = at ? strtod(at + strlen(name), NULL) : 0;

		assert_true(ns > 0);
		best = ns < best ? ns : best;
		if (!strcmp(info->shape, name))
			taken = ns;
	}
	assert_true(taken == best);
	gksm_gpu_close(gpu);
}

static void two_engines_do_not_disturb_each_other(void **state)
{
	struct pages pages;
	struct gksm_gpu *first, *twin;
	struct gksm_gpu_batch done;

	(void)state;
	make_pages(&pages, 100);
	fill_random(pages.ours, pages.bytes);
	assert_int_equal(open_named(&first, "auto"), 0);
	assert_int_equal(open_named(&twin, "twin"), 0);
	assert_int_equal(gksm_gpu_bind(first, pages.theirs, 2, 50), 0);
	assert_int_equal(gksm_gpu_bind(twin, pages.theirs, 1, 100), 0);
	assert_int_equal(gksm_gpu_submit(first, 1, 50), 0);
	assert_int_equal(gksm_gpu_submit(twin, 0, 100), 0);
	done = wait_batch(twin);
	check_batch_results(twin, &pages, 100, &done);
	gksm_gpu_close(twin);
	done = wait_batch(first);
	check_batch_results(first, &pages, 50, &done);
	close_bound(first, &pages);
}

#define TEST(name) cmocka_unit_test_teardown(name, check_released)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_list_counts_up_and_ends_with_the_twin),
		TEST(every_index_opens_its_device),
		TEST(auto_prefers_a_device_to_the_twin),
		TEST(no_options_are_the_default),
		TEST(the_twin_has_a_name),
		TEST(a_part_of_a_name_is_enough),
		TEST(of_several_that_match_the_best_kind_is_meant),
		TEST(a_name_that_nothing_has_lists_what_there_is),
		TEST(an_index_out_of_range_opens_nothing),
		TEST(an_empty_name_is_refused),
		TEST(a_name_longer_than_the_message_is_cut),
		TEST(a_shape_that_there_is_not_is_refused),
		TEST(the_fastest_shape_is_taken),
		TEST(two_engines_do_not_disturb_each_other),
	};

	return cmocka_run_group_tests_name("choose", tests, NULL, NULL);
}
