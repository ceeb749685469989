/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * arguments.h - gksmd's command line
 */
#ifndef GKSM_ARGUMENTS_H
#define GKSM_ARGUMENTS_H

#include "config.h"

/* Documented in gksmd.8. */
enum gksmd_option {
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
	OPT_NO_CONFINE,
	NR_OPTIONS,
};

/**
 * struct gksm_arguments - the command line
 * @given: argument of each option, "" if it takes none, NULL if not given
 */
struct gksm_arguments {
	const char *given[NR_OPTIONS];
};

int gksm_arguments_read(struct gksm_arguments *args, int argc, char **argv);
const char *gksm_arguments_or(const struct gksm_arguments *args,
			      enum gksmd_option which, const char *otherwise);
int gksm_arguments_config(const struct gksm_arguments *args, const char *path,
			  struct gksm_config *config);
void gksm_arguments_help(void);

#endif /* GKSM_ARGUMENTS_H */
