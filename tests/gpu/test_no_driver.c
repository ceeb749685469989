// SPDX-License-Identifier: GPL-2.0-only
/*
 * A machine without any OpenCL driver. ctest points the ICD loader at a
 * folder that does not exist (OCL_ICD_VENDORS).
 */
#include <errno.h>
#include <string.h>

#include "support.h"

static void count_info(void *arg, const struct gksm_gpu_info *info)
{
	assert_int_equal(info->kind, GKSM_GPU_KIND_TWIN);
	++*(unsigned int *)arg;
}

static void only_the_twin_is_listed(void **state)
{
	unsigned int nr = 0;

	(void)state;
	assert_int_equal(gksm_gpu_list(count_info, &nr), 1);
	assert_int_equal(nr, 1);
}

static void auto_takes_the_twin_and_says_so(void **state)
{
	const struct gksm_gpu_options options = { .log = remember_log };
	struct gksm_gpu_batch done;
	struct gksm_gpu *gpu;
	struct pages pages;

	(void)state;
	assert_int_equal(gksm_gpu_open(&gpu, &options), 0);
	assert_int_equal(gksm_gpu_get_info(gpu)->kind, GKSM_GPU_KIND_TWIN);
	assert_int_equal(gksm_gpu_get_info(gpu)->index, 0);
	assert_true(log_has("no OpenCL device found: the C twin computes"));

	make_pages(&pages, 10);
	fill_random(pages.ours, pages.bytes);
	assert_int_equal(gksm_gpu_bind(gpu, pages.theirs, 1, 10), 0);
	done = run_batch(gpu, 0, 10);
	check_batch_results(gpu, &pages, 10, &done);
	close_bound(gpu, &pages);
}

static void a_chosen_device_is_an_error_with_a_hint(void **state)
{
	const struct gksm_gpu_options options = { .device = "pocl" };
	struct gksm_gpu *gpu;

	(void)state;
	check_error(NULL, gksm_gpu_open(&gpu, &options), -ENODEV,
		    "is an OpenCL driver installed?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_twin_is_listed),
		cmocka_unit_test(auto_takes_the_twin_and_says_so),
		cmocka_unit_test(a_chosen_device_is_an_error_with_a_hint),
	};

	return cmocka_run_group_tests_name("no driver", tests, NULL, NULL);
}
