/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * group_join - which entries of a batch have the same hash?
 *
 *   hashes      in      nr_entries hashes
 *   zeros       in      nr_pages flags of page_hash
 *   names       in      nr_entries names, 0: leave the entry out
 *   cells       in/out  nr_cells cells, all GROUP_NONE; a power of two
 *   places      out     for each entry the cell of its group
 *   seconds     out     for each entry GROUP_NONE
 *   nr_cells, nr_pages, nr_entries  in
 *
 * Launch:  1-D, one work-item an entry, any work-group size; work-items beyond
 *          nr_entries do nothing.
 * Needs:   OpenCL C 1.2, no extensions.
 * Twin:    gpu/table.c does the same with group.h.
 */
#include "both.h"
#include "group.h"

__kernel void group_join(__global const ulong *restrict hashes,
			 __global const uchar *restrict zeros,
			 __global const ulong *restrict names,
			 volatile __global uint *cells,
			 __global uint *restrict places,
			 __global uint *restrict seconds, uint nr_cells,
			 uint nr_pages, uint nr_entries)
{
	const uint i = (uint)get_global_id(0);

	if (i >= nr_entries)
		return;
	seconds[i] = GROUP_NONE;
	if (group_has(names[i], i < nr_pages && zeros[i]))
		places[i] = group_find(cells, nr_cells, hashes, i);
	else
		places[i] = GROUP_NONE;
}
