// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xxhash.h>

#include "opencl.h"
#include "support.h"

#define MAX_TARGETS 32
/* A batch that takes longer is taken for lost. */
#define PATIENCE_MS 60000

struct target target;

static struct target targets[MAX_TARGETS];
static unsigned int nr_targets;
static char log_text[1 << 16];

static void add_target(const struct gksm_gpu_info *info, bool not_unified)
{
	struct target *new = &targets[nr_targets++];

	assert_in_range(nr_targets, 1, MAX_TARGETS);
	new->twin = info->kind == GKSM_GPU_KIND_TWIN;
	new->not_unified = not_unified;
	snprintf(new->device, sizeof(new->device), "%u", info->index);
	snprintf(new->name, sizeof(new->name), "%s%s", info->name,
		 new->twin || !info->host_unified ? "" :
		 not_unified			  ? ", pages uploaded" :
						    ", pages in place");
}

static void add_targets(void *arg, const struct gksm_gpu_info *info)
{
	(void)arg;
	add_target(info, false);
	if (info->kind != GKSM_GPU_KIND_TWIN && info->host_unified)
		add_target(info, true);
}

unsigned int find_targets(void)
{
	nr_targets = 0;
	gksm_gpu_list(add_targets, NULL);
	return nr_targets;
}

static int spoil_nothing(void **state)
{
	(void)state;
	interpose_nothing();
	interpose.not_unified = target.not_unified;
	forget_log();
	return 0;
}

void use_target(unsigned int number)
{
	target = targets[number];
	spoil_nothing(NULL);
}

int check_released(void **state)
{
	(void)state;
	if (interpose_nr_objects()) {
		print_error("OpenCL objects were not released\n");
		return -1;
	}
	return 0;
}

static int run_on_targets(const char *what, const struct CMUnitTest *tests,
			  size_t nr_tests)
{
	struct CMUnitTest *its = calloc(nr_tests, sizeof(*its));
	char group[200];
	int failed = 0;

	for (unsigned int t = 0; t < nr_targets; t++) {
		use_target(t);
		for (size_t i = 0; i < nr_tests; i++) {
			its[i] = tests[i];
			its[i].setup_func = spoil_nothing;
			its[i].teardown_func = check_released;
		}
		snprintf(group, sizeof(group), "%s, %s", what, target.name);
		failed |= _cmocka_run_group_tests(group, its, nr_tests, NULL,
						  NULL);
	}
	free(its);
	if (failed)
		return EXIT_FAILURE;
	return nr_targets > 1 ? EXIT_SUCCESS : EXIT_SKIPPED;
}

/**
 * run_on_all_targets - a group of tests on every device and on the twin
 * @what:     what is tested
 * @tests:    the tests; each starts with nothing spoilt
 * @nr_tests: how many
 *
 * Return: exit code for main().
 */
int run_on_all_targets(const char *what, const struct CMUnitTest *tests,
		       size_t nr_tests)
{
	find_targets();
	return run_on_targets(what, tests, nr_tests);
}

int run_on_all_shapes(const char *what, const struct CMUnitTest *tests,
		      size_t nr_tests)
{
	const unsigned int nr = find_targets();

	for (unsigned int t = 0; t < nr; t++) {
		for (unsigned int s = 0;
		     !targets[t].twin && s < GKSM_CL_NR_SHAPES; s++) {
			struct target *new = &targets[nr_targets++];

			assert_in_range(nr_targets, 1, MAX_TARGETS);
			*new = targets[t];
			new->shape = gksm_cl_shapes[s].name;
			snprintf(new->name, sizeof(new->name), "%.100s, %s",
				 targets[t].name, new->shape);
		}
	}
	return run_on_targets(what, tests, nr_tests);
}

struct gksm_gpu *open_target(void)
{
	const struct gksm_gpu_options options = {
		.device = target.device,
		.cache_dir = getenv("GKSM_TEST_CACHE"),
		.shape = target.shape,
		.log = remember_log,
	};
	struct gksm_gpu *gpu;
	const int err = gksm_gpu_open(&gpu, &options);

	if (err)
		fail_msg("cannot open %s: %d: %s", target.name, err,
			 gksm_gpu_error(NULL));
	if (target.shape)
		assert_string_equal(gksm_gpu_get_info(gpu)->shape,
				    target.shape);
	return gpu;
}

