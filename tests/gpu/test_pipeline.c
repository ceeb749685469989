// SPDX-License-Identifier: GPL-2.0-only
/*
 * Several batches are in flight, and nothing is made for any of them.
 *
 * A device of which each part works without the processor is made of PoCL by
 * interpose.h: only then does the time that is taken not depend on the number of
 * processors.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "opencl.h"
#include "support.h"

#define NR_BATCHES 4
#define NR_PAGES 100

static void fill(const struct pages *pages, struct gksm_gpu *gpu,
		 unsigned int batch, uint64_t number)
{
	uint8_t *first = pages->ours + (size_t)batch * NR_PAGES * PAGE;

	for (unsigned int i = 0; i < NR_PAGES; i++) {
		memset(first + i * PAGE, (int)number, PAGE);
		memcpy(first + i * PAGE, &i, sizeof(i));
		gksm_gpu_seeds(gpu, batch)[i] = 1;
		/* Names come again, or the index would grow. */
		gksm_gpu_names(gpu, batch)[i] = 1 + number % 10 * NR_PAGES + i;
	}
}

/* Keeps all lanes busy; each batch's hashes are checked. */
static void run_batches(struct gksm_gpu *gpu, const struct pages *pages,
			unsigned int nr, unsigned int fill_us)
{
	const struct timespec filling = { .tv_nsec = fill_us * 1000L };

	for (unsigned int n = 0; n < nr + NR_BATCHES; n++) {
		unsigned int batch = n;

		if (n >= NR_BATCHES) {
			const struct gksm_gpu_batch done = wait_batch(gpu);

			assert_int_equal(done.error, 0);
			check_batch_results(gpu, pages, NR_PAGES, &done);
			batch = done.batch;
		}
		if (n >= nr)
			continue;
		fill(pages, gpu, batch, n);
		if (fill_us)
			nanosleep(&filling, NULL);
		assert_int_equal(gksm_gpu_search(gpu, batch, NR_PAGES, 0), 0);
	}
}

static bool is_in_place(const struct gksm_gpu *gpu)
{
	return !target.twin && gksm_gpu_get_info(gpu)->host_unified;
}

/* A batch is handed over, once each way, and that is all. */
static void nothing_is_made_for_a_batch(void **state)
{
	const unsigned int nr = 50;
	struct pages pages;
	struct gksm_gpu *gpu = open_bound(&pages, NR_BATCHES, NR_PAGES);
	const size_t batch_bytes = (size_t)NR_PAGES * PAGE;
	const size_t words = NR_PAGES * sizeof(uint64_t);

	(void)state;
	if (!target.twin)
		assert_true(interpose.nr_made > 0);
	interpose.nr_made = 0;
	interpose.nr_maps = 0;
	interpose.nr_uploaded_bytes = 0;
	run_batches(gpu, &pages, nr, 0);
	assert_int_equal(interpose.nr_made, 0);
	assert_int_equal(interpose.nr_maps, is_in_place(gpu) ? nr : 0);
	if (target.twin)
		assert_int_equal(interpose.nr_uploaded_bytes, 0);
	else if (is_in_place(gpu))
		assert_int_equal(interpose.nr_uploaded_bytes, nr * 2 * words);
	else
		assert_int_equal(interpose.nr_uploaded_bytes,
				 nr * (2 * words + batch_bytes));
	close_bound(gpu, &pages);
}

/* Each has been handed over before the first has come back. */
static void all_batches_are_in_flight_at_once(void **state)
{
	struct pages pages;
	struct gksm_gpu *gpu = open_bound(&pages, NR_BATCHES, NR_PAGES);
	struct gksm_gpu_batch done;

	(void)state;
	if (target.twin) {
		close_bound(gpu, &pages);
		skip();
	}
	interpose.kernel_us = 20000;
	for (unsigned int b = 0; b < NR_BATCHES; b++) {
		fill(&pages, gpu, b, b);
		assert_int_equal(gksm_gpu_search(gpu, b, NR_PAGES, 0), 0);
	}
	assert_int_equal(gksm_gpu_reap(gpu, &done), -EAGAIN);
	for (unsigned int b = 0; b < NR_BATCHES; b++) {
		done = wait_batch(gpu);
		check_batch_results(gpu, &pages, NR_PAGES, &done);
	}
	close_bound(gpu, &pages);
}

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* How many times as long as the slowest stage all of them take. */
static double time_stages(struct gksm_gpu *gpu, const struct pages *pages,
			  unsigned int us)
{
	const unsigned int nr = 50;
	const double start_ms = now_ms();

	run_batches(gpu, pages, nr, us);
	return (now_ms() - start_ms) / (nr * us / 1e3);
}

/* Three stages of 4 ms each: nearly 4 ms a batch, not 12. */
static void all_stages_take_as_long_as_the_slowest(void **state)
{
	const unsigned int us = 4000;
	struct pages pages;
	struct gksm_gpu *gpu = open_bound(&pages, NR_BATCHES, NR_PAGES);
	double ratio = 9;

	(void)state;
	if (target.twin || is_in_place(gpu)) {
		close_bound(gpu, &pages);
		skip();
	}
	interpose.upload_us = us;
	interpose.kernel_us = us;
	/* A machine that is busy gets another chance. */
	for (unsigned int n = 0; n < 4 && ratio > 1.5; n++) {
		ratio = time_stages(gpu, &pages, us);
		printf("%.2f of the slowest stage\n", ratio);
	}
	/* Two stages in turn would take 2. */
	assert_true(ratio >= 1);
	assert_true(ratio < 1.6);
	close_bound(gpu, &pages);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_made_for_a_batch),
		cmocka_unit_test(all_batches_are_in_flight_at_once),
		cmocka_unit_test(all_stages_take_as_long_as_the_slowest),
	};

	return run_on_all_targets("pipeline", tests,
				  sizeof(tests) / sizeof(*tests));
}
