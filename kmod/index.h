/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GKSM_INDEX_H
#define GKSM_INDEX_H

#include <linux/types.h>

/**
 * struct gksm_index_entry - one pair
 * @key:   a hash; any value
 * @value: what it stands for; 0 marks an empty entry
 */
struct gksm_index_entry {
	u64 key;
	u64 value;
};

/**
 * struct gksm_index - a map from 64-bit hashes to 64-bit values
 * @entries:  1 << @bits of them, or NULL before the first insert
 * @bits:     log2 of the number of entries
 * @min_bits: @bits of a fresh or cleared index
 * @nr:	      pairs present
 * @secret:   odd multiplier that scatters keys, so that nobody who chooses
 *	      page contents can choose where they land
 */
struct gksm_index {
	struct gksm_index_entry *entries;
	unsigned int bits;
	unsigned int min_bits;
	u64 nr;
	u64 secret;
};

void gksm_index_init(struct gksm_index *ix, unsigned int min_bits, u64 secret);
void gksm_index_destroy(struct gksm_index *ix);
void gksm_index_clear(struct gksm_index *ix);
int gksm_index_insert(struct gksm_index *ix, u64 key, u64 value);
u64 gksm_index_find(const struct gksm_index *ix, u64 key);
u64 gksm_index_replace(struct gksm_index *ix, u64 key, u64 value);
bool gksm_index_remove(struct gksm_index *ix, u64 key);
u64 gksm_index_bytes(const struct gksm_index *ix);
u64 gksm_index_grown_bytes(const struct gksm_index *ix);

#endif /* GKSM_INDEX_H */
