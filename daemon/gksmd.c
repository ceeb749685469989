// SPDX-License-Identifier: GPL-2.0-only
/*
 * gksmd.c - the daemon: options, start and end
 *
 * gksmd sees the memory of other processes. It never writes any of it
 * anywhere, and the kernel is told not to dump or trace it.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "config.h"
#include "device.h"
#include "exit_code.h"
#include "log.h"
#include "notify.h"
#include "option.h"
#include "scan.h"
#include "server.h"
#include "session.h"
#include "sysfs.h"
#include "version.h"

enum option_index {
	OPT_CONFIG,
	OPT_DEVICE,
	OPT_BATCHES,
	OPT_BATCH_SLOTS,
	OPT_LIST_DEVICES,
	OPT_CHECK_CONFIG,
	OPT_VERBOSE,
	OPT_QUIET,
	OPT_HELP,
	OPT_VERSION,
	OPT_DEV,
	OPT_SYSFS,
	OPT_KSM_DIR,
	NR_OPTIONS,
};

static const struct gksm_option options[NR_OPTIONS] = {
	[OPT_CONFIG] = { "config", 'c', "FILE",
			 "read FILE instead of " GKSM_CONFIG_PATH, false },
	[OPT_DEVICE] = { "device", 'd', "NAME",
			 "auto, twin, an index, or part of a device's name",
			 false },
	[OPT_BATCHES] = { "batches", 'b', "N", "batches in flight at most",
			  false },
	[OPT_BATCH_SLOTS] = { "batch-slots", 's', "N", "pages of a batch",
			      false },
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
	[OPT_DEV] = { "dev", 0, "PATH",
		      "character device instead of " GKSM_DEVICE_PATH, true },
	[OPT_SYSFS] = { "sysfs", 0, "DIR",
			"directory instead of " GKSM_SYSFS_PATH, true },
	[OPT_KSM_DIR] = { "ksm-dir", 0, "DIR",
			  "directory instead of " GKSM_KSM_SYSFS_PATH, true },
};

/**
 * struct arguments - the command line
 * @given: argument of each option, "" if it takes none, NULL if not given
 */
struct arguments {
	const char *given[NR_OPTIONS];
};

/**
 * struct daemon - what main() puts together
 * @args:      command line
 * @config:    configuration in use
 * @signal_fd: signals, blocked in every thread
 * @session:   with the module
 * @device:    that computes
 * @server:    main loop
 */
struct daemon {
	struct arguments args;
	struct gksm_config config;
	int signal_fd;
	struct gksm_session session;
	struct gksm_device device;
	struct gksm_server server;
};

static int take_option(void *arg, size_t which, const char *value)
{
	struct arguments *args = arg;

	args->given[which] = value ? value : "";
	return 0;
}

static const char *given_or(const struct arguments *args,
			    enum option_index which, const char *otherwise)
{
	return args->given[which] ? args->given[which] : otherwise;
}

static void print_help(void)
{
	puts("Usage: gksmd [OPTION]...\n"
	     "Hash and compare pages for the gksm module on an OpenCL "
	     "device.\n");
	gksm_options_help(options, NR_OPTIONS, stdout);
	puts("\nSIGHUP reads the configuration again, SIGUSR1 prints "
	     "statistics.\n"
	     "See gksmd(8) and gksmd.conf(5).");
}

static int override(struct gksm_config *config, const struct arguments *args,
		    enum option_index which, const char *key)
{
	const char *text = args->given[which];
	char why[96];

	if (!text ||
	    !gksm_config_set_engine(config, key, text, why, sizeof(why)))
		return 0;
	gksm_error("bad value \"%s\" for --%s: %s", text, options[which].name,
		   why);
	return -EINVAL;
}

/* The file, then the options over it. */
static int load_config(const struct arguments *args, struct gksm_config *config)
{
	const char *path = given_or(args, OPT_CONFIG, GKSM_CONFIG_PATH);
	int err;

	gksm_config_init(config);
	err = gksm_config_read(config, path, args->given[OPT_CONFIG]);
	if (!err)
		err = override(config, args, OPT_DEVICE, "device");
	if (!err)
		err = override(config, args, OPT_BATCHES, "batches");
	if (!err)
		err = override(config, args, OPT_BATCH_SLOTS, "batch_slots");
	return err ? err : gksm_config_check(config);
}

