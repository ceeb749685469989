// SPDX-License-Identifier: GPL-2.0-only
/*
 * text.c - strict numbers and near misses
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "text.h"

/**
 * gksm_text_to_u64 - read a decimal number, strictly
 * @text:  digits and nothing else: no sign, no blank, no unit
 * @min:   smallest value allowed
 * @max:   largest value allowed
 * @value: out: the number; untouched on error
 *
 * Returns 0, -EINVAL if @text is not a number, -ERANGE if it is out of range.
 */
int gksm_text_to_u64(const char *text, uint64_t min, uint64_t max,
		     uint64_t *value)
{
	uint64_t sum = 0;

	if (!*text)
		return -EINVAL;
	for (const char *c = text; *c; c++)
		if (*c < '0' || *c > '9')
			return -EINVAL;
	for (; *text; text++)
		if (__builtin_mul_overflow(sum, 10U, &sum) ||
		    __builtin_add_overflow(sum, (unsigned int)(*text - '0'),
					   &sum))
			return -ERANGE;
	if (sum < min || sum > max)
		return -ERANGE;
	*value = sum;
	return 0;
}

/**
 * gksm_text_to_s64 - read a decimal number that may be negative, strictly
 * @text:  an optional minus sign and digits
 * @value: out: the number; untouched on error
 *
 * Returns 0, -EINVAL if @text is not a number, -ERANGE if it is out of range.
 */
int gksm_text_to_s64(const char *text, int64_t *value)
{
	const bool is_negative = *text == '-';
	uint64_t magnitude = 0;
	int err =
		gksm_text_to_u64(text + is_negative, 0, INT64_MAX, &magnitude);

	if (!err)
		*value = is_negative ? -(int64_t)magnitude : (int64_t)magnitude;
	return err;
}

/* Names of options, keys and commands are shorter. */
#define NEAREST_MAX_LEN 47

/* Levenshtein's distance, one row at a time. */
static unsigned int edit_distance(const char *a, const char *b)
{
	const size_t len_b = strlen(b);
	unsigned int row[NEAREST_MAX_LEN + 1];

	for (size_t j = 0; j <= len_b; j++)
		row[j] = (unsigned int)j;
	for (size_t i = 1; a[i - 1]; i++) {
		unsigned int diagonal = row[0];

		row[0] = (unsigned int)i;
		for (size_t j = 1; j <= len_b; j++) {
			unsigned int cost = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < cost)
				cost = row[j] + 1;
			if (row[j - 1] + 1 < cost)
				cost = row[j - 1] + 1;
			row[j] = cost;
		}
	}
	return row[len_b];
}

/**
 * gksm_nearest_offer - consider one more name
 * @nearest: the search; start it with only @word set
 * @name:    a name that exists; must outlive @nearest
 *
 * A name is near if at most half of it, rounded up, has to be edited.
 */
void gksm_nearest_offer(struct gksm_nearest *nearest, const char *name)
{
	const size_t len = strlen(name);
	unsigned int distance;

	if (strlen(nearest->word) > NEAREST_MAX_LEN || len > NEAREST_MAX_LEN)
		return;
	distance = edit_distance(nearest->word, name);
	if (distance > (len + 1) / 2)
		return;
	if (nearest->name && nearest->distance <= distance)
		return;
	nearest->name = name;
	nearest->distance = distance;
}
