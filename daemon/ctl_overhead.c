// SPDX-License-Identifier: GPL-2.0-only
/*
 * ctl_overhead.c - gksmctl overhead
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"
#include "log.h"
#include "overhead.h"

static int look_at(const struct gksm_ctl *ctl, struct gksm_look *look)
{
	const char *missing;
	const int err = gksm_look_read(look, ctl->sysfs_dir, &missing);

	if (!err)
		return 0;
	gksm_error("cannot read %s/%s: %s", ctl->sysfs_dir, missing,
		   strerror(-err));
	if (err != -ENOENT)
		return -ECANCELED;
	if (access(ctl->sysfs_dir, F_OK)) {
		gksm_error("is the module loaded?  Try: modprobe gksm");
		return err;
	}
	gksm_error("this module does not say what it costs: it is older than "
		   "gksmctl");
	return -EPROTO;
}

static int show(const struct gksm_ctl *ctl,
		const struct gksm_overhead *overhead)
{
	int err = 0;

	if (ctl->json)
		err = gksm_overhead_print_json(overhead, stdout);
	else
		gksm_overhead_print(overhead, stdout);
	if (!err && (fflush(stdout) || ferror(stdout)))
		err = -EPIPE;
	return err;
}

/**
 * gksm_ctl_overhead - print what merging costs
 * @ctl:  options
 * @argc: number of operands, 0
 * @argv: operands
 *
 * Returns 0 or -errno after a message.
 */
int gksm_ctl_overhead(const struct gksm_ctl *ctl, int argc, char **argv)
{
	struct gksm_look look, before;
	struct gksm_overhead overhead;
	uint64_t copy_ns;
	int err;

	if (argc) {
		gksm_error("unexpected argument \"%s\"; usage: gksmctl "
			   "overhead [--interval SECONDS]",
			   argv[0]);
		return -EINVAL;
	}
	err = look_at(ctl, &before);
	if (err)
		return err;
	err = gksm_copy_cost(&copy_ns);
	if (err) {
		gksm_error("cannot measure what a copy on write costs: %s",
			   strerror(-err));
		return -ECANCELED;
	}
	if (!ctl->interval_s) {
		gksm_overhead_compute(&before, NULL, copy_ns, &overhead);
		return show(ctl, &overhead);
	}
	/* Not before now: measuring is no part of the time. */
	err = look_at(ctl, &before);
	if (err)
		return err;
	sleep(ctl->interval_s);
	err = look_at(ctl, &look);
	if (err)
		return err;
	gksm_overhead_compute(&look, &before, copy_ns, &overhead);
	/* Both clocks stand still while the machine is suspended. */
	if (overhead.wall_ns < ctl->interval_s * 1000000000ULL) {
		gksm_error("the module was loaded again meanwhile");
		return -ECANCELED;
	}
	return show(ctl, &overhead);
}
