// SPDX-License-Identifier: GPL-2.0-only
/*
 * cpu.c - the kernels' arithmetic as C: what a device's results are held to,
 * and what computes where there is no device
 */
#include <string.h>

#include "engine.h"
#include "xxh64.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	       "XXH64 reads its words as little-endian");

/**
 * gksm_cpu_page_hash - XXH64 of a page
 * @page: 4096 bytes, any alignment
 * @seed: the hash's seed
 *
 * The twin of kernels/page_hash.cl.
 *
 * Context: any thread.
 * Return: the hash.
 */
uint64_t gksm_cpu_page_hash(const void *page, uint64_t seed)
{
	const uint8_t *bytes = page;
	uint64_t acc_0 = XXH64_INIT_0(seed);
	uint64_t acc_1 = XXH64_INIT_1(seed);
	uint64_t acc_2 = XXH64_INIT_2(seed);
	uint64_t acc_3 = XXH64_INIT_3(seed);
	uint64_t stripe[4];

	for (size_t at = 0; at < GKSM_ENGINE_PAGE_BYTES; at += sizeof(stripe)) {
		memcpy(stripe, bytes + at, sizeof(stripe));
		acc_0 = XXH64_ROUND(acc_0, stripe[0]);
		acc_1 = XXH64_ROUND(acc_1, stripe[1]);
		acc_2 = XXH64_ROUND(acc_2, stripe[2]);
		acc_3 = XXH64_ROUND(acc_3, stripe[3]);
	}
	return xxh64_finish(acc_0, acc_1, acc_2, acc_3, GKSM_ENGINE_PAGE_BYTES);
}

/**
 * gksm_cpu_page_is_zero - are all bytes of a page zero?
 * @page: 4096 bytes, any alignment
 *
 * Looks no further than it must: nearly every page that is not zero says so
 * in its first cache lines.
 *
 * Context: any thread.
 * Return: true if they are.
 */
bool gksm_cpu_page_is_zero(const void *page)
{
	const uint8_t *bytes = page;
	uint64_t words[8];

	for (size_t at = 0; at < GKSM_ENGINE_PAGE_BYTES; at += sizeof(words)) {
		uint64_t any = 0;

		memcpy(words, bytes + at, sizeof(words));
		for (unsigned int w = 0; w < 8; w++)
			any |= words[w];
		if (any)
			return false;
	}
	return true;
}
