// SPDX-License-Identifier: GPL-2.0-only
/*
 * ctl_set.c - gksmctl set and gksmctl unmerge
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "ctl.h"
#include "field.h"
#include "log.h"
#include "sysfs.h"
#include "text.h"

/* How long a page fault may take that has to wait for memory. */
#define DEFAULT_TIMEOUT_S 60

static int complain_unknown(const char *key)
{
	struct gksm_nearest nearest = { .word = key };
	char known[GKSM_FIELD_MAX_KEYS];

	for (size_t i = 0; i < GKSM_NR_WRITABLE_FIELDS; i++)
		gksm_nearest_offer(&nearest, gksm_fields[i].name);
	gksm_field_keys(known);
	if (nearest.name)
		gksm_error("unknown key \"%s\"; did you mean \"%s\"?", key,
			   nearest.name);
	else
		gksm_error("unknown key \"%s\"; known: %s", key, known);
	return -EINVAL;
}

static int check_key(const struct gksm_ctl *ctl, const char *key)
{
	char path[PATH_MAX];
	struct stat info;

	if (!*key || *key == '.' || strchr(key, '/') ||
	    snprintf(path, sizeof(path), "%s/%s", ctl->sysfs_dir, key) >=
		    (int)sizeof(path))
		return complain_unknown(key);
	if (stat(path, &info) < 0) {
		const size_t i = gksm_field_find(key);

		if (i == gksm_nr_fields ||
		    strcmp(gksm_fields[i].name, key) != 0)
			return complain_unknown(key);
		gksm_error("this module has no \"%s\"", key);
		return -EINVAL;
	}
	if (!S_ISREG(info.st_mode))
		return complain_unknown(key);
	if (!(info.st_mode & 0200)) {
		gksm_error("\"%s\" is read-only", key);
		return -EINVAL;
	}
	return 0;
}

static int check_pair(const struct gksm_ctl *ctl, const char *key,
		      const char *text)
{
	const size_t i = gksm_field_find(key);
	const struct gksm_field *field = &gksm_fields[i];
	char need[GKSM_FIELD_MAX_NEED];
	uint64_t value;
	int err = check_key(ctl, key);

	if (err)
		return err;
	/* A key of a newer module: the module knows what it takes. */
	if (i >= GKSM_NR_WRITABLE_FIELDS)
		return 0;
	if (gksm_field_parse(field, text, &value)) {
		gksm_field_need(field, need);
		gksm_error("bad value \"%s\" for %s: need %s", text, key, need);
		return -EINVAL;
	}
	if (strcmp(key, "run") == 0 && value == 1)
		return gksm_sysfs_refuse_ksmd(ctl->ksm_dir);
	return 0;
}

static int check_module(const struct gksm_ctl *ctl)
{
	struct stat info;
	int err;

	if (stat(ctl->sysfs_dir, &info) == 0)
		return 0;
	err = -errno;
	gksm_error("cannot read %s: %s", ctl->sysfs_dir, strerror(-err));
	gksm_error("is the module loaded?  Try: modprobe gksm");
	return err;
}

/**
 * gksm_ctl_set - write settings; nothing is written if one of them is wrong
 * @ctl:  options
 * @argc: number of operands
 * @argv: key, value, key, value, ...
 *
 * Returns 0 or -errno after a message.
 */
int gksm_ctl_set(const struct gksm_ctl *ctl, int argc, char **argv)
{
	int err;

	if (!argc || argc % 2) {
		gksm_error("usage: gksmctl set KEY VALUE [KEY VALUE]...");
		return -EINVAL;
	}
	err = check_module(ctl);
	for (int i = 0; !err && i < argc; i += 2)
		err = check_pair(ctl, argv[i], argv[i + 1]);
	for (int i = 0; !err && i < argc; i += 2)
		err = gksm_sysfs_set(ctl->sysfs_dir, argv[i], argv[i + 1]);
	return err;
}

/* Merged pages and the sites that share them. */
static int count_merged(const struct gksm_ctl *ctl, uint64_t *nr_pages)
{
	uint64_t shared, sharing;
	int err = gksm_sysfs_read_u64(ctl->sysfs_dir, "pages_shared", &shared);

	if (!err)
		err = gksm_sysfs_read_u64(ctl->sysfs_dir, "pages_sharing",
					  &sharing);
	if (err) {
		gksm_error("cannot see what is merged: %s/pages_shared: %s",
			   ctl->sysfs_dir, strerror(-err));
		return -ECANCELED;
	}
	*nr_pages = shared + sharing;
	return 0;
}

/* Looks ten times a second; each change starts the time anew. */
static int wait_unmerged(const struct gksm_ctl *ctl, uint64_t nr_left)
{
	const unsigned int timeout_s =
		ctl->timeout_s ? ctl->timeout_s : DEFAULT_TIMEOUT_S;
	const struct timespec pause = { .tv_nsec = 100000000 };
	unsigned int nr_idle = 0;

	while (nr_left) {
		uint64_t nr_now;
		int err;

		nanosleep(&pause, NULL);
		err = count_merged(ctl, &nr_now);
		if (err)
			return err;
		nr_idle = nr_now == nr_left ? nr_idle + 1 : 0;
		nr_left = nr_now;
		if (nr_left && nr_idle >= 10 * timeout_s) {
			gksm_error("%" PRIu64
				   " pages stay merged, unchanged for %u s: is "
				   "memory short?  Free some and try again",
				   nr_left, timeout_s);
			return -ETIMEDOUT;
		}
	}
	return 0;
}

/**
 * gksm_ctl_unmerge - give every process its own pages again, and wait
 * @ctl:  options
 * @argc: number of operands, 0
 * @argv: operands
 *
 * Returns 0 or -errno after a message.
 */
int gksm_ctl_unmerge(const struct gksm_ctl *ctl, int argc, char **argv)
{
	uint64_t nr_before, nr_after;
	int err;

	if (argc) {
		gksm_error("unexpected argument \"%s\"; usage: gksmctl unmerge",
			   argv[0]);
		return -EINVAL;
	}
	err = check_module(ctl);
	if (!err)
		err = count_merged(ctl, &nr_before);
	if (!err)
		err = gksm_sysfs_set(ctl->sysfs_dir, "run", "2");
	if (err == -ECANCELED)
		gksm_error("some pages stay merged. Free some memory and try "
			   "again");
	if (!err)
		err = count_merged(ctl, &nr_after);
	if (!err)
		err = wait_unmerged(ctl, nr_after);
	if (err)
		return err;
	if (ctl->json)
		printf("{\"unmerged_pages\": %" PRIu64 "}\n", nr_before);
	else
		printf("unmerged %" PRIu64 " pages\n", nr_before);
	return 0;
}
