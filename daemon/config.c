// SPDX-License-Identifier: GPL-2.0-only
/*
 * config.c - gksmd.conf
 *
 * libinih splits the lines; what they may hold is decided here. Every fault
 * of a file is reported, not only the first, each with its line number.
 */
#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "gksm_abi.h"
#include "log.h"
#include "text.h"

/* Keys of [engine]; the options of the same names set the same values. */
enum engine_key {
	KEY_DEVICE,
	KEY_CACHE_DIR,
	KEY_BATCHES,
	KEY_BATCH_SLOTS,
	NR_ENGINE_KEYS,
};

static const char *const engine_keys[NR_ENGINE_KEYS] = {
	[KEY_DEVICE] = "device",
	[KEY_CACHE_DIR] = "cache_dir",
	[KEY_BATCHES] = "batches",
	[KEY_BATCH_SLOTS] = "batch_slots",
};

/* State of one reading. */
struct reading {
	struct gksm_config *config;
	const char *path;
	FILE *file;
	unsigned int line;
	unsigned int nr_faults;
	unsigned int engine_line[NR_ENGINE_KEYS];
	unsigned int scan_line[GKSM_NR_WRITABLE_FIELDS];
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
		.batch_slots = 1024,
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

/**
 * gksm_config_set_engine - set one key of [engine]
 * @config:   what to change; untouched on error
 * @key:      name of the key
 * @text:     its value
 * @why:      out: on -EINVAL, what is wrong with @text
 * @why_size: bytes at @why
 *
 * Returns 0, -EINVAL, or -ENOENT if there is no such key.
 */
int gksm_config_set_engine(struct gksm_config *config, const char *key,
			   const char *text, char *why, size_t why_size)
{
	if (strcmp(key, engine_keys[KEY_DEVICE]) == 0) {
		if (!*text) {
			snprintf(why, why_size,
				 "need auto, twin, a number or a name");
			return -EINVAL;
		}
		return set_text(config->device, text, why, why_size);
	}
	if (strcmp(key, engine_keys[KEY_CACHE_DIR]) == 0) {
		if (*text && *text != '/') {
			snprintf(why, why_size,
				 "need an absolute path, or nothing");
			return -EINVAL;
		}
		return set_text(config->cache_dir, text, why, why_size);
	}
	if (strcmp(key, engine_keys[KEY_BATCHES]) == 0)
		return set_number(&config->nr_batches, text, 1,
				  GKSM_MAX_BATCHES, why, why_size);
	if (strcmp(key, engine_keys[KEY_BATCH_SLOTS]) == 0)
		return set_number(&config->batch_slots, text,
				  GKSM_MIN_BATCH_SLOTS, GKSM_MAX_BATCH_SLOTS,
				  why, why_size);
	return -ENOENT;
}

/* Prefix of every message about a line. */
#define fault(reading, format, ...)                                            \
	do {                                                                   \
		(reading)->nr_faults++;                                        \
		gksm_error("%s:%u: " format, (reading)->path, (reading)->line, \
			   __VA_ARGS__);                                       \
	} while (0)

static bool is_repeated(struct reading *r, unsigned int *first_line,
			const char *key)
{
	if (*first_line) {
		fault(r, "key \"%s\" again; first given in line %u", key,
		      *first_line);
		return true;
	}
	*first_line = r->line;
	return false;
}

static void take_engine(struct reading *r, const char *key, const char *text)
{
	char why[96];
	unsigned int i = 0;

	while (i < NR_ENGINE_KEYS && strcmp(engine_keys[i], key) != 0)
		i++;
	if (i == NR_ENGINE_KEYS) {
		fault(r, "unknown key \"%s\" in [engine]; known: %s", key,
		      "device, cache_dir, batches, batch_slots");
		return;
	}
	if (is_repeated(r, &r->engine_line[i], key))
		return;
	if (gksm_config_set_engine(r->config, key, text, why, sizeof(why)))
		fault(r, "bad value \"%s\" for %s: %s", text, key, why);
}

static void complain_scan_key(struct reading *r, const char *key)
{
	char known[160] = "";
	size_t len = 0;

	for (size_t i = 0; i < GKSM_NR_WRITABLE_FIELDS; i++)
		len += (size_t)snprintf(known + len, sizeof(known) - len,
					"%s%s", i ? ", " : "",
					gksm_fields[i].name);
	fault(r, "unknown key \"%s\" in [scan]; known: %s", key, known);
}

static void take_scan(struct reading *r, const char *key, const char *text)
{
	const size_t i = gksm_field_find(key);
	const struct gksm_field *field = &gksm_fields[i];

	if (i >= GKSM_NR_WRITABLE_FIELDS) {
		complain_scan_key(r, key);
		return;
	}
	if (is_repeated(r, &r->scan_line[i], key))
		return;
	if (gksm_field_parse(field, text, &r->config->scan[i])) {
		fault(r,
		      "bad value \"%s\" for %s: need a number from %llu to %llu",
		      text, key, (unsigned long long)field->min,
		      (unsigned long long)field->max);
		return;
	}
	r->config->scan_set[i] = true;
}

static bool is_section(const char *name)
{
	return strcmp(name, "engine") == 0 || strcmp(name, "scan") == 0;
}

/* libinih's handler: 1 is success; faults are counted here instead. */
static int take_pair(void *arg, const char *section, const char *key,
		     const char *text)
{
	struct reading *r = arg;

	if (strcmp(section, "engine") == 0)
		take_engine(r, key, text);
	else if (strcmp(section, "scan") == 0)
		take_scan(r, key, text);
	else if (!*section)
		fault(r, "key \"%s\" before the first section; known: %s", key,
		      "[engine], [scan]");
	return 1;
}

static void check_section(struct reading *r, const char *line)
{
	char name[64];

	if (*line != '[' || !strchr(line, ']'))
		return;
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(line + 1, "]"),
		 line + 1);
	if (!is_section(name))
		fault(r, "unknown section [%s]; known: [engine], [scan]", name);
}

