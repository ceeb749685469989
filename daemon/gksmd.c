// SPDX-License-Identifier: GPL-2.0-only
/*
 * gksmd.c - the daemon: start and end
 *
 * gksmd sees the memory of other processes. It never writes any of it
 * anywhere, and gives up everything that it does not need (confine.c) before
 * it sees the first page.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "arguments.h"
#include "clock.h"
#include "confine.h"
#include "control.h"
#include "device.h"
#include "exit_code.h"
#include "log.h"
#include "notify.h"
#include "scan.h"
#include "server.h"
#include "session.h"
#include "settings.h"
#include "version.h"

/**
 * struct daemon - what main() puts together
 * @args:      command line
 * @config:    configuration in use
 * @start_ms:  when it started, by the monotonic clock
 * @signal_fd: signals, blocked in every thread
 * @confine:   what is given up
 * @session:   with the module
 * @settings:  the module's files
 * @control:   the control socket
 * @device:    that computes
 * @server:    main loop
 */
struct daemon {
	struct gksm_arguments args;
	struct gksm_config config;
	uint64_t start_ms;
	int signal_fd;
	struct gksm_confine confine;
	struct gksm_session session;
	struct gksm_settings settings;
	struct gksm_control control;
	struct gksm_device device;
	struct gksm_server server;
};

static void reload(void *arg)
{
	struct daemon *daemon = arg;
	struct gksm_config config;

	gksm_notify_reloading(&daemon->server.notify);
	if (!daemon->confine.config_path) {
		gksm_warn("there was no configuration to read at start: "
			  "restart gksmd");
	} else if (gksm_arguments_config(&daemon->args,
					 daemon->confine.config_path,
					 &config)) {
		gksm_warn("keeping the configuration in use");
	} else {
		if (!gksm_config_same_start(&config, &daemon->config))
			gksm_warn("[engine] or [daemon] changed: restart gksmd "
				  "to apply it");
		if (!gksm_scan_apply(&config, &daemon->settings))
			gksm_info("configuration read again");
	}
	gksm_notify_ready(&daemon->server.notify);
}

