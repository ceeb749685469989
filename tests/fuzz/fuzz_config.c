// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_config.c - gksmd.conf
 */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config.h"
#include "fuzz.h"
#include "gksm_abi.h"
#include "log.h"

/* What the daemon relies on in a configuration that was read without error. */
static void check(const struct gksm_config *config)
{
	must(config->nr_batches >= 1 && config->nr_batches <= GKSM_MAX_BATCHES);
	must(config->batch_slots >= GKSM_MIN_BATCH_SLOTS &&
	     config->batch_slots <= GKSM_MAX_BATCH_SLOTS);
	must(memchr(config->device, '\0', sizeof(config->device)));
	must(!*config->cache_dir || *config->cache_dir == '/');
	must(!*config->socket || *config->socket == '/');
	must(config->filter < GKSM_NR_FILTERS);
	for (size_t i = 0; i < GKSM_NR_WRITABLE_FIELDS; i++)
		must(!config->scan_set[i] ||
		     (config->scan[i] >= gksm_fields[i].min &&
		      config->scan[i] <= gksm_fields[i].max));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;
	static char path[64];
	struct gksm_config config;

	if (fd < 0) {
		fd = memfd_create("fuzz", MFD_CLOEXEC);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		gksm_log_open("fuzz", (enum gksm_log_level) - 1);
	}
	must(ftruncate(fd, 0) == 0);
	must(pwrite(fd, data, size, 0) == (ssize_t)size);
	gksm_config_init(&config);
	if (!gksm_config_read(&config, path, true))
		check(&config);
	gksm_config_check(&config);
	return 0;
}
