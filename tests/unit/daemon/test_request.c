// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_request.c - who may ask what, and how it is asked and answered
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ctl_daemon.h"
#include "reply.h"
#include "request.h"
#include "test.h"

#define READERS 700

static const struct {
	const char *who;
	struct gksm_peer peer;
	bool reads;
	bool reads_without_group;
	bool changes;
} peers[] = {
	{ "root", { .uid = 0, .gid = 0 }, true, true, true },
	{ "root of another group", { .uid = 0, .gid = 9 }, true, true, true },
	{ "a member by its first group",
	  { .uid = 1000, .gid = READERS },
	  true,
	  false,
	  false },
	{ "a member by another group",
	  { .uid = 1000, .gid = 1000, .nr_groups = 2, .groups = { 4, READERS } },
	  true,
	  false,
	  false },
	{ "a user in root's group",
	  { .uid = 1000, .gid = 0, .nr_groups = 1, .groups = { 0 } },
	  false,
	  false,
	  false },
	{ "a user in other groups",
	  { .uid = 1000, .gid = 1000, .nr_groups = 1, .groups = { 701 } },
	  false,
	  false,
	  false },
	{ "groups beyond the number count for nothing",
	  { .uid = 1000, .gid = 1000, .nr_groups = 1, .groups = { 4, READERS } },
	  false,
	  false,
	  false },
	{ "nobody", { .uid = 65534, .gid = 65534 }, false, false, false },
	{ "nobody's group is not no group",
	  { .uid = 1000,
	    .gid = GKSM_NO_GROUP,
	    .nr_groups = 1,
	    .groups = { GKSM_NO_GROUP } },
	  false,
	  false,
	  false },
};

static void everybody_may_what_he_may(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(peers); i++) {
		const struct gksm_peer *peer = &peers[i].peer;

		for (int c = 0; c < GKSM_NR_COMMANDS; c++) {
			const struct gksm_request request = {
				.command = (enum gksm_command)c
			};
			const bool sets = c == GKSM_COMMAND_SET;

			if (gksm_request_allowed(&request, peer, READERS) !=
				    (sets ? peers[i].changes :
					    peers[i].reads) ||
			    gksm_request_allowed(&request, peer,
						 GKSM_NO_GROUP) !=
				    (sets ? peers[i].changes :
					    peers[i].reads_without_group))
				fail_msg("%s, command %d", peers[i].who, c);
		}
	}
}

static void requests_are_read_strictly(void **state)
{
	static const struct {
		const char *text;
		int err;
		enum gksm_command command;
	} cases[] = {
		{ "gksm/1 ping", 0, GKSM_COMMAND_PING },
		{ "gksm/1 status\n", 0, GKSM_COMMAND_STATUS },
		{ "gksm/1 set run 1", 0, GKSM_COMMAND_SET },
		{ "", -EBADMSG, 0 },
		{ "\n", -EBADMSG, 0 },
		{ "gksm/1", -EBADMSG, 0 },
		{ "gksm/1 ", -EBADMSG, 0 },
		{ " gksm/1 ping", -EBADMSG, 0 },
		{ "gksm/1 ping ", -EBADMSG, 0 },
		{ "gksm/1 ping\n\n", -EBADMSG, 0 },
		{ "gksm/1\tping", -EBADMSG, 0 },
		{ "gksm/1 set run", -EBADMSG, 0 },
		{ "gksm/1 set  run 1", -EBADMSG, 0 },
		{ "gksm/1 set run 1 2", -EBADMSG, 0 },
		{ "gksm/1 p\xc3\xa4ng", -EBADMSG, 0 },
		{ "gksm/10 ping", -EPROTO, 0 },
		{ "ping", -EPROTO, 0 },
		{ "gksm/1 PING", -ENOSYS, 0 },
		{ "gksm/1 stop now", -ENOSYS, 0 },
	};
	struct gksm_request request;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const int err = gksm_request_parse(
			cases[i].text, strlen(cases[i].text), &request);

		if (err != cases[i].err ||
		    (!err && request.command != cases[i].command))
			fail_msg("\"%s\": %d", cases[i].text, err);
	}
	assert_int_equal(gksm_request_parse("gksm/1 set a b", 14, &request), 0);
	assert_string_equal(request.key, "a");
	assert_string_equal(request.value, "b");
	assert_int_equal(gksm_request_parse("gksm/1 ping\0", 12, &request),
			 -EBADMSG);
}

