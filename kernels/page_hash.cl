/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * page_hash_* - one 64-bit fingerprint per page (XXH64 with the page's seed)
 *
 *   pages     in   nr_pages pages of 4096 bytes, back to back
 *   seeds     in   nr_pages seeds, one per page
 *   hashes    out  hashes[i] belongs to page i
 *   zeros     out  zeros[i] is 1 if all bytes of page i are zero, else 0
 *   nr_pages  in   how many pages
 *
 * Launch:  1-D, work-groups of HASH_GROUP; work-items beyond nr_pages do
 *          nothing, so the global size may be rounded up. Work-items:
 *          page_hash_narrow  one a page
 *          page_hash_wide    one for HASH_SIDE pages
 *          page_hash_lanes   HASH_LANES a page
 * Needs:   OpenCL C 1.2, little-endian, no extensions.
 * Twin:    gpu/cpu.c computes the same values; tests compare all with
 *          libxxhash.
 */
#include "both.h"
#include "hash.h"
#include "page.h"
#include "xxh64.h"

/**
 * DOC: Shapes
 *
 * The same values in three shapes; which one is fast depends on the device,
 * and is measured (gpu/shape.c).
 *
 * Narrow: a work-item reads its page alone, front to back, as 32-byte vectors.
 *
 * Wide, for processors: XXH64 of one page is a chain of multiplications, each
 * of which waits for the one before. A work-item takes several pages side by
 * side, whose chains overlap, and asks for the pages that the next work-item
 * reads: the hardware looks ahead no further than the end of a page.
 *
 * Lanes, for GPUs: a work-item has one of a page's four accumulators, so that
 * neighbouring work-items read neighbouring words, and all of a cache line is
 * used at once.
 */

/* Take pages side by side into their accumulators; any: OR of their words. */
static inline void read_pages(__global const ulong4 *const *page, ulong4 *acc,
			      ulong4 *any, const uint nr_side)
{
	for (uint s = 0; s < PAGE_STRIPES; s += HASH_STEP) {
		for (uint p = 0; p < nr_side; p++) {
			for (uint n = 0; n < HASH_STEP; n++) {
				const ulong4 words = page[p][s + n];

				any[p] |= words;
				acc[p] = XXH64_ROUND(acc[p], words);
			}
			if (nr_side > 1)
				both_ask(page[p] + s + nr_side * PAGE_STRIPES);
		}
	}
}

/* nr_side pages from the first on; the last page is repeated beyond the end. */
static inline void hash_pages(__global const ulong4 *pages,
			      __global const ulong *seeds,
			      __global ulong *hashes, __global uchar *zeros,
			      uint nr_pages, uint first, const uint nr_side)
{
	__global const ulong4 *page[HASH_SIDE];
	ulong4 acc[HASH_SIDE], any[HASH_SIDE];

	for (uint p = 0; p < nr_side; p++) {
		const uint i = min(first + p, nr_pages - 1);
		const ulong seed = seeds[i];

		page[p] = pages + (size_t)i * PAGE_STRIPES;
		acc[p] = (ulong4)(XXH64_INIT_0(seed), XXH64_INIT_1(seed),
				  XXH64_INIT_2(seed), XXH64_INIT_3(seed));
		any[p] = (ulong4)(0);
	}
	read_pages(page, acc, any, nr_side);
	for (uint p = 0; p < nr_side; p++) {
		const uint i = min(first + p, nr_pages - 1);

		hashes[i] = xxh64_finish(acc[p].s0, acc[p].s1, acc[p].s2,
					 acc[p].s3, PAGE_BYTES);
		zeros[i] = (any[p].s0 | any[p].s1 | any[p].s2 | any[p].s3) == 0;
	}
}

__kernel void page_hash_narrow(__global const ulong4 *restrict pages,
			       __global const ulong *restrict seeds,
			       __global ulong *restrict hashes,
			       __global uchar *restrict zeros, uint nr_pages)
{
	const uint i = (uint)get_global_id(0);

	if (i < nr_pages)
		hash_pages(pages, seeds, hashes, zeros, nr_pages, i, 1);
}

__kernel void page_hash_wide(__global const ulong4 *restrict pages,
			     __global const ulong *restrict seeds,
			     __global ulong *restrict hashes,
			     __global uchar *restrict zeros, uint nr_pages)
{
	const uint i = (uint)get_global_id(0) * HASH_SIDE;

	if (i < nr_pages)
		hash_pages(pages, seeds, hashes, zeros, nr_pages, i, HASH_SIDE);
}

__kernel void page_hash_lanes(__global const ulong4 *restrict pages,
			      __global const ulong *restrict seeds,
			      __global ulong *restrict hashes,
			      __global uchar *restrict zeros, uint nr_pages)
{
	__local ulong accs[HASH_GROUP], anys[HASH_GROUP];
	const uint item = (uint)get_local_id(0);
	const uint lane = item % HASH_LANES;
	const uint i = (uint)get_global_id(0) / HASH_LANES;
	const uint page = min(i, nr_pages - 1);
	__global const ulong *words =
		(__global const ulong *)(pages + (size_t)page * PAGE_STRIPES) +
		lane;
	const ulong seed = seeds[page];
	ulong any = 0;
	ulong acc = lane == 0 ? XXH64_INIT_0(seed) :
		    lane == 1 ? XXH64_INIT_1(seed) :
		    lane == 2 ? XXH64_INIT_2(seed) :
				XXH64_INIT_3(seed);

	for (uint s = 0; s < PAGE_STRIPES; s++) {
		const ulong word = words[s * HASH_LANES];

		any |= word;
		acc = XXH64_ROUND(acc, word);
	}
	accs[item] = acc;
	anys[item] = any;
	barrier(CLK_LOCAL_MEM_FENCE);
	if (lane || i >= nr_pages)
		return;
	hashes[i] = xxh64_finish(accs[item], accs[item + 1], accs[item + 2],
				 accs[item + 3], PAGE_BYTES);
	zeros[i] = (anys[item] | anys[item + 1] | anys[item + 2] |
		    anys[item + 3]) == 0;
}
