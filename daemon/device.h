/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * device.h - the devices in use, and the next one if they fail
 */
#ifndef GKSM_DEVICE_H
#define GKSM_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "gksm_gpu.h"
#include "reply.h"

/**
 * struct gksm_device - the device in use, or several
 * @gpu:	 open handle, NULL if there is none
 * @wanted:	 what was asked for; must stay valid
 * @cache_dir:	 where built programs are kept, "" for nowhere
 * @only_twin:	 no driver can be opened any more
 * @failed:	 devices that failed, one bit for each index below 64; they are
 *		 not asked again
 * @pages:	 bound memory; valid after gksm_device_bind()
 * @nr_batches:	 bound batches; valid after gksm_device_bind()
 * @batch_pages: pages of a batch; valid after gksm_device_bind()
 */
struct gksm_device {
	struct gksm_gpu *gpu;
	const char *wanted;
	const char *cache_dir;
	bool only_twin;
	uint64_t failed;
	const void *pages;
	unsigned int nr_batches;
	unsigned int batch_pages;
};

int gksm_device_open(struct gksm_device *device, const char *wanted,
		     const char *cache_dir);
unsigned int gksm_device_choose_batch(struct gksm_device *device,
				      const struct gksm_gpu_limits *limits);
int gksm_device_bind(struct gksm_device *device, const void *pages,
		     unsigned int nr_batches, unsigned int batch_pages);
int gksm_device_replace(struct gksm_device *device);
void gksm_device_close(struct gksm_device *device);
const char *gksm_device_kind(const struct gksm_device *device);
const char *gksm_device_name(const struct gksm_device *device);
unsigned int gksm_device_count(const struct gksm_device *device,
			       unsigned int *nr_lost);
void gksm_device_reply(const struct gksm_device *device,
		       struct gksm_reply *reply);
int gksm_device_list(void);

#endif /* GKSM_DEVICE_H */
