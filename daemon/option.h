/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * option.h - command lines from one table
 */
#ifndef GKSM_OPTION_H
#define GKSM_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/**
 * struct gksm_option - one option; the source of the parser and of --help
 * @name:     long name without dashes
 * @letter:   short form, or 0
 * @arg:      what --help calls the argument; NULL: takes none
 * @help:     one line for --help
 * @for_tests: listed under a heading of its own
 */
struct gksm_option {
	const char *name;
	char letter;
	const char *arg;
	const char *help;
	bool for_tests;
};

/**
 * typedef gksm_option_take - what is done with an option that was given
 * @arg:   as given to gksm_options_parse()
 * @which: index in the table
 * @value: its argument, NULL if it takes none
 *
 * Returns 0, or -errno after printing a message.
 */
typedef int (*gksm_option_take)(void *arg, size_t which, const char *value);

int gksm_options_parse(const struct gksm_option *table, size_t nr, int argc,
		       char **argv, gksm_option_take take, void *arg);
void gksm_options_help(const struct gksm_option *table, size_t nr, FILE *out);

#endif /* GKSM_OPTION_H */
