// SPDX-License-Identifier: GPL-2.0-only
/*
 * passes.c - how often the module has named every page
 */
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "passes.h"

static uint64_t read_count(const struct gksm_passes *passes)
{
	char value[GKSM_SYSFS_MAX_VALUE];

	if (gksm_settings_read(passes->settings, passes->counter, value))
		return passes->seen;
	return strtoull(value, NULL, 10);
}

/**
 * gksm_passes_init - find the file that counts
 * @passes:   out
 * @settings: the module's files, opened; must outlive @passes
 */
void gksm_passes_init(struct gksm_passes *passes,
		      const struct gksm_settings *settings)
{
	*passes = (struct gksm_passes){ 0 };
	for (size_t c = 0; c < settings->nr_counters; c++) {
		if (strcmp(settings->counters[c].name, "generations") != 0)
			continue;
		passes->settings = settings;
		passes->counter = c;
		passes->seen = read_count(passes);
		return;
	}
	gksm_warn("the module has no file generations: pages that are gone are "
		  "forgotten only when the device has no room for more");
}

/**
 * gksm_passes_new - generations that ended since the last call
 * @passes: initialized, or all zero
 *
 * Returns how many.
 */
uint64_t gksm_passes_new(struct gksm_passes *passes)
{
	const uint64_t before = passes->seen;

	if (!passes->settings)
		return 0;
	passes->seen = read_count(passes);
	return passes->seen > before ? passes->seen - before : 0;
}
