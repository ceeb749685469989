// SPDX-License-Identifier: GPL-2.0-only
/*
 * control.c - the control socket: who is connected, and what he is told
 *
 * Nobody who connects can hold up the main loop: nothing here waits, a request
 * and its reply are one message each, a connection is good for one request, it
 * is closed when none has come in time, and after each one there is a rest.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "control.h"
#include "log.h"

/* A client sends its request at once. */
#define CLIENT_MS 1000
/* A status takes 110 us: 1 % of the time, however many ask. docs/security.md */
#define REST_MS 10

/**
 * gksm_control_init - no socket, no clients
 * @control:  out; @describe is the caller's to set
 * @settings: opened; must outlive @control
 */
void gksm_control_init(struct gksm_control *control,
		       const struct gksm_settings *settings)
{
	memset(control, 0, sizeof(*control));
	control->fd = -1;
	control->readers = GKSM_NO_GROUP;
	control->settings = settings;
	for (size_t i = 0; i < GKSM_CONTROL_MAX_CLIENTS; i++)
		control->clients[i].fd = -1;
}

/**
 * gksm_control_listen - make the socket
 * @control: initialized
 * @path:    where; "" for no socket
 *
 * Returns 0, -EBUSY if another gksmd listens there, or another -errno, after
 * a message.
 */
int gksm_control_listen(struct gksm_control *control, const char *path)
{
	int fd;

	if (!*path)
		return 0;
	fd = gksm_control_socket(path, &control->readers);
	if (fd >= 0) {
		control->fd = fd;
		return 0;
	}
	gksm_warn("no control socket %s: %s", path,
		  fd == -EBUSY ? "another gksmd answers there" : strerror(-fd));
	return fd;
}

static void drop(struct gksm_client *client)
{
	close(client->fd);
	client->fd = -1;
}

static struct gksm_client *find_free(struct gksm_control *control)
{
	for (size_t i = 0; i < GKSM_CONTROL_MAX_CLIENTS; i++)
		if (control->clients[i].fd < 0)
			return &control->clients[i];
	return NULL;
}

/**
 * gksm_control_fds - what to poll
 * @control:	initialized
 * @fds:	out: at most GKSM_CONTROL_MAX_FDS
 * @timeout_ms: in and out: lowered to when the socket needs attention; -1 is
 *		for ever
 *
 * Returns how many.
 */
nfds_t gksm_control_fds(const struct gksm_control *control, struct pollfd *fds,
			int *timeout_ms)
{
	const uint64_t now_ms = gksm_clock_ms();
	uint64_t next_ms = UINT64_MAX;
	nfds_t nr = 0;

	if (control->fd < 0)
		return 0;
	for (size_t i = 0; i < GKSM_CONTROL_MAX_CLIENTS; i++) {
		const struct gksm_client *client = &control->clients[i];

		if (client->fd < 0)
			continue;
		fds[nr++] =
			(struct pollfd){ .fd = client->fd, .events = POLLIN };
		if (client->deadline_ms < next_ms)
			next_ms = client->deadline_ms;
	}
	if (nr < GKSM_CONTROL_MAX_CLIENTS)
		fds[nr++] =
			(struct pollfd){ .fd = control->fd, .events = POLLIN };
	if (now_ms < control->rest_until_ms) {
		nr = 0;
		next_ms = control->rest_until_ms;
	}
	if (next_ms != UINT64_MAX) {
		const int wait_ms =
			next_ms > now_ms ? (int)(next_ms - now_ms) : 0;

		if (*timeout_ms < 0 || *timeout_ms > wait_ms)
			*timeout_ms = wait_ms;
	}
	return nr;
}

static void accept_client(struct gksm_control *control)
{
	struct gksm_client *client = find_free(control);

	if (!client)
		return;
	client->fd =
		accept4(control->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	client->deadline_ms = gksm_clock_ms() + CLIENT_MS;
}

/* The kernel's word on who connected, and with which groups. */
static int identify(int fd, struct gksm_peer *peer)
{
	struct ucred ucred;
	socklen_t size = sizeof(ucred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &ucred, &size) < 0)
		return -errno;
	peer->uid = ucred.uid;
	peer->gid = ucred.gid;
	size = sizeof(peer->groups);
	/* More than fit: then only user and group count. */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, peer->groups, &size) < 0)
		size = 0;
	peer->nr_groups = size / sizeof(*peer->groups);
	return 0;
}

static int refuse(struct gksm_control *control, int err, const char *message)
{
	gksm_reply_error(&control->reply, err, message);
	return err;
}

static int refuse_text(struct gksm_control *control, int err)
{
	switch (-err) {
	case EMSGSIZE:
		return refuse(control, err, "the request is too long");
	case EPROTO:
		return refuse(control, err, "speak " GKSM_PROTOCOL);
	case ENOSYS:
		return refuse(control, err, "known: ping, status, set");
	default:
		return refuse(control, err, "not a request");
	}
}

