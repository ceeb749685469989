// SPDX-License-Identifier: GPL-2.0-only
/*
 * lane.c - the buffers and kernels of the lanes: made once, wiped at the end
 */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "opencl.h"

static int create_buffers(struct gksm_gpu *gpu, struct gksm_cl_lane *lane)
{
	const struct gksm_cl *cl = gpu->backend_data;
	const size_t pages = gpu->batch_pages;
	const size_t bytes = pages * GKSM_ENGINE_PAGE_BYTES;
	/* The buffer is CL_MEM_READ_ONLY: only the type says otherwise. */
	void *host = (void *)gksm_engine_pages(gpu, lane->batch);
	const cl_mem_flags in = CL_MEM_READ_ONLY | CL_MEM_HOST_WRITE_ONLY;
	const cl_mem_flags out = CL_MEM_READ_WRITE | CL_MEM_HOST_READ_ONLY;
	int err;

	err = gksm_cl_buffer_create(
		gpu, in | (cl->in_place ? CL_MEM_USE_HOST_PTR : 0), bytes,
		cl->in_place ? host : NULL, "pages", &lane->pages);
	if (!err)
		err = gksm_cl_buffer_create(gpu, in, pages * sizeof(uint64_t),
					    NULL, "seeds", &lane->seeds);
	if (!err)
		err = gksm_cl_buffer_create(gpu, out, pages * sizeof(uint64_t),
					    NULL, "hashes", &lane->hashes);
	if (!err)
		err = gksm_cl_buffer_create(gpu, out, pages, NULL, "zero flags",
					    &lane->zeros);
	return err;
}

/* All arguments but the last, nr_pages, stay as they are. */
static int create_hash(struct gksm_gpu *gpu, struct gksm_cl_lane *lane)
{
	const cl_mem *const buffers[] = { &lane->pages, &lane->seeds,
					  &lane->hashes, &lane->zeros };
	int err;

	lane->shape = gksm_cl_lane_shape(gpu->backend_data, lane->batch);
	err = gksm_cl_kernel_create(gpu, lane->shape->kernel, &lane->hash);
	return err ? err : gksm_cl_kernel_bind(gpu, lane->hash, 4, buffers);
}

static int create_comparer(struct gksm_gpu *gpu)
{
	struct gksm_cl *cl = gpu->backend_data;
	const size_t pairs = gpu->batch_pages;
	int err;

	err = gksm_cl_kernel_create(gpu, GKSM_CL_PAGE_COMPARE, &cl->comparer);
	if (!err)
		err = gksm_cl_buffer_create(
			gpu, CL_MEM_READ_ONLY | CL_MEM_HOST_WRITE_ONLY,
			pairs * sizeof(struct gksm_gpu_pair), NULL, "pairs",
			&cl->pairs);
	if (!err)
		err = gksm_cl_buffer_create(
			gpu, CL_MEM_WRITE_ONLY | CL_MEM_HOST_READ_ONLY, pairs,
			NULL, "answers", &cl->equal);
	return err;
}

/**
 * gksm_cl_lanes_create - buffers, kernels and mappings of every lane
 * @gpu: an engine with lanes; its page memory is known
 *
 * Return: 0, or -errno with nothing left behind.
 */
int gksm_cl_lanes_create(struct gksm_gpu *gpu)
{
	struct gksm_cl *cl = gpu->backend_data;
	int err;

	cl->lanes = calloc(gpu->nr_batches, sizeof(*cl->lanes));
	if (!cl->lanes)
		return gksm_fail(gpu, -ENOMEM, "out of memory for %u batches",
				 gpu->nr_batches);
	err = create_comparer(gpu);
	if (!err)
		err = gksm_cl_index_create(gpu);
	for (unsigned int b = 0; !err && b < gpu->nr_batches; b++) {
		struct gksm_cl_lane *lane = &cl->lanes[b];

		lane->gpu = gpu;
		lane->batch = b;
		lane->queue = cl->queues[b % GKSM_CL_QUEUES];
		err = create_buffers(gpu, lane);
		if (!err)
			err = create_hash(gpu, lane);
		if (!err)
			err = gksm_cl_search_create(gpu, lane);
		if (!err)
			err = gksm_cl_lane_take_pages(gpu, lane);
	}
	if (err)
		gksm_cl_lanes_destroy(gpu);
	return err;
}

/* The caller's pages are not ours to wipe: they are unmapped, and left. */
static void release_pages(const struct gksm_cl *cl, struct gksm_cl_lane *lane)
{
	if (!lane->pages)
		return;
	if (!cl->in_place) {
		gksm_cl_buffer_wipe(lane->queue, &lane->pages);
		return;
	}
	if (lane->mapped &&
	    !clEnqueueUnmapMemObject(lane->queue, lane->pages, lane->mapped, 0,
				     NULL, NULL))
		clFinish(lane->queue);
	clReleaseMemObject(lane->pages);
}

static void release_event(cl_event *event)
{
	if (*event)
		clReleaseEvent(*event);
	*event = NULL;
}

/**
 * gksm_cl_lanes_destroy - wipe and free what gksm_cl_lanes_create() made
 * @gpu: the engine; nothing is in flight. Also of lanes that are half made.
 */
void gksm_cl_lanes_destroy(struct gksm_gpu *gpu)
{
	struct gksm_cl *cl = gpu->backend_data;

	for (unsigned int b = 0; b < gpu->nr_batches; b++) {
		struct gksm_cl_lane *lane = &cl->lanes[b];

		if (lane->hash)
			clReleaseKernel(lane->hash);
		release_pages(cl, lane);
		gksm_cl_buffer_wipe(lane->queue, &lane->seeds);
		gksm_cl_buffer_wipe(lane->queue, &lane->hashes);
		gksm_cl_buffer_wipe(lane->queue, &lane->zeros);
		gksm_cl_search_destroy(lane);
		release_event(&lane->first);
		release_event(&lane->computed);
		release_event(&lane->searched);
		release_event(&lane->counted);
		release_event(&lane->last);
	}
	if (cl->comparer)
		clReleaseKernel(cl->comparer);
	gksm_cl_buffer_wipe(cl->queues[0], &cl->pairs);
	gksm_cl_buffer_wipe(cl->queues[0], &cl->equal);
	cl->comparer = NULL;
	gksm_cl_index_destroy(gpu);
	free(cl->lanes);
	cl->lanes = NULL;
}

/**
 * gksm_cl_lanes_quiesce - wait until the driver is done with all lanes
 * @gpu: the engine
 *
 * Waits for the callbacks first, with a limit, because clFinish() has none.
 *
 * Return: 0, or -ETIMEDOUT, then and at every later call.
 */
int gksm_cl_lanes_quiesce(struct gksm_gpu *gpu)
{
	const struct timespec ms = { .tv_nsec = 1000000 };
	const unsigned int patience_ms = gksm_engine_closing_ms(gpu);
	struct gksm_cl *cl = gpu->backend_data;
	unsigned int waited_ms = 0;

	while (!cl->abandoned && atomic_load(&cl->callbacks)) {
		nanosleep(&ms, NULL);
		cl->abandoned = ++waited_ms >= patience_ms;
	}
	if (cl->abandoned)
		return gksm_fail(gpu, -ETIMEDOUT,
				 "%s did not finish a batch within %u ms",
				 gpu->info.name, patience_ms);
	for (unsigned int q = 0; q < GKSM_CL_QUEUES; q++)
		clFinish(cl->queues[q]);
	clFinish(cl->index_queue);
	return 0;
}
