// SPDX-License-Identifier: GPL-2.0-only
/*
 * open.c - which device an engine gets
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "opencl.h"
#include "pool.h"

/* Of the last gksm_gpu_open() of this thread. */
static _Thread_local char open_error[GKSM_ENGINE_ERROR_BYTES];

/**
 * gksm_gpu_error - why the last call that failed did
 * @gpu: the engine, or NULL for the last gksm_gpu_open() of this thread
 *
 * Return: one line without a newline: what failed, why, and what to do; valid
 * until the next call on @gpu.
 */
const char *gksm_gpu_error(const struct gksm_gpu *gpu)
{
	return gpu ? gpu->error : open_error;
}

/**
 * struct candidates - what there is to choose from
 * @options: what the caller wants
 * @devices: what the loader knows
 * @nr:	     how many; also the twin's index
 */
struct candidates {
	const struct gksm_gpu_options *options;
	struct gksm_cl_device *devices;
	unsigned int nr;
};

static int fail_open(int err, const char *why)
{
	snprintf(open_error, sizeof(open_error), "%s", why);
	return err;
}

/*
 * An engine that was opened and proven, or an error and none. A new engine
 * for each try: one with a lost device is never freed.
 */
static int try_once(const struct candidates *from,
		    const struct gksm_cl_device *device,
		    const struct gksm_cl_how *how, struct gksm_gpu **gpu,
		    bool *from_cache)
{
	struct gksm_gpu *new = gksm_engine_new(from->options);
	int err;

	*from_cache = false;
	if (!new)
		return fail_open(-errno, "out of memory for an engine");
	if (device) {
		err = gksm_cl_open(new, device, how);
		if (!err) {
			const struct gksm_cl *cl = new->backend_data;

			*from_cache = cl->from_cache;
			err = gksm_cl_shape_choose(new, device, how);
		}
		if (!err)
			err = gksm_selftest_run(new);
	} else {
		gksm_twin_describe(&new->info, from->nr);
		err = gksm_twin_open(new);
	}
	if (err) {
		fail_open(err, new->error);
		gksm_gpu_close(new);
		return err;
	}
	*gpu = new;
	return 0;
}

static int open_twin(const struct candidates *from, struct gksm_gpu **gpu)
{
	bool from_cache;

	return try_once(from, NULL, NULL, gpu, &from_cache);
}

static void log_retry(const struct gksm_gpu_options *options, const char *how)
{
	char line[2 * GKSM_ENGINE_ERROR_BYTES];

	if (!options->log)
		return;
	snprintf(line, sizeof(line), "%s; trying again, %s", open_error, how);
	options->log(options->log_arg, line);
}

/*
 * A device that fails its self-test gets another chance for each thing that
 * may be wrong other than the device: a stale binary, a driver that cannot
 * use the pages in place, or one whose compiler errs in the fastest shape.
 */
static int open_device(const struct candidates *from,
		       const struct gksm_cl_device *device,
		       struct gksm_gpu **gpu)
{
	struct gksm_cl_how how = {
		.cache_dir = from->options->cache_dir,
		.shape = from->options->shape,
		.upload = from->options->upload,
	};
	bool from_cache;
	int err;

	err = try_once(from, device, &how, gpu, &from_cache);
	if (err == -EBADMSG && from_cache) {
		log_retry(from->options, "without the cache");
		how.rebuild = true;
		err = try_once(from, device, &how, gpu, &from_cache);
	}
	if (err == -EBADMSG && device->info.host_unified && !how.upload) {
		log_retry(from->options, "with uploaded pages");
		how.upload = true;
		err = try_once(from, device, &how, gpu, &from_cache);
		how.upload = false;
	}
	if (err == -EBADMSG && !from->options->shape) {
		log_retry(from->options, "in the narrow shape");
		how.shape = "narrow";
		err = try_once(from, device, &how, gpu, &from_cache);
	}
	return err;
}

static int open_last(const struct candidates *from, struct gksm_gpu **gpu)
{
	const struct gksm_gpu_options *options = from->options;

	if (options->log)
		options->log(
			options->log_arg,
			from->nr ?
				"no OpenCL device is usable: the C twin computes" :
				"no OpenCL device found: the C twin computes");
	return open_twin(from, gpu);
}

