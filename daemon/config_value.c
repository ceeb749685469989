// SPDX-License-Identifier: GPL-2.0-only
/*
 * config_value.c - the keys of gksmd.conf, and what they may be set to
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "gksm_abi.h"
#include "log.h"
#include "text.h"

const struct gksm_config_key gksm_config_keys[GKSM_NR_CONFIG_KEYS] = {
	[GKSM_KEY_DEVICE] = { "engine", "device" },
	[GKSM_KEY_CACHE_DIR] = { "engine", "cache_dir" },
	[GKSM_KEY_BATCHES] = { "engine", "batches" },
	[GKSM_KEY_BATCH_SLOTS] = { "engine", "batch_slots" },
	[GKSM_KEY_USER] = { "daemon", "user" },
	[GKSM_KEY_SOCKET] = { "daemon", "socket" },
	[GKSM_KEY_SECCOMP] = { "daemon", "seccomp" },
};

static const char *const filter_names[GKSM_NR_FILTERS] = {
	[GKSM_FILTER_ON] = "on",	   [GKSM_FILTER_KILL] = "kill",
	[GKSM_FILTER_RELAXED] = "relaxed", [GKSM_FILTER_LOG] = "log",
	[GKSM_FILTER_OFF] = "off",
};

/**
 * gksm_config_init - the configuration of an empty file
 * @config: out
 */
void gksm_config_init(struct gksm_config *config)
{
	*config = (struct gksm_config){
		.device = "auto",
		.cache_dir = "/var/cache/gksm",
		.nr_batches = 4,
		.batch_slots = GKSM_BATCH_SLOTS_AUTO,
		.socket = GKSM_SOCKET_PATH,
		.filter = GKSM_FILTER_ON,
	};
}

static int set_text(char *to, const char *text, char *why, size_t why_size)
{
	const size_t len = strlen(text);

	if (len >= GKSM_CONFIG_MAX_TEXT) {
		snprintf(why, why_size, "longer than %d characters",
			 GKSM_CONFIG_MAX_TEXT - 1);
		return -EINVAL;
	}
	memcpy(to, text, len + 1);
	return 0;
}

static int set_path(char *to, const char *text, char *why, size_t why_size)
{
	if (*text && *text != '/') {
		snprintf(why, why_size, "need an absolute path, or nothing");
		return -EINVAL;
	}
	return set_text(to, text, why, why_size);
}

static int set_word(char *to, const char *text, const char *needed, char *why,
		    size_t why_size)
{
	if (!*text) {
		snprintf(why, why_size, "need %s", needed);
		return -EINVAL;
	}
	return set_text(to, text, why, why_size);
}

static int set_number(unsigned int *to, const char *text, unsigned int min,
		      unsigned int max, char *why, size_t why_size)
{
	uint64_t value;

	if (gksm_text_to_u64(text, min, max, &value)) {
		snprintf(why, why_size, "need a number from %u to %u", min,
			 max);
		return -EINVAL;
	}
	*to = (unsigned int)value;
	return 0;
}

static int set_batch_slots(unsigned int *to, const char *text, char *why,
			   size_t why_size)
{
	char what[64];

	if (strcmp(text, "auto") == 0) {
		*to = GKSM_BATCH_SLOTS_AUTO;
		return 0;
	}
	if (!set_number(to, text, GKSM_MIN_BATCH_SLOTS, GKSM_MAX_BATCH_SLOTS,
			what, sizeof(what)))
		return 0;
	snprintf(why, why_size, "%s, or auto", what);
	return -EINVAL;
}

static int set_filter(enum gksm_filter_mode *to, const char *text, char *why,
		      size_t why_size)
{
	for (unsigned int i = 0; i < GKSM_NR_FILTERS; i++) {
		if (strcmp(text, filter_names[i]) != 0)
			continue;
		*to = (enum gksm_filter_mode)i;
		return 0;
	}
	snprintf(why, why_size, "need on, kill, relaxed, log or off");
	return -EINVAL;
}

/**
 * gksm_config_find - which key
 * @section: section that it stands in
 * @name:    its name
 *
 * Returns GKSM_NR_CONFIG_KEYS if there is none; the keys of [scan] are in
 * gksm_fields[].
 */
enum gksm_config_key_index gksm_config_find(const char *section,
					    const char *name)
{
	unsigned int i = 0;

	while (i < GKSM_NR_CONFIG_KEYS &&
	       (strcmp(gksm_config_keys[i].section, section) != 0 ||
		strcmp(gksm_config_keys[i].name, name) != 0))
		i++;
	return (enum gksm_config_key_index)i;
}

/**
 * gksm_config_set - set one key
 * @config:   what to change; untouched on error
 * @key:      which
 * @text:     its value
 * @why:      out: on -EINVAL, what is wrong with @text
 * @why_size: bytes at @why
 *
 * Returns 0, -EINVAL, or -ENOENT if there is no such key.
 */
int gksm_config_set(struct gksm_config *config, enum gksm_config_key_index key,
		    const char *text, char *why, size_t why_size)
{
	switch (key) {
	case GKSM_KEY_DEVICE:
		return set_word(config->device, text,
				"auto, twin, a number or a name", why,
				why_size);
	case GKSM_KEY_CACHE_DIR:
		return set_path(config->cache_dir, text, why, why_size);
	case GKSM_KEY_BATCHES:
		return set_number(&config->nr_batches, text, 1,
				  GKSM_MAX_BATCHES, why, why_size);
	case GKSM_KEY_BATCH_SLOTS:
		return set_batch_slots(&config->batch_slots, text, why,
				       why_size);
	case GKSM_KEY_USER:
		return set_word(config->user, text, "the name of a user", why,
				why_size);
	case GKSM_KEY_SOCKET:
		return set_path(config->socket, text, why, why_size);
	case GKSM_KEY_SECCOMP:
		return set_filter(&config->filter, text, why, why_size);
	default:
		return -ENOENT;
	}
}

/**
 * gksm_config_check - check what no single value shows
 * @config: what to check
 *
 * Returns 0, or -EINVAL after a message.
 */
int gksm_config_check(const struct gksm_config *config)
{
	const unsigned int pages = config->nr_batches * config->batch_slots;

	if (pages <= GKSM_MAX_STAGING_PAGES)
		return 0;
	gksm_error("%u batches of %u slots are %u pages; at most %u. Lower "
		   "batches or batch_slots",
		   config->nr_batches, config->batch_slots, pages,
		   GKSM_MAX_STAGING_PAGES);
	return -EINVAL;
}

/**
 * gksm_config_same_start - whether everything that is read at start only is
 * the same
 * @a: a configuration
 * @b: another
 */
bool gksm_config_same_start(const struct gksm_config *a,
			    const struct gksm_config *b)
{
	return strcmp(a->device, b->device) == 0 &&
	       strcmp(a->cache_dir, b->cache_dir) == 0 &&
	       a->nr_batches == b->nr_batches &&
	       a->batch_slots == b->batch_slots &&
	       strcmp(a->user, b->user) == 0 &&
	       strcmp(a->socket, b->socket) == 0 && a->filter == b->filter;
}
