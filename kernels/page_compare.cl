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
 *
 * Pairs come from equal hashes, so nearly all are equal: there is no early
 * exit, which would only keep the loop from being vectorised.
 */
#define PAGE_BYTES 4096
#define PAGE_STRIPES (PAGE_BYTES / sizeof(ulong4))

__kernel void page_compare(__global const ulong4 *restrict pages,
			   __global const uint2 *restrict pairs,
			   __global uchar *restrict equal, uint nr_pairs)
{
	const size_t i = get_global_id(0);

	if (i >= nr_pairs)
		return;

	const uint2 pair = pairs[i];
	__global const ulong4 *a = pages + pair.s0 * PAGE_STRIPES;
	__global const ulong4 *b = pages + pair.s1 * PAGE_STRIPES;
	ulong4 differ = (ulong4)(0);

	for (uint s = 0; s < PAGE_STRIPES; s++)
		differ |= a[s] ^ b[s];

	equal[i] = (differ.s0 | differ.s1 | differ.s2 | differ.s3) == 0;
}
