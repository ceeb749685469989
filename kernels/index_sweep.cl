/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * index_sweep - free the entries that were last seen in one generation
 *
 *   words     in/out  the index, see index.h
 *   counts    in/out  its counters
 *   nr_slots  in      its slots
 *   expired   in      the generation
 *
 * Launch:  1-D, any number of work-groups of any size: each takes a run of
 *          slots, for caches, and its work-items take them in turn, for wide
 *          memory. After whatever else uses the index.
 * Needs:   OpenCL C 1.2 and its 32-bit atomics, no extensions.
 * Twin:    gpu/table.c does the same with index.h.
 */
#include "both.h"
#include "index.h"

__kernel void index_sweep(volatile __global uint *words,
			  volatile __global uint *counts, ulong nr_slots,
			  uint expired)
{
	const ulong run = nr_slots / get_num_groups(0) + 1;
	const ulong start = get_group_id(0) * run;
	const ulong end = min(start + run, nr_slots);
	uint nr_swept = 0;

	for (ulong slot = start + get_local_id(0); slot < end;
	     slot += get_local_size(0))
		nr_swept += index_expire(words, slot, expired);
	if (nr_swept)
		atomic_add(&counts[INDEX_COUNT_SWEPT], nr_swept);
}
