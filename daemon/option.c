// SPDX-License-Identifier: GPL-2.0-only
/*
 * option.c - command lines from one table
 */
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "log.h"
#include "option.h"
#include "text.h"

#define MAX_OPTIONS 24
/* getopt_long() gives back an index above every character. */
#define FIRST_VALUE 256

static int complain_unknown(const struct gksm_option *table, size_t nr,
			    const char *given)
{
	char word[64];
	struct gksm_nearest nearest = { .word = word };

	if (strncmp(given, "--", 2) != 0) {
		gksm_error("unknown option \"%s\"; see --help", given);
		return -EINVAL;
	}
	snprintf(word, sizeof(word), "%.*s", (int)strcspn(given + 2, "="),
		 given + 2);
	for (size_t i = 0; i < nr; i++)
		gksm_nearest_offer(&nearest, table[i].name);
	if (nearest.name)
		gksm_error("unknown option \"--%s\"; did you mean \"--%s\"?",
			   word, nearest.name);
	else
		gksm_error("unknown option \"--%s\"; see --help", word);
	return -EINVAL;
}

static int complain(const struct gksm_option *table, size_t nr, int code,
		    char **argv)
{
	const char *given = argv[optind - 1];
	char letter[] = { '-', (char)optopt, '\0' };

	/* A long option leaves its index here, an unknown one 0. */
	if (optopt >= FIRST_VALUE) {
		const struct gksm_option *option = &table[optopt - FIRST_VALUE];

		if (code == ':')
			gksm_error("option \"--%s\" needs %s; see --help",
				   option->name, option->arg);
		else
			gksm_error("option \"--%s\" takes no argument",
				   option->name);
		return -EINVAL;
	}
	if (code == ':') {
		gksm_error("option \"%s\" needs an argument; see --help",
			   letter);
		return -EINVAL;
	}
	return complain_unknown(table, nr, optopt ? letter : given);
}

static size_t find_letter(const struct gksm_option *table, size_t nr, int code)
{
	size_t i = 0;

	if (code >= FIRST_VALUE)
		return (size_t)(code - FIRST_VALUE);
	while (i < nr && table[i].letter != code)
		i++;
	return i;
}

/**
 * gksm_options_parse - read a command line
 * @table: the options
 * @nr:	   how many
 * @argc:  as main()'s
 * @argv:  as main()'s; operands are moved to the end
 * @take:  called for each option, in the order of the command line
 * @arg:   first argument of @take
 *
 * Returns the index in @argv of the first operand, or -errno after a message.
 */
int gksm_options_parse(const struct gksm_option *table, size_t nr, int argc,
		       char **argv, gksm_option_take take, void *arg)
{
	struct option longs[MAX_OPTIONS + 1] = { 0 };
	char shorts[2 * MAX_OPTIONS + 2] = ":";
	size_t len = 1;

	if (nr > MAX_OPTIONS)
		return -E2BIG;
	for (size_t i = 0; i < nr; i++) {
		longs[i].name = table[i].name;
		longs[i].has_arg =
			table[i].arg ? required_argument : no_argument;
		longs[i].val = FIRST_VALUE + (int)i;
		if (!table[i].letter)
			continue;
		shorts[len++] = table[i].letter;
		if (table[i].arg)
			shorts[len++] = ':';
	}

	optind = 0; /* start anew: SIGHUP reads the command line again */
	opterr = 0;
	for (;;) {
		int code = getopt_long(argc, argv, shorts, longs, NULL);
		int err;

		if (code == -1)
			return optind;
		if (code == '?' || code == ':')
			return complain(table, nr, code, argv);
		err = take(arg, find_letter(table, nr, code), optarg);
		if (err)
			return err;
	}
}

static void print_group(const struct gksm_option *table, size_t nr,
			bool for_tests, FILE *out)
{
	for (size_t i = 0; i < nr; i++) {
		char left[48];
		char letter[8] = "    ";

		if (table[i].for_tests != for_tests)
			continue;
		if (table[i].letter)
			snprintf(letter, sizeof(letter), "-%c, ",
				 table[i].letter);
		snprintf(left, sizeof(left), "%s--%s%s%s", letter,
			 table[i].name, table[i].arg ? " " : "",
			 table[i].arg ? table[i].arg : "");
		fprintf(out, "  %-26s  %s\n", left, table[i].help);
	}
}

/**
 * gksm_options_help - print what the table holds
 * @table: the options
 * @nr:	   how many
 * @out:   where to
 */
void gksm_options_help(const struct gksm_option *table, size_t nr, FILE *out)
{
	fputs("Options:\n", out);
	print_group(table, nr, false, out);
	fputs("\nFor tests:\n", out);
	print_group(table, nr, true, out);
}
