/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * reply.h - the control socket's protocol
 */
#ifndef GKSM_REPLY_H
#define GKSM_REPLY_H

#include <stddef.h>

/**
 * DOC: The protocol of the control socket
 *
 * A SOCK_SEQPACKET socket, one request and one reply a connection, each one
 * message of printable ASCII. A request is one line:
 *
 *	gksm/1 ping
 *	gksm/1 status
 *	gksm/1 set KEY VALUE
 *
 * A reply's first line is "gksm/1 ok", or "gksm/1 error CODE MESSAGE". After
 * "ok", status goes on with lines "daemon KEY VALUE" and "module KEY VALUE",
 * where VALUE is the rest of the line. The number is the protocol's; lines and
 * keys may be added without changing it.
 */
#define GKSM_PROTOCOL "gksm/1"
#define GKSM_SOCKET_PATH "/run/gksm/control"

/* Longest messages. */
#define GKSM_REQUEST_MAX 256
#define GKSM_REPLY_MAX 16384

/* Longest words, with their terminators. */
#define GKSM_REPLY_MAX_WORD 64
#define GKSM_REPLY_MAX_VALUE 256

/**
 * struct gksm_reply - a reply that is being written
 * @text: its text, terminated
 * @len:  its length
 */
struct gksm_reply {
	char text[GKSM_REPLY_MAX];
	size_t len;
};

/**
 * typedef gksm_reply_take - what is done with a line of a reply
 * @arg:     as given to gksm_reply_parse()
 * @subject: "daemon", "module", or a word that is not known yet
 * @key:     which figure
 * @value:   its value
 *
 * Returns 0, or -errno to stop.
 */
typedef int (*gksm_reply_take)(void *arg, const char *subject, const char *key,
			       const char *value);

void gksm_reply_ok(struct gksm_reply *reply);
void gksm_reply_line(struct gksm_reply *reply, const char *subject,
		     const char *key, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void gksm_reply_error(struct gksm_reply *reply, int err, const char *message);

int gksm_reply_parse(const char *text, size_t len, gksm_reply_take take,
		     void *arg, char message[GKSM_REPLY_MAX_VALUE]);

#endif /* GKSM_REPLY_H */
