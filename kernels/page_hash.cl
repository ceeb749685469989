/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * page_hash - one 64-bit fingerprint per page (XXH64 with the page's seed)
 *
 *   pages     in   nr_pages pages of 4096 bytes, back to back
 *   seeds     in   nr_pages seeds, one per page
 *   hashes    out  hashes[i] belongs to page i
 *   zeros     out  zeros[i] is 1 if all bytes of page i are zero, else 0
 *   nr_pages  in   how many pages
 *
 * Launch:  1-D, one work-item a page, any work-group size; work-items beyond
 *          nr_pages do nothing, so the global size may be rounded up.
 * Needs:   OpenCL C 1.2, little-endian, no extensions.
 * Twin:    gpu/cpu.c computes the same values; tests compare both with
 *          libxxhash.
 *
 * A work-item reads its page alone, front to back, as 32-byte vectors: the
 * shape for devices with caches (PoCL). What another shape would replace is
 * read_page().
 */
#include "page.h"
#include "xxh64.h"

/* Take the page into the accumulators; any becomes the OR of all words. */
static ulong4 read_page(__global const ulong4 *page, ulong4 acc,
			__private ulong4 *any)
{
	ulong4 seen = (ulong4)(0);

	for (uint s = 0; s < PAGE_STRIPES; s++) {
		const ulong4 words = page[s];

		seen |= words;
		acc = XXH64_ROUND(acc, words);
	}
	*any = seen;
	return acc;
}

__kernel void page_hash(__global const ulong4 *restrict pages,
			__global const ulong *restrict seeds,
			__global ulong *restrict hashes,
			__global uchar *restrict zeros, uint nr_pages)
{
	const size_t i = get_global_id(0);

	if (i >= nr_pages)
		return;

	const ulong seed = seeds[i];
	const ulong4 init = (ulong4)(XXH64_INIT_0(seed), XXH64_INIT_1(seed),
				     XXH64_INIT_2(seed), XXH64_INIT_3(seed));
	ulong4 any;
	const ulong4 acc = read_page(pages + i * PAGE_STRIPES, init, &any);

	hashes[i] = xxh64_finish(acc.s0, acc.s1, acc.s2, acc.s3, PAGE_BYTES);
	zeros[i] = (any.s0 | any.s1 | any.s2 | any.s3) == 0;
}
