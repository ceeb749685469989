// SPDX-License-Identifier: GPL-2.0-only
/*
 * message.c - the error line and the log lines of an engine
 */
#include <stdarg.h>
#include <stdio.h>

#include "engine.h"

/* Names and build logs come from drivers: one line is one line. */
static void keep_to_one_line(char *line)
{
	for (; *line; line++) {
		if ((unsigned char)*line < ' ')
			*line = ' ';
	}
}

/**
 * gksm_fail - remember why something failed
 * @gpu:    whose gksm_gpu_error() line to set
 * @error:  -errno
 * @format: what failed, why, and what to do about it
 *
 * Arguments may include the line that is there now.
 *
 * Return: @error, so that callers can return it.
 */
int gksm_fail(struct gksm_gpu *gpu, int error, const char *format, ...)
{
	char line[GKSM_ENGINE_ERROR_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	keep_to_one_line(line);
	snprintf(gpu->error, sizeof(gpu->error), "%s", line);
	return error;
}

static void say(void (*to)(void *arg, const char *line), void *arg,
		const char *format, va_list args)
{
	char line[2 * GKSM_ENGINE_ERROR_BYTES];

	if (!to)
		return;
	vsnprintf(line, sizeof(line), format, args);
	keep_to_one_line(line);
	to(arg, line);
}

/**
 * gksm_log - say something that is worth knowing and is no error
 * @gpu:    whose log function to call, if there is one
 * @format: the line, without a newline
 */
void gksm_log(struct gksm_gpu *gpu, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(gpu->log, gpu->log_arg, format, args);
	va_end(args);
}

/**
 * gksm_alert - say that something failed and others go on
 * @gpu:    whose alert function to call, if there is one
 * @format: the line, without a newline
 */
void gksm_alert(struct gksm_gpu *gpu, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(gpu->alert, gpu->log_arg, format, args);
	va_end(args);
}
