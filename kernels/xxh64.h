/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xxh64.h - the arithmetic of XXH64, as OpenCL C 1.2 and as C11
 *
 * After "xxHash fast digest algorithm", section "XXH64 Algorithm Description"
 * (doc/xxhash_spec.md of the xxHash project), for inputs whose length is a
 * multiple of 32 bytes, as a page's is: the steps for a tail are left out.
 *
 * Four accumulators each take one word of every 32-byte stripe. The step that
 * runs over the whole input, XXH64_ROUND, is a macro so that it also takes
 * vectors of words; what happens once per input is a function. The caller
 * reads the words, as little-endian numbers.
 */
#ifndef GKSM_XXH64_H
#define GKSM_XXH64_H

#ifdef __OPENCL_C_VERSION__
typedef ulong xxh64_word;
#else
#include <stdint.h>
typedef uint64_t xxh64_word;
#endif

#define XXH64_PRIME_1 0x9e3779b185ebca87UL
#define XXH64_PRIME_2 0xc2b2ae3d27d4eb4fUL
#define XXH64_PRIME_3 0x165667b19e3779f9UL
#define XXH64_PRIME_4 0x85ebca77c2b2ae63UL

/* First values of the four accumulators. */
#define XXH64_INIT_0(seed) ((seed) + XXH64_PRIME_1 + XXH64_PRIME_2)
#define XXH64_INIT_1(seed) ((seed) + XXH64_PRIME_2)
#define XXH64_INIT_2(seed) (seed)
#define XXH64_INIT_3(seed) ((seed)-XXH64_PRIME_1)

/* Words or vectors of words; evaluates x twice; 0 < bits < 64. */
#define XXH64_ROTATE(x, bits) (((x) << (bits)) | ((x) >> (64 - (bits))))

/* The accumulator (or vector of them) after it took in one word (or vector). */
#define XXH64_ROUND(acc, words) \
	(XXH64_ROTATE((acc) + (words)*XXH64_PRIME_2, 31) * XXH64_PRIME_1)

static inline xxh64_word xxh64_merge(xxh64_word hash, xxh64_word acc)
{
	const xxh64_word none = 0;

	hash ^= XXH64_ROUND(none, acc);
	return hash * XXH64_PRIME_1 + XXH64_PRIME_4;
}

/* The hash of an input of this many bytes that left these accumulators. */
static inline xxh64_word xxh64_finish(xxh64_word acc_0, xxh64_word acc_1,
				      xxh64_word acc_2, xxh64_word acc_3,
				      xxh64_word bytes)
{
	xxh64_word hash = XXH64_ROTATE(acc_0, 1) + XXH64_ROTATE(acc_1, 7) +
			  XXH64_ROTATE(acc_2, 12) + XXH64_ROTATE(acc_3, 18);

	hash = xxh64_merge(hash, acc_0);
	hash = xxh64_merge(hash, acc_1);
	hash = xxh64_merge(hash, acc_2);
	hash = xxh64_merge(hash, acc_3);
	hash += bytes;

	hash ^= hash >> 33;
	hash *= XXH64_PRIME_2;
	hash ^= hash >> 29;
	hash *= XXH64_PRIME_3;
	hash ^= hash >> 32;
	return hash;
}

#endif /* GKSM_XXH64_H */
