// SPDX-License-Identifier: GPL-2.0-only
/*
 * lane.c - the buffers and kernels of the lanes: made once, wiped at the end
 */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "opencl.h"

static int create_buffer(struct gksm_gpu *gpu, cl_mem_flags flags, size_t bytes,
			 void *host, const char *what, cl_mem *buffer)
{
	struct gksm_cl *cl = gpu->backend_data;
	cl_int status;

	*buffer = clCreateBuffer(cl->context, flags, bytes, host, &status);
	if (!status)
		return 0;
	*buffer = NULL;
	return gksm_fail(
		gpu, gksm_clerror_errno(status),
		"%s: cannot create a buffer of %zu bytes for %s: %s (%d); try fewer or smaller batches",
		gpu->info.name, bytes, what, gksm_clerror_name(status), status);
}

static int create_kernel(struct gksm_gpu *gpu, cl_program program,
			 const char *name, cl_kernel *kernel)
{
	cl_int status;

	*kernel = clCreateKernel(program, name, &status);
	if (!status)
		return 0;
	*kernel = NULL;
	return gksm_cl_fail(gpu, status, "create a kernel");
}

static int create_buffers(struct gksm_gpu *gpu, struct gksm_cl_lane *lane)
{
	const struct gksm_cl *cl = gpu->backend_data;
	const size_t pages = gpu->batch_pages;
	const size_t bytes = pages * GKSM_ENGINE_PAGE_BYTES;
	/* The buffer is CL_MEM_READ_ONLY: only the type says otherwise. */
	void *host = (void *)gksm_engine_pages(gpu, lane->batch);
	const cl_mem_flags in = CL_MEM_READ_ONLY | CL_MEM_HOST_WRITE_ONLY;
	const cl_mem_flags out = CL_MEM_WRITE_ONLY | CL_MEM_HOST_READ_ONLY;
	int err;

	err = create_buffer(gpu, in | (cl->in_place ? CL_MEM_USE_HOST_PTR : 0),
			    bytes, cl->in_place ? host : NULL, "pages",
			    &lane->pages);
	if (!err)
		err = create_buffer(gpu, in, pages * sizeof(uint64_t), NULL,
				    "seeds", &lane->seeds);
	if (!err)
		err = create_buffer(gpu, out, pages * sizeof(uint64_t), NULL,
				    "hashes", &lane->hashes);
	if (!err)
		err = create_buffer(gpu, out, pages, NULL, "zero flags",
				    &lane->zeros);
	return err;
}

/* All arguments but the last, nr_pages, stay as they are. */
static int create_hash(struct gksm_gpu *gpu, struct gksm_cl_lane *lane)
{
	struct gksm_cl *cl = gpu->backend_data;
	const cl_mem *buffers[] = { &lane->pages, &lane->seeds, &lane->hashes,
				    &lane->zeros };
	int err = create_kernel(gpu, cl->hash, "page_hash", &lane->hash);

	if (err)
		return err;
	for (cl_uint arg = 0; arg < 4; arg++) {
		const cl_int status = clSetKernelArg(
			lane->hash, arg, sizeof(cl_mem), buffers[arg]);

		if (status)
			return gksm_cl_fail(gpu, status,
					    "set page_hash's arguments");
	}
	return 0;
}

static int create_comparer(struct gksm_gpu *gpu)
{
	struct gksm_cl *cl = gpu->backend_data;
	const size_t pairs = gpu->batch_pages;
	int err;

	err = create_kernel(gpu, cl->compare, "page_compare", &cl->comparer);
	if (!err)
		err = create_buffer(gpu,
				    CL_MEM_READ_ONLY | CL_MEM_HOST_WRITE_ONLY,
				    pairs * sizeof(struct gksm_gpu_pair), NULL,
				    "pairs", &cl->pairs);
	if (!err)
		err = create_buffer(gpu,
				    CL_MEM_WRITE_ONLY | CL_MEM_HOST_READ_ONLY,
				    pairs, NULL, "answers", &cl->equal);
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
	for (unsigned int b = 0; !err && b < gpu->nr_batches; b++) {
		struct gksm_cl_lane *lane = &cl->lanes[b];

		lane->gpu = gpu;
		lane->batch = b;
		lane->queue = cl->queues[b % GKSM_CL_QUEUES];
		err = create_buffers(gpu, lane);
		if (!err)
			err = create_hash(gpu, lane);
		if (!err)
			err = gksm_cl_lane_take_pages(gpu, lane);
	}
	if (err)
		gksm_cl_lanes_destroy(gpu);
	return err;
}

/* Fingerprints, salts and other people's pages do not stay behind. */
static void wipe_and_release(cl_command_queue queue, cl_mem buffer)
{
	const cl_uchar zero = 0;
	size_t bytes;

	if (!buffer)
		return;
	if (!clGetMemObjectInfo(buffer, CL_MEM_SIZE, sizeof(bytes), &bytes,
				NULL) &&
	    !clEnqueueFillBuffer(queue, buffer, &zero, 1, 0, bytes, 0, NULL,
				 NULL))
		clFinish(queue);
	clReleaseMemObject(buffer);
}

/* The caller's pages are not ours to wipe: they are unmapped, and left. */
static void release_pages(const struct gksm_cl *cl, struct gksm_cl_lane *lane)
{
	if (!lane->pages)
		return;
	if (!cl->in_place) {
		wipe_and_release(lane->queue, lane->pages);
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
		wipe_and_release(lane->queue, lane->seeds);
		wipe_and_release(lane->queue, lane->hashes);
		wipe_and_release(lane->queue, lane->zeros);
		release_event(&lane->first);
		release_event(&lane->computed);
		release_event(&lane->last);
	}
	if (cl->comparer)
		clReleaseKernel(cl->comparer);
	wipe_and_release(cl->queues[0], cl->pairs);
	wipe_and_release(cl->queues[0], cl->equal);
	cl->comparer = NULL;
	cl->pairs = NULL;
	cl->equal = NULL;
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
	struct gksm_cl *cl = gpu->backend_data;
	unsigned int waited_ms = 0;

	while (!cl->abandoned && atomic_load(&cl->callbacks)) {
		nanosleep(&ms, NULL);
		cl->abandoned = ++waited_ms >= gksm_engine_patience_ms;
	}
	if (cl->abandoned)
		return gksm_fail(gpu, -ETIMEDOUT,
				 "%s did not finish a batch within %u ms",
				 gpu->info.name, gksm_engine_patience_ms);
	for (unsigned int q = 0; q < GKSM_CL_QUEUES; q++)
		clFinish(cl->queues[q]);
	return 0;
}