static const char *sysfs_dir(const struct daemon *daemon)
{
	return given_or(&daemon->args, OPT_SYSFS, GKSM_SYSFS_PATH);
}

static void reload(void *arg)
{
	struct daemon *daemon = arg;
	struct gksm_config config;

	gksm_notify_reloading();
	if (load_config(&daemon->args, &config)) {
		gksm_warn("keeping the configuration in use");
	} else {
		if (!gksm_config_same_engine(&config, &daemon->config))
			gksm_warn(
				"[engine] changed: restart gksmd to apply it");
		if (!gksm_scan_apply(&config, sysfs_dir(daemon)))
			gksm_info("configuration read again");
	}
	gksm_notify_ready();
}

/* Before any thread starts: the driver's threads inherit the mask. */
static int catch_signals(int *signal_fd)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	*signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return *signal_fd < 0 ? -errno : 0;
}

static int serve(struct daemon *daemon)
{
	struct gksm_server *server = &daemon->server;
	char line[256];
	int err;

	err = gksm_server_init(server, &daemon->session, &daemon->device);
	if (err)
		return err;
	server->signal_fd = daemon->signal_fd;
	server->reload = reload;
	server->reload_arg = daemon;
	gksm_notify_init(&server->notify);

	err = gksm_scan_apply(&daemon->config, sysfs_dir(daemon));
	if (!err) {
		gksm_info("ready: %u batches of %u pages",
			  daemon->session.nr_batches,
			  daemon->session.batch_slots);
		gksm_scan_hint(sysfs_dir(daemon));
		gksm_notify_ready();
		err = gksm_server_run(server);
		gksm_notify_stopping();
		gksm_stats_line(&server->stats,
				gksm_device_name(&daemon->device), line,
				sizeof(line));
		gksm_info("stopping: %s", line);
	}
	gksm_server_free(server);
	return err;
}

/* Opens what is needed, serves, and closes in the opposite order. */
static int run(struct daemon *daemon)
{
	const struct gksm_config *config = &daemon->config;
	int err;

	err = gksm_sysfs_refuse_ksmd(
		given_or(&daemon->args, OPT_KSM_DIR, GKSM_KSM_SYSFS_PATH));
	if (err)
		return err;
	err = catch_signals(&daemon->signal_fd);
	if (err)
		return err;
	err = gksm_session_open(&daemon->session,
				given_or(&daemon->args, OPT_DEV,
					 GKSM_DEVICE_PATH));
	if (err)
		goto close_signals;
	err = gksm_device_open(&daemon->device, config->device,
			       config->cache_dir);
	if (err)
		goto close_session;
	err = gksm_session_setup(&daemon->session, config->nr_batches,
				 config->batch_slots);
	if (!err)
		err = gksm_device_bind(&daemon->device, daemon->session.staging,
				       config->nr_batches, config->batch_slots);
	if (!err)
		err = serve(daemon);
	gksm_device_close(&daemon->device);
close_session:
	gksm_session_close(&daemon->session);
close_signals:
	close(daemon->signal_fd);
	return err;
}

static int read_arguments(struct arguments *args, int argc, char **argv)
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

int main(int argc, char **argv)
{
	static struct daemon daemon;
	const struct arguments *args = &daemon.args;
	int err;

	gksm_log_open("gksmd", GKSM_LOG_INFO);
	prctl(PR_SET_DUMPABLE, 0);
	err = read_arguments(&daemon.args, argc, argv);
	if (err)
		return gksm_exit_of(err);
	if (args->given[OPT_HELP]) {
		print_help();
		return GKSM_EXIT_OK;
	}
	if (args->given[OPT_VERSION]) {
		printf("gksmd %s, ABI %d\n", GKSM_VERSION, GKSM_ABI_VERSION);
		return GKSM_EXIT_OK;
	}
	if (args->given[OPT_LIST_DEVICES])
		return gksm_exit_of(gksm_device_list());
	err = load_config(args, &daemon.config);
	if (!err && !args->given[OPT_CHECK_CONFIG])
		err = run(&daemon);
	return gksm_exit_of(err);
}
