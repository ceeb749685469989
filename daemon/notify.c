// SPDX-License-Identifier: GPL-2.0-only
/*
 * notify.c - what the service manager is told
 *
 * The protocol of sd_notify(3), which is one datagram, without libsystemd:
 * that opens a socket by its name for each message, which a confined gksmd
 * cannot, and it is a large library in a process that sees others' memory.
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"
#include "notify.h"
#include "text.h"

/* How often the status line changes; a human reads it. */
#define STATUS_INTERVAL_MS 10000

/* A path, or a name without one, which begins with @. */
static int connect_manager(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const size_t len = strlen(name);
	int fd;

	if ((*name != '/' && *name != '@') || len < 2 ||
	    len >= sizeof(address.sun_path))
		return -1;
	memcpy(address.sun_path, name, len);
	if (*name == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (connect(fd, (const struct sockaddr *)&address,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) <
	    0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* As sd_watchdog_enabled(3): for this process, and a number above 0. */
static uint64_t watchdog_us(void)
{
	const char *pid = getenv("WATCHDOG_PID");
	const char *text = getenv("WATCHDOG_USEC");
	uint64_t number;

	if (pid && (gksm_text_to_u64(pid, 1, INT32_MAX, &number) ||
		    number != (uint64_t)getpid()))
		return 0;
	if (!text || gksm_text_to_u64(text, 1, UINT64_MAX - 1, &number))
		return 0;
	return number;
}

/**
 * gksm_notify_init - see who listens
 * @notify: out
 */
void gksm_notify_init(struct gksm_notify *notify)
{
	const char *name = getenv("NOTIFY_SOCKET");
	const uint64_t us = watchdog_us();

	*notify = (struct gksm_notify){ .fd = -1, .interval_ms = -1 };
	if (name)
		notify->fd = connect_manager(name);
	if (notify->fd < 0)
		return;
	notify->interval_ms = STATUS_INTERVAL_MS;
	notify->watchdog = us > 0;
	/* Half of it, as sd_watchdog_enabled(3) recommends. */
	if (notify->watchdog && us / 2000 < STATUS_INTERVAL_MS)
		notify->interval_ms = (int)(us / 2000);
}

/* With MSG_DONTWAIT a manager that does not listen for a moment misses it. */
static void tell(const struct gksm_notify *notify, const char *text, int flags)
{
	if (notify->fd >= 0)
		send(notify->fd, text, strlen(text), flags | MSG_NOSIGNAL);
}

/**
 * gksm_notify_ready - start-up or reload has finished
 * @notify: from gksm_notify_init()
 */
void gksm_notify_ready(const struct gksm_notify *notify)
{
	tell(notify, "READY=1", 0);
}

/**
 * gksm_notify_reloading - the configuration is being read again
 * @notify: from gksm_notify_init()
 */
void gksm_notify_reloading(const struct gksm_notify *notify)
{
	char text[64];

	snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
		 gksm_clock_us());
	tell(notify, text, 0);
}

/**
 * gksm_notify_stopping - the end has begun
 * @notify: from gksm_notify_init()
 */
void gksm_notify_stopping(const struct gksm_notify *notify)
{
	tell(notify, "STOPPING=1", 0);
}

/**
 * gksm_notify_is_due - whether it is time for gksm_notify_alive()
 * @notify: from gksm_notify_init()
 *
 * A busy loop comes round thousands of times a second; a sign of life in each
 * would be a system call for nothing.
 */
bool gksm_notify_is_due(struct gksm_notify *notify)
{
	uint64_t now_ms;

	if (notify->interval_ms < 0)
		return false;
	now_ms = gksm_clock_ms();
	if (now_ms < notify->due_ms)
		return false;
	notify->due_ms = now_ms + (uint64_t)notify->interval_ms;
	return true;
}

/**
 * gksm_notify_alive - a sign of life and a line for systemctl status
 * @notify: from gksm_notify_init()
 * @status: the line
 */
void gksm_notify_alive(const struct gksm_notify *notify, const char *status)
{
	char text[512];

	snprintf(text, sizeof(text), "%sSTATUS=%s",
		 notify->watchdog ? "WATCHDOG=1\n" : "", status);
	tell(notify, text, MSG_DONTWAIT);
}

/**
 * gksm_notify_close - tell nobody any more
 * @notify: from gksm_notify_init()
 */
void gksm_notify_close(struct gksm_notify *notify)
{
	if (notify->fd >= 0)
		close(notify->fd);
	*notify = (struct gksm_notify){ .fd = -1, .interval_ms = -1 };
}