static void skip_rest(FILE *file)
{
	int c;

	do {
		c = fgetc(file);
	} while (c != '\n' && c != EOF);
}

/*
 * libinih's reader. It counts the lines, which libinih does not tell the
 * handler; removes leading blanks, which would make a line the continuation
 * of the one before; and sees sections that hold no key.
 */
static char *read_line(char *line, int size, void *arg)
{
	struct reading *r = arg;
	size_t blanks;

	if (!fgets(line, size, r->file))
		return NULL;
	r->line++;
	if (!strchr(line, '\n') && strlen(line) == (size_t)size - 1) {
		fault(r, "line longer than %d characters", size - 2);
		skip_rest(r->file);
		*line = '\0';
	}
	blanks = strspn(line, " \t");
	memmove(line, line + blanks, strlen(line + blanks) + 1);
	check_section(r, line);
	return line;
}

/**
 * gksm_config_read - read a configuration file
 * @config:	in: values of what the file does not name; out
 * @path:	the file
 * @must_exist:	false: a file that is not there changes nothing
 *
 * Returns 0, -EINVAL after a message for each fault, or another -errno after
 * a message if the file cannot be read.
 */
int gksm_config_read(struct gksm_config *config, const char *path,
		     bool must_exist)
{
	struct reading r = { .config = config, .path = path };
	int bad_line, err;

	r.file = fopen(path, "re");
	if (!r.file) {
		err = -errno;
		if (err == -ENOENT && !must_exist)
			return 0;
		gksm_error("cannot read %s: %s", path, strerror(-err));
		return err == -ENOENT ? -EINVAL : err;
	}
	bad_line = ini_parse_stream(read_line, &r, take_pair, &r);
	err = ferror(r.file) ? -EISDIR : 0;
	fclose(r.file);
	if (err) {
		gksm_error("cannot read %s: is it a file?", path);
		return -EINVAL;
	}
	if (bad_line > 0) {
		r.line = (unsigned int)bad_line;
		fault(&r, "expected \"key = value\" or \"[section]\"%s", "");
	}
	return r.nr_faults ? -EINVAL : 0;
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
 * gksm_config_same_engine - whether [engine] is the same
 * @a: a configuration
 * @b: another
 */
bool gksm_config_same_engine(const struct gksm_config *a,
			     const struct gksm_config *b)
{
	return strcmp(a->device, b->device) == 0 &&
	       strcmp(a->cache_dir, b->cache_dir) == 0 &&
	       a->nr_batches == b->nr_batches &&
	       a->batch_slots == b->batch_slots;
}
