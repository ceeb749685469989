// SPDX-License-Identifier: GPL-2.0-only
/*
 * control_client.c - says to the control socket what gksmctl never says
 *
 *   control_client PATH say TEXT    one request; prints the reply
 *   control_client PATH size N      a request of N bytes; prints the reply
 *   control_client PATH junk        bytes of all values; prints the reply
 *   control_client PATH idle N      N connections that say nothing, for 4 s;
 *                                   prints how many were closed by then
 *   control_client PATH hurry N     N requests without a pause, whose replies
 *                                   nobody reads
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define MAX_CONNECTIONS 64

static const char *path;

static int connect_daemon(int flags)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | flags, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	if (flags) {
		close(fd);
		return -1;
	}
	fprintf(stderr, "control_client: %s\n", strerror(errno));
	exit(1);
}

static int ask(const void *text, size_t len)
{
	char reply[65536];
	const int fd = connect_daemon(0);
	ssize_t got;

	if (send(fd, text, len, MSG_NOSIGNAL) < 0) {
		fprintf(stderr, "control_client: %s\n", strerror(errno));
		return 1;
	}
	got = recv(fd, reply, sizeof(reply), 0);
	close(fd);
	if (got > 0)
		fwrite(reply, 1, (size_t)got, stdout);
	else
		puts("(nothing)");
	return 0;
}

static int idle(long nr)
{
	struct pollfd fds[MAX_CONNECTIONS];
	int nr_closed = 0;

	for (long i = 0; i < nr && i < MAX_CONNECTIONS; i++)
		fds[i] = (struct pollfd){ .fd = connect_daemon(SOCK_NONBLOCK),
					  .events = POLLIN };
	sleep(4);
	poll(fds, (nfds_t)nr, 0);
	for (long i = 0; i < nr; i++)
		nr_closed += fds[i].fd < 0 || fds[i].revents & POLLHUP;
	printf("%d closed\n", nr_closed);
	return 0;
}

static int hurry(long nr)
{
	static const char text[] = "gksm/1 status\n";

	for (long i = 0; i < nr; i++) {
		const int fd = connect_daemon(SOCK_NONBLOCK);

		if (fd < 0)
			continue;
		send(fd, text, sizeof(text) - 1, MSG_NOSIGNAL);
		close(fd);
	}
	return 0;
}

int main(int argc, char **argv)
{
	static unsigned char bytes[100000];
	const char *what = argc > 2 ? argv[2] : "";
	const char *how = argc > 3 ? argv[3] : "";
	const long number = strtol(how, NULL, 10);

	path = argc > 1 ? argv[1] : "";
	if (strcmp(what, "say") == 0)
		return ask(how, strlen(how));
	if (strcmp(what, "size") == 0) {
		memset(bytes, 'a', sizeof(bytes));
		return ask(bytes, (size_t)number);
	}
	if (strcmp(what, "junk") == 0) {
		for (unsigned int i = 0; i < 200; i++)
			bytes[i] = (unsigned char)(i * 37);
		return ask(bytes, 200);
	}
	if (strcmp(what, "idle") == 0)
		return idle(number);
	if (strcmp(what, "hurry") == 0)
		return hurry(number);
	return 2;
}
