// SPDX-License-Identifier: GPL-2.0-only
/*
 * clerror.c - OpenCL status codes as names and as errnos
 */
#include <errno.h>

#include "opencl.h"

/* Defined by the ICD loader's extension header, returned without any driver. */
#define PLATFORM_NOT_FOUND_KHR (-1001)

struct status_name {
	cl_int status;
	int error;
	const char *name;
};

#define STATUS(name, error)                   \
	{                                     \
		CL_##name, error, "CL_" #name \
	}

/*
 * What the caller can act on has an errno of its own; everything else is EIO.
 * OUT_OF_RESOURCES is what drivers say when a kernel faulted, too.
 */
static const struct status_name statuses[] = {
	STATUS(DEVICE_NOT_FOUND, ENODEV),
	STATUS(DEVICE_NOT_AVAILABLE, ENODEV),
	STATUS(COMPILER_NOT_AVAILABLE, ENOEXEC),
	STATUS(MEM_OBJECT_ALLOCATION_FAILURE, ENOMEM),
	STATUS(OUT_OF_RESOURCES, EIO),
	STATUS(OUT_OF_HOST_MEMORY, ENOMEM),
	STATUS(PROFILING_INFO_NOT_AVAILABLE, EIO),
	STATUS(BUILD_PROGRAM_FAILURE, ENOEXEC),
	STATUS(MAP_FAILURE, EIO),
	STATUS(MISALIGNED_SUB_BUFFER_OFFSET, EIO),
	STATUS(EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST, EIO),
	STATUS(LINKER_NOT_AVAILABLE, ENOEXEC),
	STATUS(LINK_PROGRAM_FAILURE, ENOEXEC),
	STATUS(KERNEL_ARG_INFO_NOT_AVAILABLE, EIO),
	STATUS(INVALID_VALUE, EIO),
	STATUS(INVALID_PLATFORM, ENODEV),
	STATUS(INVALID_DEVICE, ENODEV),
	STATUS(INVALID_CONTEXT, EIO),
	STATUS(INVALID_QUEUE_PROPERTIES, EIO),
	STATUS(INVALID_COMMAND_QUEUE, EIO),
	STATUS(INVALID_HOST_PTR, EIO),
	STATUS(INVALID_MEM_OBJECT, EIO),
	STATUS(INVALID_BINARY, ENOEXEC),
	STATUS(INVALID_BUILD_OPTIONS, ENOEXEC),
	STATUS(INVALID_PROGRAM, EIO),
	STATUS(INVALID_PROGRAM_EXECUTABLE, ENOEXEC),
	STATUS(INVALID_KERNEL_NAME, ENOEXEC),
	STATUS(INVALID_KERNEL_DEFINITION, ENOEXEC),
	STATUS(INVALID_KERNEL, EIO),
	STATUS(INVALID_ARG_INDEX, EIO),
	STATUS(INVALID_ARG_VALUE, EIO),
	STATUS(INVALID_ARG_SIZE, EIO),
	STATUS(INVALID_KERNEL_ARGS, EIO),
	STATUS(INVALID_WORK_DIMENSION, EIO),
	STATUS(INVALID_WORK_GROUP_SIZE, EIO),
	STATUS(INVALID_WORK_ITEM_SIZE, EIO),
	STATUS(INVALID_GLOBAL_OFFSET, EIO),
	STATUS(INVALID_EVENT_WAIT_LIST, EIO),
	STATUS(INVALID_EVENT, EIO),
	STATUS(INVALID_OPERATION, EIO),
	STATUS(INVALID_BUFFER_SIZE, ENOMEM),
	STATUS(INVALID_GLOBAL_WORK_SIZE, EIO),
	STATUS(INVALID_PROPERTY, EIO),
	{ PLATFORM_NOT_FOUND_KHR, ENODEV, "CL_PLATFORM_NOT_FOUND_KHR" },
};

static const struct status_name *find_status(cl_int status)
{
	for (size_t i = 0; i < sizeof(statuses) / sizeof(*statuses); i++) {
		if (statuses[i].status == status)
			return &statuses[i];
	}
	return NULL;
}

/**
 * gksm_clerror_name - the name of an OpenCL status
 * @status: any, not CL_SUCCESS
 *
 * Return: the name that the specification gives it.
 */
const char *gksm_clerror_name(cl_int status)
{
	const struct status_name *found = find_status(status);

	return found ? found->name : "an unknown OpenCL error";
}

/**
 * gksm_clerror_errno - an OpenCL status as an errno
 * @status: any, not CL_SUCCESS
 *
 * Return: -ENOMEM, -ENODEV, -ENOEXEC (no program), or -EIO for all others.
 */
int gksm_clerror_errno(cl_int status)
{
	const struct status_name *found = find_status(status);

	return found ? -found->error : -EIO;
}

/**
 * gksm_cl_fail - set the error line to a failed OpenCL call
 * @gpu:    whose line
 * @status: what the call said
 * @what:   what could not be done, to follow "cannot"
 *
 * Return: the status as an errno.
 */
int gksm_cl_fail(struct gksm_gpu *gpu, cl_int status, const char *what)
{
	return gksm_fail(gpu, gksm_clerror_errno(status),
			 "%s: cannot %s: %s (%d)", gpu->info.name, what,
			 gksm_clerror_name(status), status);
}
