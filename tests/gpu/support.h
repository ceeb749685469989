/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * support.h - what the tests of gpu/ share: what to test on, page memory,
 * random numbers, the log
 */
#ifndef GKSM_TEST_SUPPORT_H
#define GKSM_TEST_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gksm_gpu.h"
#include "interpose.h"

#define PAGE 4096
#define PAGE_WORDS (PAGE / 8)

/* What ctest takes for "skipped". */
#define EXIT_SKIPPED 77

/**
 * struct target - one way to compute
 * @name:	 for the test group's name
 * @device:	 for gksm_gpu_options.device
 * @not_unified: with interpose.not_unified, that is, with uploaded pages
 * @shape:	 for gksm_gpu_options.shape
 * @twin:	 it is the twin
 */
struct target {
	char name[160];
	char device[16];
	bool not_unified;
	const char *shape;
	bool twin;
};

/* The one that this group of tests runs on. */
extern struct target target;

/**
 * struct pages - page memory as a daemon has it
 * @ours:   writable
 * @theirs: the same memory, mapped read-only, for the engine
 * @bytes:  length of each
 */
struct pages {
	uint8_t *ours;
	const uint8_t *theirs;
	size_t bytes;
};

/* How many targets there are; use_target() of 0 and on chooses one. */
unsigned int find_targets(void);
void use_target(unsigned int number);

int run_on_all_targets(const char *what, const struct CMUnitTest *tests,
		       size_t nr_tests);

/* The same, and on every device in every shape of page_hash. */
int run_on_all_shapes(const char *what, const struct CMUnitTest *tests,
		      size_t nr_tests);

/* Teardown of a test that closed its engines. */
int check_released(void **state);

struct gksm_gpu *open_target(void);
struct gksm_gpu *open_bound(struct pages *pages, unsigned int nr_batches,
			    unsigned int batch_pages);
void close_bound(struct gksm_gpu *gpu, struct pages *pages);

/* Submitted, waited for, reaped without error. */
struct gksm_gpu_batch run_batch(struct gksm_gpu *gpu, unsigned int batch,
				unsigned int nr_pages);
struct gksm_gpu_batch wait_batch(struct gksm_gpu *gpu);

/* As libxxhash and a look at each byte say. */
void check_batch_results(struct gksm_gpu *gpu, const struct pages *pages,
			 unsigned int batch_pages,
			 const struct gksm_gpu_batch *done);

void make_pages(struct pages *pages, size_t nr_pages);
void free_pages(struct pages *pages);
uint64_t random_word(void);
void fill_random(void *memory, size_t bytes);

/* err is the expected one, and the error line is one line that has this. */
void check_error(const struct gksm_gpu *gpu, int err, int expected,
		 const char *part);

/* For gksm_gpu_options.log; log_arg is not used. */
void remember_log(void *arg, const char *line);
void forget_log(void);
bool log_has(const char *part);

#endif /* GKSM_TEST_SUPPORT_H */
