// SPDX-License-Identifier: GPL-2.0-only
/*
 * log.c - lines on standard error
 *
 * Nothing that is printed may ever hold content of a page: hashes, cookies
 * and salts are not printed either.
 */
#include <stdarg.h>
#include <stdio.h>

#include "log.h"

static const char *log_program = "gksm";
static enum gksm_log_level log_level = GKSM_LOG_INFO;

/**
 * gksm_log_open - name the program and choose how much it says
 * @program: prefix of every line; must stay valid
 * @level:   the least important level that is still printed
 */
void gksm_log_open(const char *program, enum gksm_log_level level)
{
	log_program = program;
	log_level = level;
}

/**
 * gksm_log_line - print one line
 * @level:  how important it is
 * @format: as printf's, without a newline
 */
void gksm_log_line(enum gksm_log_level level, const char *format, ...)
{
	char line[1024];
	va_list args;

	if (level > log_level)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	/* One call, so that lines of two processes do not mix. */
	fprintf(stderr, "%s: %s\n", log_program, line);
}
