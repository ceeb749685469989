// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_option.c - command lines
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "option.h"
#include "test.h"

static const struct gksm_option table[] = {
	{ "config", 'c', "FILE", "read FILE", false },
	{ "json", 'j', NULL, "for programs", false },
	{ "dev", 0, "PATH", "another device", true },
};

/* What was taken, as text: "index=value;" */
static char taken[256];
static size_t refused;

static int take(void *arg, size_t which, const char *value)
{
	size_t len = strlen(taken);

	assert_ptr_equal(arg, taken);
	if (which == refused)
		return -EINVAL;
	snprintf(taken + len, sizeof(taken) - len, "%zu=%s;", which,
		 value ? value : "-");
	return 0;
}

static int parse(const char *line)
{
	static char words[256];
	char *argv[16] = { "test" };
	int argc = 1;

	snprintf(words, sizeof(words), "%s", line);
	for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	taken[0] = '\0';
	refused = SIZE_MAX;
	return gksm_options_parse(table, COUNT_OF(table), argc, argv, take,
				  taken);
}

static void options_are_taken_in_order(void **state)
{
	(void)state;
	assert_int_equal(parse("--json --config a -c b -cd --dev=/x"), 8);
	assert_string_equal(taken, "1=-;0=a;0=b;0=d;2=/x;");
}

static void operands_may_stand_anywhere(void **state)
{
	(void)state;
	/* Two words and an argument move before the operands. */
	assert_int_equal(parse("status --config a 5 -j"), 4);
	assert_string_equal(taken, "0=a;1=-;");
}

static void two_dashes_end_the_options(void **state)
{
	(void)state;
	assert_int_equal(parse("-j -- --json"), 3);
	assert_string_equal(taken, "1=-;");
}

static void an_unambiguous_beginning_is_enough(void **state)
{
	(void)state;
	assert_int_equal(parse("--conf a"), 3);
	assert_string_equal(taken, "0=a;");
}

static void wrong_options_are_errors(void **state)
{
	static const char *const lines[] = {
		"--jsno", "-x",	      "--config",
		"-c",	  "--json=1", "--nothing-like-it",
		"-jx",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(lines); i++)
		assert_int_equal(parse(lines[i]), -EINVAL);
}

static void an_error_of_the_taker_ends_it(void **state)
{
	char *argv[] = { "test", "--json", "--config", "a", NULL };

	(void)state;
	taken[0] = '\0';
	refused = 1;
	assert_int_equal(gksm_options_parse(table, COUNT_OF(table), 4, argv,
					    take, taken),
			 -EINVAL);
	assert_string_equal(taken, "");
}

static void help_names_every_option(void **state)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	gksm_options_help(table, COUNT_OF(table), out);
	fclose(out);
	assert_non_null(strstr(text, "  -c, --config FILE "));
	assert_non_null(strstr(text, "  -j, --json "));
	assert_non_null(strstr(text, "      --dev PATH "));
	assert_true(strstr(text, "For tests:") > strstr(text, "--json"));
	assert_true(strstr(text, "For tests:") < strstr(text, "--dev"));
	free(text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_are_taken_in_order),
		cmocka_unit_test(operands_may_stand_anywhere),
		cmocka_unit_test(two_dashes_end_the_options),
		cmocka_unit_test(an_unambiguous_beginning_is_enough),
		cmocka_unit_test(wrong_options_are_errors),
		cmocka_unit_test(an_error_of_the_taker_ends_it),
		cmocka_unit_test(help_names_every_option),
	};

	gksm_log_open("test", GKSM_LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
