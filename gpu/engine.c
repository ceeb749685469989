// SPDX-License-Identifier: GPL-2.0-only
/*
 * engine.c - the life of an engine: made, bound to page memory, closed
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine.h"
#include "index.h"

/* 1 TiB: keeps every product of sizes far from overflow. */
#define MAX_BOUND_PAGES (1ULL << 28)

unsigned int gksm_engine_patience_ms = 180000;

/**
 * gksm_engine_new - an engine without a backend
 * @options: where its log goes
 *
 * Return: the engine, for gksm_gpu_close(), or NULL with errno set.
 */
struct gksm_gpu *gksm_engine_new(const struct gksm_gpu_options *options)
{
	struct gksm_gpu *gpu = calloc(1, sizeof(*gpu));

	if (!gpu)
		return NULL;
	gpu->done_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (gpu->done_fd < 0) {
		free(gpu);
		return NULL;
	}
	gpu->log = options->log;
	gpu->alert = options->alert;
	gpu->log_arg = options->log_arg;
	return gpu;
}

/* How long to wait for a device that one has waited for already. */
#define GIVEN_UP_MS 2000

/**
 * gksm_engine_closing_ms - how long a device may take to finish what is in
 * flight when its engine is closed
 * @gpu: the engine
 *
 * Return: milliseconds.
 */
unsigned int gksm_engine_closing_ms(const struct gksm_gpu *gpu)
{
	if (gpu->is_given_up && gksm_engine_patience_ms > GIVEN_UP_MS)
		return GIVEN_UP_MS;
	return gksm_engine_patience_ms;
}

/**
 * gksm_gpu_give_up - close an engine that failed
 * @gpu: the engine, or NULL
 *
 * As gksm_gpu_close(), but waits for two seconds at most.
 */
void gksm_gpu_give_up(struct gksm_gpu *gpu)
{
	if (gpu)
		gpu->is_given_up = true;
	gksm_gpu_close(gpu);
}

/**
 * gksm_gpu_close - give up an engine and everything it holds
 * @gpu: the engine, or NULL
 *
 * Waits for batches in flight, then clears and frees device memory. What was
 * bound may be unmapped afterwards. A device that does not answer within
 * gksm_engine_patience_ms is abandoned together with the memory that it may
 * still write to.
 */
void gksm_gpu_close(struct gksm_gpu *gpu)
{
	if (!gpu)
		return;
	if (gpu->pages && gksm_engine_unbind(gpu)) {
		gksm_log(gpu, "%s does not answer and was abandoned",
			 gpu->info.name);
		return;
	}
	if (gpu->backend)
		gpu->backend->close(gpu);
	close(gpu->done_fd);
	free(gpu);
}

/**
 * gksm_gpu_get_info - what computes
 * @gpu: the engine
 *
 * Return: its description, valid until it is closed. host_unified may turn
 * false in gksm_gpu_bind(), if the driver cannot use the pages in place.
 */
const struct gksm_gpu_info *gksm_gpu_get_info(const struct gksm_gpu *gpu)
{
	return &gpu->info;
}

/**
 * gksm_gpu_get_device - one of the devices that compute, and what it did
 * @gpu:    the engine
 * @number: which, from 0
 * @device: out
 *
 * Return: 0, or -ENOENT: there are no more.
 */
int gksm_gpu_get_device(const struct gksm_gpu *gpu, unsigned int number,
			struct gksm_gpu_device *device)
{
	if (gpu->backend->get_device)
		return gpu->backend->get_device(gpu, number, device);
	if (number)
		return -ENOENT;
	*device = (struct gksm_gpu_device){
		.info = gpu->info,
		.is_home = true,
		.nr_batches = gpu->nr_computed,
		.nr_pages = gpu->nr_hashed,
	};
	return 0;
}

/**
 * gksm_gpu_check - give up devices that failed without a word
 * @gpu:	 the engine
 * @patience_ms: how long a device may have batches and finish none
 *
 * For an engine with several devices: what a device that is given up had goes
 * to others, or comes back with an error if none is left. An engine with one
 * device is for the caller to give up.
 *
 * Return: how many were given up.
 */
unsigned int gksm_gpu_check(struct gksm_gpu *gpu, unsigned int patience_ms)
{
	if (!gpu->pages || !gpu->backend->check)
		return 0;
	return gpu->backend->check(gpu, patience_ms);
}

/**
 * gksm_gpu_fd - the descriptor to poll for finished batches
 * @gpu: the engine
 *
 * Readable (POLLIN) from when a batch is finished until gksm_gpu_reap() said
 * -EAGAIN. Only to be polled; it lives as long as the engine.
 *
 * Return: the descriptor.
 */
int gksm_gpu_fd(const struct gksm_gpu *gpu)
{
	return gpu->done_fd;
}

/**
 * gksm_engine_pages - where a batch's pages are in the caller's memory
 * @gpu:   the engine, bound
 * @batch: which batch
 *
 * Return: its first page.
 */
const uint8_t *gksm_engine_pages(const struct gksm_gpu *gpu, unsigned int batch)
{
	return gpu->pages +
	       (size_t)batch * gpu->batch_pages * GKSM_ENGINE_PAGE_BYTES;
}

