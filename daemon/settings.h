/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * settings.h - the module's files, opened while that is allowed
 */
#ifndef GKSM_SETTINGS_H
#define GKSM_SETTINGS_H

#include <stddef.h>

#include "field.h"
#include "sysfs.h"

#define GKSM_SETTINGS_MAX_NAME 64

/**
 * struct gksm_counter - a file of the module's, open for reading
 * @name: its name
 * @fd:	  it
 */
struct gksm_counter {
	char name[GKSM_SETTINGS_MAX_NAME];
	int fd;
};

/**
 * struct gksm_settings - the module's directory
 * @dir:      its path; must outlive this
 * @fds:      the writable files, open for writing, in the order of
 *	      gksm_fields[]; or -errno
 * @counters: all files, by name
 * @nr_counters: how many
 */
struct gksm_settings {
	const char *dir;
	int fds[GKSM_NR_WRITABLE_FIELDS];
	struct gksm_counter *counters;
	size_t nr_counters;
};

int gksm_settings_open(struct gksm_settings *settings, const char *dir);
int gksm_settings_write(const struct gksm_settings *settings, size_t field,
			const char *value);
int gksm_settings_read(const struct gksm_settings *settings, size_t counter,
		       char value[GKSM_SYSFS_MAX_VALUE]);
void gksm_settings_close(struct gksm_settings *settings);

#endif /* GKSM_SETTINGS_H */
