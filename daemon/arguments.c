// SPDX-License-Identifier: GPL-2.0-only
/*
 * arguments.c - gksmd's command line
 */
#include <errno.h>
#include <stdio.h>

#include "arguments.h"
#include "gksm_abi.h"
#include "log.h"
#include "option.h"
#include "sysfs.h"

static const struct gksm_option options[NR_OPTIONS] = {
	[OPT_CONFIG] = { "config", 'c', "FILE",
			 "read FILE instead of " GKSM_CONFIG_PATH, false },
	[OPT_DEVICE] = { "device", 'd', "NAME",
			 "auto, all, twin, an index, or part of a name; see gksmd(8)",
			 false },
	[OPT_BATCHES] = { "batches", 'b', "N", "batches in flight at most",
			  false },
	[OPT_BATCH_SLOTS] = { "batch-slots", 's', "N",
			      "pages of a batch, or auto", false },
	[OPT_LIST_DEVICES] = { "list-devices", 'l', NULL,
			       "list the devices and exit", false },
	[OPT_CHECK_CONFIG] = { "check-config", 0, NULL,
			       "check configuration and options and exit",
			       false },
	[OPT_VERBOSE] = { "verbose", 'v', NULL,
			  "also say why something was chosen", false },
	[OPT_QUIET] = { "quiet", 'q', NULL, "print warnings and errors only",
			false },
	[OPT_HELP] = { "help", 'h', NULL, "print this and exit", false },
	[OPT_VERSION] = { "version", 'V', NULL, "print the version and exit",
			  false },
	[OPT_NO_CONFINE] = { "no-confine", 0, NULL,
			     "keep all privileges, to look for a fault",
			     false },
	[OPT_DEV] = { "dev", 0, "PATH",
		      "character device instead of " GKSM_DEVICE_PATH, true },
	[OPT_SYSFS] = { "sysfs", 0, "DIR",
			"directory instead of " GKSM_SYSFS_PATH, true },
	[OPT_KSM_DIR] = { "ksm-dir", 0, "DIR",
			  "directory instead of " GKSM_KSM_SYSFS_PATH, true },
};

static int take_option(void *arg, size_t which, const char *value)
{
	struct gksm_arguments *args = arg;

	args->given[which] = value ? value : "";
	return 0;
}

/**
 * gksm_arguments_help - print the options
 */
void gksm_arguments_help(void)
{
	puts("Usage: gksmd [OPTION]...\n"
	     "Hash and compare pages for the gksm module on an OpenCL "
	     "device.\n");
	gksm_options_help(options, NR_OPTIONS, stdout);
	puts("\nSIGHUP reads the configuration again, SIGUSR1 prints "
	     "statistics.\n"
	     "See gksmd(8) and gksmd.conf(5).");
}

static int override(struct gksm_config *config,
		    const struct gksm_arguments *args, enum gksmd_option which,
		    enum gksm_config_key_index key)
{
	const char *text = args->given[which];
	char why[96];

	if (!text || !gksm_config_set(config, key, text, why, sizeof(why)))
		return 0;
	gksm_error("bad value \"%s\" for --%s: %s", text, options[which].name,
		   why);
	return -EINVAL;
}

/**
 * gksm_arguments_config - the configuration file, then the options over it
 * @args:   the command line
 * @path:   the file
 * @config: out
 *
 * Returns 0 or -errno after a message.
 */
int gksm_arguments_config(const struct gksm_arguments *args, const char *path,
			  struct gksm_config *config)
{
	int err;

	gksm_config_init(config);
	err = gksm_config_read(config, path, args->given[OPT_CONFIG]);
	if (!err)
		err = override(config, args, OPT_DEVICE, GKSM_KEY_DEVICE);
	if (!err)
		err = override(config, args, OPT_BATCHES, GKSM_KEY_BATCHES);
	if (!err)
		err = override(config, args, OPT_BATCH_SLOTS,
			       GKSM_KEY_BATCH_SLOTS);
	return err ? err : gksm_config_check(config);
}

/**
 * gksm_arguments_or - what an option was given
 * @args:      the command line
 * @which:     the option
 * @otherwise: if it was not given
 */
const char *gksm_arguments_or(const struct gksm_arguments *args,
			      enum gksmd_option which, const char *otherwise)
{
	return args->given[which] ? args->given[which] : otherwise;
}

/**
 * gksm_arguments_read - read the command line
 * @args: out
 * @argc: as main()'s
 * @argv: as main()'s
 *
 * Returns 0, or -EINVAL after a message.
 */
int gksm_arguments_read(struct gksm_arguments *args, int argc, char **argv)
{
	int first = gksm_options_parse(options, NR_OPTIONS, argc, argv,
				       take_option, args);

	if (first < 0)
		return first;
	if (first < argc) {
		gksm_error("unexpected argument \"%s\"; see --help",
			   argv[first]);
		return -EINVAL;
	}
	if (args->given[OPT_QUIET] && args->given[OPT_VERBOSE]) {
		gksm_error("--quiet and --verbose exclude each other");
		return -EINVAL;
	}
	if (args->given[OPT_QUIET])
		gksm_log_open("gksmd", GKSM_LOG_WARN);
	if (args->given[OPT_VERBOSE])
		gksm_log_open("gksmd", GKSM_LOG_DEBUG);
	return 0;
}
