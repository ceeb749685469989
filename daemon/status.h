/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * status.h - the state of module and daemon at one moment
 */
#ifndef GKSM_STATUS_H
#define GKSM_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "ctl_daemon.h"
#include "field.h"
#include "process.h"
#include "sysfs.h"

#define GKSM_STATUS_MAX_NAME 64

/**
 * struct gksm_status_file - one file of the module's directory
 * @name:      its name
 * @value:     its value, "" if it cannot be read
 * @field:     what is known about it; NULL: nothing
 * @is_number: @number is valid: the value is one, and not negative
 * @number:    the value
 */
struct gksm_status_file {
	char name[GKSM_STATUS_MAX_NAME];
	char value[GKSM_SYSFS_MAX_VALUE];
	const struct gksm_field *field;
	bool is_number;
	uint64_t number;
};

/**
 * struct gksm_status - the state at one moment
 * @files:    all files, in the order of gksm_fields[], unknown ones last
 * @nr_files: how many
 * @daemon:   gksmd
 * @figures:  what gksmd says of itself
 * @kthread:  the module's thread
 * @ksmd_runs: in-kernel ksmd scans too
 */
struct gksm_status {
	struct gksm_status_file *files;
	size_t nr_files;
	struct gksm_process daemon;
	struct gksm_figures figures;
	struct gksm_process kthread;
	bool ksmd_runs;
};

/**
 * struct gksm_derived - what follows from the files
 * @has_saved:	   @saved_bytes is valid
 * @saved_bytes:   memory that sharing saves
 * @has_ratio:	   @ratio is valid
 * @ratio:	   sites saved for each merged page
 * @has_profit:	   @profit_bytes is valid
 * @profit_bytes:  the module's general_profit, or else the same
 *		   computed here: saved, with zero pages, less metadata
 * @has_offloaded: @offloaded_percent is valid
 * @offloaded_percent: part of the hashes that came from the daemon
 */
struct gksm_derived {
	bool has_saved;
	uint64_t saved_bytes;
	bool has_ratio;
	double ratio;
	bool has_profit;
	int64_t profit_bytes;
	bool has_offloaded;
	double offloaded_percent;
};

int gksm_status_read(struct gksm_status *status, const char *sysfs_dir);
void gksm_status_free(struct gksm_status *status);
const struct gksm_status_file *gksm_status_get(const struct gksm_status *status,
					       const char *name);
void gksm_status_derive(const struct gksm_status *status,
			struct gksm_derived *derived);

void gksm_status_print(const struct gksm_status *status,
		       const struct gksm_status *before, unsigned int seconds,
		       FILE *out);
int gksm_status_print_json(const struct gksm_status *status, bool one_line,
			   FILE *out);

#endif /* GKSM_STATUS_H */
