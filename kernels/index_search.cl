/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * index_search - enter the entries of a batch, and find the twin of each
 *
 *   words, exts, names  in/out  the index, see index.h
 *   hashes      in      nr_entries hashes
 *   zeros       in      nr_pages flags of page_hash
 *   entries     in      nr_entries names, 0: leave the entry out
 *   firsts      in      as group_compare left them
 *   seconds     in      as group_compare left them
 *   found       out     for each entry one of FOUND_*
 *   twins       out     for each entry the name of its twin, or 0
 *   counts      in/out  INDEX_NR_COUNTS counters
 *   nr_homes, generation, nr_pages, nr_entries  in
 *
 * Launch:  1-D, one work-item an entry, any work-group size; work-items beyond
 *          nr_entries do nothing. After whatever else uses the index.
 * Needs:   OpenCL C 1.2 and its 32-bit atomics, no extensions.
 * Twin:    gpu/table.c does the same with index.h.
 */
#include "both.h"
#include "group.h"
#include "index.h"
#include "search.h"

__kernel void index_search(volatile __global uint *words, __global uchar *exts,
			   __global ulong *names,
			   __global const ulong *restrict hashes,
			   __global const uchar *restrict zeros,
			   __global const ulong *restrict entries,
			   __global const uint *restrict firsts,
			   __global const uint *restrict seconds,
			   __global uchar *restrict found,
			   __global ulong *restrict twins,
			   volatile __global uint *counts, uint nr_homes,
			   uint generation, uint nr_pages, uint nr_entries)
{
	const struct index_table table = { words, exts, names, nr_homes };
	const struct search_batch batch = { hashes,  zeros,    entries,
					    firsts,  seconds,  found,
					    twins,   nr_pages, generation };
	const uint i = (uint)get_global_id(0);
	const bool asks = i < nr_entries && search_needs_index(batch, i);
	struct index_tally tally = { 0, 0, 0 };
	struct index_glance glance;

	/* Step by step, see "Waiting for memory once" in index.h. */
	if (asks)
		index_glance_start(table, hashes[i]);
	barrier(CLK_LOCAL_MEM_FENCE);
	if (asks)
		glance = index_glance_home(table, hashes[i]);
	barrier(CLK_LOCAL_MEM_FENCE);
	if (asks)
		index_glance_further(table, hashes[i], &glance);
	barrier(CLK_LOCAL_MEM_FENCE);
	if (i < nr_entries)
		search_entry(table, batch, i, glance, &tally);
	if (tally.fresh)
		atomic_add(&counts[INDEX_COUNT_FRESH], tally.fresh);
	if (tally.reused)
		atomic_add(&counts[INDEX_COUNT_REUSED], tally.reused);
	if (tally.refused)
		atomic_add(&counts[INDEX_COUNT_REFUSED], tally.refused);
}