static int open_first_good(const struct candidates *from, struct gksm_gpu **gpu)
{
	const struct gksm_gpu_options *options = from->options;
	char line[2 * GKSM_ENGINE_ERROR_BYTES];

	for (int kind = 0; kind < GKSM_GPU_KIND_TWIN; kind++) {
		for (unsigned int i = 0; i < from->nr; i++) {
			if ((int)from->devices[i].info.kind != kind)
				continue;
			if (!open_device(from, &from->devices[i], gpu))
				return 0;
			snprintf(line, sizeof(line),
				 "device %u passed over: %s", i, open_error);
			if (options->log)
				options->log(options->log_arg, line);
		}
	}
	return open_last(from, gpu);
}

static int fail_no_match(const struct candidates *from, const char *name)
{
	char line[GKSM_ENGINE_ERROR_BYTES];
	size_t at;

	at = (size_t)snprintf(line, sizeof(line),
			      "no device matches \"%s\"; there are: ", name);
	for (unsigned int i = 0; i < from->nr && at < sizeof(line); i++)
		at += (size_t)snprintf(line + at, sizeof(line) - at,
				       "%u: %s (%s), ", i,
				       from->devices[i].info.name,
				       from->devices[i].info.platform);
	if (at < sizeof(line))
		snprintf(line + at, sizeof(line) - at, "%u: twin%s", from->nr,
			 from->nr ? "" : " (is an OpenCL driver installed?)");
	return fail_open(-ENODEV, line);
}

/* The number of the device that a name means: from->nr is the twin; -errno. */
static int find_named(const struct candidates *from, const char *name)
{
	const struct gksm_cl_device *device;
	char twin_index[16];

	if (!*name)
		return fail_open(-EINVAL,
				 "the device's name is empty; try \"auto\"");
	snprintf(twin_index, sizeof(twin_index), "%u", from->nr);
	if (!strcasecmp(name, "twin") || !strcmp(name, twin_index))
		return (int)from->nr;
	device = gksm_cl_device_match(from->devices, from->nr, name);
	return device ? (int)(device - from->devices) :
			fail_no_match(from, name);
}

static int open_number(const struct candidates *from, unsigned int number,
		       struct gksm_gpu **gpu)
{
	if (number == from->nr)
		return open_twin(from, gpu);
	return open_device(from, &from->devices[number], gpu);
}

/**
 * struct chosen - several devices
 * @numbers: of from->devices; from->nr is the twin
 * @nr:	     how many
 */
struct chosen {
	unsigned int numbers[GKSM_POOL_MAX];
	unsigned int nr;
};

static int add_chosen(struct chosen *chosen, unsigned int number)
{
	char line[64];

	for (unsigned int n = 0; n < chosen->nr; n++) {
		if (chosen->numbers[n] != number)
			continue;
		snprintf(line, sizeof(line), "device %u is named twice",
			 number);
		return fail_open(-EINVAL, line);
	}
	if (chosen->nr == GKSM_POOL_MAX) {
		snprintf(line, sizeof(line), "at most %u devices at once",
			 GKSM_POOL_MAX);
		return fail_open(-EINVAL, line);
	}
	chosen->numbers[chosen->nr++] = number;
	return 0;
}

static char *trim(char *name)
{
	size_t length;

	name += strspn(name, " ");
	length = strlen(name);
	while (length && name[length - 1] == ' ')
		name[--length] = '\0';
	return name;
}

/* What a list with commas names. */
static int choose_listed(const struct candidates *from, struct chosen *chosen)
{
	char *list = strdup(from->options->device);
	char *rest = list, *name;
	int err = 0;

	if (!list)
		return fail_open(-ENOMEM, "out of memory for a list");
	while (err >= 0 && (name = strsep(&rest, ","))) {
		err = find_named(from, trim(name));
		if (err >= 0)
			err = add_chosen(chosen, (unsigned int)err);
	}
	free(list);
	return err;
}

static void choose_all(const struct candidates *from, struct chosen *chosen)
{
	for (unsigned int i = 0; i < from->nr && i < GKSM_POOL_MAX; i++)
		chosen->numbers[chosen->nr++] = i;
}

static int make_pool(const struct candidates *from,
		     struct gksm_gpu *const members[], unsigned int nr,
		     struct gksm_gpu **gpu)
{
	struct gksm_gpu *pool = gksm_engine_new(from->options);
	int err;