static void long_requests_are_refused(void **state)
{
	char text[GKSM_REQUEST_MAX + 1];
	struct gksm_request request;

	(void)state;
	memset(text, 'a', sizeof(text));
	assert_int_equal(gksm_request_parse(text, GKSM_REQUEST_MAX, &request),
			 -EBADMSG);
	assert_int_equal(gksm_request_parse(text, GKSM_REQUEST_MAX + 1,
					    &request),
			 -EMSGSIZE);
	memcpy(text, "gksm/1 set ", 11);
	memcpy(text + 11 + 64, " 1", 2);
	assert_int_equal(gksm_request_parse(text, 11 + 64 + 2, &request),
			 -EBADMSG);
}

static void what_is_answered_is_read(void **state)
{
	static struct gksm_figures figures;
	struct gksm_reply reply;
	char message[GKSM_REPLY_MAX_VALUE];

	(void)state;
	gksm_reply_ok(&reply);
	gksm_reply_line(&reply, "daemon", "device", "%s", "a\nb \x01 c");
	gksm_reply_line(&reply, "module", "run", "%d", 1);
	gksm_reply_line(&reply, "daemon", "empty", "%s", "");
	assert_int_equal(gksm_reply_parse(reply.text, reply.len,
					  gksm_figures_take, &figures, message),
			 0);
	assert_int_equal(figures.nr, 2);
	assert_string_equal(figures.figure[0].key, "device");
	assert_string_equal(figures.figure[0].value, "a?b ? c");
	assert_string_equal(figures.figure[1].value, "");
}

static void every_refusal_keeps_its_reason(void **state)
{
	static const int reasons[] = { -EPERM,	-EPROTO, -EMSGSIZE, -EBADMSG,
				       -ENOSYS, -ENOENT, -ERANGE,   -ECANCELED };
	struct gksm_reply reply;
	char message[GKSM_REPLY_MAX_VALUE];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(reasons); i++) {
		gksm_reply_error(&reply, reasons[i], "this is why");
		assert_int_equal(gksm_reply_parse(reply.text, reply.len, NULL,
						  NULL, message),
				 reasons[i]);
		assert_string_equal(message, "this is why");
	}
}

/* Half a line would be another figure. */
static void a_full_reply_loses_whole_lines(void **state)
{
	static struct gksm_figures figures;
	struct gksm_reply reply;
	char message[GKSM_REPLY_MAX_VALUE];

	(void)state;
	gksm_reply_ok(&reply);
	for (unsigned int i = 0; i < 2000; i++)
		gksm_reply_line(&reply, "daemon", "key", "%u", i);
	assert_true(reply.len < GKSM_REPLY_MAX);
	assert_int_equal(reply.text[reply.len - 1], '\n');
	assert_int_equal(gksm_reply_parse(reply.text, reply.len,
					  gksm_figures_take, &figures, message),
			 0);
	assert_int_equal(figures.nr, GKSM_MAX_FIGURES);
}

static void other_replies_are_no_replies(void **state)
{
	static const char *const texts[] = {
		"",
		"\n",
		"gksm/1",
		"gksm/1\n",
		"gksm/1 ok",
		"gksm/2 ok\n",
		"gksm/1 no\n",
		"gksm/1 ok more\n",
		"gksm/1 ok\n\n",
		"gksm/1 ok\ndaemon\n",
		"gksm/1 ok\ndaemon key\n",
		"gksm/1 error\n",
		"gksm/1 error permission\n",
		"HTTP/1.1 200 OK\r\n",
	};
	struct gksm_figures figures = { 0 };
	char message[GKSM_REPLY_MAX_VALUE];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		if (gksm_reply_parse(texts[i], strlen(texts[i]),
				     gksm_figures_take, &figures,
				     message) != -EPROTO)
			fail_msg("\"%s\"", texts[i]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(everybody_may_what_he_may),
		cmocka_unit_test(requests_are_read_strictly),
		cmocka_unit_test(long_requests_are_refused),
		cmocka_unit_test(what_is_answered_is_read),
		cmocka_unit_test(every_refusal_keeps_its_reason),
		cmocka_unit_test(a_full_reply_loses_whole_lines),
		cmocka_unit_test(other_replies_are_no_replies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
