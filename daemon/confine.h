/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * confine.h - from root to a process that can do nothing but its work
 */
#ifndef GKSM_CONFINE_H
#define GKSM_CONFINE_H

#include <stdbool.h>

#include "config.h"
#include "device.h"
#include "jail.h"
#include "privilege.h"

/**
 * struct gksm_confine - how far it has come
 * @identity: who to become
 * @jail:     root directory to come
 * @config_path: the configuration's path, before and inside the jail; NULL if
 *	      it cannot be read again
 * @is_on:    false: --no-confine
 */
struct gksm_confine {
	struct gksm_identity identity;
	struct gksm_jail jail;
	char *config_path;
	bool is_on;
};

int gksm_confine_prepare(struct gksm_confine *confine,
			 const struct gksm_config *config,
			 const char *config_path);
int gksm_confine_begin(struct gksm_confine *confine);
int gksm_confine_finish(struct gksm_confine *confine,
			const struct gksm_config *config,
			struct gksm_device *device, int session_fd);
void gksm_confine_free(struct gksm_confine *confine);

#endif /* GKSM_CONFINE_H */
