/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * exit_code.h - what gksmd and gksmctl exit with
 *
 * Documented in gksmd.8 and gksmctl.8, and asserted by tests/cli.
 */
#ifndef GKSM_EXIT_CODE_H
#define GKSM_EXIT_CODE_H

/**
 * enum gksm_exit - exit codes of both programs
 * @GKSM_EXIT_OK:	  done, or stopped by SIGTERM or SIGINT
 * @GKSM_EXIT_FAILURE:	  something failed at run time
 * @GKSM_EXIT_USAGE:	  wrong option, command or configuration
 * @GKSM_EXIT_NO_MODULE:  the module is not loaded, or is being unloaded
 * @GKSM_EXIT_PERMISSION: not root, or refused by the kernel
 * @GKSM_EXIT_NO_DEVICE:  no such OpenCL device, or it failed
 * @GKSM_EXIT_BUSY:	  another gksmd holds the session
 * @GKSM_EXIT_ABI:	  the module speaks another ABI or page size
 * @GKSM_EXIT_KSMD:	  in-kernel ksmd is running
 * @GKSM_EXIT_REJECTED:	  the module found a wrong hash in our results
 */
enum gksm_exit {
	GKSM_EXIT_OK = 0,
	GKSM_EXIT_FAILURE = 1,
	GKSM_EXIT_USAGE = 2,
	GKSM_EXIT_NO_MODULE = 3,
	GKSM_EXIT_PERMISSION = 4,
	GKSM_EXIT_NO_DEVICE = 5,
	GKSM_EXIT_BUSY = 6,
	GKSM_EXIT_ABI = 7,
	GKSM_EXIT_KSMD = 8,
	GKSM_EXIT_REJECTED = 9,
};

enum gksm_exit gksm_exit_of(int err);

#endif /* GKSM_EXIT_CODE_H */
