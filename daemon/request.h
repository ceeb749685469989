/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * request.h - what is asked on the control socket, and who may ask it
 */
#ifndef GKSM_REQUEST_H
#define GKSM_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "reply.h"

/**
 * enum gksm_command - what can be asked
 * @GKSM_COMMAND_PING:	 whether anybody is there
 * @GKSM_COMMAND_STATUS: all figures of daemon and module
 * @GKSM_COMMAND_SET:	 write a setting of the module's
 * @GKSM_NR_COMMANDS:	 how many there are
 */
enum gksm_command {
	GKSM_COMMAND_PING,
	GKSM_COMMAND_STATUS,
	GKSM_COMMAND_SET,
	GKSM_NR_COMMANDS
};

/**
 * struct gksm_request - a request
 * @command: what is asked
 * @key:     SET: name of the setting
 * @value:   SET: what to write
 */
struct gksm_request {
	enum gksm_command command;
	char key[GKSM_REPLY_MAX_WORD];
	char value[GKSM_REPLY_MAX_WORD];
};

#define GKSM_PEER_MAX_GROUPS 1024

/**
 * struct gksm_peer - who asks, as the kernel says
 * @uid:       its user
 * @gid:       its group
 * @nr_groups: how many
 * @groups:    its other groups
 */
struct gksm_peer {
	uid_t uid;
	gid_t gid;
	size_t nr_groups;
	gid_t groups[GKSM_PEER_MAX_GROUPS];
};

/* Nobody's group. */
#define GKSM_NO_GROUP ((gid_t)-1)

int gksm_request_parse(const char *text, size_t len,
		       struct gksm_request *request);
bool gksm_request_allowed(const struct gksm_request *request,
			  const struct gksm_peer *peer, gid_t readers);

#endif /* GKSM_REQUEST_H */
