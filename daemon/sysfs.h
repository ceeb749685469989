/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sysfs.h - small files of one value
 */
#ifndef GKSM_SYSFS_H
#define GKSM_SYSFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GKSM_KSM_SYSFS_PATH "/sys/kernel/mm/ksm"

/* Longest value of a file of ours, with its terminator. */
#define GKSM_SYSFS_MAX_VALUE 64

int gksm_sysfs_open(const char *dir, const char *file, int flags);
int gksm_sysfs_read(const char *dir, const char *file, char *value,
		    size_t size);
int gksm_sysfs_read_u64(const char *dir, const char *file, uint64_t *value);
int gksm_sysfs_write(const char *dir, const char *file, const char *value);
int gksm_sysfs_explain(const char *dir, const char *file, const char *value,
		       int err);
int gksm_sysfs_set(const char *dir, const char *file, const char *value);
int gksm_sysfs_refuse_ksmd(const char *ksm_dir);

#endif /* GKSM_SYSFS_H */
