// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_option.c - command lines, numbers, and lines of /proc
 */
#include <errno.h>

#include "field.h"
#include "fuzz.h"
#include "log.h"
#include "option.h"
#include "process.h"
#include "text.h"

#define MAX_WORDS 16

static const struct gksm_option options[] = {
	{ "config", 'c', "FILE", "", false },
	{ "verbose", 'v', NULL, "", false },
	{ "json", 'j', NULL, "", false },
	{ "sysfs", 0, "DIR", "", true },
	{ "no-confine", 0, NULL, "", false },
};

#define NR_OPTIONS (sizeof(options) / sizeof(options[0]))

static int take(void *arg, size_t which, const char *value)
{
	(void)arg;
	must(which < NR_OPTIONS);
	must(!options[which].arg == !value);
	return 0;
}

static void read_numbers(const char *text)
{
	uint64_t u64 = 0;
	int64_t s64 = 0;

	if (!gksm_text_to_u64(text, 5, 4096, &u64))
		must(u64 >= 5 && u64 <= 4096);
	if (!gksm_text_to_u64(text, 0, UINT64_MAX, &u64) && u64 <= INT64_MAX)
		must(!gksm_text_to_s64(text, &s64) && (uint64_t)s64 == u64);
	gksm_text_to_s64(text, &s64);
	must(gksm_field_find(text) <= gksm_nr_fields);
}

static void read_names(const char *text)
{
	struct gksm_nearest nearest = { .word = text };
	struct gksm_process process = { 0 };

	gksm_nearest_offer(&nearest, "pages_to_scan");
	gksm_nearest_offer(&nearest, "run");
	gksm_nearest_offer(&nearest, text);
	gksm_process_parse(text, "gksmd", false, &process);
	gksm_process_parse(text, "gksm_scan", true, &process);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	char name[] = "fuzz";
	char *argv[MAX_WORDS + 2] = { name };
	int argc = 1;
	int first;

	must(text);
	gksm_log_open("fuzz", (enum gksm_log_level) - 1);
	memcpy(text, data, size);
	text[size] = '\0';
	/* A word for each string that is in it. */
	for (size_t at = 0; at <= size && argc <= MAX_WORDS;
	     at += strlen(text + at) + 1) {
		argv[argc++] = text + at;
		read_numbers(text + at);
		read_names(text + at);
	}
	first = gksm_options_parse(options, NR_OPTIONS, argc, argv, take, NULL);
	must(first == -EINVAL || (first >= 1 && first <= argc));
	free(text);
	return 0;
}
