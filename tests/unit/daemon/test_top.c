// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_top.c - what gksmctl reads of /proc/gksminfo, and prints
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gksm_abi.h"
#include "test.h"
#include "top.h"

#define HEADING "gksminfo - version: 1\n" GKSM_INFO_COLUMNS "\n"

static int parse(const char *text, struct gksm_top *top)
{
	return gksm_top_parse(text, strlen(text), top);
}

static void the_most_profitable_comes_first(void **state)
{
	struct gksm_top top;

	(void)state;
	assert_int_equal(parse(HEADING "9 0 1 0 10 0 0 4096 idle\n"
				       "7 33 1 5 100 60 4 5000 some\n"
				       "8 4294967295 3 0 100 90 0 5000 more\n"
				       "6 33 1 5 100 60 4 5000 same\n",
			       &top),
			 0);
	assert_int_equal(top.nr, 4);
	assert_int_equal(top.process[0].pid, 8);
	assert_int_equal(top.process[0].uid, UINT32_MAX);
	assert_int_equal(top.process[0].processes, 3);
	assert_int_equal(top.process[0].profit_bytes, 90 * 4096 - 5000);
	assert_int_equal(top.process[1].pid, 6);
	assert_int_equal(top.process[2].pid, 7);
	assert_int_equal(top.process[2].domain, 5);
	assert_int_equal(top.process[2].scanned, 100);
	assert_int_equal(gksm_top_saved(&top.process[2]), 64 * 4096);
	assert_int_equal(top.process[3].profit_bytes, -4096);
	assert_ptr_equal(gksm_top_find(&top, 7), &top.process[2]);
	assert_null(gksm_top_find(&top, 1));
	gksm_top_free(&top);
}

static void nobody_is_a_table_too(void **state)
{
	struct gksm_top top;

	(void)state;
	assert_int_equal(parse(HEADING, &top), 0);
	assert_int_equal(top.nr, 0);
	gksm_top_free(&top);
}

static void many_fit(void **state)
{
	const size_t nr = 5000;
	char *text = malloc(sizeof(HEADING) + nr * 64);
	size_t len = (size_t)sprintf(text, "%s", HEADING);
	struct gksm_top top;

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < nr; i++)
		len += (size_t)sprintf(text + len, "%zu 0 1 0 9 %zu 0 0 a\n",
				       i + 1, i);
	assert_int_equal(gksm_top_parse(text, len, &top), 0);
	assert_int_equal(top.nr, nr);
	for (size_t i = 0; i < nr; i++)
		assert_int_equal(top.process[i].pid, nr - i);
	gksm_top_free(&top);
	free(text);
}

static void names_are_words_of_visible_characters(void **state)
{
	static const struct {
		const char *written;
		const char *name;
	} names[] = {
		{ "a\\040b", "a b" },
		{ "", "" },
		{ "\\040", " " },
		{ "\\033[2J", "\\033[2J" },
		{ "\\134040", "\\134040" },
		{ "\\303\\244", "\\303\\244" },
		{ "kvm/1:2", "kvm/1:2" },
		/* 15 bytes at their longest. */
		{ "\\001\\001\\001\\001\\001\\001\\001\\001\\001\\001\\001\\001"
		  "\\001\\001\\001",
		  "\\001\\001\\001\\001\\001\\001\\001\\001\\001\\001\\001\\001"
		  "\\001\\001\\001" },
	};
	char text[256];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct gksm_top top;

		snprintf(text, sizeof(text), "%s7 0 1 0 9 0 0 0 %s\n", HEADING,
			 names[i].written);
		assert_int_equal(parse(text, &top), 0);
		assert_string_equal(top.process[0].name, names[i].name);
		gksm_top_free(&top);
	}
}

static void a_newer_module_may_say_more(void **state)
{
	struct gksm_top top;

	(void)state;
	assert_int_equal(parse("gksminfo - version: 1\n" GKSM_INFO_COLUMNS
			       " colour\n7 0 1 0 9 0 0 0 a blue\n",
			       &top),
			 0);
	assert_string_equal(top.process[0].name, "a");
	gksm_top_free(&top);
}

static void another_format_is_not_read(void **state)
{
	struct gksm_top top;

	(void)state;
	assert_int_equal(parse("gksminfo - version: 2\n" GKSM_INFO_COLUMNS "\n",
			       &top),
			 -EPROTO);
	gksm_top_free(&top);
}

