/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * control.h - the control socket
 */
#ifndef GKSM_CONTROL_H
#define GKSM_CONTROL_H

#include <poll.h>
#include <stdint.h>
#include <sys/types.h>

#include "request.h"
#include "settings.h"

/* Connections at a time. */
#define GKSM_CONTROL_MAX_CLIENTS 8
/* Descriptors to poll: those, and the one that listens. */
#define GKSM_CONTROL_MAX_FDS (GKSM_CONTROL_MAX_CLIENTS + 1)

/**
 * struct gksm_client - a connection; it is closed after its first request
 * @fd:		 -1: free
 * @deadline_ms: closed then, if nothing has come
 */
struct gksm_client {
	int fd;
	uint64_t deadline_ms;
};

/**
 * struct gksm_control - the socket and who is connected
 * @fd:	      listens; -1: there is no socket
 * @readers:  group that may read
 * @settings: what can be set, and the module's figures
 * @describe: adds the daemon's figures to a reply
 * @describe_arg: its first argument
 * @rest_until_ms: nobody is served before
 * @clients:  connections
 * @next:      where the search for a client begins
 * @nr_served: requests answered, also with a refusal
 * @nr_refused: of these, those that were refused
 * @peer:     who asks, of the request at hand
 * @reply:    the answer to it
 */
struct gksm_control {
	int fd;
	gid_t readers;
	const struct gksm_settings *settings;
	void (*describe)(void *arg, struct gksm_reply *reply);
	void *describe_arg;
	uint64_t rest_until_ms;
	struct gksm_client clients[GKSM_CONTROL_MAX_CLIENTS];
	size_t next;
	uint64_t nr_served;
	uint64_t nr_refused;
	struct gksm_peer peer;
	struct gksm_reply reply;
};

void gksm_control_init(struct gksm_control *control,
		       const struct gksm_settings *settings);
int gksm_control_listen(struct gksm_control *control, const char *path);
nfds_t gksm_control_fds(const struct gksm_control *control, struct pollfd *fds,
			int *timeout_ms);
void gksm_control_serve(struct gksm_control *control, const struct pollfd *fds,
			nfds_t nr_fds);
void gksm_control_close(struct gksm_control *control);

/* control_socket.c */
int gksm_control_socket(const char *path, gid_t *readers);

#endif /* GKSM_CONTROL_H */
