// SPDX-License-Identifier: GPL-2.0-only
/*
 * ctl_top.c - gksmctl top
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"
#include "log.h"
#include "text.h"
#include "top.h"

/* Leaves the line of one process. */
static int choose(struct gksm_top *top, unsigned int pid)
{
	const struct gksm_top_process *process = gksm_top_find(top, pid);

	if (!process) {
		gksm_error("nothing is known of process %u: is it there, has "
			   "it opted in, and has a pass begun since?",
			   pid);
		return -ESRCH;
	}
	top->process[0] = *process;
	top->nr = 1;
	return 0;
}

static int show_once(const struct gksm_ctl *ctl, bool clear)
{
	struct gksm_top top;
	int err = gksm_top_read(ctl->proc_dir, ctl->sysfs_dir, &top);

	if (!err && ctl->pid)
		err = choose(&top, ctl->pid);
	if (!err && clear)
		fputs("\033[H\033[J", stdout);
	if (!err && ctl->json)
		err = gksm_top_print_json(&top, ctl->lines, ctl->watch, stdout);
	else if (!err)
		gksm_top_print(&top, ctl->lines, stdout);
	gksm_top_free(&top);
	if (!err && (fflush(stdout) || ferror(stdout)))
		err = -EPIPE;
	return err;
}

/**
 * gksm_ctl_top - print which process shares how much
 * @ctl:  options
 * @argc: number of operands
 * @argv: with --watch: seconds between two outputs
 *
 * Returns 0 or -errno after a message.
 */
int gksm_ctl_top(const struct gksm_ctl *ctl, int argc, char **argv)
{
	const bool clear = ctl->watch && !ctl->json && isatty(STDOUT_FILENO);
	uint64_t seconds = 1;
	int err;

	if (argc > (ctl->watch ? 1 : 0)) {
		gksm_error("unexpected argument \"%s\"; usage: gksmctl top "
			   "[--pid PID] [--lines N] [--watch [SECONDS]]",
			   argv[argc - 1]);
		return -EINVAL;
	}
	if (argc && gksm_text_to_u64(argv[0], 1, 86400, &seconds)) {
		gksm_error("bad value \"%s\" for SECONDS: need a number from 1 "
			   "to 86400",
			   argv[0]);
		return -EINVAL;
	}
	err = show_once(ctl, clear);
	while (!err && ctl->watch) {
		sleep((unsigned int)seconds);
		err = show_once(ctl, clear);
	}
	return err;
}
