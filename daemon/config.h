/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * config.h - gksmd.conf
 */
#ifndef GKSM_CONFIG_H
#define GKSM_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "field.h"
#include "filter.h"
#include "reply.h"

#define GKSM_CONFIG_PATH "/etc/gksm/gksmd.conf"

#define GKSM_CONFIG_MAX_TEXT 256

/* As many as pay on the device. */
#define GKSM_BATCH_SLOTS_AUTO 0

/**
 * enum gksm_config_key_index - keys of [engine] and [daemon]
 * @GKSM_KEY_DEVICE:	  see struct gksm_config
 * @GKSM_KEY_CACHE_DIR:	  likewise
 * @GKSM_KEY_BATCHES:	  likewise
 * @GKSM_KEY_BATCH_SLOTS: likewise
 * @GKSM_KEY_USER:	  likewise
 * @GKSM_KEY_SOCKET:	  likewise
 * @GKSM_KEY_SECCOMP:	  likewise
 * @GKSM_NR_CONFIG_KEYS:  how many there are
 */
enum gksm_config_key_index {
	GKSM_KEY_DEVICE,
	GKSM_KEY_CACHE_DIR,
	GKSM_KEY_BATCHES,
	GKSM_KEY_BATCH_SLOTS,
	GKSM_KEY_USER,
	GKSM_KEY_SOCKET,
	GKSM_KEY_SECCOMP,
	GKSM_NR_CONFIG_KEYS,
};

/**
 * struct gksm_config_key - where a key stands
 * @section: its section
 * @name:    its name
 */
struct gksm_config_key {
	const char *section;
	const char *name;
};

extern const struct gksm_config_key gksm_config_keys[GKSM_NR_CONFIG_KEYS];

/**
 * struct gksm_config - what gksmd was asked to do
 * @device:	 gksm_gpu_options.device
 * @cache_dir:	 where built device programs are kept, "" for nowhere
 * @nr_batches:	 batches in flight at most
 * @batch_slots: pages of a batch, or GKSM_BATCH_SLOTS_AUTO
 * @user:	 who gksmd becomes; "": GKSM_USER if there is such a user, and
 *		 who starts it otherwise
 * @socket:	 path of the control socket, "" for none
 * @filter:	 how strictly system calls are filtered
 * @scan_set:	 which of @scan are to be written to sysfs
 * @scan:	 values for the first fields of gksm_fields[]
 */
struct gksm_config {
	char device[GKSM_CONFIG_MAX_TEXT];
	char cache_dir[GKSM_CONFIG_MAX_TEXT];
	unsigned int nr_batches;
	unsigned int batch_slots;
	char user[GKSM_CONFIG_MAX_TEXT];
	char socket[GKSM_CONFIG_MAX_TEXT];
	enum gksm_filter_mode filter;
	bool scan_set[GKSM_NR_WRITABLE_FIELDS];
	uint64_t scan[GKSM_NR_WRITABLE_FIELDS];
};

void gksm_config_init(struct gksm_config *config);
int gksm_config_read(struct gksm_config *config, const char *path,
		     bool must_exist);
enum gksm_config_key_index gksm_config_find(const char *section,
					    const char *name);
int gksm_config_set(struct gksm_config *config, enum gksm_config_key_index key,
		    const char *text, char *why, size_t why_size);
int gksm_config_check(const struct gksm_config *config);
bool gksm_config_same_start(const struct gksm_config *a,
			    const struct gksm_config *b);

#endif /* GKSM_CONFIG_H */
