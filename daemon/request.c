// SPDX-License-Identifier: GPL-2.0-only
/*
 * request.c - what is asked on the control socket, and who may ask it
 *
 * Decisions alone: no descriptor and no system call in here.
 */
#include <errno.h>
#include <string.h>

#include "request.h"

/* How many words follow a command, and who may give it. */
static const struct {
	const char *name;
	unsigned int nr_words;
	bool changes;
} commands[GKSM_NR_COMMANDS] = {
	[GKSM_COMMAND_PING] = { "ping", 0, false },
	[GKSM_COMMAND_STATUS] = { "status", 0, false },
	[GKSM_COMMAND_SET] = { "set", 2, true },
};

static int find_command(const char *name, enum gksm_command *command)
{
	for (unsigned int i = 0; i < GKSM_NR_COMMANDS; i++) {
		if (strcmp(commands[i].name, name) != 0)
			continue;
		*command = (enum gksm_command)i;
		return 0;
	}
	return -ENOSYS;
}

/* One word, neither empty nor too long. */
static int take_word(char **rest, char word[GKSM_REPLY_MAX_WORD])
{
	const char *text = strsep(rest, " ");
	size_t len;

	if (!text || !*text)
		return -EBADMSG;
	len = strlen(text);
	if (len >= GKSM_REPLY_MAX_WORD)
		return -EBADMSG;
	memcpy(word, text, len + 1);
	return 0;
}

static int copy_line(char line[GKSM_REQUEST_MAX + 1], const char *text,
		     size_t len)
{
	if (len > GKSM_REQUEST_MAX)
		return -EMSGSIZE;
	if (len && text[len - 1] == '\n')
		len--;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < ' ' || text[i] > '~')
			return -EBADMSG;
		line[i] = text[i];
	}
	line[len] = '\0';
	return 0;
}

/**
 * gksm_request_parse - read a request
 * @text:    what came, not terminated
 * @len:     its length
 * @request: out
 *
 * Returns 0, or
 *   -EMSGSIZE	too long
 *   -EBADMSG	not one line of printable words, or too many or too few of them
 *   -EPROTO	not of this protocol
 *   -ENOSYS	no such command
 */
int gksm_request_parse(const char *text, size_t len,
		       struct gksm_request *request)
{
	char line[GKSM_REQUEST_MAX + 1];
	char word[GKSM_REPLY_MAX_WORD];
	char *rest = line;
	int err = copy_line(line, text, len);

	*request = (struct gksm_request){ 0 };
	if (!err)
		err = take_word(&rest, word);
	if (err)
		return err;
	if (strcmp(word, GKSM_PROTOCOL) != 0)
		return -EPROTO;
	err = take_word(&rest, word);
	if (!err)
		err = find_command(word, &request->command);
	if (!err && commands[request->command].nr_words) {
		err = take_word(&rest, request->key);
		if (!err)
			err = take_word(&rest, request->value);
	}
	if (!err && rest)
		err = -EBADMSG;
	return err;
}

static bool is_member(const struct gksm_peer *peer, gid_t group)
{
	if (group == GKSM_NO_GROUP)
		return false;
	if (peer->gid == group)
		return true;
	for (size_t i = 0; i < peer->nr_groups; i++)
		if (peer->groups[i] == group)
			return true;
	return false;
}

/**
 * gksm_request_allowed - whether this peer may ask this
 * @request: parsed
 * @peer:    who asks
 * @readers: group that may read, or GKSM_NO_GROUP
 *
 * Root may do everything, readers may read, and nobody else may do anything.
 */
bool gksm_request_allowed(const struct gksm_request *request,
			  const struct gksm_peer *peer, gid_t readers)
{
	if (peer->uid == 0)
		return true;
	return !commands[request->command].changes && is_member(peer, readers);
}
