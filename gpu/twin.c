// SPDX-License-Identifier: GPL-2.0-only
/*
 * twin.c - the C twin as a backend: one thread that computes the batches in
 * the order in which they were submitted
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "engine.h"
#include "index.h"
#include "table.h"

/**
 * struct twin - the twin's state
 * @thread:    the worker, while bound
 * @lock:      guards what follows
 * @work:      signalled when @nr_queued or @stop changes
 * @queue:     ring of gpu->nr_batches batch numbers
 * @first:     its oldest entry
 * @nr_queued: how many entries; a batch is in it once at most, so it fits
 * @stop:      the worker shall return, whatever is queued
 * @device_ns: time that each batch took; the batch's state guards it
 * @next:      table that replaces @table before each batch's search; likewise
 * @table:     the index; the worker's alone
 * @scratch:   for its searches; likewise
 */
struct twin {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t work;
	unsigned int *queue;
	unsigned int first;
	unsigned int nr_queued;
	bool stop;
	uint64_t *device_ns;
	struct gksm_table *next;
	struct gksm_table table;
	struct gksm_scratch scratch;
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void follow_orders(struct twin *twin, const struct gksm_lane *lane,
			  struct gksm_table *next)
{
	gksm_table_expire(&twin->table, lane->orders.expired);
	if (!lane->orders.grow_to)
		return;
	gksm_table_move(&twin->table, next);
	gksm_table_destroy(&twin->table);
	twin->table = *next;
	*next = (struct gksm_table){ 0 };
}

static void search(struct gksm_gpu *gpu, unsigned int batch)
{
	struct twin *twin = gpu->backend_data;
	struct gksm_lane *lane = &gpu->lanes[batch];

	memcpy(lane->hashes + lane->nr_pages, lane->seeds + lane->nr_pages,
	       lane->nr_known * sizeof(*lane->hashes));
	follow_orders(twin, lane, &twin->next[batch]);
	gksm_table_search(&twin->table, &twin->scratch, lane,
			  gksm_engine_pages(gpu, batch));
}

static void compute(struct gksm_gpu *gpu, unsigned int batch)
{
	const struct gksm_lane *lane = &gpu->lanes[batch];
	const uint8_t *page = gksm_engine_pages(gpu, batch);

	for (unsigned int i = 0; i < lane->nr_pages; i++) {
		lane->hashes[i] = gksm_cpu_page_hash(page, lane->seeds[i]);
		lane->zeros[i] = gksm_cpu_page_is_zero(page);
		page += GKSM_ENGINE_PAGE_BYTES;
	}
	if (lane->is_search)
		search(gpu, batch);
}

/* Wait for a batch; false when it is time to stop. */
static bool next_batch(struct gksm_gpu *gpu, unsigned int *batch)
{
	struct twin *twin = gpu->backend_data;
	bool stop;

	pthread_mutex_lock(&twin->lock);
	while (!twin->nr_queued && !twin->stop)
		pthread_cond_wait(&twin->work, &twin->lock);
	stop = twin->stop;
	if (!stop) {
		*batch = twin->queue[twin->first];
		twin->first = (twin->first + 1) % gpu->nr_batches;
		twin->nr_queued--;
	}
	pthread_mutex_unlock(&twin->lock);
	return !stop;
}

static void *work(void *arg)
{
	struct gksm_gpu *gpu = arg;
	struct twin *twin = gpu->backend_data;
	unsigned int batch;

	while (next_batch(gpu, &batch)) {
		const uint64_t start = now_ns();

		compute(gpu, batch);
		twin->device_ns[batch] = now_ns() - start;
		gksm_engine_complete(gpu, batch, 0);
	}
	return NULL;
}

/* The worker takes no signals: they belong to the program's own threads. */
static int start_worker(struct gksm_gpu *gpu)
{
	struct twin *twin = gpu->backend_data;
	sigset_t all, old;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&twin->thread, NULL, work, gpu);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -err;
}

static void free_memory(struct gksm_gpu *gpu)
{
	struct twin *twin = gpu->backend_data;

	for (unsigned int b = 0; twin->next && b < gpu->nr_batches; b++)
		gksm_table_destroy(&twin->next[b]);
	free(twin->next);
	free(twin->queue);
	free(twin->device_ns);
	gksm_table_destroy(&twin->table);
	gksm_scratch_destroy(&twin->scratch);
	twin->next = NULL;
	twin->queue = NULL;
	twin->device_ns = NULL;
}

static int create_memory(struct gksm_gpu *gpu)
{
	struct twin *twin = gpu->backend_data;
	int err;

	twin->queue = calloc(gpu->nr_batches, sizeof(*twin->queue));
	twin->device_ns = calloc(gpu->nr_batches, sizeof(*twin->device_ns));
	twin->next = calloc(gpu->nr_batches, sizeof(*twin->next));
	if (!twin->queue || !twin->device_ns || !twin->next)
		return -ENOMEM;
	err = gksm_table_create(&twin->table, gpu->index.nr_homes);
	if (!err)
		err = gksm_scratch_create(&twin->scratch, gpu->batch_pages);
	return err;
}

