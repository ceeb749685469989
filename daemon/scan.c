// SPDX-License-Identifier: GPL-2.0-only
/*
 * scan.c - the module's scan settings
 */
#include <inttypes.h>

#include "log.h"
#include "scan.h"
#include "sysfs.h"

static int apply_one(const struct gksm_settings *settings, size_t field,
		     uint64_t value)
{
	char text[GKSM_FIELD_MAX_VALUE];

	gksm_field_print(&gksm_fields[field], value, text);
	gksm_debug("writing %s to %s/%s", text, settings->dir,
		   gksm_fields[field].name);
	return gksm_settings_write(settings, field, text);
}

/**
 * gksm_scan_apply - write what [scan] names, and nothing else
 * @config:   what to write
 * @settings: where to
 *
 * "run" is the first field of the table and is written last, so that
 * scanning starts with the other values in place; "advisor_mode" is the last
 * one and is written first, so that pages_to_scan may be written if it is
 * "none". Goes on after an error.
 * Returns 0 or the last -errno after a message for each.
 */
int gksm_scan_apply(const struct gksm_config *config,
		    const struct gksm_settings *settings)
{
	int result = 0;

	for (size_t i = GKSM_NR_WRITABLE_FIELDS; i-- > 0;) {
		int err;

		if (!config->scan_set[i])
			continue;
		err = apply_one(settings, i, config->scan[i]);
		if (err)
			result = err;
	}
	return result;
}

/**
 * gksm_scan_hint - tell that nothing will happen while scanning is off
 * @sysfs_dir: the module's directory
 */
void gksm_scan_hint(const char *sysfs_dir)
{
	uint64_t run;

	if (gksm_sysfs_read_u64(sysfs_dir, "run", &run) || run == 1)
		return;
	gksm_info("scanning is off (%s/run is %" PRIu64
		  "). Try: gksmctl set run 1",
		  sysfs_dir, run);
}
