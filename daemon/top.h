/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * top.h - which process shares how much
 */
#ifndef GKSM_TOP_H
#define GKSM_TOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* 15 bytes, each as a backslash and three digits at most, and the end. */
#define GKSM_TOP_MAX_NAME 64

/**
 * struct gksm_top_process - one line of the module's table (gksm_abi.h)
 * @pid:       the process, or the first of those with this address space
 * @uid:       real user
 * @processes: how many have this address space
 * @domain:    trust domain
 * @scanned:   page table entries that were looked at
 * @merged:    mappings of merged pages
 * @zero:      mappings of the zero page that merging made
 * @metadata_bytes: memory of the module's for it alone
 * @profit_bytes: what the pages would take, less that
 * @name:      visible ASCII and blanks
 */
struct gksm_top_process {
	uint32_t pid;
	uint32_t uid;
	uint32_t processes;
	uint64_t domain;
	uint64_t scanned;
	uint64_t merged;
	uint64_t zero;
	uint64_t metadata_bytes;
	int64_t profit_bytes;
	char name[GKSM_TOP_MAX_NAME];
};

/**
 * struct gksm_top - the table
 * @process: by profit, the largest first
 * @nr:	     how many
 */
struct gksm_top {
	struct gksm_top_process *process;
	size_t nr;
};

int gksm_top_parse(const char *text, size_t len, struct gksm_top *top);
int gksm_top_read(const char *proc_dir, const char *sysfs_dir,
		  struct gksm_top *top);
const struct gksm_top_process *gksm_top_find(const struct gksm_top *top,
					     uint32_t pid);
uint64_t gksm_top_saved(const struct gksm_top_process *process);
void gksm_top_free(struct gksm_top *top);

void gksm_top_print(const struct gksm_top *top, size_t lines, FILE *out);
int gksm_top_print_json(const struct gksm_top *top, size_t lines, bool one_line,
			FILE *out);

#endif /* GKSM_TOP_H */
