/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ctl_daemon.h - what gksmd says of itself
 */
#ifndef GKSM_CTL_DAEMON_H
#define GKSM_CTL_DAEMON_H

#include <stddef.h>

#include "reply.h"

#define GKSM_MAX_FIGURES 96

/**
 * struct gksm_figure - one line of the daemon's
 * @key:   its name
 * @value: its value
 */
struct gksm_figure {
	char key[GKSM_REPLY_MAX_WORD];
	char value[GKSM_REPLY_MAX_VALUE];
};

/**
 * struct gksm_figures - the daemon's answer to "status"
 * @err:    0, or why there is none: -ENOENT without a daemon, -EPERM if the
 *	    user may not ask, or another -errno
 * @nr:	    how many; the rest is left out
 * @figure: in the daemon's order
 */
struct gksm_figures {
	int err;
	size_t nr;
	struct gksm_figure figure[GKSM_MAX_FIGURES];
};

int gksm_ctl_ask(const char *path, const char *request, gksm_reply_take take,
		 void *arg, char message[GKSM_REPLY_MAX_VALUE]);
void gksm_figures_read(struct gksm_figures *figures, const char *path);
int gksm_figures_take(void *arg, const char *subject, const char *key,
		      const char *value);

#endif /* GKSM_CTL_DAEMON_H */
