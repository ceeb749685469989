/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * field.h - what is known about the files of /sys/kernel/mm/gksm
 */
#ifndef GKSM_FIELD_H
#define GKSM_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct gksm_field - one file
 * @name:     file name; a last '*' stands for any rest
 * @unit:     unit of the value, "" if it has none
 * @meaning:  a few words
 * @writable: can be set: by gksmctl set, and in section [scan] of gksmd.conf
 * @min:      smallest value, if @writable
 * @max:      largest value, if @writable
 * @words:    if it takes words instead, these, with NULL at the end; a value is
 *	      then the place of its word
 */
struct gksm_field {
	const char *name;
	const char *unit;
	const char *meaning;
	bool writable;
	uint64_t min;
	uint64_t max;
	const char *const *words;
};

/* The writable fields come first in the table. */
#define GKSM_NR_WRITABLE_FIELDS 21

/* Bytes that hold any text of gksm_field_print(), _need() and _keys(). */
#define GKSM_FIELD_MAX_VALUE 24
#define GKSM_FIELD_MAX_NEED 80
#define GKSM_FIELD_MAX_KEYS 768

extern const struct gksm_field gksm_fields[];
extern const size_t gksm_nr_fields;

size_t gksm_field_find(const char *name);
int gksm_field_parse(const struct gksm_field *field, const char *text,
		     uint64_t *value);
void gksm_field_print(const struct gksm_field *field, uint64_t value,
		      char text[GKSM_FIELD_MAX_VALUE]);
void gksm_field_need(const struct gksm_field *field,
		     char text[GKSM_FIELD_MAX_NEED]);
void gksm_field_keys(char text[GKSM_FIELD_MAX_KEYS]);
bool gksm_field_is_unmerge(const struct gksm_field *field, uint64_t value);

#endif /* GKSM_FIELD_H */
