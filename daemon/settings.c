// SPDX-License-Identifier: GPL-2.0-only
/*
 * settings.c - the module's files, opened while that is allowed
 *
 * They belong to root, and gksmd does not stay root: what it may write at
 * SIGHUP, and read for whoever asks, it opens at start.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "settings.h"

/* The module has some fifty. */
#define MAX_COUNTERS 256

static int add_counter(struct gksm_settings *settings, int dir_fd,
		       const char *name)
{
	struct gksm_counter *counter;
	struct stat info;
	int fd;

	if (strlen(name) >= GKSM_SETTINGS_MAX_NAME ||
	    settings->nr_counters == MAX_COUNTERS ||
	    fstatat(dir_fd, name, &info, 0) < 0 || !S_ISREG(info.st_mode))
		return 0;
	fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return 0;
	counter = realloc(settings->counters,
			  (settings->nr_counters + 1) * sizeof(*counter));
	if (!counter) {
		close(fd);
		return -ENOMEM;
	}
	settings->counters = counter;
	counter += settings->nr_counters++;
	snprintf(counter->name, sizeof(counter->name), "%s", name);
	counter->fd = fd;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct gksm_counter *one = a, *two = b;

	return strcmp(one->name, two->name);
}

static int open_counters(struct gksm_settings *settings)
{
	const struct dirent *entry;
	DIR *dir = opendir(settings->dir);
	int err = 0;

	if (!dir)
		return 0; /* writing will say so */
	while (!err && (entry = readdir(dir)))
		err = add_counter(settings, dirfd(dir), entry->d_name);
	closedir(dir);
	if (settings->nr_counters)
		qsort(settings->counters, settings->nr_counters,
		      sizeof(*settings->counters), by_name);
	return err;
}

/**
 * gksm_settings_open - open all files
 * @settings: out
 * @dir:      the module's directory; must outlive @settings
 *
 * A file that is not there matters when it is written. Returns 0 or -ENOMEM.
 */
int gksm_settings_open(struct gksm_settings *settings, const char *dir)
{
	int err;

	*settings = (struct gksm_settings){ .dir = dir };
	for (size_t i = 0; i < GKSM_NR_WRITABLE_FIELDS; i++)
		settings->fds[i] =
			gksm_sysfs_open(dir, gksm_fields[i].name, O_WRONLY);
	err = open_counters(settings);
	if (err)
		gksm_settings_close(settings);
	return err;
}

/* The module's files have no length to cut; those of a test have. */
static int rewrite(int fd, const char *line, size_t len)
{
	(void)!ftruncate(fd, 0);
	return pwrite(fd, line, len, 0) < 0 ? -errno : 0;
}

/**
 * gksm_settings_write - write a setting, or say why it cannot be written
 * @settings: opened
 * @field:    which, an index below GKSM_NR_WRITABLE_FIELDS
 * @value:    what to write
 *
 * Returns what gksm_sysfs_set() does, after the same message.
 */
int gksm_settings_write(const struct gksm_settings *settings, size_t field,
			const char *value)
{
	const int fd = settings->fds[field];
	char line[GKSM_SYSFS_MAX_VALUE + 1];
	const int len = snprintf(line, sizeof(line), "%s\n", value);
	int err;

	if (fd < 0)
		err = fd;
	else if (len >= (int)sizeof(line))
		err = -E2BIG;
	else
		err = rewrite(fd, line, (size_t)len);
	return gksm_sysfs_explain(settings->dir, gksm_fields[field].name, value,
				  err);
}

/**
 * gksm_settings_read - what a file holds now
 * @settings: opened
 * @counter:  which, an index below @nr_counters
 * @value:    out: its first line
 *
 * Returns 0 or -errno.
 */
int gksm_settings_read(const struct gksm_settings *settings, size_t counter,
		       char value[GKSM_SYSFS_MAX_VALUE])
{
	const ssize_t len = pread(settings->counters[counter].fd, value,
				  GKSM_SYSFS_MAX_VALUE - 1, 0);

	if (len < 0)
		return -errno;
	value[len] = '\0';
	value[strcspn(value, "\n")] = '\0';
	return 0;
}

/**
 * gksm_settings_close - close all files
 * @settings: opened, or all zero
 */
void gksm_settings_close(struct gksm_settings *settings)
{
	for (size_t i = 0; settings->dir && i < GKSM_NR_WRITABLE_FIELDS; i++)
		if (settings->fds[i] >= 0)
			close(settings->fds[i]);
	for (size_t i = 0; i < settings->nr_counters; i++)
		close(settings->counters[i].fd);
	free(settings->counters);
	*settings = (struct gksm_settings){ 0 };
}