struct gksm_gpu *open_bound(struct pages *pages, unsigned int nr_batches,
			    unsigned int batch_pages)
{
	struct gksm_gpu *gpu = open_target();
	int err;

	make_pages(pages, (size_t)nr_batches * batch_pages);
	err = gksm_gpu_bind(gpu, pages->theirs, nr_batches, batch_pages);
	if (err)
		fail_msg("cannot bind %u batches of %u pages: %d: %s",
			 nr_batches, batch_pages, err, gksm_gpu_error(gpu));
	return gpu;
}

void close_bound(struct gksm_gpu *gpu, struct pages *pages)
{
	gksm_gpu_close(gpu);
	free_pages(pages);
}

struct gksm_gpu_batch wait_batch(struct gksm_gpu *gpu)
{
	struct pollfd fd = { .fd = gksm_gpu_fd(gpu), .events = POLLIN };
	struct gksm_gpu_batch done;
	int err;

	while ((err = gksm_gpu_reap(gpu, &done)) == -EAGAIN) {
		if (poll(&fd, 1, PATIENCE_MS) != 1)
			fail_msg("no batch within %d ms", PATIENCE_MS);
	}
	assert_int_equal(err, 0);
	return done;
}

struct gksm_gpu_batch run_batch(struct gksm_gpu *gpu, unsigned int batch,
				unsigned int nr_pages)
{
	struct gksm_gpu_batch done;
	const int err = gksm_gpu_submit(gpu, batch, nr_pages);

	if (err)
		fail_msg("cannot submit: %d: %s", err, gksm_gpu_error(gpu));
	done = wait_batch(gpu);
	assert_int_equal(done.error, 0);
	assert_int_equal(done.batch, batch);
	assert_int_equal(done.nr_pages, nr_pages);
	return done;
}

static bool is_zero(const uint8_t *page)
{
	for (unsigned int i = 0; i < PAGE; i++) {
		if (page[i])
			return false;
	}
	return true;
}

void check_batch_results(struct gksm_gpu *gpu, const struct pages *pages,
			 unsigned int batch_pages,
			 const struct gksm_gpu_batch *done)
{
	const uint64_t *seeds = gksm_gpu_seeds(gpu, done->batch);
	const uint8_t *page =
		pages->ours + (size_t)done->batch * batch_pages * PAGE;

	for (unsigned int i = 0; i < done->nr_pages; i++, page += PAGE) {
		const uint64_t hash = XXH64(page, PAGE, seeds[i]);

		if (done->hashes[i] != hash)
			fail_msg(
				"hash of page %u of batch %u is %016llx, not %016llx",
				i, done->batch,
				(unsigned long long)done->hashes[i],
				(unsigned long long)hash);
		if (done->zeros[i] != is_zero(page))
			fail_msg("zero flag of page %u of batch %u is %u", i,
				 done->batch, done->zeros[i]);
	}
}

void make_pages(struct pages *pages, size_t nr_pages)
{
	const int fd = memfd_create("pages", MFD_CLOEXEC);
	const size_t bytes = nr_pages * PAGE;

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)bytes), 0);
	pages->ours =
		mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	pages->theirs = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
	pages->bytes = bytes;
	close(fd);
	assert_true(pages->ours != MAP_FAILED);
	assert_true(pages->theirs != MAP_FAILED);
}

void free_pages(struct pages *pages)
{
	munmap(pages->ours, pages->bytes);
	munmap((void *)pages->theirs, pages->bytes);
}

uint64_t random_word(void)
{
	static uint64_t state = 0x853c49e6748fea9b; /* xorshift64*, Vigna */

	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 0x2545f4914f6cdd1d;
}

void fill_random(void *memory, size_t bytes)
{
	uint64_t *words = memory;

	for (size_t i = 0; i < bytes / sizeof(*words); i++)
		words[i] = random_word();
}

void check_error(const struct gksm_gpu *gpu, int err, int expected,
		 const char *part)
{
	const char *line = gksm_gpu_error(gpu);

	if (err != expected)
		fail_msg("%d is not the expected error %d: %s", err, expected,
			 line);
	if (!strstr(line, part) || strchr(line, '\n'))
		fail_msg("\"%s\" is not one line with \"%s\" in it", line,
			 part);
}

void remember_log(void *arg, const char *line)
{
	const size_t length = strlen(log_text);

	(void)arg;
	assert_null(strchr(line, '\n'));
	snprintf(log_text + length, sizeof(log_text) - length, "%s\n", line);
}

void forget_log(void)
{
	log_text[0] = '\0';
}

bool log_has(const char *part)
{
	return strstr(log_text, part);
}
