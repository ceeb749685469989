/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * filter.h - the system calls that are left after start-up
 */
#ifndef GKSM_FILTER_H
#define GKSM_FILTER_H

#include <stdbool.h>

/**
 * enum gksm_filter_mode - what the administrator asked for
 * @GKSM_FILTER_ON:	 strict where the driver is known to need nothing, and
 *			 relaxed elsewhere; what is not allowed is EPERM
 * @GKSM_FILTER_KILL:	 the same, but what is not allowed ends the process
 * @GKSM_FILTER_RELAXED: always relaxed
 * @GKSM_FILTER_LOG:	 everything is allowed; the kernel logs what ON refuses
 * @GKSM_FILTER_OFF:	 no filter
 * @GKSM_NR_FILTERS:	 how many there are
 */
enum gksm_filter_mode {
	GKSM_FILTER_ON,
	GKSM_FILTER_KILL,
	GKSM_FILTER_RELAXED,
	GKSM_FILTER_LOG,
	GKSM_FILTER_OFF,
	GKSM_NR_FILTERS
};

/**
 * struct gksm_filter - what the filter has to let pass
 * @mode:      what the administrator asked for
 * @is_strict: the driver needs no files, no device and no code made at run time
 * @may_open:  files may be opened for reading; there are few to see
 * @device_fd: the module's device
 */
struct gksm_filter {
	enum gksm_filter_mode mode;
	bool is_strict;
	bool may_open;
	int device_fd;
};

int gksm_filter_load(const struct gksm_filter *filter);

#endif /* GKSM_FILTER_H */
