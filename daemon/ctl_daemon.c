// SPDX-License-Identifier: GPL-2.0-only
/*
 * ctl_daemon.c - gksmctl's end of the control socket, and gksmctl ping
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "ctl.h"
#include "ctl_daemon.h"
#include "log.h"

/* The daemon answers within a rest for each of its clients, or is stuck. */
#define PATIENCE_S 3

static int connect_daemon(const char *path)
{
	const struct timeval patience = { .tv_sec = PATIENCE_S };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, err;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
		       sizeof(patience)) == 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience,
		       sizeof(patience)) == 0 &&
	    connect(fd, (const struct sockaddr *)&address, sizeof(address)) ==
		    0)
		return fd;
	err = -errno;
	close(fd);
	/* A name without anybody behind it is no daemon either. */
	if (err == -ECONNREFUSED || err == -ENOTDIR)
		return -ENOENT;
	return err == -EACCES ? -EPERM : err;
}

/**
 * gksm_ctl_ask - one request and its reply
 * @path:    the control socket
 * @request: the request
 * @take:    called for each figure of the reply
 * @arg:     its first argument
 * @message: out: what the daemon said if it refused, or ""
 *
 * Returns 0, -ENOENT without a daemon, -EPERM if it is not for this user,
 * -ETIMEDOUT, or what gksm_reply_parse() says.
 */
int gksm_ctl_ask(const char *path, const char *request, gksm_reply_take take,
		 void *arg, char message[GKSM_REPLY_MAX_VALUE])
{
	char text[GKSM_REPLY_MAX];
	const int fd = connect_daemon(path);
	ssize_t len;
	int err;

	message[0] = '\0';
	if (fd < 0)
		return fd;
	if (send(fd, request, strlen(request), MSG_NOSIGNAL) < 0) {
		err = -errno;
		goto close_socket;
	}
	len = recv(fd, text, sizeof(text), 0);
	if (len < 0)
		err = errno == EAGAIN ? -ETIMEDOUT : -errno;
	else
		err = gksm_reply_parse(text, (size_t)len, take, arg, message);
close_socket:
	close(fd);
	return err;
}

/**
 * gksm_figures_take - keep a line of a reply
 * @arg:     struct gksm_figures
 * @subject: what it is about; the module's figures are in its own directory
 * @key:     its name
 * @value:   its value
 *
 * Returns 0.
 */
int gksm_figures_take(void *arg, const char *subject, const char *key,
		      const char *value)
{
	struct gksm_figures *figures = arg;
	struct gksm_figure *figure = &figures->figure[figures->nr];

	if (strcmp(subject, "daemon") != 0 || figures->nr == GKSM_MAX_FIGURES)
		return 0;
	snprintf(figure->key, sizeof(figure->key), "%s", key);
	snprintf(figure->value, sizeof(figure->value), "%s", value);
	figures->nr++;
	return 0;
}

/**
 * gksm_figures_read - ask the daemon how it is
 * @figures: out
 * @path:    the control socket
 */
void gksm_figures_read(struct gksm_figures *figures, const char *path)
{
	char message[GKSM_REPLY_MAX_VALUE];

	figures->nr = 0;
	figures->err = gksm_ctl_ask(path, GKSM_PROTOCOL " status\n",
				    gksm_figures_take, figures, message);
	if (figures->err)
		figures->nr = 0;
}

static int explain(const char *path, int err, const char *message)
{
	switch (-err) {
	case ENOENT:
		gksm_error("no gksmd answers at %s. Try: systemctl start gksmd",
			   path);
		return -ENODEV;
	case EPERM:
		gksm_error("gksmd refuses: %s",
			   *message ? message : "for root and group gksm");
		return err;
	case ETIMEDOUT:
		gksm_error("gksmd does not answer within %d s", PATIENCE_S);
		return err;
	default:
		gksm_error("cannot understand gksmd: %s",
			   *message ? message : strerror(-err));
		return -ECANCELED;
	}
}

/**
 * gksm_ctl_ping - see whether gksmd is there and answers
 * @ctl:  options
 * @argc: number of operands, 0
 * @argv: operands
 *
 * Returns 0, -ENODEV if it is not there, -EPERM, or another -errno, after a
 * message.
 */
int gksm_ctl_ping(const struct gksm_ctl *ctl, int argc, char **argv)
{
	char message[GKSM_REPLY_MAX_VALUE];
	struct gksm_figures figures = { 0 };
	int err;

	if (argc) {
		gksm_error("unexpected argument \"%s\"; usage: gksmctl ping",
			   argv[0]);
		return -EINVAL;
	}
	err = gksm_ctl_ask(ctl->socket, GKSM_PROTOCOL " ping\n",
			   gksm_figures_take, &figures, message);
	return err ? explain(ctl->socket, err, message) : 0;
}
