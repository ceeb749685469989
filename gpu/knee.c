// SPDX-License-Identifier: GPL-2.0-only
/*
 * knee.c - how large a batch has to be, found out by measuring
 *
 * Each batch costs something that does not depend on its size: calls of the
 * driver, launches, threads that wake up. Pages a second therefore rise with
 * the size and then stay as they are. The smallest size that is nearly as fast
 * as the fastest one is best: answers come early, and memory is not pinned for
 * nothing.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "engine.h"
#include "knee.h"

/*
 * The least size: what a batch costs the daemon and the module is not measured
 * here, and is to be shared by some pages.
 */
#define MIN_PAGES 256
/* The largest, without and with an upload: 16 MiB and 32 MiB. */
#define MAX_PAGES_IN_PLACE 4096
#define MAX_PAGES_UPLOADED 8192
/* What "nearly as fast" is. */
#define NEARLY 0.95

/*
 * All lanes that are in flight at once, each size so often and so long. Turn
 * by turn, and the best counts: others use the machine too.
 */
#define NR_LANES 4
#define NR_ROUNDS 3
#define RUN_NS 4000000
#define MAX_POINTS 16

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/**
 * gksm_knee_choose - the knee of a curve
 * @points:    sizes in rising order
 * @nr_points: how many, at least 1
 * @limits:    sizes of which all batches take longer than max_ms count only
 *	       if all do
 *
 * Return: a size.
 */
unsigned int gksm_knee_choose(const struct gksm_knee_point *points,
			      unsigned int nr_points,
			      const struct gksm_gpu_limits *limits)
{
	const double nr_batches = limits->nr_batches;
	unsigned int nr = 1, i = 0;
	double best = 0;

	while (nr < nr_points &&
	       nr_batches * points[nr].batch_pages <=
		       points[nr].pages_per_s * limits->max_ms / 1000)
		nr++;
	for (unsigned int n = 0; n < nr; n++)
		best = points[n].pages_per_s > best ? points[n].pages_per_s :
						      best;
	while (points[i].pages_per_s < NEARLY * best)
		i++;
	return points[i].batch_pages;
}

static int submit(struct gksm_gpu *gpu, unsigned int batch,
		  unsigned int nr_pages)
{
	return gksm_gpu_search(gpu, batch, nr_pages, 0);
}

/* All lanes in flight until it is time to stop; pages a second, or -errno. */
static int time_size(struct gksm_gpu *gpu, unsigned int nr_pages,
		     double *pages_per_s)
{
	const uint64_t start_ns = now_ns();
	uint64_t nr_done = 0, ns = 0;
	unsigned int in_flight = 0;
	int err = 0;

	while (!err && in_flight < gpu->nr_batches)
		err = submit(gpu, in_flight++, nr_pages);
	while (!err && in_flight) {
		struct gksm_gpu_batch done;

		err = gksm_engine_wait(gpu, &done);
		in_flight--;
		nr_done += nr_pages;
		ns = now_ns() - start_ns;
		if (!err && ns < RUN_NS) {
			err = submit(gpu, done.batch, nr_pages);
			in_flight++;
		}
	}
	*pages_per_s = (double)nr_done * 1e9 / (double)(ns + 1);
	return err;
}

static int time_sizes(struct gksm_gpu *gpu, struct gksm_knee_point *points,
		      unsigned int nr_points)
{
	int err = 0;

	for (unsigned int r = 0; !err && r < NR_ROUNDS; r++) {
		for (unsigned int p = 0; !err && p < nr_points; p++) {
			double rate = 0;

			err = time_size(gpu, points[p].batch_pages, &rate);
			if (rate > points[p].pages_per_s)
				points[p].pages_per_s = rate;
		}
	}
	return err;
}

static unsigned int choose_sizes(const struct gksm_gpu *gpu,
				 const struct gksm_gpu_limits *limits,
				 struct gksm_knee_point *points)
{
	unsigned int most = gpu->info.host_unified ? MAX_PAGES_IN_PLACE :
						     MAX_PAGES_UPLOADED;
	unsigned int nr = 0;

	if (most > limits->max_pages)
		most = limits->max_pages;
	for (unsigned int size = MIN_PAGES; size <= most; size *= 2)
		points[nr++].batch_pages = size;
	if (!nr)
		points[nr++].batch_pages = most;
	return nr;
}

