/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scan.h - the module's scan settings
 */
#ifndef GKSM_SCAN_H
#define GKSM_SCAN_H

#include "config.h"
#include "settings.h"

int gksm_scan_apply(const struct gksm_config *config,
		    const struct gksm_settings *settings);
void gksm_scan_hint(const char *sysfs_dir);

#endif /* GKSM_SCAN_H */
