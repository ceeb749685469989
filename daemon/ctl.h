/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ctl.h - what gksmctl's commands are given
 */
#ifndef GKSM_CTL_H
#define GKSM_CTL_H

#include <stdbool.h>

/**
 * struct gksm_ctl - options of gksmctl
 * @sysfs_dir: the module's directory
 * @ksm_dir:   in-kernel KSM's directory
 * @proc_dir:  /proc
 * @socket:    gksmd's control socket
 * @json:      output for programs
 * @watch:     repeat
 * @settled:   wait for more than a pass
 * @timeout_s: give up when nothing has changed for so long, or wait for so
 *	       long; 0: was not given
 * @interval_s: look for so long; 0: at everything since the module was loaded
 * @pid:       which process; 0: was not given
 * @lines:     most processes to show; 0: all
 */
struct gksm_ctl {
	const char *sysfs_dir;
	const char *ksm_dir;
	const char *proc_dir;
	const char *socket;
	bool json;
	bool watch;
	bool settled;
	unsigned int timeout_s;
	unsigned int interval_s;
	unsigned int pid;
	unsigned int lines;
};

int gksm_ctl_ping(const struct gksm_ctl *ctl, int argc, char **argv);
int gksm_ctl_status(const struct gksm_ctl *ctl, int argc, char **argv);
int gksm_ctl_top(const struct gksm_ctl *ctl, int argc, char **argv);
int gksm_ctl_merge(const struct gksm_ctl *ctl, int argc, char **argv);
int gksm_ctl_overhead(const struct gksm_ctl *ctl, int argc, char **argv);
int gksm_ctl_set(const struct gksm_ctl *ctl, int argc, char **argv);
int gksm_ctl_wait(const struct gksm_ctl *ctl, int argc, char **argv);
int gksm_ctl_unmerge(const struct gksm_ctl *ctl, int argc, char **argv);

#endif /* GKSM_CTL_H */
