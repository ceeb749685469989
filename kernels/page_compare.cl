/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * page_compare - do two pages hold the same 4096 bytes?
 *
 *   pages     in   pages of 4096 bytes, back to back
 *   pairs     in   nr_pairs pairs of page numbers; the host has checked that
 *                  they are within pages
 *   equal     out  equal[i] is 1 if all bytes of pair i are the same, else 0
 *   nr_pairs  in   how many pairs
 *
 * Launch:  1-D, one work-item a pair, any work-group size; work-items beyond
 *          nr_pairs do nothing, so the global size may be rounded up.
 * Needs:   OpenCL C 1.2, no extensions.
 * Twin:    gpu/twin.c uses memcmp(); tests compare both.
 */
#include "compare.h"

__kernel void page_compare(__global const ulong4 *restrict pages,
			   __global const uint2 *restrict pairs,
			   __global uchar *restrict equal, uint nr_pairs)
{
	const size_t i = get_global_id(0);

	if (i < nr_pairs)
		equal[i] = pages_are_equal(pages, pairs[i].s0, pairs[i].s1);
}
