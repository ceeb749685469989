/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * search.h - what is found out about one entry of a batch, as OpenCL C 1.2 and
 * as C11
 */
#ifndef GKSM_SEARCH_H
#define GKSM_SEARCH_H

#include "both.h"
#include "group.h"
#include "index.h"

/* The arrays of a batch, see index_search.cl. */
struct search_batch {
	BOTH_GLOBAL const both_u64 *hashes;
	BOTH_GLOBAL const both_u8 *zeros;
	BOTH_GLOBAL const both_u64 *names;
	BOTH_GLOBAL const both_u32 *firsts;
	BOTH_GLOBAL const both_u32 *seconds;
	BOTH_GLOBAL both_u8 *found;
	BOTH_GLOBAL both_u64 *twins;
	both_u32 nr_pages;
	both_u32 generation;
};

/* Two entries of a group: with content they were compared. */
static inline both_u8 search_kind(struct search_batch batch, both_u32 a,
				  both_u32 b)
{
	return a < batch.nr_pages && b < batch.nr_pages ? FOUND_EQUAL :
							  FOUND_ALIKE;
}

/* The first of a group enters itself and its second. */
static inline both_u8 search_first(struct index_table table,
				   struct search_batch batch, both_u32 entry,
				   struct index_glance glance, both_u64 *twin,
				   struct index_tally *tally)
{
	const both_u32 second = batch.seconds[entry];
	const both_u64 other = second == GROUP_NONE ? 0 : batch.names[second];
	const struct index_found found =
		index_see(table, glance, batch.hashes[entry],
			  batch.names[entry], other, batch.generation, tally);

	*twin = other ? other : found.other;
	if (other)
		return search_kind(batch, entry, second);
	if (found.other)
		return FOUND_ALIKE;
	return found.is_kept ? FOUND_UNIQUE : FOUND_NOTHING;
}

/* Is the index asked for this entry? */
static inline both_u32 search_needs_index(struct search_batch batch,
					  both_u32 entry)
{
	return batch.names[entry] && batch.firsts[entry] == entry &&
	       !(entry < batch.nr_pages && batch.zeros[entry]);
}

/* The glance counts only if the index is asked for the entry. */
static inline void search_entry(struct index_table table,
				struct search_batch batch, both_u32 entry,
				struct index_glance glance,
				struct index_tally *tally)
{
	const both_u32 is_zero = entry < batch.nr_pages && batch.zeros[entry];
	const both_u32 first = batch.firsts[entry];
	both_u64 twin = 0;
	both_u8 found;

	if (!batch.names[entry]) {
		found = FOUND_NOTHING;
	} else if (is_zero) {
		found = FOUND_ZERO;
	} else if (first == GROUP_NONE) {
		found = FOUND_COLLIDED;
	} else if (first != entry) {
		found = search_kind(batch, first, entry);
		twin = batch.names[first];
	} else {
		found = search_first(table, batch, entry, glance, &twin, tally);
	}
	batch.found[entry] = found;
	batch.twins[entry] = twin;
}

#endif /* GKSM_SEARCH_H */
