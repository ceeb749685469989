/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * group.h - which entries of one batch have the same hash, as OpenCL C 1.2 and
 * as C11
 */
#ifndef GKSM_GROUP_H
#define GKSM_GROUP_H

/**
 * DOC: Twins within a batch
 *
 * An *entry* is one page of a batch, by its number. Entries below nr_pages
 * have content, those from there on are only confirmed. An entry with name 0
 * is left out, and so is one whose page is zero.
 *
 * Entries with the same hash form a group; those bits of it count that count in
 * the index, because of some entries no others are known. group_find() has every
 * entry look for its group in a table of cells, open addressing by hash, in which
 * each cell ends up with the lowest number of its group: the *first*. When all are
 * in, group_first() tells each entry its first; their bytes are compared; and
 * of those that are equal the lowest number becomes the first's *second*. None
 * of this depends on the order in which entries come.
 *
 * One whose bytes differ from those of its first has collided, and nothing is
 * said of it. It can only be hidden from twins of its own trust domain, and
 * only by pages that were made to collide.
 */

#include "both.h"
#include "index.h"

#define GROUP_NONE 0xffffffffU
/* Cells that an entry looks at; one that finds no place has no twin. */
#define GROUP_REACH 64

/* What is known of an entry in the end; the numbers are those of gksm_gpu.h. */
#define FOUND_NOTHING 0
#define FOUND_ZERO 1
#define FOUND_UNIQUE 2
#define FOUND_EQUAL 3
#define FOUND_ALIKE 4
#define FOUND_COLLIDED 5

/* Does an entry take part? */
static inline both_u32 group_has(both_u64 name, both_u32 is_zero)
{
	return name && !is_zero;
}

/* The cell of the entry's group, or GROUP_NONE; cells start as GROUP_NONE. */
static inline both_u32 group_find(volatile BOTH_GLOBAL both_u32 *cells,
				  both_u32 nr_cells,
				  BOTH_GLOBAL const both_u64 *hashes,
				  both_u32 entry)
{
	const both_u64 x = index_x(hashes[entry]);
	both_u32 cell = (both_u32)x;

	for (both_u32 n = 0; n < GROUP_REACH; n++, cell++) {
		both_u32 was;

		cell &= nr_cells - 1;
		was = both_exchange(&cells[cell], GROUP_NONE, entry);
		if (was == GROUP_NONE)
			return cell;
		if (index_x(hashes[was]) == x) {
			both_lower(&cells[cell], entry);
			return cell;
		}
	}
	return GROUP_NONE;
}

static inline both_u32 group_first(BOTH_GLOBAL const both_u32 *cells,
				   both_u32 cell, both_u32 entry)
{
	return cell == GROUP_NONE ? entry : cells[cell];
}

#endif /* GKSM_GROUP_H */
