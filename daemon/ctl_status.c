// SPDX-License-Identifier: GPL-2.0-only
/*
 * ctl_status.c - gksmctl status
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"
#include "gksm_abi.h"
#include "log.h"
#include "status.h"
#include "text.h"

/* Name of the module's thread. */
#define SCAN_THREAD "gksm_scan"

static int read_status(const struct gksm_ctl *ctl, struct gksm_status *status)
{
	uint64_t ksmd_run = 0;
	int err = gksm_status_read(status, ctl->sysfs_dir);

	if (err) {
		gksm_error("cannot read %s: %s", ctl->sysfs_dir,
			   strerror(-err));
		if (err == -ENOENT)
			gksm_error("is the module loaded?  Try: modprobe gksm");
		return err;
	}
	gksm_figures_read(&status->figures, ctl->socket);
	gksm_process_find(ctl->proc_dir, "gksmd", GKSM_DEVICE_PATH,
			  &status->daemon);
	gksm_process_find(ctl->proc_dir, SCAN_THREAD, NULL, &status->kthread);
	gksm_sysfs_read_u64(ctl->ksm_dir, "run", &ksmd_run);
	status->ksmd_runs = ksmd_run == 1;
	return 0;
}

static int show(const struct gksm_ctl *ctl, const struct gksm_status *status,
		const struct gksm_status *before, unsigned int seconds)
{
	int err = 0;

	if (ctl->json)
		err = gksm_status_print_json(status, ctl->watch, stdout);
	else
		gksm_status_print(status, before, seconds, stdout);
	if (!err && (fflush(stdout) || ferror(stdout)))
		err = -EPIPE;
	return err;
}

static int watch(const struct gksm_ctl *ctl, unsigned int seconds)
{
	const bool clear = !ctl->json && isatty(STDOUT_FILENO);
	struct gksm_status before = { 0 };
	int err = 0;

	while (!err) {
		struct gksm_status status;

		err = read_status(ctl, &status);
		if (err)
			break;
		if (clear)
			fputs("\033[H\033[J", stdout);
		err = show(ctl, &status, &before, seconds);
		gksm_status_free(&before);
		before = status;
		if (!err)
			sleep(seconds);
	}
	gksm_status_free(&before);
	return err;
}

/**
 * gksm_ctl_status - print what the module and the daemon are doing
 * @ctl:  options
 * @argc: number of operands
 * @argv: with --watch: seconds between two outputs
 *
 * Returns 0 or -errno after a message.
 */
int gksm_ctl_status(const struct gksm_ctl *ctl, int argc, char **argv)
{
	struct gksm_status status;
	uint64_t seconds = 1;
	int err;

	if (argc > (ctl->watch ? 1 : 0)) {
		gksm_error("unexpected argument \"%s\"; usage: gksmctl status "
			   "[--watch [SECONDS]]",
			   argv[argc - 1]);
		return -EINVAL;
	}
	if (argc && gksm_text_to_u64(argv[0], 1, 86400, &seconds)) {
		gksm_error("bad value \"%s\" for SECONDS: need a number from 1 "
			   "to 86400",
			   argv[0]);
		return -EINVAL;
	}
	if (ctl->watch)
		return watch(ctl, (unsigned int)seconds);
	err = read_status(ctl, &status);
	if (err)
		return err;
	err = show(ctl, &status, NULL, 1);
	gksm_status_free(&status);
	return err;
}
