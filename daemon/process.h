/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * process.h - the daemon and the kernel thread, as /proc shows them
 */
#ifndef GKSM_PROCESS_H
#define GKSM_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct gksm_process - one process
 * @pid:    its number, 0: there is none
 * @cpu_ms: processor time it has used
 */
struct gksm_process {
	unsigned int pid;
	uint64_t cpu_ms;
};

int gksm_process_parse(const char *stat, const char *name, bool is_kernel,
		       struct gksm_process *process);
void gksm_process_find(const char *proc_dir, const char *name,
		       const char *device, struct gksm_process *process);

#endif /* GKSM_PROCESS_H */
