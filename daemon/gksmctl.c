// SPDX-License-Identifier: GPL-2.0-only
/*
 * gksmctl.c - see and change what gksm does
 *
 * A table of commands. Everything they show and set is in sysfs and in
 * /proc; the daemon adds what it alone knows.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "ctl.h"
#include "exit_code.h"
#include "gksm_abi.h"
#include "log.h"
#include "option.h"
#include "reply.h"
#include "sysfs.h"
#include "text.h"
#include "version.h"

#define MAX_SECONDS 86400

enum option_index {
	OPT_JSON,
	OPT_WATCH,
	OPT_PID,
	OPT_LINES,
	OPT_INTERVAL,
	OPT_SETTLED,
	OPT_TIMEOUT,
	OPT_HELP,
	OPT_VERSION,
	OPT_SYSFS,
	OPT_KSM_DIR,
	OPT_PROC,
	OPT_SOCKET,
	NR_OPTIONS,
};

static const struct gksm_option options[NR_OPTIONS] = {
	[OPT_JSON] = { "json", 'j', NULL, "output for programs", false },
	[OPT_WATCH] = { "watch", 'w', NULL,
			"status, top: repeat; status with changes", false },
	[OPT_PID] = { "pid", 'p', "PID", "top, merge: this process", false },
	[OPT_LINES] = { "lines", 'n', "N", "top: so many processes at most",
			false },
	[OPT_INTERVAL] = { "interval", 'i', "SECONDS",
			   "overhead: of so long from now on", false },
	[OPT_SETTLED] = { "settled", 0, NULL,
			  "wait: until nothing is merged any more", false },
	[OPT_TIMEOUT] = { "timeout", 't', "SECONDS",
			  "wait, unmerge: how long, without progress for this",
			  false },
	[OPT_HELP] = { "help", 'h', NULL, "print this and exit", false },
	[OPT_VERSION] = { "version", 'V', NULL, "print the version and exit",
			  false },
	[OPT_SYSFS] = { "sysfs", 0, "DIR",
			"directory instead of " GKSM_SYSFS_PATH, true },
	[OPT_KSM_DIR] = { "ksm-dir", 0, "DIR",
			  "directory instead of " GKSM_KSM_SYSFS_PATH, true },
	[OPT_PROC] = { "proc", 0, "DIR", "directory instead of /proc", true },
	[OPT_SOCKET] = { "socket", 0, "PATH",
			 "control socket instead of " GKSM_SOCKET_PATH, true },
};

static int show_help(const struct gksm_ctl *ctl, int argc, char **argv);
static int show_version(const struct gksm_ctl *ctl, int argc, char **argv);

/* The commands; --help prints them in this order. */
static const struct command {
	const char *name;
	const char *operands;
	const char *help;
	int (*run)(const struct gksm_ctl *ctl, int argc, char **argv);
} commands[] = {
	{ "status", "[SECONDS]", "show what module and daemon do",
	  gksm_ctl_status },
	{ "top", "[SECONDS]", "show which process shares how much",
	  gksm_ctl_top },
	{ "merge", "", "scan and merge one process now", gksm_ctl_merge },
	{ "overhead", "", "show what merging costs, by kind",
	  gksm_ctl_overhead },
	{ "set", "KEY VALUE...", "change settings of the module",
	  gksm_ctl_set },
	{ "wait", "", "until a pass over all memory is through",
	  gksm_ctl_wait },
	{ "unmerge", "", "stop, unmerge all pages, and wait for it",
	  gksm_ctl_unmerge },
	{ "ping", "", "see whether gksmd answers", gksm_ctl_ping },
	{ "help", "", "print this", show_help },
	{ "version", "", "print the version", show_version },
};

#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static int show_help(const struct gksm_ctl *ctl, int argc, char **argv)
{
	(void)ctl;
	(void)argc;
	(void)argv;
	puts("Usage: gksmctl [OPTION]... COMMAND [OPERAND]...\n"
	     "See and change what gksm does.\n\n"
	     "Commands:");
	for (size_t i = 0; i < NR_COMMANDS; i++)
		printf("  %-8s %-17s  %s\n", commands[i].name,
		       commands[i].operands, commands[i].help);
	putchar('\n');
	gksm_options_help(options, NR_OPTIONS, stdout);
	puts("\nSee gksmctl(8).");
	return 0;
}

static int show_version(const struct gksm_ctl *ctl, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	if (ctl->json)
		printf("{\"version\": \"%s\", \"abi\": %d}\n", GKSM_VERSION,
		       GKSM_ABI_VERSION);
	else
		printf("gksmctl %s, ABI %d\n", GKSM_VERSION, GKSM_ABI_VERSION);
	return 0;
}