/* Pages that differ, and a name for each: what is searched for is found. */
static void fill(struct gksm_gpu *gpu, uint64_t *pages)
{
	const size_t nr_pages = (size_t)gpu->nr_batches * gpu->batch_pages;
	const size_t nr_words = nr_pages * GKSM_ENGINE_PAGE_BYTES / 8;
	uint64_t word = 1;

	/* Knuth's generator, MMIX: quick, and no two pages are the same. */
	for (size_t w = 0; w < nr_words; w++) {
		word = word * 6364136223846793005 + 1442695040888963407;
		pages[w] = word;
	}
	for (size_t p = 0; p < nr_pages; p++) {
		struct gksm_lane *lane = &gpu->lanes[p / gpu->batch_pages];

		lane->names[p % gpu->batch_pages] = p + 1;
		lane->seeds[p % gpu->batch_pages] = 0;
	}
}

static void conclude(const struct gksm_knee_point *points, unsigned int nr,
		     const struct gksm_gpu_limits *limits,
		     struct gksm_gpu_knee *knee)
{
	*knee = (struct gksm_gpu_knee){
		.batch_pages = gksm_knee_choose(points, nr, limits),
	};
	for (unsigned int p = 0; p < nr; p++) {
		const uint64_t rate = (uint64_t)points[p].pages_per_s;

		if (points[p].batch_pages == knee->batch_pages)
			knee->pages_per_s = rate;
		if (rate < knee->best_per_s)
			continue;
		knee->best_per_s = rate;
		knee->best_pages = points[p].batch_pages;
	}
}

static unsigned int count_lost(const struct gksm_gpu *gpu)
{
	struct gksm_gpu_device device;
	unsigned int nr = 0;

	for (unsigned int n = 0; !gksm_gpu_get_device(gpu, n, &device); n++)
		nr += device.is_lost;
	return nr;
}

/* Gives the pages back, unless a device that is silent may still read them. */
static int release(struct gksm_gpu *gpu, void *pages, size_t bytes,
		   unsigned int nr_lost)
{
	if (gpu->pages && gksm_engine_unbind(gpu))
		return -ETIMEDOUT;
	if (count_lost(gpu) == nr_lost)
		munmap(pages, bytes);
	return 0;
}

/**
 * gksm_gpu_measure - how large should batches be?
 * @gpu:    the engine, not bound; it is not bound afterwards
 * @limits: what is possible
 * @knee:   out
 *
 * Searches batches of several sizes, for a few tenths of a second in all, in
 * memory of its own.
 *
 * Return: 0, or
 *   -EALREADY	it is bound
 *   -EINVAL	a limit is 0
 *   -ENOMEM	out of memory here or on the device
 *   -ETIMEDOUT	the device does not answer; the engine can only be closed
 *   -errno	the device failed
 */
int gksm_gpu_measure(struct gksm_gpu *gpu, const struct gksm_gpu_limits *limits,
		     struct gksm_gpu_knee *knee)
{
	struct gksm_knee_point points[MAX_POINTS] = { 0 };
	const unsigned int nr = choose_sizes(gpu, limits, points);
	const unsigned int largest = points[nr - 1].batch_pages;
	const unsigned int nr_lanes =
		limits->nr_batches < NR_LANES ? limits->nr_batches : NR_LANES;
	const size_t bytes =
		(size_t)nr_lanes * largest * GKSM_ENGINE_PAGE_BYTES;
	const unsigned int nr_lost = count_lost(gpu);
	int err, released;
	void *pages;

	if (gpu->pages)
		return gksm_fail(gpu, -EALREADY,
				 "page memory is bound already");
	if (!bytes || !limits->max_ms)
		return gksm_fail(gpu, -EINVAL,
				 "no batches, no pages or no time to measure");
	pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pages == MAP_FAILED)
		return gksm_fail(gpu, -ENOMEM,
				 "out of memory to measure batches of %u pages",
				 largest);
	/* Or faults would take longer than all that follows. */
	madvise(pages, bytes, MADV_HUGEPAGE);
	err = gksm_gpu_bind(gpu, pages, nr_lanes, largest);
	if (!err) {
		fill(gpu, pages);
		err = time_sizes(gpu, points, nr);
	}
	released = release(gpu, pages, bytes, nr_lost);
	if (!err)
		err = released;
	if (!err)
		conclude(points, nr, limits, knee);
	return err;
}
