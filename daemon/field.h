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
 */
struct gksm_field {
	const char *name;
	const char *unit;
	const char *meaning;
	bool writable;
	uint64_t min;
	uint64_t max;
};

/* The writable fields come first in the table. */
#define GKSM_NR_WRITABLE_FIELDS 9

extern const struct gksm_field gksm_fields[];
extern const size_t gksm_nr_fields;

size_t gksm_field_find(const char *name);
int gksm_field_parse(const struct gksm_field *field, const char *text,
		     uint64_t *value);
bool gksm_field_is_unmerge(const struct gksm_field *field, uint64_t value);

#endif /* GKSM_FIELD_H */
