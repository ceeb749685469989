// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_status.c - what gksmctl status shows
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "process.h"
#include "status.h"
#include "test.h"

static char dir[] = "/tmp/gksm_status_XXXXXX";

static void put(const char *name, const char *value)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "we");
	assert_non_null(file);
	fprintf(file, "%s\n", value);
	fclose(file);
}

static int make_dir(void **state)
{
	(void)state;
	strcpy(dir + strlen(dir) - 6, "XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	/* NOLINTNEXTLINE(cert-env33-c): a fixed name */
	return system(command);
}

static char *as_text(const struct gksm_status *status,
		     const struct gksm_status *before)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	gksm_status_print(status, before, 2, out);
	fclose(out);
	return text;
}

static json_t *as_json(const struct gksm_status *status, bool one_line)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	json_t *root;

	assert_int_equal(gksm_status_print_json(status, one_line, out), 0);
	fclose(out);
	if (one_line)
		assert_ptr_equal(strchr(text, '\n'), text + size - 1);
	root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	free(text);
	return root;
}

static void files_come_in_the_order_of_the_table(void **state)
{
	static const char *const names[] = { "run",
					     "pages_shared",
					     "merges_refused_busy",
					     "merges_refused_pinned",
					     "aaa",
					     "zzz" };
	struct gksm_status status;

	(void)state;
	for (size_t i = COUNT_OF(names); i-- > 0;)
		put(names[i], "1");
	assert_int_equal(gksm_status_read(&status, dir), 0);
	assert_int_equal(status.nr_files, COUNT_OF(names));
	for (size_t i = 0; i < COUNT_OF(names); i++)
		assert_string_equal(status.files[i].name, names[i]);
	gksm_status_free(&status);
}

static void no_directory_is_an_error(void **state)
{
	struct gksm_status status;

	(void)state;
	assert_int_equal(gksm_status_read(&status, "/nonexistent"), -ENOENT);
}

static void what_can_be_derived_is(void **state)
{
	struct gksm_status status;
	struct gksm_derived derived;

	(void)state;
	put("pages_shared", "10");
	put("pages_sharing", "25");
	put("ksm_zero_pages", "5");
	put("metadata_bytes", "1000");
	put("pages_hashed_offload", "1");
	put("pages_hashed_kernel", "3");
	assert_int_equal(gksm_status_read(&status, dir), 0);
	gksm_status_derive(&status, &derived);
	gksm_status_free(&status);
	assert_true(derived.has_saved && derived.has_ratio &&
		    derived.has_profit && derived.has_offloaded);
	assert_true(derived.saved_bytes == 102400);
	assert_true(derived.ratio == 2.5);
	assert_true(derived.profit_bytes == 30 * 4096 - 1000);
	assert_true(derived.offloaded_percent == 25);
}

static void nothing_is_derived_from_nothing(void **state)
{
	struct gksm_status status;
	struct gksm_derived derived;

	(void)state;
	put("pages_shared", "0");
	put("pages_hashed_offload", "0");
	put("pages_hashed_kernel", "0");
	put("pages_sharing", "not a number");
	assert_int_equal(gksm_status_read(&status, dir), 0);
	gksm_status_derive(&status, &derived);
	gksm_status_free(&status);
	assert_false(derived.has_saved || derived.has_ratio ||
		     derived.has_profit || derived.has_offloaded);
}

static void changes_are_given_a_second(void **state)
{
	struct gksm_status before, after;
	char *text;

	(void)state;
	put("pages_scanned", "100");
	put("pages_sharing", "50");
	assert_int_equal(gksm_status_read(&before, dir), 0);
	put("pages_scanned", "300");
	put("pages_sharing", "40");
	put("mms", "4");
	assert_int_equal(gksm_status_read(&after, dir), 0);
	text = as_text(&after, &before);
	assert_non_null(strstr(text, "+100/s"));
	assert_non_null(strstr(text, "-5/s"));
	free(text);
	text = as_text(&after, NULL);
	assert_null(strstr(text, "/s"));
	free(text);
	gksm_status_free(&before);
	gksm_status_free(&after);
}

static void json_is_valid_whatever_the_files_hold(void **state)
{
	struct gksm_status status;
	json_t *root, *files;

	(void)state;
	put("run", "1");
	put("general_profit", "-4096");
	put("offload", "active");
	put("strange\"name", "back\\slash \"quote\"");
	put("latin", "\xe9");
	put("large", "18446744073709551615");
	put("empty", "");
	assert_int_equal(gksm_status_read(&status, dir), 0);
	status.daemon = (struct gksm_process){ .pid = 4, .cpu_ms = 1500 };
	root = as_json(&status, false);
	files = json_object_get(root, "files");
	assert_int_equal(json_integer_value(json_object_get(files, "run")), 1);
	assert_int_equal(
		json_integer_value(json_object_get(files, "general_profit")),
		-4096);
	assert_string_equal(
		json_string_value(json_object_get(files, "strange\"name")),
		"back\\slash \"quote\"");
	assert_string_equal(json_string_value(json_object_get(files, "large")),
			    "18446744073709551615");
	assert_true(json_is_null(json_object_get(files, "empty")));
	assert_true(json_is_null(json_object_get(root, "gksm_scan")));
	assert_int_equal(json_integer_value(json_object_get(
				 json_object_get(root, "gksmd"), "pid")),
			 4);
	json_decref(root);
	json_decref(as_json(&status, true));
	gksm_status_free(&status);
}

static void a_process_is_known_by_name_and_kind(void **state)
{
	static const char user[] =
		"12 (gksmd) S 1 12 12 0 -1 4194560 1 2 3 4 100 50 0 0 20";
	static const char kernel[] =
		"34 (gksm_scan) S 2 0 0 0 -1 2129984 0 0 0 0 7 3 0 0 20";
	static const char odd[] =
		"56 (a) gksmd) S) S 1 1 1 0 -1 0 0 0 0 0 1 1 0 0 20";
	const uint64_t ms_a_tick = 1000 / (uint64_t)sysconf(_SC_CLK_TCK);
	struct gksm_process process;

	(void)state;
	assert_int_equal(gksm_process_parse(user, "gksmd", false, &process), 0);
	assert_int_equal(process.pid, 12);
	assert_true(process.cpu_ms == 150 * ms_a_tick);
	assert_int_equal(gksm_process_parse(user, "gksmd", true, &process),
			 -ESRCH);
	assert_int_equal(gksm_process_parse(user, "gksm", false, &process),
			 -ESRCH);
	assert_int_equal(
		gksm_process_parse(kernel, "gksm_scan", true, &process), 0);
	assert_int_equal(process.pid, 34);
	assert_int_equal(gksm_process_parse(odd, "gksmd", false, &process),
			 -ESRCH);
	assert_int_equal(gksm_process_parse("", "gksmd", false, &process),
			 -ESRCH);
	assert_int_equal(gksm_process_parse("1 (gksmd", "gksmd", false,
					    &process),
			 -ESRCH);
	assert_int_equal(gksm_process_parse("1 (gksmd) S 1", "gksmd", false,
					    &process),
			 -ESRCH);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_dir, remove_dir)
	static const struct CMUnitTest tests[] = {
		TEST(files_come_in_the_order_of_the_table),
		cmocka_unit_test(no_directory_is_an_error),
		TEST(what_can_be_derived_is),
		TEST(nothing_is_derived_from_nothing),
		TEST(changes_are_given_a_second),
		TEST(json_is_valid_whatever_the_files_hold),
		cmocka_unit_test(a_process_is_known_by_name_and_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
