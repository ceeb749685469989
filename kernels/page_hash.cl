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

static inline ulong4 begin(ulong seed)
{
	return (ulong4)(XXH64_INIT_0(seed), XXH64_INIT_1(seed),
			XXH64_INIT_2(seed), XXH64_INIT_3(seed));
}

/* The accumulators after all words were taken in, and the OR of all words. */
static inline void finish(__global ulong *hash, __global uchar *zero,
			  ulong4 acc, ulong4 any)
{
	*hash = xxh64_finish(acc.s0, acc.s1, acc.s2, acc.s3, PAGE_BYTES);
	*zero = (any.s0 | any.s1 | any.s2 | any.s3) == 0;
}

__kernel void page_hash_narrow(__global const ulong4 *restrict pages,
			       __global const ulong *restrict seeds,
			       __global ulong *restrict hashes,
			       __global uchar *restrict zeros, uint nr_pages)
{
	const uint i = (uint)get_global_id(0);
	__global const ulong4 *page = pages + (size_t)i * PAGE_STRIPES;
	ulong4 acc, any = (ulong4)(0);

	if (i >= nr_pages)
		return;
	acc = begin(seeds[i]);
	for (uint s = 0; s < PAGE_STRIPES; s++) {
		const ulong4 words = page[s];

		any |= words;
		acc = XXH64_ROUND(acc, words);
	}
	finish(&hashes[i], &zeros[i], acc, any);
}

/*
 * Vectors, no arrays: what is in an array may be left behind in memory. Pages
 * beyond the end are the last one once more.
 */
__kernel void page_hash_wide(__global const ulong4 *restrict pages,
			     __global const ulong *restrict seeds,
			     __global ulong *restrict hashes,
			     __global uchar *restrict zeros, uint nr_pages)
{
	const uint i = (uint)get_global_id(0) * HASH_SIDE;
	const uint last = nr_pages - 1;
	const uint at_0 = min(i, last), at_1 = min(i + 1, last);
	const uint at_2 = min(i + 2, last), at_3 = min(i + 3, last);
	__global const ulong4 *page_0 = pages + (size_t)at_0 * PAGE_STRIPES;
	__global const ulong4 *page_1 = pages + (size_t)at_1 * PAGE_STRIPES;
	__global const ulong4 *page_2 = pages + (size_t)at_2 * PAGE_STRIPES;
	__global const ulong4 *page_3 = pages + (size_t)at_3 * PAGE_STRIPES;
	ulong16 acc, any = (ulong16)(0);

	if (i >= nr_pages)
		return;
	acc = (ulong16)(begin(seeds[at_0]), begin(seeds[at_1]),
			begin(seeds[at_2]), begin(seeds[at_3]));
	for (uint s = 0; s < PAGE_STRIPES; s++) {
		const ulong16 words = (ulong16)(page_0[s], page_1[s], page_2[s],
						page_3[s]);

		if (s % HASH_LINE_STRIPES == 0) {
			both_ask(page_0 + s + HASH_SIDE * PAGE_STRIPES);
			both_ask(page_1 + s + HASH_SIDE * PAGE_STRIPES);
			both_ask(page_2 + s + HASH_SIDE * PAGE_STRIPES);
			both_ask(page_3 + s + HASH_SIDE * PAGE_STRIPES);
		}
		any |= words;
		acc = XXH64_ROUND(acc, words);
	}
	finish(&hashes[at_0], &zeros[at_0], acc.lo.lo, any.lo.lo);
	finish(&hashes[at_1], &zeros[at_1], acc.lo.hi, any.lo.hi);
	finish(&hashes[at_2], &zeros[at_2], acc.hi.lo, any.hi.lo);
	finish(&hashes[at_3], &zeros[at_3], acc.hi.hi, any.hi.hi);
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
