// SPDX-License-Identifier: GPL-2.0-only
/*
 * exit_code.c - from -errno to exit code, in one place
 */
#include <errno.h>

#include "exit_code.h"

/**
 * gksm_exit_of - the exit code that stands for an error
 * @err: 0 or -errno, with the meanings that the daemon's functions give it:
 *	 those of include/gksm_abi.h, -EINVAL for a wrong option or
 *	 configuration, -EIO for an engine without a working device, and
 *	 -EADDRINUSE for in-kernel ksmd
 */
enum gksm_exit gksm_exit_of(int err)
{
	switch (-err) {
	case 0:
		return GKSM_EXIT_OK;
	case EINVAL:
		return GKSM_EXIT_USAGE;
	case ENOENT:
	case ENODEV:
	case ENXIO:
		return GKSM_EXIT_NO_MODULE;
	case EPERM:
	case EACCES:
		return GKSM_EXIT_PERMISSION;
	case EIO:
		return GKSM_EXIT_NO_DEVICE;
	case EBUSY:
		return GKSM_EXIT_BUSY;
	case EPROTO:
		return GKSM_EXIT_ABI;
	case EADDRINUSE:
		return GKSM_EXIT_KSMD;
	case EBADMSG:
		return GKSM_EXIT_REJECTED;
	default:
		return GKSM_EXIT_FAILURE;
	}
}
