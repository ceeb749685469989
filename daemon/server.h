/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * server.h - the main loop: batches in, answers out
 */
#ifndef GKSM_SERVER_H
#define GKSM_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "control.h"
#include "device.h"
#include "finder.h"
#include "notify.h"
#include "passes.h"
#include "session.h"
#include "stats.h"

/**
 * struct gksm_lane - one batch's way through the device
 * @id:	      identifier of the batch that the device computes, 0: idle
 * @nr_slots: its slots
 * @questions: its slots, copied out of shared memory
 * @waiting:  batch of the same index that was taken meanwhile, because the
 *	      module took the first one back; its @batch is 0 if there is none
 */
struct gksm_lane {
	uint64_t id;
	unsigned int nr_slots;
	struct gksm_question *questions;
	struct gksm_next waiting;
};

/**
 * struct gksm_server - everything that the main loop works on
 * @session:   set up
 * @device:    bound to the session's staging area
 * @signal_fd: signalfd of SIGTERM, SIGINT, SIGHUP and SIGUSR1
 * @reload:    called on SIGHUP
 * @reload_arg: first argument of @reload
 * @notify:    who listens
 * @control:   the control socket, NULL if there is none
 * @passes:    of the module: each is a generation of the device's index
 * @lanes:     one for each batch of the session
 * @questions: memory behind the lanes' questions
 * @nr_in_flight: batches that the device computes
 * @progress_ms: when the device last finished a batch, or got the first
 * @patience_ms: a device that finishes nothing for so long has failed
 * @nr_lost:   of several devices in use those that failed and were counted
 * @stats:     counters
 * @stop:      SIGTERM or SIGINT came
 */
struct gksm_server {
	struct gksm_session *session;
	struct gksm_device *device;
	int signal_fd;
	void (*reload)(void *arg);
	void *reload_arg;
	struct gksm_notify notify;
	struct gksm_control *control;
	struct gksm_passes passes;
	struct gksm_lane *lanes;
	struct gksm_question *questions;
	unsigned int nr_in_flight;
	uint64_t progress_ms;
	unsigned int patience_ms;
	unsigned int nr_lost;
	struct gksm_stats stats;
	bool stop;
};

int gksm_server_init(struct gksm_server *server, struct gksm_session *session,
		     struct gksm_device *device);
int gksm_server_run(struct gksm_server *server);
void gksm_server_free(struct gksm_server *server);

#endif /* GKSM_SERVER_H */