/* The daemon's part of a status. */
static void describe(void *arg, struct gksm_reply *reply)
{
	const struct daemon *daemon = arg;

	gksm_reply_line(reply, "daemon", "version", "%s", GKSM_VERSION);
	gksm_reply_line(reply, "daemon", "pid", "%d", (int)getpid());
	gksm_reply_line(
		reply, "daemon", "uptime_seconds", "%llu",
		(unsigned long long)(gksm_clock_ms() - daemon->start_ms) /
			1000);
	gksm_reply_line(reply, "daemon", "device", "%s",
			gksm_device_name(&daemon->device));
	gksm_reply_line(reply, "daemon", "device_kind", "%s",
			gksm_device_kind(&daemon->device));
	gksm_device_reply(&daemon->device, reply);
	gksm_reply_line(reply, "daemon", "batches", "%u",
			daemon->session.nr_batches);
	gksm_reply_line(reply, "daemon", "batch_slots", "%u",
			daemon->session.batch_slots);
	gksm_reply_line(reply, "daemon", "batches_in_flight", "%u",
			daemon->server.nr_in_flight);
	gksm_stats_reply(&daemon->server.stats, reply);
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

static int loop(struct daemon *daemon)
{
	struct gksm_server *server = &daemon->server;
	char line[256];
	int err;

	gksm_info("ready: %u batches of %u pages", daemon->session.nr_batches,
		  daemon->session.batch_slots);
	gksm_notify_ready(&server->notify);
	err = gksm_server_run(server);
	gksm_notify_stopping(&server->notify);
	gksm_stats_line(&server->stats, gksm_device_name(&daemon->device), line,
			sizeof(line));
	gksm_info("stopping: %s", line);
	return err;
}

static int serve(struct daemon *daemon)
{
	struct gksm_server *server = &daemon->server;
	int err;

	err = gksm_server_init(server, &daemon->session, &daemon->device);
	if (err)
		return err;
	server->signal_fd = daemon->signal_fd;
	server->reload = reload;
	server->reload_arg = daemon;
	server->control = &daemon->control;
	gksm_passes_init(&server->passes, &daemon->settings);
	gksm_notify_init(&server->notify);

	err = gksm_scan_apply(&daemon->config, &daemon->settings);
	if (!err) {
		gksm_scan_hint(daemon->settings.dir);
		err = gksm_confine_finish(&daemon->confine, &daemon->config,
					  &daemon->device, daemon->session.fd);
	}
	if (!err)
		err = loop(daemon);
	gksm_notify_close(&server->notify);
	gksm_server_free(server);
	return err;
}

/* As configured, or as large as pays on the device. */
static unsigned int choose_batch_slots(struct daemon *daemon)
{
	const struct gksm_config *config = &daemon->config;
	const struct gksm_query *query = &daemon->session.query;
	/* Three quarters of the deadline are for what else happens. */
	struct gksm_gpu_limits limits = {
		.nr_batches = config->nr_batches,
		.max_pages = query->max_staging_pages / config->nr_batches,
		.max_ms = query->deadline_ms / 4,
	};

	if (config->batch_slots != GKSM_BATCH_SLOTS_AUTO)
		return config->batch_slots;
	if (limits.max_pages > query->max_batch_slots)
		limits.max_pages = query->max_batch_slots;
	return gksm_device_choose_batch(&daemon->device, &limits);
}

/* With a driver, as an ordinary user. */
static int run_device(struct daemon *daemon)
{
	const struct gksm_config *config = &daemon->config;
	unsigned int batch_slots;
	int err;

	err = gksm_device_open(&daemon->device, config->device,
			       config->cache_dir);
	if (err)
		return err;
	batch_slots = choose_batch_slots(daemon);
	err = gksm_session_setup(&daemon->session, config->nr_batches,
				 batch_slots);
	if (!err)
		err = gksm_device_bind(&daemon->device, daemon->session.staging,
				       config->nr_batches, batch_slots);
	if (!err)
		err = serve(daemon);
	gksm_device_close(&daemon->device);
	return err;
}

/* What only root can open, until it is closed again. */
static int run_session(struct daemon *daemon)
{
	int err;

	err = gksm_session_open(&daemon->session,
				gksm_arguments_or(&daemon->args, OPT_DEV,
						  GKSM_DEVICE_PATH));
	if (err)
		return err;
	err = gksm_settings_open(&daemon->settings,
				 gksm_arguments_or(&daemon->args, OPT_SYSFS,
						   GKSM_SYSFS_PATH));
	if (err)
		goto close_session;
	gksm_control_init(&daemon->control, &daemon->settings);
	daemon->control.describe = describe;
	daemon->control.describe_arg = daemon;
	/* It serves curiosity; batches are served without it. */
	gksm_control_listen(&daemon->control, daemon->config.socket);
	err = gksm_confine_begin(&daemon->confine);
	if (!err)
		err = run_device(daemon);
	gksm_control_close(&daemon->control);
	gksm_settings_close(&daemon->settings);
close_session:
	gksm_session_close(&daemon->session);
	return err;
}

static int run(struct daemon *daemon, const char *config_path)
{
	int err;

	err = gksm_sysfs_refuse_ksmd(gksm_arguments_or(
		&daemon->args, OPT_KSM_DIR, GKSM_KSM_SYSFS_PATH));
	if (err)
		return err;
	err = catch_signals(&daemon->signal_fd);
	if (err)
		return err;
	daemon->confine.is_on = !daemon->args.given[OPT_NO_CONFINE];
	err = gksm_confine_prepare(&daemon->confine, &daemon->config,
				   config_path);
	if (!err)
		err = run_session(daemon);
	gksm_confine_free(&daemon->confine);
	close(daemon->signal_fd);
	return err;
}

int main(int argc, char **argv)
{
	static struct daemon daemon;
	const struct gksm_arguments *args = &daemon.args;
	const char *config_path;
	int err;

	gksm_log_open("gksmd", GKSM_LOG_INFO);
	prctl(PR_SET_DUMPABLE, 0);
	daemon.start_ms = gksm_clock_ms();
	err = gksm_arguments_read(&daemon.args, argc, argv);
	if (err)
		return gksm_exit_of(err);
	if (args->given[OPT_HELP]) {
		gksm_arguments_help();
		return GKSM_EXIT_OK;
	}
	if (args->given[OPT_VERSION]) {
		printf("gksmd %s, ABI %d\n", GKSM_VERSION, GKSM_ABI_VERSION);
		return GKSM_EXIT_OK;
	}
	if (args->given[OPT_LIST_DEVICES])
		return gksm_exit_of(gksm_device_list());
	config_path = gksm_arguments_or(args, OPT_CONFIG, GKSM_CONFIG_PATH);
	err = gksm_arguments_config(args, config_path, &daemon.config);
	if (!err && !args->given[OPT_CHECK_CONFIG])
		err = run(&daemon, config_path);
	return gksm_exit_of(err);
}
