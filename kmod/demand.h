/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GKSM_DEMAND_H
#define GKSM_DEMAND_H

#include <linux/types.h>

int gksm_demand_init(void);
void gksm_demand_stop(void);
void gksm_demand_exit(void);
int gksm_demand(pid_t nr);
u64 gksm_demand_cpu_ns(void);

#endif /* GKSM_DEMAND_H */