static void tell_status(struct gksm_control *control)
{
	const struct gksm_settings *settings = control->settings;
	char value[GKSM_SYSFS_MAX_VALUE];

	control->describe(control->describe_arg, &control->reply);
	for (size_t i = 0; i < settings->nr_counters; i++)
		if (!gksm_settings_read(settings, i, value))
			gksm_reply_line(&control->reply, "module",
					settings->counters[i].name, "%s",
					value);
}

static int change(struct gksm_control *control,
		  const struct gksm_request *request)
{
	const size_t field = gksm_field_find(request->key);
	uint64_t value;

	if (field >= GKSM_NR_WRITABLE_FIELDS)
		return refuse(control, -ENOENT, "no such setting");
	if (gksm_field_parse(&gksm_fields[field], request->value, &value))
		return refuse(control, -ERANGE, "not a value of this setting");
	if (gksm_field_is_unmerge(&gksm_fields[field], value))
		return refuse(control, -ERANGE, "use gksmctl unmerge");
	if (gksm_settings_write(control->settings, field, request->value))
		return refuse(control, -ECANCELED,
			      "the module did not take it");
	gksm_info("%s set to %s over the control socket", request->key,
		  request->value);
	return 0;
}

static int answer(struct gksm_control *control, int fd, const char *text,
		  size_t len)
{
	struct gksm_request request;
	int err = identify(fd, &control->peer);

	if (err)
		return refuse(control, -EPERM, "cannot see who asks");
	err = gksm_request_parse(text, len, &request);
	/* Nobody learns what can be asked who may ask nothing. */
	if (!gksm_request_allowed(&request, &control->peer, control->readers))
		return refuse(control, -EPERM,
			      err || request.command != GKSM_COMMAND_SET ?
				      "for root and group gksm" :
				      "for root");
	if (err)
		return refuse_text(control, err);
	gksm_reply_ok(&control->reply);
	if (request.command == GKSM_COMMAND_STATUS)
		tell_status(control);
	if (request.command == GKSM_COMMAND_SET)
		return change(control, &request);
	return 0;
}

static void serve_client(struct gksm_control *control,
			 struct gksm_client *client)
{
	char text[GKSM_REQUEST_MAX + 1];
	const ssize_t len = recv(client->fd, text, sizeof(text), MSG_DONTWAIT);

	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (len > 0) {
		control->nr_served++;
		if (answer(control, client->fd, text, (size_t)len))
			control->nr_refused++;
		/* It fits the socket's buffer, which is empty. */
		send(client->fd, control->reply.text, control->reply.len,
		     MSG_DONTWAIT | MSG_NOSIGNAL);
		control->rest_until_ms = gksm_clock_ms() + REST_MS;
	}
	drop(client);
}

static short events_of(const struct pollfd *fds, nfds_t nr_fds, int fd)
{
	for (nfds_t i = 0; i < nr_fds; i++)
		if (fds[i].fd == fd)
			return fds[i].revents;
	return 0;
}

/**
 * gksm_control_serve - serve one client that has something to say, drop those
 * that have been silent for too long, and let the next one in
 * @control: initialized
 * @fds:     from gksm_control_fds(), polled
 * @nr_fds:  how many
 */
void gksm_control_serve(struct gksm_control *control, const struct pollfd *fds,
			nfds_t nr_fds)
{
	const uint64_t now_ms = gksm_clock_ms();
	const size_t first = control->next;
	bool served = false;

	if (control->fd < 0)
		return;
	/* From where the last one was served, so that none starves. */
	for (size_t n = 0; n < GKSM_CONTROL_MAX_CLIENTS; n++) {
		const size_t i = (first + n) % GKSM_CONTROL_MAX_CLIENTS;
		struct gksm_client *client = &control->clients[i];

		if (client->fd < 0)
			continue;
		if (!served && events_of(fds, nr_fds, client->fd)) {
			serve_client(control, client);
			control->next = i + 1;
			served = true;
		} else if (now_ms >= client->deadline_ms) {
			drop(client);
		}
	}
	if (events_of(fds, nr_fds, control->fd))
		accept_client(control);
}

/**
 * gksm_control_close - close everything
 * @control: initialized, or all zero
 *
 * The socket's name stays: the daemon sees no file system any more. The next
 * one finds that nobody listens and takes its place.
 */
void gksm_control_close(struct gksm_control *control)
{
	if (!control->settings)
		return;
	for (size_t i = 0; i < GKSM_CONTROL_MAX_CLIENTS; i++)
		if (control->clients[i].fd >= 0)
			drop(&control->clients[i]);
	if (control->fd >= 0)
		close(control->fd);
	control->fd = -1;
}