static void what_breaks_the_rules_is_refused(void **state)
{
	static const char *const tables[] = {
		"",
		"gksminfo - version: 1",
		"gksminfo - version: 1\n",
		"gksminfo - version: x\n" GKSM_INFO_COLUMNS "\n",
		"slabinfo - version: 1\n" GKSM_INFO_COLUMNS "\n",
		"gksminfo - version: 1\n# pid uid\n",
		HEADING "\n",
		HEADING "7\n",
		HEADING "7 0 1 0 9 0 0 0 a",
		HEADING "7 0 1 0 9 0 0 0\n",
		HEADING "7 0 1 0  9 0 0 0 a\n",
		HEADING " 7 0 1 0 9 0 0 0 a\n",
		HEADING "0 0 1 0 9 0 0 0 a\n",
		HEADING "-7 0 1 0 9 0 0 0 a\n",
		HEADING "2147483648 0 1 0 9 0 0 0 a\n",
		HEADING "7 4294967296 1 0 9 0 0 0 a\n",
		HEADING "7 0 0 0 9 0 0 0 a\n",
		HEADING "7 0 1 0 9 17592186044417 0 0 a\n",
		HEADING "7 0 1 0 9 0 17592186044417 0 a\n",
		HEADING "7 0 1 0 9 0 0 9223372036854775808 a\n",
		HEADING "7 0 1 0 9 0 0 0 a\033[2J\n",
		HEADING "7 0 1 0 9 0 0 0 a\\04\n",
		HEADING "7 0 1 0 9 0 0 0 a\\048\n",
		HEADING "7 0 1 0 9 0 0 0 a\\\n",
		HEADING
		"7 0 1 0 9 0 0 0 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(tables); i++) {
		struct gksm_top top;

		if (parse(tables[i], &top) != -EBADMSG)
			fail_msg("table %zu is taken", i);
		gksm_top_free(&top);
	}
}

static void the_largest_numbers_have_a_profit(void **state)
{
	struct gksm_top top;

	(void)state;
	assert_int_equal(parse(HEADING
			       "7 0 1 0 9 17592186044416 17592186044416 0 a\n"
			       "8 0 1 0 9 0 0 9223372036854775807 a\n",
			       &top),
			 0);
	assert_int_equal(top.process[0].profit_bytes, INT64_C(1) << 57);
	assert_int_equal(top.process[1].profit_bytes, -INT64_MAX);
	gksm_top_free(&top);
}

static char *print(const struct gksm_top *top, size_t lines, bool json)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	if (json)
		assert_int_equal(gksm_top_print_json(top, lines, true, out), 0);
	else
		gksm_top_print(top, lines, out);
	fclose(out);
	return text;
}

static void lines_have_a_limit(void **state)
{
	struct gksm_top top;
	json_t *root;
	char *text;

	(void)state;
	assert_int_equal(parse(HEADING "7 33 2 5 100 60 4 8192 a\\040b\n"
				       "8 0 1 0 10 0 0 4096 idle\n",
			       &top),
			 0);
	text = print(&top, 1, false);
	assert_non_null(strstr(text, "  a b (one of 2)\nand 1 more\n"));
	assert_null(strstr(text, "idle"));
	free(text);
	text = print(&top, 0, false);
	assert_non_null(strstr(text, "          -4  idle\n"));
	free(text);
	text = print(&top, 1, true);
	root = json_loads(text, 0, NULL);
	assert_non_null(root);
	assert_int_equal(
		json_integer_value(json_object_get(root, "nr_processes")), 2);
	assert_int_equal(json_array_size(json_object_get(root, "processes")),
			 1);
	json_decref(root);
	free(text);
	gksm_top_free(&top);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_most_profitable_comes_first),
		cmocka_unit_test(nobody_is_a_table_too),
		cmocka_unit_test(many_fit),
		cmocka_unit_test(names_are_words_of_visible_characters),
		cmocka_unit_test(a_newer_module_may_say_more),
		cmocka_unit_test(another_format_is_not_read),
		cmocka_unit_test(what_breaks_the_rules_is_refused),
		cmocka_unit_test(the_largest_numbers_have_a_profit),
		cmocka_unit_test(lines_have_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
