// SPDX-License-Identifier: GPL-2.0-only
/*
 * notify.c - what the service manager is told
 *
 * libsystemd does nothing where NOTIFY_SOCKET is not set.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>

#include "clock.h"
#include "notify.h"

/* How often the status line changes; a human reads it. */
#define STATUS_INTERVAL_MS 10000

/**
 * gksm_notify_init - see who listens
 * @notify: out
 */
void gksm_notify_init(struct gksm_notify *notify)
{
	uint64_t watchdog_us = 0;

	notify->due_ms = 0;
	notify->watchdog = sd_watchdog_enabled(0, &watchdog_us) > 0;
	notify->interval_ms = getenv("NOTIFY_SOCKET") ? STATUS_INTERVAL_MS : -1;
	/* Half of it, as sd_watchdog_enabled(3) recommends. */
	if (notify->watchdog && watchdog_us / 2000 < STATUS_INTERVAL_MS)
		notify->interval_ms = (int)(watchdog_us / 2000);
}

/**
 * gksm_notify_ready - start-up or reload has finished
 */
void gksm_notify_ready(void)
{
	sd_notify(0, "READY=1");
}

/**
 * gksm_notify_reloading - the configuration is being read again
 */
void gksm_notify_reloading(void)
{
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, gksm_clock_us());
}

/**
 * gksm_notify_stopping - the end has begun
 */
void gksm_notify_stopping(void)
{
	sd_notify(0, "STOPPING=1");
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
	sd_notifyf(0, "%sSTATUS=%s", notify->watchdog ? "WATCHDOG=1\n" : "",
		   status);
}