/**
 * struct arguments - what the command line says
 * @ctl:     options for the commands
 * @help:    --help was given
 * @version: --version was given
 */
struct arguments {
	struct gksm_ctl ctl;
	bool help;
	bool version;
};

static int take_number(const char *option, const char *text, unsigned int max,
		       unsigned int *value)
{
	uint64_t number;

	if (gksm_text_to_u64(text, 1, max, &number)) {
		gksm_error("bad value \"%s\" for --%s: need a number from 1 to "
			   "%u",
			   text, option, max);
		return -EINVAL;
	}
	*value = (unsigned int)number;
	return 0;
}

static int take_option(void *arg, size_t which, const char *value)
{
	struct arguments *args = arg;

	switch (which) {
	case OPT_JSON:
		args->ctl.json = true;
		break;
	case OPT_WATCH:
		args->ctl.watch = true;
		break;
	case OPT_SETTLED:
		args->ctl.settled = true;
		break;
	case OPT_PID:
		return take_number("pid", value, INT_MAX, &args->ctl.pid);
	case OPT_LINES:
		return take_number("lines", value, INT_MAX, &args->ctl.lines);
	case OPT_INTERVAL:
		return take_number("interval", value, MAX_SECONDS,
				   &args->ctl.interval_s);
	case OPT_TIMEOUT:
		return take_number("timeout", value, MAX_SECONDS,
				   &args->ctl.timeout_s);
	case OPT_HELP:
		args->help = true;
		break;
	case OPT_VERSION:
		args->version = true;
		break;
	case OPT_SYSFS:
		args->ctl.sysfs_dir = value;
		break;
	case OPT_KSM_DIR:
		args->ctl.ksm_dir = value;
		break;
	case OPT_SOCKET:
		args->ctl.socket = value;
		break;
	case OPT_PROC:
		args->ctl.proc_dir = value;
		break;
	default:
		return -EINVAL;
	}
	return 0;
}

static const struct command *find_command(const char *name)
{
	struct gksm_nearest nearest = { .word = name };

	for (size_t i = 0; i < NR_COMMANDS; i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
		gksm_nearest_offer(&nearest, commands[i].name);
	}
	if (nearest.name)
		gksm_error("unknown command \"%s\"; did you mean \"%s\"?", name,
			   nearest.name);
	else
		gksm_error("unknown command \"%s\"; known: status, top, merge, "
			   "overhead, set, wait, unmerge, ping, help, version",
			   name);
	return NULL;
}

static int check_option(bool right, const char *option, const char *with)
{
	if (right)
		return 0;
	gksm_error("--%s goes with %s only", option, with);
	return -EINVAL;
}

/* Not every option has a meaning for every command. */
static int check_options(const struct gksm_ctl *ctl,
			 const struct command *command)
{
	const bool is_top = command->run == gksm_ctl_top;
	const bool is_status = command->run == gksm_ctl_status;
	const bool is_merge = command->run == gksm_ctl_merge;
	int err = check_option(!ctl->watch || is_status || is_top, "watch",
			       "status and top");

	if (!err)
		err = check_option(!ctl->pid || is_top || is_merge, "pid",
				   "top and merge");
	if (!err)
		err = check_option(!ctl->lines || is_top, "lines", "top");
	if (!err)
		err = check_option(!ctl->interval_s ||
					   command->run == gksm_ctl_overhead,
				   "interval", "overhead");
	if (!err)
		err = check_option(!ctl->settled ||
					   command->run == gksm_ctl_wait,
				   "settled", "wait");
	return err;
}

static int run_command(const struct gksm_ctl *ctl, int argc, char **argv)
{
	const struct command *command;
	int err;

	if (!argc) {
		gksm_error("no command; see gksmctl --help");
		return -EINVAL;
	}
	command = find_command(argv[0]);
	if (!command)
		return -EINVAL;
	err = check_options(ctl, command);
	return err ? err : command->run(ctl, argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
	struct arguments args = {
		.ctl.sysfs_dir = GKSM_SYSFS_PATH,
		.ctl.ksm_dir = GKSM_KSM_SYSFS_PATH,
		.ctl.proc_dir = "/proc",
		.ctl.socket = GKSM_SOCKET_PATH,
	};
	int first, err;

	gksm_log_open("gksmctl", GKSM_LOG_INFO);
	first = gksm_options_parse(options, NR_OPTIONS, argc, argv, take_option,
				   &args);
	if (first < 0)
		return gksm_exit_of(first);
	if (args.help)
		err = show_help(&args.ctl, 0, NULL);
	else if (args.version)
		err = show_version(&args.ctl, 0, NULL);
	else
		err = run_command(&args.ctl, argc - first, argv + first);
	return gksm_exit_of(err);
}