static size_t round_to_page(size_t bytes)
{
	return (bytes + GKSM_ENGINE_PAGE_BYTES - 1) &
	       ~(size_t)(GKSM_ENGINE_PAGE_BYTES - 1);
}

/* Each array starts on a page of its own, for drivers that pin them. */
static int create_lanes(struct gksm_gpu *gpu)
{
	const size_t words = round_to_page(gpu->batch_pages * sizeof(uint64_t));
	const size_t flags = round_to_page(gpu->batch_pages);
	const size_t counts = round_to_page(INDEX_NR_COUNTS * sizeof(uint32_t));
	const size_t lane_bytes = 4 * words + 2 * flags + counts;
	uint8_t *next;

	gpu->lanes = calloc(gpu->nr_batches, sizeof(*gpu->lanes));
	if (!gpu->lanes)
		return -ENOMEM;
	gpu->arrays_bytes = gpu->nr_batches * lane_bytes;
	gpu->arrays = mmap(NULL, gpu->arrays_bytes, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (gpu->arrays == MAP_FAILED) {
		free(gpu->lanes);
		return -ENOMEM;
	}
	/* Fingerprints of pages: no core dump shall hold them. */
	madvise(gpu->arrays, gpu->arrays_bytes, MADV_DONTDUMP);

	next = gpu->arrays;
	for (unsigned int b = 0; b < gpu->nr_batches; b++) {
		struct gksm_lane *lane = &gpu->lanes[b];

		lane->seeds = (uint64_t *)next;
		lane->hashes = (uint64_t *)(next + words);
		lane->names = (uint64_t *)(next + 2 * words);
		lane->twins = (uint64_t *)(next + 3 * words);
		lane->zeros = next + 4 * words;
		lane->found = lane->zeros + flags;
		lane->counts = (uint32_t *)(lane->found + flags);
		next += lane_bytes;
	}
	return 0;
}

static void destroy_lanes(struct gksm_gpu *gpu)
{
	explicit_bzero(gpu->arrays, gpu->arrays_bytes);
	munmap(gpu->arrays, gpu->arrays_bytes);
	free(gpu->lanes);
	gpu->lanes = NULL;
	gpu->pages = NULL;
}

/**
 * gksm_gpu_bind - name the page memory, and make a lane for each batch
 * @gpu:	 the engine
 * @pages:	 @nr_batches * @batch_pages pages, page-aligned, readable, in
 *		 place until gksm_gpu_close(); never written to
 * @nr_batches:	 how many batches
 * @batch_pages: pages of a batch; batch b starts at page b * @batch_pages
 *
 * Every lane of a device is tried, so that memory which the driver cannot pin
 * is found out here; what the pages hold does not matter, and may change
 * meanwhile. Nothing that submit, reap or compare needs is allocated later,
 * except inside the driver, and no file is looked at any more (seen with PoCL
 * 3.1): a program may give up its rights after bind.
 *
 * Return: 0, or
 *   -EALREADY	it is bound
 *   -EINVAL	no pages, not page-aligned, or too many
 *   -ENOMEM	out of memory here or on the device
 *   -ETIMEDOUT	the device does not answer; the engine can only be closed
 *   -errno	the device failed
 */
int gksm_gpu_bind(struct gksm_gpu *gpu, const void *pages,
		  unsigned int nr_batches, unsigned int batch_pages)
{
	int err;

	if (gpu->pages)
		return gksm_fail(gpu, -EALREADY,
				 "page memory is bound already");
	if (!pages || (uintptr_t)pages % GKSM_ENGINE_PAGE_BYTES)
		return gksm_fail(gpu, -EINVAL,
				 "page memory at %p is not page-aligned",
				 pages);
	if (!nr_batches || !batch_pages ||
	    (uint64_t)nr_batches * batch_pages > MAX_BOUND_PAGES)
		return gksm_fail(
			gpu, -EINVAL,
			"cannot bind %u batches of %u pages: at least one, at most %llu pages in all",
			nr_batches, batch_pages, MAX_BOUND_PAGES);

	gpu->nr_batches = nr_batches;
	gpu->batch_pages = batch_pages;
	gpu->next_reap = 0;
	err = create_lanes(gpu);
	if (err)
		return gksm_fail(gpu, err,
				 "out of memory for %u batches of %u pages",
				 nr_batches, batch_pages);
	gpu->pages = pages;
	gksm_index_reset(gpu);
	err = gpu->backend->bind(gpu);
	if (err && err != -ETIMEDOUT)
		destroy_lanes(gpu);
	gpu->nr_computed = 0;
	gpu->nr_hashed = 0;
	return err;
}

/**
 * gksm_engine_unbind - undo gksm_gpu_bind()
 * @gpu: the engine, bound
 *
 * Return: 0, or -ETIMEDOUT: the device does not answer, and nothing was freed.
 */
int gksm_engine_unbind(struct gksm_gpu *gpu)
{
	uint64_t count;
	int err = gpu->backend->unbind(gpu);

	if (err)
		return err;
	destroy_lanes(gpu);
	while (read(gpu->done_fd, &count, sizeof(count)) > 0)
		;
	return 0;
}
