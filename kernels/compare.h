/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * compare.h - the bytes of two pages, OpenCL C
 *
 * Pages to compare have equal hashes, so nearly all are equal: there is no
 * early exit, which would only keep the loop from being vectorised. There is
 * one shape: only pages that have a twin in their batch are compared, and asking
 * for the next page as page_hash_wide does made no difference on PoCL, for two
 * pages at once keep memory busy.
 */
#ifndef GKSM_COMPARE_H
#define GKSM_COMPARE_H

#include "page.h"

static inline bool pages_are_equal(__global const ulong4 *pages, uint page_a,
				   uint page_b)
{
	__global const ulong4 *a = pages + page_a * PAGE_STRIPES;
	__global const ulong4 *b = pages + page_b * PAGE_STRIPES;
	ulong4 differ = (ulong4)(0);

	for (uint s = 0; s < PAGE_STRIPES; s++)
		differ |= a[s] ^ b[s];
	return (differ.s0 | differ.s1 | differ.s2 | differ.s3) == 0;
}

#endif /* GKSM_COMPARE_H */
