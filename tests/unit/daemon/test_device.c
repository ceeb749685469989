// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_device.c - which device follows one that failed
 */
#include <errno.h>
#include <string.h>

#include "device.h"
#include "fake_gpu.h"
#include "log.h"
#include "test.h"

static struct gksm_device device;
static unsigned char pages[2 * 16 * 4096];

/* An order of indices that is not the order of preference. */
static int reset(void **state)
{
	(void)state;
	memset(fake_devices, 0, sizeof(fake_devices));
	fake_devices[0] = (struct fake_device){ .kind = GKSM_GPU_KIND_CPU,
						.name = "cpu" };
	fake_devices[1] = (struct fake_device){ .kind = GKSM_GPU_KIND_GPU,
						.name = "gpu one" };
	fake_devices[2] = (struct fake_device){ .kind = GKSM_GPU_KIND_GPU,
						.name = "gpu two" };
	fake_devices[3] = (struct fake_device){ .kind = GKSM_GPU_KIND_TWIN,
						.name = "twin" };
	fake_nr_devices = 4;
	return 0;
}

static int release(void **state)
{
	(void)state;
	gksm_device_close(&device);
	assert_int_equal(fake_nr_open, 0);
	return 0;
}

static int open_and_bind(const char *wanted)
{
	int err = gksm_device_open(&device, wanted, "");

	return err ? err : gksm_device_bind(&device, pages, 2, 16);
}

static void a_device_that_is_not_there_is_an_error(void **state)
{
	(void)state;
	assert_int_equal(open_and_bind("nothing"), -EIO);
	assert_string_equal(gksm_device_name(&device), "no device");
}

static void a_named_device_has_no_successor(void **state)
{
	(void)state;
	assert_int_equal(open_and_bind("gpu one"), 0);
	assert_int_equal(gksm_device_replace(&device), -EIO);
	assert_null(device.gpu);
	assert_int_equal(fake_devices[2].nr_opened, 0);
}

static void auto_goes_on_with_the_next_best(void **state)
{
	static const char *const order[] = { "gpu one", "gpu two", "twin" };

	(void)state;
	assert_int_equal(open_and_bind("auto"), 0);
	assert_string_equal(gksm_device_name(&device), "cpu");
	for (size_t i = 0; i < COUNT_OF(order); i++) {
		assert_int_equal(gksm_device_replace(&device), 0);
		assert_string_equal(gksm_device_name(&device), order[i]);
		assert_int_equal(fake_nr_open, 1);
	}
}

static void after_all_of_all_the_next_one_follows(void **state)
{
	(void)state;
	fake_devices[0].has_second = true; /* cpu and gpu one */
	assert_int_equal(open_and_bind("all"), 0);
	assert_int_equal(gksm_device_replace(&device), 0);
	assert_string_equal(gksm_device_name(&device), "gpu two");
	assert_int_equal(fake_devices[1].nr_opened, 0);
}

static void each_device_has_its_share(void **state)
{
	static struct gksm_reply reply;
	unsigned int nr_lost;

	(void)state;
	assert_int_equal(gksm_device_count(&device, &nr_lost), 0);
	fake_devices[0].has_second = true;
	fake_devices[0].second_is_lost = true;
	assert_int_equal(open_and_bind("cpu"), 0);
	assert_int_equal(gksm_device_count(&device, &nr_lost), 2);
	assert_int_equal(nr_lost, 1);
	gksm_reply_ok(&reply);
	gksm_device_reply(&device, &reply);
	assert_string_equal(reply.text, "gksm/1 ok\n"
					"daemon device_0 cpu, index, cpu\n"
					"daemon device_0_pages 3\n"
					"daemon device_0_percent 75.0\n"
					"daemon device_1 cpu, lost, cpu\n"
					"daemon device_1_pages 1\n"
					"daemon device_1_percent 25.0\n");
}

static void a_device_that_failed_is_not_asked_again(void **state)
{
	(void)state;
	assert_int_equal(open_and_bind("auto"), 0);
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(gksm_device_replace(&device), 0);
	assert_int_equal(gksm_device_replace(&device), -EIO);
	for (unsigned int i = 0; i < fake_nr_devices; i++)
		assert_int_equal(fake_devices[i].nr_opened, 1);
}

static void a_successor_that_does_not_open_is_passed_over(void **state)
{
	(void)state;
	assert_int_equal(open_and_bind("auto"), 0);
	fake_devices[1].open_error = -ENODEV;
	fake_devices[2].bind_error = -ENOMEM;
	assert_int_equal(gksm_device_replace(&device), 0);
	assert_string_equal(gksm_device_name(&device), "twin");
	assert_int_equal(fake_devices[2].nr_opened, 1);
	assert_int_equal(fake_nr_open, 1);
}

static void without_drivers_the_twin_follows(void **state)
{
	(void)state;
	assert_int_equal(open_and_bind("auto"), 0);
	device.only_twin = true;
	assert_int_equal(gksm_device_replace(&device), 0);
	assert_string_equal(gksm_device_name(&device), "twin");
	assert_string_equal(gksm_device_kind(&device), "twin");
	assert_int_equal(fake_devices[1].nr_opened, 0);
	assert_int_equal(fake_devices[2].nr_opened, 0);
}

static void batches_are_as_large_as_was_measured(void **state)
{
	struct gksm_gpu_limits limits = { 4, 5000, 100 };

	(void)state;
	assert_int_equal(gksm_device_open(&device, "cpu", ""), 0);
	assert_int_equal(gksm_device_choose_batch(&device, &limits), 2500);
	/* Nothing is known: as good a guess as any, within the limits. */
	fake_devices[0].measure_error = -EIO;
	assert_int_equal(gksm_device_choose_batch(&device, &limits), 1024);
	limits.max_pages = 500;
	assert_int_equal(gksm_device_choose_batch(&device, &limits), 500);
}

static void a_device_that_cannot_bind_is_replaced(void **state)
{
	(void)state;
	fake_devices[0].bind_error = -ENOMEM;
	assert_int_equal(open_and_bind("auto"), 0);
	assert_string_equal(gksm_device_name(&device), "gpu one");
	gksm_device_close(&device);
	assert_int_equal(open_and_bind("cpu"), -EIO);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, reset, release)
	static const struct CMUnitTest tests[] = {
		TEST(a_device_that_is_not_there_is_an_error),
		TEST(a_named_device_has_no_successor),
		TEST(auto_goes_on_with_the_next_best),
		TEST(after_all_of_all_the_next_one_follows),
		TEST(each_device_has_its_share),
		TEST(a_device_that_failed_is_not_asked_again),
		TEST(a_successor_that_does_not_open_is_passed_over),
		TEST(without_drivers_the_twin_follows),
		TEST(batches_are_as_large_as_was_measured),
		TEST(a_device_that_cannot_bind_is_replaced),
	};

	gksm_log_open("test", GKSM_LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
