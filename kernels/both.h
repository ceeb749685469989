/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * both.h - one vocabulary for what is OpenCL C 1.2 and C11 at once
 *
 * The C twin has one thread, so that its atomics are plain.
 *
 * BOTH_PREFETCHES is defined for devices with caches whose work-items run one
 * after the other between barriers, that is processors: a group can ask for
 * all the memory that it is about to read, and wait for it once.
 */
#ifndef GKSM_BOTH_H
#define GKSM_BOTH_H

#ifdef __OPENCL_C_VERSION__
#define BOTH_GLOBAL __global
typedef uchar both_u8;
typedef uint both_u32;
typedef ulong both_u64;

static inline both_u64 both_mul_high(both_u64 a, both_u64 b)
{
	return mul_hi(a, b);
}

static inline both_u32 both_count(both_u32 bits)
{
	return popcount(bits);
}

/* The number of the lowest bit that is set, of at least one. */
static inline both_u32 both_lowest(both_u32 bits)
{
	return 31 - clz(bits & -bits);
}

/* Returns what the word was; it is the new one if that is the old one. */
static inline both_u32 both_exchange(volatile BOTH_GLOBAL both_u32 *word,
				     both_u32 old, both_u32 new)
{
	return atomic_cmpxchg(word, old, new);
}

static inline void both_lower(volatile BOTH_GLOBAL both_u32 *word, both_u32 to)
{
	atomic_min(word, to);
}

/* Have the line of memory at hand when it is read, if the compiler can ask. */
static inline void both_ask(const volatile BOTH_GLOBAL void *at)
{
	(void)at;
#if defined(BOTH_PREFETCHES) && defined(__has_builtin)
#if __has_builtin(__builtin_prefetch)
	__builtin_prefetch((const void *)(size_t)at);
#endif
#endif
}
#else
#include <stdint.h>
#define BOTH_GLOBAL
typedef uint8_t both_u8;
typedef uint32_t both_u32;
typedef uint64_t both_u64;

static inline both_u64 both_mul_high(both_u64 a, both_u64 b)
{
	return (both_u64)((unsigned __int128)a * b >> 64);
}

static inline both_u32 both_count(both_u32 bits)
{
	return (both_u32)__builtin_popcount(bits);
}

static inline both_u32 both_lowest(both_u32 bits)
{
	return (both_u32)__builtin_ctz(bits);
}

static inline both_u32 both_exchange(volatile both_u32 *word, both_u32 old,
				     both_u32 new)
{
	const both_u32 was = *word;

	if (was == old)
		*word = new;
	return was;
}

static inline void both_lower(volatile both_u32 *word, both_u32 to)
{
	if (to < *word)
		*word = to;
}

static inline void both_ask(const volatile void *at)
{
	__builtin_prefetch((const void *)at);
}
#endif

#endif /* GKSM_BOTH_H */
