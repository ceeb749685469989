// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hashes and zero flags equal those of libxxhash and of a look at each byte.
 */
#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "support.h"

static const uint64_t edge_seeds[] = {
	0,
	1,
	UINT64_MAX,
	1ULL << 63,
	UINT32_MAX,
	/* Cancel the primes in the first values of the accumulators. */
	-0x9e3779b185ebca87ULL,
	-0xc2b2ae3d27d4eb4fULL,
	0x9e3779b185ebca87ULL,
};

#define NR_EDGE_SEEDS (sizeof(edge_seeds) / sizeof(*edge_seeds))

static void random_pages_hash_as_libxxhash_says(void **state)
{
	const unsigned int nr = 1000;
	struct pages pages;
	struct gksm_gpu *gpu = open_bound(&pages, 1, nr);
	struct gksm_gpu_batch done;

	(void)state;
	fill_random(pages.ours, pages.bytes);
	fill_random(gksm_gpu_seeds(gpu, 0), nr * sizeof(uint64_t));
	done = run_batch(gpu, 0, nr);
	check_batch_results(gpu, &pages, nr, &done);
	close_bound(gpu, &pages);
}

/* One word, over and over: 0 to 7 are what memory is often full of. */
static uint64_t structured_word(unsigned int kind, unsigned int at)
{
	switch (kind) {
	case 0:
		return 0;
	case 1:
		return UINT64_MAX;
	case 2:
		return 1;
	case 3:
		return 1ULL << 63;
	case 4:
		return 0xdeadbeefdeadbeef;
	case 5:
		return at;
	case 6:
		return 0x0101010101010101ULL * (uint8_t)at;
	default:
		return at % 4 ? 0 : UINT64_MAX;
	}
}

static void structured_pages_hash_as_libxxhash_says(void **state)
{
	const unsigned int nr_kinds = 8, nr = nr_kinds * NR_EDGE_SEEDS;
	struct pages pages;
	struct gksm_gpu *gpu = open_bound(&pages, 1, nr);
	uint64_t *seeds = gksm_gpu_seeds(gpu, 0);
	struct gksm_gpu_batch done;

	(void)state;
	for (unsigned int i = 0; i < nr; i++) {
		uint64_t *words = (uint64_t *)(pages.ours + (size_t)i * PAGE);

		seeds[i] = edge_seeds[i / nr_kinds];
		for (unsigned int at = 0; at < PAGE_WORDS; at++)
			words[at] = structured_word(i % nr_kinds, at);
	}
	done = run_batch(gpu, 0, nr);
	check_batch_results(gpu, &pages, nr, &done);
	close_bound(gpu, &pages);
}

static int compare_words(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* 4096 pages, each blank but for one bit of another byte. */
static void every_byte_of_the_page_counts(void **state)
{
	struct pages pages;
	struct gksm_gpu *gpu = open_bound(&pages, 1, PAGE);
	uint64_t *seeds = gksm_gpu_seeds(gpu, 0);
	uint64_t hashes[PAGE];
	struct gksm_gpu_batch done;

	(void)state;
	for (unsigned int i = 0; i < PAGE; i++) {
		pages.ours[(size_t)i * PAGE + i] = (uint8_t)(1 << i % 8);
		seeds[i] = 42;
	}
	done = run_batch(gpu, 0, PAGE);
	check_batch_results(gpu, &pages, PAGE, &done);
	memcpy(hashes, done.hashes, sizeof(hashes));
	qsort(hashes, PAGE, sizeof(*hashes), compare_words);
	for (unsigned int i = 1; i < PAGE; i++)
		assert_true(hashes[i] != hashes[i - 1]);
	close_bound(gpu, &pages);
}

static void the_last_byte_decides(void **state)
{
	struct pages pages;
	struct gksm_gpu *gpu = open_bound(&pages, 1, 2);
	uint64_t *seeds = gksm_gpu_seeds(gpu, 0);
	struct gksm_gpu_batch done;

	(void)state;
	fill_random(pages.ours, PAGE);
	memcpy(pages.ours + PAGE, pages.ours, PAGE);
	seeds[0] = 7;
	seeds[1] = 7;
	done = run_batch(gpu, 0, 2);
	assert_true(done.hashes[0] == done.hashes[1]);
	pages.ours[2 * PAGE - 1] ^= 0x80;
	done = run_batch(gpu, 0, 2);
	assert_true(done.hashes[0] != done.hashes[1]);
	check_batch_results(gpu, &pages, 2, &done);
	close_bound(gpu, &pages);
}

static void equal_pages_differ_by_their_seeds(void **state)
{
	struct pages pages;
	struct gksm_gpu *gpu = open_bound(&pages, 1, NR_EDGE_SEEDS);
	uint64_t *seeds = gksm_gpu_seeds(gpu, 0);
	struct gksm_gpu_batch done;

	(void)state;
	memcpy(seeds, edge_seeds, sizeof(edge_seeds));
	done = run_batch(gpu, 0, NR_EDGE_SEEDS);
	check_batch_results(gpu, &pages, NR_EDGE_SEEDS, &done);
	for (unsigned int i = 0; i < NR_EDGE_SEEDS; i++) {
		assert_int_equal(done.zeros[i], 1);
		for (unsigned int j = 0; j < i; j++)
			assert_true(done.hashes[i] != done.hashes[j]);
	}
	close_bound(gpu, &pages);
}

static void the_c_functions_take_any_alignment(void **state)
{
	uint8_t memory[PAGE + 64];

	(void)state;
	fill_random(memory, sizeof(memory));
	for (unsigned int at = 0; at < 64; at++)
		assert_true(gksm_cpu_page_hash(memory + at, at) ==
			    XXH64(memory + at, PAGE, at));
	memset(memory, 0, sizeof(memory));
	memory[0] = 1;
	memory[PAGE + 1] = 1;
	assert_true(gksm_cpu_page_is_zero(memory + 1));
	assert_false(gksm_cpu_page_is_zero(memory));
	assert_false(gksm_cpu_page_is_zero(memory + 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_pages_hash_as_libxxhash_says),
		cmocka_unit_test(structured_pages_hash_as_libxxhash_says),
		cmocka_unit_test(every_byte_of_the_page_counts),
		cmocka_unit_test(the_last_byte_decides),
		cmocka_unit_test(equal_pages_differ_by_their_seeds),
		cmocka_unit_test(the_c_functions_take_any_alignment),
	};

	return run_on_all_shapes("hash", tests, sizeof(tests) / sizeof(*tests));
}
