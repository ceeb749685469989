// SPDX-License-Identifier: GPL-2.0-only
/*
 * device.c - the devices in use, and the next one if they fail
 *
 * With device "auto" a device that fails is closed and the next best that has
 * not failed takes over; the C twin is the last and needs no driver. Once the
 * daemon is confined no driver can be opened and the twin is the only one
 * (confine.c). A device that was asked for by name has no successor.
 *
 * Of several devices those that are left go on by themselves (gpu/pool.h);
 * what is said here of a device that failed is said of the last of them. "all"
 * has a successor, as "auto" has; a list of names has none.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "device.h"
#include "log.h"

static const char *const kind_names[] = {
	[GKSM_GPU_KIND_GPU] = "gpu",
	[GKSM_GPU_KIND_ACCEL] = "accel",
	[GKSM_GPU_KIND_CPU] = "cpu",
	[GKSM_GPU_KIND_TWIN] = "twin",
};

static void log_device_line(void *arg, const char *line)
{
	(void)arg;
	gksm_debug("%s", line);
}

static void warn_device_line(void *arg, const char *line)
{
	(void)arg;
	gksm_warn("%s", line);
}

static int open_one(struct gksm_device *device, const char *which)
{
	const struct gksm_gpu_options options = {
		.device = which,
		.cache_dir = *device->cache_dir ? device->cache_dir : NULL,
		.log = log_device_line,
		.alert = warn_device_line,
	};
	struct gksm_gpu_device its;
	int err = gksm_gpu_open(&device->gpu, &options);

	if (err) {
		device->gpu = NULL;
		gksm_error("%s", gksm_gpu_error(NULL));
		return err;
	}
	for (unsigned int n = 0; !gksm_gpu_get_device(device->gpu, n, &its);
	     n++)
		gksm_info("using device %u: %s (%s, driver %s)", its.info.index,
			  its.info.name, kind_names[its.info.kind],
			  its.info.driver);
	return 0;
}

/**
 * gksm_device_open - open a device, or several
 * @device:    out
 * @wanted:    as gksm_gpu_options.device; must outlive @device
 * @cache_dir: where built programs are kept, "" for nowhere; same life
 *
 * Returns 0, -ENOMEM, or -EIO after a message.
 */
int gksm_device_open(struct gksm_device *device, const char *wanted,
		     const char *cache_dir)
{
	int err;

	*device = (struct gksm_device){
		.wanted = wanted,
		.cache_dir = cache_dir,
	};
	err = open_one(device, wanted);
	if (!err || err == -ENOMEM)
		return err;
	gksm_error("no usable device \"%s\". Try: gksmd --list-devices, or "
		   "--device twin",
		   wanted);
	return -EIO;
}

/* Of batches, if it cannot be found out what is best. */
#define DEFAULT_PAGES 1024

/**
 * gksm_device_choose_batch - how large batches should be
 * @device: open, not bound
 * @limits: what is possible
 *
 * Returns pages of a batch, after a message.
 */
unsigned int gksm_device_choose_batch(struct gksm_device *device,
				      const struct gksm_gpu_limits *limits)
{
	struct gksm_gpu_knee knee;

	if (gksm_gpu_measure(device->gpu, limits, &knee)) {
		gksm_warn("cannot measure how large batches should be: %s",
			  gksm_gpu_error(device->gpu));
		return limits->max_pages < DEFAULT_PAGES ? limits->max_pages :
							   DEFAULT_PAGES;
	}
	gksm_info("batches of %u pages: %.2f million pages a second; "
		  "at best %.2f with %u",
		  knee.batch_pages, (double)knee.pages_per_s / 1e6,
		  (double)knee.best_per_s / 1e6, knee.best_pages);
	return knee.batch_pages;
}

/**
 * gksm_device_bind - tell the device where the pages are
 * @device:	 open
 * @pages:	 the session's staging area
 * @nr_batches:	 batches in it
 * @batch_pages: pages of a batch
 *
 * Returns 0, or -EIO after a message.
 */
int gksm_device_bind(struct gksm_device *device, const void *pages,
		     unsigned int nr_batches, unsigned int batch_pages)
{
	device->pages = pages;
	device->nr_batches = nr_batches;
	device->batch_pages = batch_pages;
	if (!gksm_gpu_bind(device->gpu, pages, nr_batches, batch_pages))
		return 0;
	gksm_error("%s", gksm_gpu_error(device->gpu));
	return gksm_device_replace(device);
}

/* Search for the best device that has not failed yet. */
struct search {
	uint64_t failed;
	bool only_twin;
	bool found;
	struct gksm_gpu_info best;
};

static void consider(void *arg, const struct gksm_gpu_info *info)
{
	struct search *search = arg;

	if (info->index >= 64 || search->failed >> info->index & 1)
		return;
	if (search->only_twin && info->kind != GKSM_GPU_KIND_TWIN)
		return;
	if (search->found && search->best.kind <= info->kind)
		return;
	search->found = true;
	search->best = *info;
}

static void mark_failed(struct gksm_device *device, unsigned int index)
{
	if (index < 64)
		device->failed |= UINT64_C(1) << index;
}

static void mark_all_failed(struct gksm_device *device)
{
	struct gksm_gpu_device its;

	for (unsigned int n = 0; !gksm_gpu_get_device(device->gpu, n, &its);
	     n++)
		mark_failed(device, its.info.index);
}

static bool has_successor(const struct gksm_device *device)
{
	return !strcmp(device->wanted, "auto") ||
	       !strcmp(device->wanted, "all");
}