	if (!pool) {
		err = fail_open(-errno, "out of memory for an engine");
		while (nr--)
			gksm_gpu_close(members[nr]);
		return err;
	}
	err = gksm_pool_open(pool, members, nr);
	if (err) {
		fail_open(err, pool->error);
		gksm_gpu_close(pool);
		return err;
	}
	*gpu = pool;
	return 0;
}

/* Those that work; one alone is no pool. */
static int open_several(const struct candidates *from,
			const struct chosen *chosen, struct gksm_gpu **gpu)
{
	const struct gksm_gpu_options *options = from->options;
	struct gksm_gpu *members[GKSM_POOL_MAX];
	char line[2 * GKSM_ENGINE_ERROR_BYTES];
	unsigned int nr = 0;
	int err = -ENODEV;

	for (unsigned int n = 0; n < chosen->nr; n++) {
		err = open_number(from, chosen->numbers[n], &members[nr]);
		nr += !err;
		if (!err || !options->alert)
			continue;
		snprintf(line, sizeof(line), "device %u passed over: %s",
			 chosen->numbers[n], open_error);
		options->alert(options->log_arg, line);
	}
	if (!nr)
		return err;
	*gpu = members[0];
	return nr == 1 ? 0 : make_pool(from, members, nr, gpu);
}

static int open_all(const struct candidates *from, struct gksm_gpu **gpu)
{
	struct chosen chosen = { .nr = 0 };

	choose_all(from, &chosen);
	if (!open_several(from, &chosen, gpu))
		return 0;
	return open_last(from, gpu);
}

static int open_listed(const struct candidates *from, struct gksm_gpu **gpu)
{
	struct chosen chosen = { .nr = 0 };
	const int err = choose_listed(from, &chosen);

	return err ? err : open_several(from, &chosen, gpu);
}

static int open_chosen(const struct candidates *from, struct gksm_gpu **gpu)
{
	const char *name = from->options->device;
	int number;

	if (!name || !strcasecmp(name, "auto"))
		return open_first_good(from, gpu);
	if (!strcasecmp(name, "all"))
		return open_all(from, gpu);
	if (strchr(name, ','))
		return open_listed(from, gpu);
	number = find_named(from, name);
	if (number < 0)
		return number;
	return open_number(from, (unsigned int)number, gpu);
}

/**
 * gksm_gpu_open - choose devices, build their kernels, and prove them
 * @gpu:     out: the engine, for gksm_gpu_close()
 * @options: what to open; NULL: the default
 *
 * Return: 0, or, with the reason in gksm_gpu_error(NULL) and no engine,
 *   -EINVAL	a device's name is empty, one is named twice, or too many are,
 *		or there is no such shape
 *   -ENODEV	no device has that name or index, or the device is gone
 *   -ENOTSUP	the device lacks what the kernels need
 *   -ENOEXEC	the kernels do not build
 *   -EBADMSG	the device computes wrongly
 *   -ETIMEDOUT	the device does not answer
 *   -ENOMEM	out of memory here or on the device
 *   -EIO	the driver failed otherwise
 */
int gksm_gpu_open(struct gksm_gpu **gpu, const struct gksm_gpu_options *options)
{
	static const struct gksm_gpu_options defaults;
	struct candidates from = { .options = options ? options : &defaults };
	int err;

	*gpu = NULL;
	open_error[0] = '\0';
	err = gksm_cl_device_list(&from.devices, &from.nr);
	if (err)
		return fail_open(err, "out of memory for a list of devices");
	err = open_chosen(&from, gpu);
	free(from.devices);
	return err;
}

/**
 * gksm_gpu_list - describe everything that can be opened
 * @each: called for each device in the order of their indices, then for the
 *	  twin
 * @arg:  its first argument
 *
 * A device in the list may still fail its self-test.
 *
 * Return: how many, or -ENOMEM.
 */
int gksm_gpu_list(void (*each)(void *arg, const struct gksm_gpu_info *info),
		  void *arg)
{
	struct gksm_cl_device *devices;
	struct gksm_gpu_info twin;
	unsigned int nr;
	int err = gksm_cl_device_list(&devices, &nr);

	if (err)
		return err;
	for (unsigned int i = 0; i < nr; i++)
		each(arg, &devices[i].info);
	gksm_twin_describe(&twin, nr);
	each(arg, &twin);
	free(devices);
	return (int)nr + 1;
}
