/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * group_compare - which entries of a batch hold the same bytes?
 *
 *   pages       in      nr_pages pages of 4096 bytes, back to back
 *   cells       in      as group_join left them
 *   places      in      as group_join left them
 *   firsts      out     for each entry the first of its group, itself if it is
 *                       that; GROUP_NONE if its bytes differ from the first's
 *   seconds     in/out  of each first: the lowest number in its group that has
 *                       the same bytes
 *   nr_pages, nr_entries  in
 *
 * Entries without content are taken to be what their hash says.
 *
 * Launch:  1-D, one work-item an entry, any work-group size; work-items beyond
 *          nr_entries do nothing.
 * Needs:   OpenCL C 1.2, no extensions.
 * Twin:    gpu/table.c does the same with group.h.
 */
#include "both.h"
#include "group.h"
#include "compare.h"

__kernel void group_compare(__global const ulong4 *restrict pages,
			    __global const uint *restrict cells,
			    __global const uint *restrict places,
			    __global uint *restrict firsts,
			    volatile __global uint *seconds, uint nr_pages,
			    uint nr_entries)
{
	const uint i = (uint)get_global_id(0);
	uint first;

	if (i >= nr_entries)
		return;
	first = group_first(cells, places[i], i);
	if (first != i) {
		if (i < nr_pages && !pages_are_equal(pages, first, i))
			first = GROUP_NONE;
		else
			both_lower(&seconds[first], i);
	}
	firsts[i] = first;
}
