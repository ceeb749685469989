/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * config.h - gksmd.conf
 */
#ifndef GKSM_CONFIG_H
#define GKSM_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "field.h"

#define GKSM_CONFIG_PATH "/etc/gksm/gksmd.conf"

#define GKSM_CONFIG_MAX_TEXT 256

/**
 * struct gksm_config - what gksmd was asked to do
 * @device:	 gksm_gpu_options.device
 * @cache_dir:	 where built device programs are kept, "" for nowhere
 * @nr_batches:	 batches in flight at most
 * @batch_slots: pages of a batch
 * @scan_set:	 which of @scan are to be written to sysfs
 * @scan:	 values for the first fields of gksm_fields[]
 */
struct gksm_config {
	char device[GKSM_CONFIG_MAX_TEXT];
	char cache_dir[GKSM_CONFIG_MAX_TEXT];
	unsigned int nr_batches;
	unsigned int batch_slots;
	bool scan_set[GKSM_NR_WRITABLE_FIELDS];
	uint64_t scan[GKSM_NR_WRITABLE_FIELDS];
};

void gksm_config_init(struct gksm_config *config);
int gksm_config_read(struct gksm_config *config, const char *path,
		     bool must_exist);
int gksm_config_set_engine(struct gksm_config *config, const char *key,
			   const char *text, char *why, size_t why_size);
int gksm_config_check(const struct gksm_config *config);
bool gksm_config_same_engine(const struct gksm_config *a,
			     const struct gksm_config *b);

#endif /* GKSM_CONFIG_H */
