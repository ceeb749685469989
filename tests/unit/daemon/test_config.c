// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_config.c - gksmd.conf
 *
 * tests/cli/wrong_use.sh checks the messages.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "gksm_abi.h"
#include "log.h"
#include "test.h"

static struct gksm_config config;

static int read_text(const char *text)
{
	char path[] = "/tmp/gksm_config_XXXXXX";
	int fd = mkstemp(path);
	int err;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	gksm_config_init(&config);
	err = gksm_config_read(&config, path, true);
	unlink(path);
	return err;
}

static void an_empty_file_changes_nothing(void **state)
{
	struct gksm_config defaults;

	(void)state;
	gksm_config_init(&defaults);
	assert_int_equal(read_text(""), 0);
	assert_memory_equal(&config, &defaults, sizeof(config));
	assert_int_equal(gksm_config_check(&config), 0);
	assert_int_equal(gksm_config_read(&config, "/nonexistent/file", false),
			 0);
	assert_memory_equal(&config, &defaults, sizeof(config));
}

static void every_key_is_read(void **state)
{
	(void)state;
	assert_int_equal(read_text("[engine]\ndevice = H200\n"
				   "cache_dir = /tmp\nbatches = 8\n"
				   "batch_slots = 2048\n[scan]\nrun = 1\n"
				   "pages_to_scan = 5\nsleep_millisecs = 6\n"
				   "use_zero_pages = 1\n"
				   "smart_scan = 0\n"
				   "merge_across_nodes = 0\n"
				   "max_page_sharing = 2\n"
				   "stable_node_chains_prune_millisecs = 0\n"
				   "merge_domain = cgroup\n"
				   "merge_domain_depth = 2\n"
				   "cpu_budget_percent = 20\n"
				   "incremental_passes = 3\n"
				   "batch_deadline_ms = 700\n"
				   "max_shared_pages = 8\n"
				   "max_metadata_kib = 9\n"
				   "pressure_boost = 100\n"
				   "advisor_max_cpu = 50\n"
				   "advisor_min_pages_to_scan = 100\n"
				   "advisor_max_pages_to_scan = 1000\n"
				   "advisor_target_scan_time = 60\n"
				   "advisor_mode = scan-time\n"),
			 0);
	assert_string_equal(config.device, "H200");
	assert_string_equal(config.cache_dir, "/tmp");
	assert_int_equal(config.nr_batches, 8);
	assert_int_equal(config.batch_slots, 2048);
	for (size_t i = 0; i < GKSM_NR_WRITABLE_FIELDS; i++)
		assert_true(config.scan_set[i]);
	assert_int_equal(config.scan[gksm_field_find("pages_to_scan")], 5);
	assert_int_equal(config.scan[gksm_field_find("max_shared_pages")], 8);
	assert_int_equal(config.scan[gksm_field_find("advisor_mode")], 1);
	assert_int_equal(config.scan[gksm_field_find("merge_domain")], 2);
}

static void comments_blanks_and_no_last_newline_are_fine(void **state)
{
	(void)state;
	assert_int_equal(read_text("# one\n; two\n\n  [engine]  \n"
				   "\tbatches = 2 ; three\n"
				   "  device =  twin"),
			 0);
	assert_int_equal(config.nr_batches, 2);
	assert_string_equal(config.device, "twin");
}

static void sections_may_come_back(void **state)
{
	(void)state;
	assert_int_equal(read_text("[engine]\nbatches=2\n[scan]\nrun=0\n"
				   "[engine]\nbatch_slots=32\n"),
			 0);
	assert_int_equal(config.nr_batches, 2);
	assert_int_equal(config.batch_slots, 32);
}

