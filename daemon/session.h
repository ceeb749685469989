/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * session.h - the daemon's session with the module
 */
#ifndef GKSM_SESSION_H
#define GKSM_SESSION_H

#include <stdint.h>

#include "gksm_abi.h"

/**
 * struct gksm_session - /dev/gksm, opened and mapped
 * @fd:		 the device; poll() says POLLIN when a batch is ready
 * @path:	 its path, for messages
 * @query:	 what the module said it is
 * @nr_batches:	 valid after setup
 * @batch_slots: slots of a batch; valid after setup
 * @setup:	 lengths of the areas; valid after setup
 * @staging:	 pages of all batches; valid after setup
 * @slots:	 slots of all batches, may change at a deadline; after setup
 * @results:	 results of all batches; valid after setup
 */
struct gksm_session {
	int fd;
	const char *path;
	struct gksm_query query;
	unsigned int nr_batches;
	unsigned int batch_slots;
	struct gksm_setup setup;
	const void *staging;
	const struct gksm_slot *slots;
	struct gksm_result *results;
};

int gksm_session_open(struct gksm_session *session, const char *path);
int gksm_session_setup(struct gksm_session *session, unsigned int nr_batches,
		       unsigned int batch_slots);
int gksm_session_next(struct gksm_session *session, struct gksm_next *next);
int gksm_session_complete(struct gksm_session *session, uint64_t batch,
			  unsigned int nr_slots, unsigned int *nr_accepted);
void gksm_session_close(struct gksm_session *session);

#endif /* GKSM_SESSION_H */
