// SPDX-License-Identifier: GPL-2.0-only
/*
 * confine.c - from root to a process that can do nothing but its work
 */
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "confine.h"
#include "log.h"

/**
 * DOC: The order of giving up
 *
 * 1. Root opens what only root can: the module's device, its settings, the
 *    control socket. No driver has been loaded, no page has been seen.
 * 2. Capabilities, the user, dumps and new privileges go
 *    (gksm_confine_begin()). Whatever a driver does from here on, in its
 *    compiler or in threads of its own, it does as an ordinary user.
 * 3. The driver is opened, its kernels are built and have run once: it has
 *    read every file that it will read (tests/gpu/test_no_files.c).
 * 4. The file system shrinks to the directory of the configuration, and the
 *    system calls to those of the main loop (gksm_confine_finish()). Only then
 *    is the first batch of other people's pages taken.
 *
 * A driver of a GPU is not known well enough for step 4. For it the filter is
 * relaxed (filter.c) and the file system stays; it remains an ordinary user's
 * process without a network.
 */

/* Does the configuration exist, and does it have a directory? */
static int find_config(struct gksm_confine *confine, const char *path)
{
	char *real = realpath(path, NULL);
	struct stat info;

	if (!real)
		return -errno;
	if (stat(real, &info) < 0 || !S_ISREG(info.st_mode)) {
		free(real);
		return -ENOENT;
	}
	confine->config_path = real;
	return 0;
}

static int prepare_jail(struct gksm_confine *confine)
{
	char dir[PATH_MAX];

	snprintf(dir, sizeof(dir), "%s", confine->config_path);
	return gksm_jail_prepare(&confine->jail, dirname(dir));
}

/**
 * gksm_confine_prepare - see who to become, and start the jail's keeper
 * @confine:	 out, with @is_on set
 * @config:	 the configuration
 * @config_path: where it was read from
 *
 * Context: the only thread; before the device is opened.
 * Returns 0, or -errno after a message.
 */
int gksm_confine_prepare(struct gksm_confine *confine,
			 const struct gksm_config *config,
			 const char *config_path)
{
	int err;

	if (!confine->is_on) {
		confine->config_path = strdup(config_path);
		return confine->config_path ? 0 : -ENOMEM;
	}
	err = gksm_identity_find(&confine->identity, config->user);
	if (err)
		return err;
	if (find_config(confine, config_path)) {
		gksm_debug("no %s: SIGHUP will have nothing to read",
			   config_path);
		return 0;
	}
	if (config->filter == GKSM_FILTER_OFF ||
	    config->filter == GKSM_FILTER_RELAXED)
		return 0;
	if (!gksm_privilege_may_chroot()) {
		gksm_debug("no CAP_SYS_CHROOT: SIGHUP will read nothing");
		return 0;
	}
	err = prepare_jail(confine);
	if (err) {
		gksm_error("cannot prepare a root directory: %s",
			   strerror(-err));
		return -ECANCELED;
	}
	return 0;
}

/**
 * gksm_confine_begin - give up what a driver must not have
 * @confine: prepared
 *
 * Context: the only thread; everything that root must open is open.
 * Returns 0, or -ECANCELED after a message.
 */
int gksm_confine_begin(struct gksm_confine *confine)
{
	if (!confine->is_on) {
		gksm_warn("--no-confine: all privileges are kept");
		return 0;
	}
	return gksm_privilege_drop(&confine->identity);
}

/* The twin is ours, PoCL has been watched. */
static bool is_watched(const struct gksm_gpu_info *info)
{
	return info->kind == GKSM_GPU_KIND_TWIN ||
	       (info->kind == GKSM_GPU_KIND_CPU &&
		strcmp(info->platform, "Portable Computing Language") == 0);
}

static bool needs_no_files(const struct gksm_device *device)
{
	struct gksm_gpu_device its;

	for (unsigned int n = 0; !gksm_gpu_get_device(device->gpu, n, &its);
	     n++)
		if (!is_watched(&its.info))
			return false;
	return true;
}

static int enter_jail(struct gksm_confine *confine)
{
	char path[PATH_MAX];
	const int err = gksm_jail_close(&confine->jail);

	if (err) {
		gksm_error("cannot change the root directory: %s%s",
			   strerror(-err),
			   err == -EPERM ? "; it takes CAP_SYS_CHROOT" : "");
		return -ECANCELED;
	}
	snprintf(path, sizeof(path), "/%s", basename(confine->config_path));
	memcpy(confine->config_path, path, strlen(path) + 1);
	return 0;
}

/*
 * LLVM, which drivers bring along, catches fatal signals to clean up, and then
 * raises them again, with system calls that the filter refuses: an abort would
 * be survived, and a fault repeated for ever.
 */
static void die_of_faults(void)
{
	static const int fatal[] = { SIGABRT, SIGBUS,  SIGFPE, SIGILL,
				     SIGQUIT, SIGSEGV, SIGSYS, SIGTRAP };

	for (size_t i = 0; i < sizeof(fatal) / sizeof(*fatal); i++)
		signal(fatal[i], SIG_DFL);
}

/**
 * gksm_confine_finish - give up what the main loop does not need
 * @confine:	begun
 * @config:	the configuration
 * @device:	bound; it is told whether another may be opened
 * @session_fd: the module's device
 *
 * Returns 0, or -ECANCELED after a message.
 */
int gksm_confine_finish(struct gksm_confine *confine,
			const struct gksm_config *config,
			struct gksm_device *device, int session_fd)
{
	struct gksm_filter filter = {
		.mode = config->filter,
		.is_strict = needs_no_files(device) &&
			     config->filter != GKSM_FILTER_RELAXED,
		.device_fd = session_fd,
	};
	int err;

	if (!confine->is_on)
		return 0;
	/* The driver's doing so far; afterwards nobody may look any more. */
	err = gksm_privilege_check();
	if (err)
		return err;
	if (filter.is_strict && confine->jail.keeper) {
		err = enter_jail(confine);
		if (err)
			return err;
		filter.may_open = true;
	}
	gksm_jail_forget(&confine->jail);
	die_of_faults();
	err = gksm_filter_load(&filter);
	if (err) {
		gksm_error("cannot filter system calls: %s", strerror(-err));
		return -ECANCELED;
	}
	device->only_twin = filter.mode != GKSM_FILTER_OFF;
	gksm_debug("system calls: %s",
		   filter.mode == GKSM_FILTER_OFF ? "all" :
		   filter.mode == GKSM_FILTER_LOG ? "all, logged" :
		   filter.is_strict		  ? "strict" :
						    "relaxed");
	return 0;
}

/**
 * gksm_confine_free - forget what was prepared
 * @confine: prepared, or all zero; what was given up stays so
 */
void gksm_confine_free(struct gksm_confine *confine)
{
	gksm_jail_forget(&confine->jail);
	free(confine->config_path);
	confine->config_path = NULL;
}
