// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_reply.c - what gksmctl reads from the control socket
 */
#include "fuzz.h"
#include "reply.h"

/* What is read is written again, and has to be the same when read anew. */
struct copy {
	struct gksm_reply reply;
	size_t nr;
};

static int take(void *arg, const char *subject, const char *key,
		const char *value)
{
	struct copy *copy = arg;

	must(*subject && strlen(subject) < GKSM_REPLY_MAX_WORD);
	must(*key && strlen(key) < GKSM_REPLY_MAX_WORD);
	must(strlen(value) < GKSM_REPLY_MAX_VALUE);
	gksm_reply_line(&copy->reply, subject, key, "%s", value);
	copy->nr++;
	return 0;
}

static int count(void *arg, const char *subject, const char *key,
		 const char *value)
{
	(void)subject;
	(void)key;
	(void)value;
	(*(size_t *)arg)++;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct copy copy;
	char message[GKSM_REPLY_MAX_VALUE];
	size_t nr = 0;
	int err;

	copy.nr = 0;
	gksm_reply_ok(&copy.reply);
	err = gksm_reply_parse((const char *)data, size, take, &copy, message);
	must(memchr(message, '\0', sizeof(message)));
	must(err <= 0);
	if (err)
		return 0;
	must(!*message);
	must(!gksm_reply_parse(copy.reply.text, copy.reply.len, count, &nr,
			       message));
	must(nr == copy.nr);
	return 0;
}
