/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * notify.h - what the service manager is told
 */
#ifndef GKSM_NOTIFY_H
#define GKSM_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct gksm_notify - whether there is somebody to tell
 * @fd:		 connected to the service manager; -1: there is none
 * @interval_ms: call gksm_notify_alive() this often; -1: nobody listens
 * @watchdog:	 a sign of life is expected
 * @due_ms:	 when the next sign is due, by the monotonic clock
 */
struct gksm_notify {
	int fd;
	int interval_ms;
	bool watchdog;
	uint64_t due_ms;
};

void gksm_notify_init(struct gksm_notify *notify);
void gksm_notify_ready(const struct gksm_notify *notify);
void gksm_notify_reloading(const struct gksm_notify *notify);
void gksm_notify_stopping(const struct gksm_notify *notify);
bool gksm_notify_is_due(struct gksm_notify *notify);
void gksm_notify_alive(const struct gksm_notify *notify, const char *status);
void gksm_notify_close(struct gksm_notify *notify);

#endif /* GKSM_NOTIFY_H */
