// SPDX-License-Identifier: GPL-2.0-only
/*
 * devices.c - what can be measured
 */
#include <inttypes.h>
#include <stdio.h>

#include "bench.h"

static void print(void *arg, const struct gksm_gpu_info *info)
{
	const struct options *options = arg;

	if (options->json)
		printf("{\"index\": %u, \"name\": \"%s\", \"platform\": \"%s\", \"driver\": \"%s\", \"units\": %u, \"mib\": %" PRIu64
		       "}\n",
		       info->index, info->name, info->platform, info->driver,
		       info->compute_units, info->global_mem_bytes >> 20);
	else
		printf("%u  %s, %s, driver %s, %u units, %" PRIu64 " MiB%s\n",
		       info->index, info->name, info->platform, info->driver,
		       info->compute_units, info->global_mem_bytes >> 20,
		       info->host_unified ? ", shares the host's memory" : "");
}

/**
 * bench_devices - list them
 * @options: whether as JSON, one object a line
 *
 * Return: exit code.
 */
int bench_devices(const struct options *options)
{
	return gksm_gpu_list(print, (void *)options) < 0;
}
