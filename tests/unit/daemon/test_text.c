// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_text.c - strict numbers, near misses, exit codes, known fields
 */
#include <errno.h>
#include <string.h>

#include "exit_code.h"
#include "field.h"
#include "test.h"
#include "text.h"

static void only_digits_are_a_number(void **state)
{
	static const char *const wrong[] = { "",    " 1",  "1 ",  "+1",	 "-1",
					     "0x1", "1.0", "1e3", "1\n", "a" };
	uint64_t value = 7;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(wrong); i++)
		assert_int_equal(gksm_text_to_u64(wrong[i], 0, UINT64_MAX,
						  &value),
				 -EINVAL);
	assert_int_equal(value, 7);
	assert_int_equal(gksm_text_to_u64("007", 0, 10, &value), 0);
	assert_int_equal(value, 7);
}

static void numbers_end_where_64_bits_end(void **state)
{
	uint64_t value = 0;

	(void)state;
	assert_int_equal(gksm_text_to_u64("18446744073709551615", 0, UINT64_MAX,
					  &value),
			 0);
	assert_true(value == UINT64_MAX);
	assert_int_equal(gksm_text_to_u64("18446744073709551616", 0, UINT64_MAX,
					  &value),
			 -ERANGE);
	assert_int_equal(gksm_text_to_u64("99999999999999999999999", 0,
					  UINT64_MAX, &value),
			 -ERANGE);
}

static void numbers_keep_to_their_range(void **state)
{
	uint64_t value;

	(void)state;
	assert_int_equal(gksm_text_to_u64("1", 2, 4, &value), -ERANGE);
	assert_int_equal(gksm_text_to_u64("2", 2, 4, &value), 0);
	assert_int_equal(gksm_text_to_u64("4", 2, 4, &value), 0);
	assert_int_equal(gksm_text_to_u64("5", 2, 4, &value), -ERANGE);
}

static void signed_numbers_may_be_negative(void **state)
{
	int64_t value = 0;

	(void)state;
	assert_int_equal(gksm_text_to_s64("-4096", &value), 0);
	assert_int_equal(value, -4096);
	assert_int_equal(gksm_text_to_s64("9223372036854775807", &value), 0);
	assert_true(value == INT64_MAX);
	assert_int_equal(gksm_text_to_s64("9223372036854775808", &value),
			 -ERANGE);
	assert_int_equal(gksm_text_to_s64("-", &value), -EINVAL);
	assert_int_equal(gksm_text_to_s64("--1", &value), -EINVAL);
}

static const char *nearest_of(const char *word)
{
	struct gksm_nearest nearest = { .word = word };

	gksm_nearest_offer(&nearest, "status");
	gksm_nearest_offer(&nearest, "set");
	gksm_nearest_offer(&nearest, "unmerge");
	return nearest.name;
}

static void a_near_miss_finds_its_name(void **state)
{
	char long_word[200];

	(void)state;
	memset(long_word, 'x', sizeof(long_word) - 1);
	long_word[sizeof(long_word) - 1] = '\0';
	assert_string_equal(nearest_of("stats"), "status");
	assert_string_equal(nearest_of("sett"), "set");
	assert_string_equal(nearest_of("umerge"), "unmerge");
	assert_string_equal(nearest_of("set"), "set");
	assert_null(nearest_of("frobnicate"));
	assert_null(nearest_of(""));
	assert_null(nearest_of(long_word));
}

static void every_error_has_its_exit_code(void **state)
{
	static const struct {
		int err;
		enum gksm_exit code;
	} table[] = {
		{ 0, GKSM_EXIT_OK },
		{ -EINVAL, GKSM_EXIT_USAGE },
		{ -ENOENT, GKSM_EXIT_NO_MODULE },
		{ -ENODEV, GKSM_EXIT_NO_MODULE },
		{ -EPERM, GKSM_EXIT_PERMISSION },
		{ -EACCES, GKSM_EXIT_PERMISSION },
		{ -EIO, GKSM_EXIT_NO_DEVICE },
		{ -EBUSY, GKSM_EXIT_BUSY },
		{ -EPROTO, GKSM_EXIT_ABI },
		{ -EADDRINUSE, GKSM_EXIT_KSMD },
		{ -EBADMSG, GKSM_EXIT_REJECTED },
		{ -ENOMEM, GKSM_EXIT_FAILURE },
		{ -ECANCELED, GKSM_EXIT_FAILURE },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(table); i++)
		assert_int_equal(gksm_exit_of(table[i].err), table[i].code);
}

static void writable_fields_come_first(void **state)
{
	(void)state;
	for (size_t i = 0; i < gksm_nr_fields; i++) {
		assert_int_equal(gksm_fields[i].writable,
				 i < GKSM_NR_WRITABLE_FIELDS);
		assert_true(gksm_fields[i].min <= gksm_fields[i].max);
	}
	assert_string_equal(gksm_fields[0].name, "run");
}

static void a_field_of_words_takes_these_and_no_others(void **state)
{
	const struct gksm_field *field =
		&gksm_fields[gksm_field_find("advisor_mode")];
	char need[GKSM_FIELD_MAX_NEED], value_text[GKSM_FIELD_MAX_VALUE];
	uint64_t value = 7, nr = 0;

	(void)state;
	assert_int_equal(gksm_field_parse(field, "scan", &value), -EINVAL);
	assert_int_equal(gksm_field_parse(field, "1", &value), -EINVAL);
	assert_int_equal(gksm_field_parse(field, "", &value), -EINVAL);
	assert_int_equal(value, 7);
	for (; field->words[nr]; nr++) {
		assert_int_equal(
			gksm_field_parse(field, field->words[nr], &value), 0);
		assert_int_equal(value, nr);
		gksm_field_print(field, value, value_text);
		assert_string_equal(value_text, field->words[nr]);
	}
	assert_int_equal(field->max, nr - 1);
	gksm_field_need(field, need);
	assert_string_equal(need, "none or scan-time");
	gksm_field_need(&gksm_fields[0], need);
	assert_string_equal(need, "a number from 0 to 2");
}

static void all_names_of_writable_fields_fit(void **state)
{
	char keys[GKSM_FIELD_MAX_KEYS];
	const char *last = gksm_fields[GKSM_NR_WRITABLE_FIELDS - 1].name;

	(void)state;
	gksm_field_keys(keys);
	assert_true(strlen(keys) > strlen(last));
	assert_string_equal(keys + strlen(keys) - strlen(last), last);
}

static void a_star_stands_for_any_rest(void **state)
{
	size_t i = gksm_field_find("merges_refused_pinned");

	(void)state;
	assert_true(i < gksm_nr_fields);
	assert_string_equal(gksm_fields[i].name, "merges_refused_*");
	assert_true(gksm_field_find("merges_refuse") == gksm_nr_fields);
	assert_true(gksm_field_find("pages_share") == gksm_nr_fields);
	assert_true(gksm_field_find("") == gksm_nr_fields);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_digits_are_a_number),
		cmocka_unit_test(numbers_end_where_64_bits_end),
		cmocka_unit_test(numbers_keep_to_their_range),
		cmocka_unit_test(signed_numbers_may_be_negative),
		cmocka_unit_test(a_near_miss_finds_its_name),
		cmocka_unit_test(every_error_has_its_exit_code),
		cmocka_unit_test(writable_fields_come_first),
		cmocka_unit_test(a_field_of_words_takes_these_and_no_others),
		cmocka_unit_test(all_names_of_writable_fields_fit),
		cmocka_unit_test(a_star_stands_for_any_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
