// SPDX-License-Identifier: GPL-2.0-only
/*
 * reply.c - what the daemon says on its control socket, and how it is read
 */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "reply.h"

/* One code for each reason to refuse. */
static const struct {
	int err;
	const char *code;
} codes[] = {
	{ EPERM, "permission" }, /* the peer may not */
	{ EPROTO, "version" }, /* not this protocol */
	{ EMSGSIZE, "size" }, /* longer than a request can be */
	{ EBADMSG, "request" }, /* not a request */
	{ ENOSYS, "command" }, /* no such command */
	{ ENOENT, "key" }, /* no such setting */
	{ ERANGE, "value" }, /* not a value of this setting */
	{ ECANCELED, "failed" }, /* tried, and failed */
};

#define NR_CODES (sizeof(codes) / sizeof(codes[0]))

static void append(struct gksm_reply *reply, const char *format, va_list args)
{
	const size_t room = sizeof(reply->text) - reply->len;
	const int len = vsnprintf(reply->text + reply->len, room, format, args);

	/* All or nothing: half a figure is a wrong one. */
	if (len < 0 || (size_t)len >= room)
		reply->text[reply->len] = '\0';
	else
		reply->len += (size_t)len;
}

static void append_text(struct gksm_reply *reply, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void append_text(struct gksm_reply *reply, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	append(reply, format, args);
	va_end(args);
}

/* What a value may hold ends no line. */
static void clean(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

/**
 * gksm_reply_ok - begin a reply
 * @reply: out
 */
void gksm_reply_ok(struct gksm_reply *reply)
{
	reply->len = 0;
	append_text(reply, "%s ok\n", GKSM_PROTOCOL);
}

/**
 * gksm_reply_line - add a figure
 * @reply:   begun; a line for which there is no room is left out
 * @subject: "daemon" or "module"
 * @key:     its name
 * @format:  its value, as printf's
 */
void gksm_reply_line(struct gksm_reply *reply, const char *subject,
		     const char *key, const char *format, ...)
{
	char value[GKSM_REPLY_MAX_VALUE];
	va_list args;

	va_start(args, format);
	vsnprintf(value, sizeof(value), format, args);
	va_end(args);
	clean(value);
	append_text(reply, "%s %s %s\n", subject, key, value);
}

/**
 * gksm_reply_error - refuse
 * @reply:   out
 * @err:     -errno, one of the table's; any other is "failed"
 * @message: why, one line
 */
void gksm_reply_error(struct gksm_reply *reply, int err, const char *message)
{
	const char *code = "failed";

	for (size_t i = 0; i < NR_CODES; i++)
		if (codes[i].err == -err)
			code = codes[i].code;
	reply->len = 0;
	append_text(reply, "%s error %s %s\n", GKSM_PROTOCOL, code, message);
}

/* Takes the next word of a line; NULL: there is none, or it is too long. */
static char *next_word(char **rest)
{
	char *word = strsep(rest, " ");

	if (!word || !*word || strlen(word) >= GKSM_REPLY_MAX_WORD)
		return NULL;
	return word;
}

static int read_error(char *rest, char message[GKSM_REPLY_MAX_VALUE])
{
	const char *code = next_word(&rest);

	if (!code || !rest)
		return -EPROTO;
	snprintf(message, GKSM_REPLY_MAX_VALUE, "%s", rest);
	for (size_t i = 0; i < NR_CODES; i++)
		if (strcmp(codes[i].code, code) == 0)
			return -codes[i].err;
	return -ECANCELED; /* a reason that came later */
}

static int read_first(char *line, char message[GKSM_REPLY_MAX_VALUE])
{
	const char *protocol = next_word(&line);
	const char *verdict;

	if (!protocol || strcmp(protocol, GKSM_PROTOCOL) != 0)
		return -EPROTO;
	verdict = next_word(&line);
	if (!verdict)
		return -EPROTO;
	if (strcmp(verdict, "error") == 0)
		return read_error(line, message);
	return strcmp(verdict, "ok") == 0 && !line ? 0 : -EPROTO;
}

static int read_figure(char *line, gksm_reply_take take, void *arg)
{
	const char *subject = next_word(&line);
	const char *key = subject ? next_word(&line) : NULL;

	if (!key || !line || strlen(line) >= GKSM_REPLY_MAX_VALUE)
		return -EPROTO;
	return take(arg, subject, key, line);
}

static bool is_printable(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] != '\n' && (text[i] < ' ' || text[i] > '~'))
			return false;
	return true;
}

/**
 * gksm_reply_parse - read a reply
 * @text:    what came, not terminated
 * @len:     its length
 * @take:    called for each figure
 * @arg:     its first argument
 * @message: out: why, if the daemon refused; "" otherwise
 *
 * Returns 0, the -errno that the daemon refused with, -EPROTO if this is no
 * reply, or what @take returned.
 */
int gksm_reply_parse(const char *text, size_t len, gksm_reply_take take,
		     void *arg, char message[GKSM_REPLY_MAX_VALUE])
{
	char copy[GKSM_REPLY_MAX];
	char *rest = copy;
	int err;

	message[0] = '\0';
	if (!len || len >= sizeof(copy) || text[len - 1] != '\n' ||
	    !is_printable(text, len))
		return -EPROTO;
	memcpy(copy, text, len - 1);
	copy[len - 1] = '\0';
	err = read_first(strsep(&rest, "\n"), message);
	while (!err && rest)
		err = read_figure(strsep(&rest, "\n"), take, arg);
	return err;
}
