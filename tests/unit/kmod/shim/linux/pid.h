/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_PID_H
#define SHIM_LINUX_PID_H

#include <linux/sched/mm.h>

static inline struct pid *get_pid(struct pid *pid)
{
	if (pid)
		pid->count++;
	return pid;
}

static inline void put_pid(struct pid *pid)
{
	if (pid)
		pid->count--;
}

#endif /* SHIM_LINUX_PID_H */
