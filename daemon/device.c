// SPDX-License-Identifier: GPL-2.0-only
/*
 * device.c - the device in use, and the next one if it fails
 *
 * With device "auto" a device that fails is closed and the next best that has
 * not failed takes over; the C twin is the last and needs no driver. Once the
 * daemon is confined no driver can be opened and the twin is the only one
 * (confine.c). A device
 * that was asked for by name has no successor.
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

static int open_one(struct gksm_device *device, const char *which)
{
	const struct gksm_gpu_options options = {
		.device = which,
		.cache_dir = *device->cache_dir ? device->cache_dir : NULL,
		.log = log_device_line,
	};
	const struct gksm_gpu_info *info;
	int err = gksm_gpu_open(&device->gpu, &options);

	if (err) {
		device->gpu = NULL;
		gksm_error("%s", gksm_gpu_error(NULL));
		return err;
	}
	info = gksm_gpu_get_info(device->gpu);
	gksm_info("using device %u: %s (%s, driver %s)", info->index,
		  info->name, kind_names[info->kind], info->driver);
	return 0;
}

/**
 * gksm_device_open - open a device
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

	mark_failed(device, info->index);
	snprintf(name, sizeof(name), "%s", info->name);
	gksm_device_close(device);
	if (strcmp(device->wanted, "auto") != 0) {
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
 * @device: open or closed
 */
const char *gksm_device_kind(const struct gksm_device *device)
{
	return device->gpu ? kind_names[gksm_gpu_get_info(device->gpu)->kind] :
			     "none";
}

/**
 * gksm_device_name - name of the device in use, for people
 * @device: open or closed
 */
const char *gksm_device_name(const struct gksm_device *device)
{
	return device->gpu ? gksm_gpu_get_info(device->gpu)->name : "no device";
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