/* Tries device after device; each one that fails is not tried again. */
static int open_next(struct gksm_device *device)
{
	for (;;) {
		struct search search = { .failed = device->failed,
					 .only_twin = device->only_twin };
		char number[16];
		int err;

		err = gksm_gpu_list(consider, &search);
		if (err < 0 || !search.found) {
			gksm_error("no device is left that works");
			return -EIO;
		}
		snprintf(number, sizeof(number), "%u", search.best.index);
		mark_failed(device, search.best.index);
		if (open_one(device, number))
			continue;
		if (!gksm_gpu_bind(device->gpu, device->pages,
				   device->nr_batches, device->batch_pages)) {
			device->failed &= ~(UINT64_C(1) << search.best.index);
			return 0;
		}
		gksm_error("%s", gksm_gpu_error(device->gpu));
		gksm_device_close(device);
	}
}

/**
 * gksm_device_replace - the device failed: close it, open the next, bind it
 * @device: bound; nothing that was submitted will be reaped any more
 *
 * Returns 0, or -EIO after a message: the device was asked for by name, or
 * none is left. @device is then closed.
 */
int gksm_device_replace(struct gksm_device *device)
{
	char name[sizeof(((struct gksm_gpu_info *)0)->name)];
	const struct gksm_gpu_info *info = gksm_gpu_get_info(device->gpu);

	mark_all_failed(device);
	snprintf(name, sizeof(name), "%s", info->name);
	gksm_gpu_give_up(device->gpu);
	device->gpu = NULL;
	if (!has_successor(device)) {
		gksm_error("device %s failed. Try: --device auto, which goes "
			   "on with another",
			   name);
		return -EIO;
	}
	gksm_warn("device %s failed; going on without it", name);
	return open_next(device);
}

/**
 * gksm_device_close - close the device, waiting for what was submitted
 * @device: open, or closed already
 */
void gksm_device_close(struct gksm_device *device)
{
	if (device->gpu)
		gksm_gpu_close(device->gpu);
	device->gpu = NULL;
}

/**
 * gksm_device_kind - what sort of device is in use, for people
 * @device: open or closed; of several that which keeps the index
 */
const char *gksm_device_kind(const struct gksm_device *device)
{
	return device->gpu ? kind_names[gksm_gpu_get_info(device->gpu)->kind] :
			     "none";
}

/**
 * gksm_device_name - name of the device in use, for people
 * @device: open or closed; of several that which keeps the index
 */
const char *gksm_device_name(const struct gksm_device *device)
{
	return device->gpu ? gksm_gpu_get_info(device->gpu)->name : "no device";
}

/**
 * gksm_device_count - how many devices are in use, and how many of them failed
 * @device:  open or closed
 * @nr_lost: out: how many failed while others go on
 *
 * Returns how many, with those that failed.
 */
unsigned int gksm_device_count(const struct gksm_device *device,
			       unsigned int *nr_lost)
{
	struct gksm_gpu_device its;
	unsigned int nr = 0;

	*nr_lost = 0;
	while (device->gpu && !gksm_gpu_get_device(device->gpu, nr, &its)) {
		*nr_lost += its.is_lost;
		nr++;
	}
	return nr;
}

static const char *state_name(const struct gksm_gpu_device *device)
{
	return device->is_lost ? "lost" : device->is_home ? "index" : "hashes";
}

/* One device's part of a status; @total: pages that all have hashed. */
static void describe_one(const struct gksm_gpu_device *device, unsigned int n,
			 uint64_t total, struct gksm_reply *reply)
{
	char key[GKSM_REPLY_MAX_WORD];

	snprintf(key, sizeof(key), "device_%u", n);
	gksm_reply_line(reply, "daemon", key, "%s, %s, %s",
			kind_names[device->info.kind], state_name(device),
			device->info.name);
	snprintf(key, sizeof(key), "device_%u_pages", n);
	gksm_reply_line(reply, "daemon", key, "%" PRIu64, device->nr_pages);
	snprintf(key, sizeof(key), "device_%u_percent", n);
	gksm_reply_line(reply, "daemon", key, "%.1f",
			total ? 100 * (double)device->nr_pages / (double)total :
				0.0);
}

/**
 * gksm_device_reply - each device and its share, for the control socket
 * @device: open or closed
 * @reply:  they are added to it
 */
void gksm_device_reply(const struct gksm_device *device,
		       struct gksm_reply *reply)
{
	struct gksm_gpu_device its;
	uint64_t total = 0;

	if (!device->gpu)
		return;
	for (unsigned int n = 0; !gksm_gpu_get_device(device->gpu, n, &its);
	     n++)
		total += its.nr_pages;
	for (unsigned int n = 0; !gksm_gpu_get_device(device->gpu, n, &its);
	     n++)
		describe_one(&its, n, total, reply);
}

static void print_device(void *arg, const struct gksm_gpu_info *info)
{
	(void)arg;
	printf("%5u  %-5s  %5u  %8" PRIu64 "  %-9s  %s, %s, driver %s\n",
	       info->index, kind_names[info->kind], info->compute_units,
	       info->global_mem_bytes >> 20,
	       info->host_unified ? "shared" : "own", info->name,
	       info->platform, info->driver);
}

/**
 * gksm_device_list - print the devices that could be used
 *
 * Returns 0, or -EIO after a message.
 */
int gksm_device_list(void)
{
	printf("INDEX  KIND   UNITS       MIB  MEMORY     DEVICE\n");
	if (gksm_gpu_list(print_device, NULL) >= 0)
		return 0;
	gksm_error("%s", gksm_gpu_error(NULL));
	return -EIO;
}
