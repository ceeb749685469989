// SPDX-License-Identifier: GPL-2.0-only
/*
 * devices.c - what can be measured
 */
#include <inttypes.h>
#include <stdio.h>

#include "bench.h"

/* Opened, so that it is known how it hashes pages. */
static void print_opened(unsigned int index, bool json)
{
	char name[16];
	const struct gksm_gpu_options options = { .device = name };
	const struct gksm_gpu_info *info;
	struct gksm_gpu *gpu;

	snprintf(name, sizeof(name), "%u", index);
	if (gksm_gpu_open(&gpu, &options)) {
		printf(json ? ", \"error\": \"%s\"}\n" : "   %s\n",
		       gksm_gpu_error(NULL));
		return;
	}
	info = gksm_gpu_get_info(gpu);
	if (json)
		printf(", \"shape\": \"%s\", \"shapes\": \"%s\"}\n",
		       info->shape, info->shape_log);
	else if (*info->shape)
		printf("   hashes pages in the %s shape: %s\n", info->shape,
		       info->shape_log);
	gksm_gpu_close(gpu);
}

static void print(void *arg, const struct gksm_gpu_info *info)
{
	const struct options *options = arg;

	if (options->json)
		printf("{\"index\": %u, \"name\": \"%s\", \"platform\": \"%s\", \"driver\": \"%s\", \"units\": %u, \"mib\": %" PRIu64,
		       info->index, info->name, info->platform, info->driver,
		       info->compute_units, info->global_mem_bytes >> 20);
	else
		printf("%u  %s, %s, driver %s, %u units, %" PRIu64 " MiB%s\n",
		       info->index, info->name, info->platform, info->driver,
		       info->compute_units, info->global_mem_bytes >> 20,
		       info->host_unified ? ", shares the host's memory" : "");
	print_opened(info->index, options->json);
}

/**
 * bench_devices - list them, each opened once
 * @options: whether as JSON, one object a line
 *
 * Return: exit code.
 */
int bench_devices(const struct options *options)
{
	return gksm_gpu_list(print, (void *)options) < 0;
}
