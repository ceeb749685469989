// SPDX-License-Identifier: GPL-2.0-only
/*
 * device.c - which OpenCL devices there are, and what a name means
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "opencl.h"

#define MAX_PLATFORMS 16
/* Of one machine; what lies beyond is not seen. */
#define MAX_DEVICES 64

/* A string property, cut to the room there is; empty if it cannot be read. */
static void get_device_string(cl_device_id device, cl_device_info what,
			      char *text, size_t room)
{
	char whole[512] = "";

	if (clGetDeviceInfo(device, what, sizeof(whole) - 1, whole, NULL))
		whole[0] = '\0';
	snprintf(text, room, "%.*s", (int)room - 1, whole);
}

static cl_ulong get_device_number(cl_device_id device, cl_device_info what,
				  size_t bytes)
{
	cl_ulong number = 0; /* all hosts are little-endian, see cpu.c */

	if (clGetDeviceInfo(device, what, bytes, &number, NULL))
		return 0;
	return number;
}

static const char *find_unfit(cl_device_id device)
{
	const size_t flag = sizeof(cl_bool);
	char version[64];

	get_device_string(device, CL_DEVICE_VERSION, version, sizeof(version));
	if (!strncmp(version, "OpenCL 1.0", 10) ||
	    !strncmp(version, "OpenCL 1.1", 10))
		return "it does not know OpenCL 1.2";
	if (!get_device_number(device, CL_DEVICE_AVAILABLE, flag))
		return "it is not available";
	if (!get_device_number(device, CL_DEVICE_COMPILER_AVAILABLE, flag))
		return "its driver has no compiler";
	if (!get_device_number(device, CL_DEVICE_ENDIAN_LITTLE, flag))
		return "it is big-endian";
	if (get_device_number(device, CL_DEVICE_MAX_WORK_GROUP_SIZE,
			      sizeof(size_t)) < GKSM_CL_GROUP)
		return "its work-groups are too small";
	return NULL;
}

static enum gksm_gpu_kind get_kind(cl_device_id device)
{
	const cl_ulong type = get_device_number(device, CL_DEVICE_TYPE,
						sizeof(cl_device_type));

	if (type & CL_DEVICE_TYPE_GPU)
		return GKSM_GPU_KIND_GPU;
	if (type & CL_DEVICE_TYPE_CPU)
		return GKSM_GPU_KIND_CPU;
	return GKSM_GPU_KIND_ACCEL;
}

static void describe(struct gksm_cl_device *device, unsigned int index,
		     const char *platform_name)
{
	struct gksm_gpu_info *info = &device->info;

	info->index = index;
	info->kind = get_kind(device->id);
	get_device_string(device->id, CL_DEVICE_NAME, info->name,
			  sizeof(info->name));
	snprintf(info->platform, sizeof(info->platform), "%s", platform_name);
	get_device_string(device->id, CL_DRIVER_VERSION, info->driver,
			  sizeof(info->driver));
	info->host_unified = get_device_number(
		device->id, CL_DEVICE_HOST_UNIFIED_MEMORY, sizeof(cl_bool));
	info->compute_units = (unsigned int)get_device_number(
		device->id, CL_DEVICE_MAX_COMPUTE_UNITS, sizeof(cl_uint));
	info->global_mem_bytes = get_device_number(
		device->id, CL_DEVICE_GLOBAL_MEM_SIZE, sizeof(cl_ulong));
	device->unfit = find_unfit(device->id);
}

/**
 * gksm_cl_device_list - every device of every platform
 * @devices:	out: array for free(), in the loader's order
 * @nr_devices: out: how many; no driver installed is 0, and no error
 *
 * Return: 0 or -ENOMEM.
 */
int gksm_cl_device_list(struct gksm_cl_device **devices,
			unsigned int *nr_devices)
{
	cl_platform_id platforms[MAX_PLATFORMS];
	cl_device_id ids[MAX_DEVICES];
	cl_uint nr_platforms = 0;

	*nr_devices = 0;
	*devices = calloc(MAX_DEVICES, sizeof(**devices));
	if (!*devices)
		return -ENOMEM;
	if (clGetPlatformIDs(MAX_PLATFORMS, platforms, &nr_platforms))
		return 0;
	if (nr_platforms > MAX_PLATFORMS)
		nr_platforms = MAX_PLATFORMS;

	for (cl_uint p = 0; p < nr_platforms; p++) {
		const cl_uint room = MAX_DEVICES - *nr_devices;
		char name[128] = "";
		cl_uint nr = 0;

		if (!room || clGetDeviceIDs(platforms[p], CL_DEVICE_TYPE_ALL,
					    room, ids, &nr))
			continue;
		clGetPlatformInfo(platforms[p], CL_PLATFORM_NAME,
				  sizeof(name) - 1, name, NULL);
		for (cl_uint d = 0; d < nr && d < room; d++) {
			struct gksm_cl_device *device =
				&(*devices)[*nr_devices];

			device->platform = platforms[p];
			device->id = ids[d];
			describe(device, (*nr_devices)++, name);
		}
	}
	return 0;
}

static bool is_part_of(const char *part, const char *whole)
{
	const size_t length = strlen(part);

	for (; *whole; whole++) {
		if (!strncasecmp(part, whole, length))
			return true;
	}
	return false;
}

/**
 * gksm_cl_device_match - the device that a user means
 * @devices:	from gksm_cl_device_list()
 * @nr_devices: how many
 * @name:	a decimal index, or a part of a device's or platform's name,
 *		not empty
 *
 * Return: the device; of several that have such a name the first of the kind
 * that is preferred; NULL if there is none.
 */
const struct gksm_cl_device *
gksm_cl_device_match(const struct gksm_cl_device *devices,
		     unsigned int nr_devices, const char *name)
{
	const struct gksm_cl_device *found = NULL;

	if (name[strspn(name, "0123456789")] == '\0') {
		const unsigned long index = strtoul(name, NULL, 10);

		return index < nr_devices ? &devices[index] : NULL;
	}
	for (unsigned int i = 0; i < nr_devices; i++) {
		const struct gksm_gpu_info *info = &devices[i].info;

		if (!is_part_of(name, info->name) &&
		    !is_part_of(name, info->platform))
			continue;
		if (!found || info->kind < found->info.kind)
			found = &devices[i];
	}
	return found;
}