static void faults_are_errors(void **state)
{
	static const char *const texts[] = {
		"[engine]\nfoo=1\n",
		"[engine]\nrun=1\n",
		"[scan]\nbatches=1\n",
		"[scan]\npages_shared=1\n",
		"[scan]\nadvisor_mode=1\n",
		"[scan]\nadvisor_target_scan_time=0\n",
		"[other]\n",
		"batches=1\n",
		"[engine]\nbatches\n",
		"[engine\nbatches=1\n",
		"[engine]\nbatches=1\nbatches=1\n",
		"[scan]\nrun=1\n[scan]\nrun=1\n",
		"[engine]\nbatches=0\n",
		"[engine]\nbatches=65\n",
		"[engine]\nbatches=0x4\n",
		"[engine]\nbatches=\n",
		"[engine]\nbatch_slots=15\n",
		"[engine]\nbatch_slots=0\n",
		"[engine]\nbatch_slots=automatic\n",
		"[engine]\nbatch_slots=65537\n",
		"[engine]\ndevice=\n",
		"[engine]\ncache_dir=relative\n",
		"[scan]\nrun=2\n",
		"[scan]\nrun=3\n",
		"[scan]\nuse_zero_pages=2\n",
		"[scan]\npages_to_scan=4294967296\n",
		"[scan]\nmax_shared_pages=18446744073709551616\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		int err = read_text(texts[i]);

		if (err != -EINVAL)
			fail_msg("%d from: %s", err, texts[i]);
	}
}

static void a_wrong_value_leaves_the_old_one(void **state)
{
	(void)state;
	assert_int_equal(read_text("[engine]\nbatches=0\n[scan]\nrun=9\n"),
			 -EINVAL);
	assert_int_equal(config.nr_batches, 4);
	assert_int_equal(config.batch_slots, GKSM_BATCH_SLOTS_AUTO);
	assert_false(config.scan_set[0]);
}

static void a_file_that_was_asked_for_must_exist(void **state)
{
	(void)state;
	assert_int_equal(gksm_config_read(&config, "/nonexistent/file", true),
			 -EINVAL);
}

static void batches_must_fit_together(void **state)
{
	(void)state;
	gksm_config_init(&config);
	config.nr_batches = 4;
	config.batch_slots = GKSM_MAX_BATCH_SLOTS;
	assert_int_equal(gksm_config_check(&config), 0);
	config.nr_batches = 5;
	assert_int_equal(gksm_config_check(&config), -EINVAL);
	config.nr_batches = GKSM_MAX_BATCHES;
	assert_int_equal(gksm_config_check(&config), -EINVAL);
}

static void what_is_read_at_start_is_compared(void **state)
{
	struct gksm_config other;

	(void)state;
	gksm_config_init(&config);
	other = config;
	other.scan_set[0] = true;
	assert_true(gksm_config_same_start(&config, &other));
	other.batch_slots++;
	assert_false(gksm_config_same_start(&config, &other));
	other = config;
	strcpy(other.device, "twin");
	assert_false(gksm_config_same_start(&config, &other));
	other = config;
	strcpy(other.user, "nobody");
	assert_false(gksm_config_same_start(&config, &other));
	other = config;
	other.filter = GKSM_FILTER_LOG;
	assert_false(gksm_config_same_start(&config, &other));
}

static void the_daemon_has_keys_of_its_own(void **state)
{
	(void)state;
	assert_int_equal(read_text("[daemon]\nuser = nobody\nsocket =\n"
				   "seccomp = kill\n"),
			 0);
	assert_string_equal(config.user, "nobody");
	assert_string_equal(config.socket, "");
	assert_int_equal(config.filter, GKSM_FILTER_KILL);
	assert_int_equal(read_text("[engine]\nuser = nobody\n"), -EINVAL);
	assert_int_equal(read_text("[daemon]\nuser =\n"), -EINVAL);
	assert_int_equal(read_text("[daemon]\nsocket = run\n"), -EINVAL);
	assert_int_equal(read_text("[daemon]\nseccomp = ON\n"), -EINVAL);
	assert_int_equal(read_text("[daemon]\nuser = a\nuser = b\n"), -EINVAL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_file_changes_nothing),
		cmocka_unit_test(every_key_is_read),
		cmocka_unit_test(comments_blanks_and_no_last_newline_are_fine),
		cmocka_unit_test(sections_may_come_back),
		cmocka_unit_test(faults_are_errors),
		cmocka_unit_test(a_wrong_value_leaves_the_old_one),
		cmocka_unit_test(a_file_that_was_asked_for_must_exist),
		cmocka_unit_test(batches_must_fit_together),
		cmocka_unit_test(the_daemon_has_keys_of_its_own),
		cmocka_unit_test(what_is_read_at_start_is_compared),
	};

	gksm_log_open("test", GKSM_LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
