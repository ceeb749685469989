// SPDX-License-Identifier: GPL-2.0-only
/*
 * sysfs.c - small files of one value
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "sysfs.h"
#include "text.h"

/**
 * gksm_sysfs_open - open a file of a directory
 * @dir:   directory
 * @file:  name in it
 * @flags: as open()'s
 *
 * Returns a descriptor or -errno.
 */
int gksm_sysfs_open(const char *dir, const char *file, int flags)
{
	char path[PATH_MAX];
	int fd;

	if (snprintf(path, sizeof(path), "%s/%s", dir, file) >=
	    (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, flags | O_CLOEXEC | O_NOCTTY);
	return fd < 0 ? -errno : fd;
}

/**
 * gksm_sysfs_read - read a file's first line
 * @dir:   directory
 * @file:  name in it
 * @value: out: the line without its newline
 * @size:  bytes at @value; a longer line is cut
 *
 * Returns 0 or -errno.
 */
int gksm_sysfs_read(const char *dir, const char *file, char *value, size_t size)
{
	int fd = gksm_sysfs_open(dir, file, O_RDONLY);
	ssize_t len;
	int err = 0;

	if (fd < 0)
		return fd;
	len = read(fd, value, size - 1);
	if (len < 0)
		err = -errno;
	close(fd);
	if (err)
		return err;
	value[len] = '\0';
	value[strcspn(value, "\n")] = '\0';
	return 0;
}

/**
 * gksm_sysfs_read_u64 - read a file that holds a decimal number
 * @dir:   directory
 * @file:  name in it
 * @value: out: the number
 *
 * Returns 0, -errno, or -EINVAL if the file holds something else.
 */
int gksm_sysfs_read_u64(const char *dir, const char *file, uint64_t *value)
{
	char text[GKSM_SYSFS_MAX_VALUE];
	int err = gksm_sysfs_read(dir, file, text, sizeof(text));

	return err ? err : gksm_text_to_u64(text, 0, UINT64_MAX, value);
}

/**
 * gksm_sysfs_write - write a value, with a newline, in one call
 * @dir:   directory
 * @file:  name in it; never created
 * @value: what to write
 *
 * Returns 0 or -errno.
 */
int gksm_sysfs_write(const char *dir, const char *file, const char *value)
{
	char line[GKSM_SYSFS_MAX_VALUE + 1];
	int len = snprintf(line, sizeof(line), "%s\n", value);
	int err = 0;
	int fd;

	if (len >= (int)sizeof(line))
		return -E2BIG;
	fd = gksm_sysfs_open(dir, file, O_WRONLY | O_TRUNC);
	if (fd < 0)
		return fd;
	if (write(fd, line, (size_t)len) < 0)
		err = -errno;
	close(fd);
	return err;
}

/**
 * gksm_sysfs_explain - say why a value could not be written
 * @dir:   directory
 * @file:  name in it
 * @value: what should have been written
 * @err:   0 or -errno of writing it
 *
 * Returns 0, -EINVAL if the module refuses the value, -ENOENT, -EPERM or
 * -EACCES, and -ECANCELED for every other reason, after a message.
 */
int gksm_sysfs_explain(const char *dir, const char *file, const char *value,
		       int err)
{
	if (!err)
		return 0;
	gksm_error("cannot write %s to %s/%s: %s", value, dir, file,
		   strerror(-err));
	switch (-err) {
	case EINVAL:
		gksm_error("the module does not take this value");
		return err;
	case ENOENT:
		gksm_error("is the module loaded?  Try: modprobe gksm");
		return err;
	case EBUSY:
		gksm_error("it would not hold for pages that are merged. "
			   "Try: gksmctl unmerge");
		return -ECANCELED;
	case EPERM:
	case EACCES:
		gksm_error("only root may change it. Try: sudo");
		return err;
	default:
		return -ECANCELED;
	}
}

/**
 * gksm_sysfs_set - write a value, or say why it cannot be written
 * @dir:   directory
 * @file:  name in it
 * @value: what to write
 *
 * Returns what gksm_sysfs_explain() does.
 */
int gksm_sysfs_set(const char *dir, const char *file, const char *value)
{
	return gksm_sysfs_explain(dir, file, value,
				  gksm_sysfs_write(dir, file, value));
}

/**
 * gksm_sysfs_refuse_ksmd - make sure that in-kernel ksmd does not run
 * @ksm_dir: KSM's directory; a kernel without KSM has none, which is fine
 *
 * Both scanners working on the same memory do no harm, but do everything
 * twice. Returns 0, or -EADDRINUSE after a message.
 */
int gksm_sysfs_refuse_ksmd(const char *ksm_dir)
{
	uint64_t run;

	if (gksm_sysfs_read_u64(ksm_dir, "run", &run) || run != 1)
		return 0;
	gksm_error("in-kernel ksmd is running: %s/run is 1", ksm_dir);
	gksm_error("both would scan the same memory. Try: echo 2 > %s/run",
		   ksm_dir);
	return -EADDRINUSE;
}
