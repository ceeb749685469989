// SPDX-License-Identifier: GPL-2.0-only
/*
 * When an engine is closed nothing is left of what it computed: neither the
 * pages that went to a device, nor their fingerprints, nor the seeds. All
 * memory of the process is searched, also what was freed: before, where each
 * of them has to be found, and after, where none may be.
 *
 * PoCL's device memory is memory of the process.
 */
#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "support.h"

#define NR_PAGES 64
/* So many equal words in a row are no accident, and no copy in a register. */
#define RUN_WORDS 32

/* What is searched for, disguised, so that it is not found here. */
static const uint64_t disguise = 0x5a5a5a5a5a5a5a5a;
static uint64_t content, seed, hash;

enum {
	CONTENT = 1,
	SEED = 2,
	HASH = 4
};

static void conceal(uint64_t *secret, uint64_t word)
{
	*secret = word ^ disguise;
}

static int which_secret(uint64_t word)
{
	word ^= disguise;
	return (word == content ? CONTENT : 0) | (word == seed ? SEED : 0) |
	       (word == hash ? HASH : 0);
}

static int search_area(const uint64_t *word, const uint64_t *end)
{
	int found = 0;
	size_t run = 1;

	for (const uint64_t *at = word + 1; at < end; at++) {
		run = *at == at[-1] ? run + 1 : 1;
		if (run == RUN_WORDS)
			found |= which_secret(*at);
	}
	return found;
}

/* Everything that the process may write to, but for the kernel's own. */
static int search_memory(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[512];
	int found = 0;

	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps)) {
		/* "START-END rw-p ..."; %p needs no cast from a number. */
		void *start, *end;
		char access[5];

		assert_int_equal(
			sscanf(line, "%p-%p %4s", &start, &end, access), 3);
		if (strncmp(access, "rw", 2) != 0 || strstr(line, "[v"))
			continue;
		found |= search_area(start, end);
	}
	fclose(maps);
	return found;
}

static void compute(struct gksm_gpu *gpu, struct pages *pages)
{
	static struct gksm_gpu_pair pairs[NR_PAGES];
	static uint8_t equal[NR_PAGES];
	uint64_t *seeds = gksm_gpu_seeds(gpu, 0);
	uint64_t *words = (uint64_t *)pages->ours;
	struct gksm_gpu_batch done;

	for (size_t i = 0; i < pages->bytes / sizeof(*words); i++)
		words[i] = content ^ disguise;
	for (unsigned int i = 0; i < NR_PAGES; i++)
		seeds[i] = seed ^ disguise;
	done = run_batch(gpu, 0, NR_PAGES);
	conceal(&hash, done.hashes[0]);
	assert_int_equal(done.hashes[NR_PAGES - 1], done.hashes[0]);
	assert_int_equal(gksm_gpu_compare(gpu, 0, pairs, NR_PAGES, equal), 0);
	assert_int_equal(equal[0], 1);
}

static void nothing_is_left(void **state)
{
	struct pages pages;
	struct gksm_gpu *gpu = open_bound(&pages, 1, NR_PAGES);

	(void)state;
	conceal(&content, random_word());
	conceal(&seed, random_word());
	compute(gpu, &pages);
	/* The caller's pages are his to clear: here, so is the control. */
	assert_int_equal(search_memory(), CONTENT | SEED | HASH);
	memset(pages.ours, 0, pages.bytes);
	assert_int_equal(search_memory() & (SEED | HASH), SEED | HASH);
	if (target.not_unified)
		assert_int_equal(search_memory() & CONTENT, CONTENT);
	close_bound(gpu, &pages);
	assert_int_equal(search_memory(), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(nothing_is_left, check_released),
	};

#ifdef __SANITIZE_ADDRESS__
	/* Its shadow is most of the address space, and what is freed stays. */
	return EXIT_SKIPPED;
#endif
	/* What is freed stays in the process, where it can be seen. */
	mallopt(M_MMAP_THRESHOLD, 32 << 20);
	mallopt(M_TRIM_THRESHOLD, 1 << 30);
	return run_on_all_targets("wipe", tests,
				  sizeof(tests) / sizeof(*tests));
}
