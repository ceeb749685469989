/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * index_move - enter everything that one index holds into another one
 *
 *   words, exts, names           in      the index
 *   to_words, to_exts, to_names  in/out  the other one
 *   counts         in/out  the other one's counters
 *   nr_homes, to_nr_homes  in  of each
 *
 * Launch:  1-D, any number of work-groups of any size: each takes a run of
 *          buckets, for caches, and its work-items take them in turn, for wide
 *          memory. After whatever else uses either.
 * Needs:   OpenCL C 1.2 and its 32-bit atomics, no extensions.
 * Twin:    gpu/table.c does the same with index.h.
 */
#include "both.h"
#include "index.h"

__kernel void index_move(volatile __global uint *words, __global uchar *exts,
			 __global ulong *names,
			 volatile __global uint *to_words,
			 __global uchar *to_exts, __global ulong *to_names,
			 volatile __global uint *counts, uint nr_homes,
			 uint to_nr_homes)
{
	const struct index_table from = { words, exts, names, nr_homes };
	const struct index_table to = { to_words, to_exts, to_names,
					to_nr_homes };
	const uint nr_buckets = index_buckets(nr_homes);
	const uint run = nr_buckets / (uint)get_num_groups(0) + 1;
	const uint start = (uint)get_group_id(0) * run;
	const uint end = min(start + run, nr_buckets);
	struct index_tally tally = { 0, 0, 0 };

	for (uint b = start + (uint)get_local_id(0); b < end;
	     b += (uint)get_local_size(0))
		index_carry(from, to, b, &tally);
	if (tally.fresh)
		atomic_add(&counts[INDEX_COUNT_FRESH], tally.fresh);
	if (tally.refused)
		atomic_add(&counts[INDEX_COUNT_REFUSED], tally.refused);
}
