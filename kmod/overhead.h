/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GKSM_OVERHEAD_H
#define GKSM_OVERHEAD_H

#include <linux/sched.h>
#include <linux/types.h>

#include "ksyms.h"

/* Processor time of the calling thread, up to now; takes its runqueue's lock. */
static inline u64 gksm_cpu_ns(void)
{
	return ksym(task_sched_runtime)(current);
}

void gksm_overhead_init(void);
u64 gksm_overhead_uptime_ns(void);
u64 gksm_overhead_cow_breaks(void);

#endif /* GKSM_OVERHEAD_H */
