// SPDX-License-Identifier: GPL-2.0-only
/*
 * ctl_wait.c - gksmctl wait
 *
 * The module makes full_scans pollable: each pass that ends wakes us. A page
 * that came meanwhile is read in one pass and merged in the next, so nothing
 * is known before two whole passes have ended.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ctl.h"
#include "log.h"
#include "sysfs.h"
#include "text.h"

/* Passes, all of them whole, in which nothing happened. */
#define SETTLED_PASSES 3
/* Without anybody who opted in there are no passes: looks, one a second. */
#define IDLE_LOOKS 3
#define LOOK_MS 1000

/* What merging changes. */
static const char *const watched[] = { "pages_merged", "zero_pages_merged",
				       "pages_shared", "pages_sharing",
				       "ksm_zero_pages" };
#define NR_WATCHED (sizeof(watched) / sizeof(watched[0]))

/**
 * struct wait - what is known so far
 * @fd:	   full_scans, to be polled
 * @first: full_scans when the last thing happened
 * @scans: full_scans now
 * @seen:  of @watched
 * @looks: how often nobody had opted in, in a row
 */
struct wait {
	int fd;
	uint64_t first;
	uint64_t scans;
	uint64_t seen[NR_WATCHED];
	unsigned int looks;
};

static int read_one(const struct gksm_ctl *ctl, const char *file,
		    uint64_t *value)
{
	const int err = gksm_sysfs_read_u64(ctl->sysfs_dir, file, value);

	if (err)
		gksm_error("cannot read %s/%s: %s", ctl->sysfs_dir, file,
			   strerror(-err));
	return err == -ENOENT ? err : err ? -ECANCELED : 0;
}

/* Reads full_scans through @fd: that is what makes the next poll() wait. */
static int read_scans(struct wait *wait)
{
	char text[GKSM_SYSFS_MAX_VALUE];
	const ssize_t len = pread(wait->fd, text, sizeof(text) - 1, 0);

	if (len < 0)
		return -errno;
	text[len] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return gksm_text_to_u64(text, 0, UINT64_MAX, &wait->scans);
}

static int look(const struct gksm_ctl *ctl, struct wait *wait, bool *changed)
{
	uint64_t value, run = 0;
	int err = read_scans(wait);

	if (!err)
		err = read_one(ctl, "run", &run);
	if (!err && run != 1) {
		gksm_error("nothing is being scanned: run is %" PRIu64
			   ".  Try: gksmctl set run 1",
			   run);
		return -ECANCELED;
	}
	*changed = false;
	for (size_t i = 0; !err && i < NR_WATCHED; i++) {
		err = read_one(ctl, watched[i], &value);
		*changed |= !err && value != wait->seen[i];
		wait->seen[i] = value;
	}
	if (!err)
		err = read_one(ctl, "mms", &value);
	if (!err)
		wait->looks = value ? 0 : wait->looks + 1;
	return err;
}

static bool is_over(const struct gksm_ctl *ctl, const struct wait *wait)
{
	/* One pass may have been under way. */
	const uint64_t passes = ctl->settled ? SETTLED_PASSES + 1 : 2;

	return wait->scans - wait->first >= passes ||
	       (wait->looks >= IDLE_LOOKS && wait->scans == wait->first);
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static int wait_for_it(const struct gksm_ctl *ctl, struct wait *wait)
{
	const uint64_t begun_ms = now_ms();
	bool changed;
	int err = look(ctl, wait, &changed);

	wait->first = wait->scans;
	while (!err && !is_over(ctl, wait)) {
		struct pollfd poll_fd = { .fd = wait->fd,
					  .events = POLLPRI | POLLERR };

		if (ctl->timeout_s &&
		    now_ms() - begun_ms >= ctl->timeout_s * UINT64_C(1000)) {
			gksm_error("not %s after %u s",
				   ctl->settled ? "settled" : "through",
				   ctl->timeout_s);
			return -ETIMEDOUT;
		}
		if (poll(&poll_fd, 1, LOOK_MS) < 0 && errno != EINTR)
			return -errno;
		err = look(ctl, wait, &changed);
		if (!err && ctl->settled && changed)
			wait->first = wait->scans;
	}
	if (err)
		return err;
	if (ctl->json)
		printf("{\"waited_ms\": %" PRIu64 ", \"pages_shared\": %" PRIu64
		       ", \"pages_sharing\": %" PRIu64 "}\n",
		       now_ms() - begun_ms, wait->seen[2], wait->seen[3]);
	else
		printf("%s after %.1f s: %" PRIu64 " pages share %" PRIu64 "\n",
		       ctl->settled ? "settled" : "through",
		       (double)(now_ms() - begun_ms) / 1000,
		       wait->seen[2] + wait->seen[3], wait->seen[2]);
	return 0;
}

/**
 * gksm_ctl_wait - wait until a pass, or merging, is through
 * @ctl:  options
 * @argc: number of operands, 0
 * @argv: operands
 *
 * Returns 0 or -errno after a message.
 */
int gksm_ctl_wait(const struct gksm_ctl *ctl, int argc, char **argv)
{
	struct wait wait = { 0 };
	int err;

	if (argc) {
		gksm_error("unexpected argument \"%s\"; usage: gksmctl wait "
			   "[--settled] [--timeout SECONDS]",
			   argv[0]);
		return -EINVAL;
	}
	wait.fd = gksm_sysfs_open(ctl->sysfs_dir, "full_scans", O_RDONLY);
	if (wait.fd < 0) {
		gksm_error("cannot read %s/full_scans: %s", ctl->sysfs_dir,
			   strerror(-wait.fd));
		gksm_error("is the module loaded?  Try: modprobe gksm");
		return wait.fd;
	}
	err = wait_for_it(ctl, &wait);
	close(wait.fd);
	return err;
}