static int twin_bind(struct gksm_gpu *gpu)
{
	struct twin *twin = gpu->backend_data;
	int err;

	twin->first = 0;
	twin->nr_queued = 0;
	twin->stop = false;
	err = create_memory(gpu);
	if (err) {
		free_memory(gpu);
		return gksm_fail(gpu, err, "out of memory for %u batches",
				 gpu->nr_batches);
	}
	err = start_worker(gpu);
	if (err) {
		free_memory(gpu);
		return gksm_fail(gpu, err,
				 "cannot start the C twin's thread: %s",
				 strerror(-err));
	}
	return 0;
}

static int twin_unbind(struct gksm_gpu *gpu)
{
	struct twin *twin = gpu->backend_data;

	pthread_mutex_lock(&twin->lock);
	twin->stop = true;
	pthread_cond_signal(&twin->work);
	pthread_mutex_unlock(&twin->lock);
	pthread_join(twin->thread, NULL);
	free_memory(gpu);
	return 0;
}

static int twin_submit(struct gksm_gpu *gpu, unsigned int batch)
{
	struct twin *twin = gpu->backend_data;
	struct gksm_orders *orders = &gpu->lanes[batch].orders;

	if (gpu->lanes[batch].is_search && orders->grow_to) {
		if (gksm_table_create(&twin->next[batch], orders->grow_to)) {
			gksm_index_is_short(gpu, orders->grow_to);
			orders->grow_to = 0;
		} else {
			gksm_index_grown(gpu, orders->grow_to);
		}
	}
	pthread_mutex_lock(&twin->lock);
	twin->queue[(twin->first + twin->nr_queued) % gpu->nr_batches] = batch;
	twin->nr_queued++;
	pthread_cond_signal(&twin->work);
	pthread_mutex_unlock(&twin->lock);
	return 0;
}

static void twin_collect(struct gksm_gpu *gpu, struct gksm_gpu_batch *done)
{
	struct twin *twin = gpu->backend_data;

	done->device_ns = twin->device_ns[done->batch];
}

/**
 * gksm_twin_compare - compare pairs of the caller's pages; see struct
 * gksm_backend
 * @gpu:      any engine, bound
 * @batch:    whose pages
 * @pairs:    pages of the batch
 * @nr_pairs: how many
 * @equal:    out
 *
 * Return: 0.
 */
int gksm_twin_compare(struct gksm_gpu *gpu, unsigned int batch,
		      const struct gksm_gpu_pair *pairs, unsigned int nr_pairs,
		      uint8_t *equal)
{
	const uint8_t *pages = gksm_engine_pages(gpu, batch);

	for (unsigned int i = 0; i < nr_pairs; i++) {
		const size_t a = (size_t)pairs[i].a * GKSM_ENGINE_PAGE_BYTES;
		const size_t b = (size_t)pairs[i].b * GKSM_ENGINE_PAGE_BYTES;

		equal[i] =
			!memcmp(pages + a, pages + b, GKSM_ENGINE_PAGE_BYTES);
	}
	return 0;
}

static void twin_close(struct gksm_gpu *gpu)
{
	struct twin *twin = gpu->backend_data;

	pthread_cond_destroy(&twin->work);
	pthread_mutex_destroy(&twin->lock);
	free(twin);
}

static const struct gksm_backend twin_backend = {
	.bind = twin_bind,
	.unbind = twin_unbind,
	.submit = twin_submit,
	.collect = twin_collect,
	.compare = gksm_twin_compare,
	.close = twin_close,
};

/**
 * gksm_twin_describe - what the twin is, for gksm_gpu_list()
 * @info:  out
 * @index: its number: that of the last device, plus one
 */
void gksm_twin_describe(struct gksm_gpu_info *info, unsigned int index)
{
	*info = (struct gksm_gpu_info){
		.index = index,
		.kind = GKSM_GPU_KIND_TWIN,
		.name = "twin",
		.platform = "none",
		.driver = "none",
		.host_unified = true,
		.compute_units = 1,
		.global_mem_bytes = (uint64_t)sysconf(_SC_PHYS_PAGES) *
				    (uint64_t)sysconf(_SC_PAGESIZE),
	};
}

/**
 * gksm_twin_open - let the twin compute
 * @gpu: an engine without a backend; its info is set by the caller
 *
 * Return: 0 or -ENOMEM.
 */
int gksm_twin_open(struct gksm_gpu *gpu)
{
	struct twin *twin = calloc(1, sizeof(*twin));

	if (!twin)
		return gksm_fail(gpu, -ENOMEM, "out of memory for the C twin");
	pthread_mutex_init(&twin->lock, NULL);
	pthread_cond_init(&twin->work, NULL);
	gpu->backend_data = twin;
	gpu->backend = &twin_backend;
	return 0;
}
