// SPDX-License-Identifier: GPL-2.0-only
/*
 * config.c - gksmd.conf
 *
 * libinih splits the lines; config_value.c knows what they may hold. Every fault
 * of a file is reported, not only the first, each with its line number.
 */
#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "log.h"
#include "text.h"

#define SECTIONS "[engine], [daemon], [scan]"

/* State of one reading. */
struct reading {
	struct gksm_config *config;
	const char *path;
	FILE *file;
	unsigned int line;
	unsigned int nr_faults;
	unsigned int key_line[GKSM_NR_CONFIG_KEYS];
	unsigned int scan_line[GKSM_NR_WRITABLE_FIELDS];
};

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

static void complain_key(struct reading *r, const char *section,
			 const char *key)
{
	char known[160] = "";
	size_t len = 0;

	for (size_t i = 0; i < GKSM_NR_CONFIG_KEYS; i++)
		if (strcmp(gksm_config_keys[i].section, section) == 0)
			len += (size_t)snprintf(known + len,
						sizeof(known) - len, "%s%s",
						len ? ", " : "",
						gksm_config_keys[i].name);
	fault(r, "unknown key \"%s\" in [%s]; known: %s", key, section, known);
}

static void take_key(struct reading *r, const char *section, const char *key,
		     const char *text)
{
	const enum gksm_config_key_index i = gksm_config_find(section, key);
	char why[96];

	if (i == GKSM_NR_CONFIG_KEYS) {
		complain_key(r, section, key);
		return;
	}
	if (is_repeated(r, &r->key_line[i], key))
		return;
	if (gksm_config_set(r->config, i, text, why, sizeof(why)))
		fault(r, "bad value \"%s\" for %s: %s", text, key, why);
}

static void complain_scan_key(struct reading *r, const char *key)
{
	char known[GKSM_FIELD_MAX_KEYS];

	gksm_field_keys(known);
	fault(r, "unknown key \"%s\" in [scan]; known: %s", key, known);
}

static void take_scan(struct reading *r, const char *key, const char *text)
{
	const size_t i = gksm_field_find(key);
	const struct gksm_field *field = &gksm_fields[i];
	char need[GKSM_FIELD_MAX_NEED];

	if (i >= GKSM_NR_WRITABLE_FIELDS) {
		complain_scan_key(r, key);
		return;
	}
	if (is_repeated(r, &r->scan_line[i], key))
		return;
	if (gksm_field_parse(field, text, &r->config->scan[i])) {
		gksm_field_need(field, need);
		fault(r, "bad value \"%s\" for %s: need %s", text, key, need);
		return;
	}
	if (gksm_field_is_unmerge(field, r->config->scan[i])) {
		fault(r,
		      "bad value \"%s\" for %s: unmerging is an action, not a setting. Try: gksmctl unmerge",
		      text, key);
		return;
	}
	r->config->scan_set[i] = true;
}

static bool is_section(const char *name)
{
	return strcmp(name, "engine") == 0 || strcmp(name, "daemon") == 0 ||
	       strcmp(name, "scan") == 0;
}

/* libinih's handler: 1 is success; faults are counted here instead. */
static int take_pair(void *arg, const char *section, const char *key,
		     const char *text)
{
	struct reading *r = arg;

	if (strcmp(section, "scan") == 0)
		take_scan(r, key, text);
	else if (is_section(section))
		take_key(r, section, key, text);
	else if (!*section)
		fault(r, "key \"%s\" before the first section; known: %s", key,
		      SECTIONS);
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
		fault(r, "unknown section [%s]; known: " SECTIONS, name);
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
