/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * text.h - strict numbers and near misses
 */
#ifndef GKSM_TEXT_H
#define GKSM_TEXT_H

#include <stdint.h>

int gksm_text_to_u64(const char *text, uint64_t min, uint64_t max,
		     uint64_t *value);
int gksm_text_to_s64(const char *text, int64_t *value);

/**
 * struct gksm_nearest - search for the name that was probably meant
 * @word: what was typed
 * @name: the nearest name so far, or NULL if none is near
 * @distance: edits from @word to @name; valid if @name is not NULL
 */
struct gksm_nearest {
	const char *word;
	const char *name;
	unsigned int distance;
};

void gksm_nearest_offer(struct gksm_nearest *nearest, const char *name);

#endif /* GKSM_TEXT_H */
