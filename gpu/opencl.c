// SPDX-License-Identifier: GPL-2.0-only
/*
 * opencl.c - an OpenCL device as a backend: opened, bound, closed
 */
#include <errno.h>
#include <stdlib.h>

#include "opencl.h"

static int cl_unbind(struct gksm_gpu *gpu)
{
	const int err = gksm_cl_lanes_quiesce(gpu);

	if (!err)
		gksm_cl_lanes_destroy(gpu);
	return err;
}

/*
 * A full batch, of entries that have no names; with the first one the index is
 * swept and replaced.
 */
static int try_lane(struct gksm_gpu *gpu, unsigned int batch)
{
	struct gksm_lane *lane = &gpu->lanes[batch];
	struct gksm_gpu_batch done;
	int err;

	lane->nr_pages = gpu->batch_pages;
	lane->is_search = true;
	lane->orders = (struct gksm_orders){
		.expired = batch ? 0 : ~0U,
		.grow_to = batch ? 0 : gpu->index.nr_homes,
		.generation = 1,
	};
	atomic_store(&lane->state, GKSM_LANE_IN_FLIGHT);
	err = gksm_cl_submit(gpu, batch);
	if (!err)
		return gksm_engine_wait(gpu, &done);
	atomic_store(&lane->state, GKSM_LANE_IDLE);
	return err;
}

/*
 * Every lane is tried, and as many pairs, for the effect on the driver alone:
 * pages are pinned at first use, and some memory cannot be; and PoCL looks at
 * its files again whenever a launch is larger than all before, which a program
 * that gave up its rights after bind could not bear.
 */
static int try_lanes(struct gksm_gpu *gpu)
{
	for (unsigned int b = 0; b < gpu->nr_batches; b++) {
		const int err = try_lane(gpu, b);

		if (err)
			return err;
	}
	gksm_index_reset(gpu);
	return 0;
}

static int try_compare(struct gksm_gpu *gpu)
{
	struct gksm_gpu_pair *pairs = calloc(gpu->batch_pages, sizeof(*pairs));
	uint8_t *equal = calloc(gpu->batch_pages, 1);
	int err;

	if (pairs && equal)
		err = gksm_gpu_compare(gpu, 0, pairs, gpu->batch_pages, equal);
	else
		err = gksm_fail(gpu, -ENOMEM, "out of memory for %u pairs",
				gpu->batch_pages);
	free(pairs);
	free(equal);
	return err;
}

static int bind_once(struct gksm_gpu *gpu)
{
	int err = gksm_cl_lanes_create(gpu);

	if (err)
		return err;
	err = try_lanes(gpu);
	if (!err)
		err = try_compare(gpu);
	if (!err) {
		for (unsigned int b = 0; b < gpu->nr_batches; b++)
			gpu->lanes[b].nr_pages = 0;
		return 0;
	}
	/* Before the lanes go, what the driver still does with them. */
	if (cl_unbind(gpu))
		return -ETIMEDOUT;
	/* It was late, but it is not lost: nothing is left to be undone. */
	return err == -ETIMEDOUT ? -EIO : err;
}

static int cl_bind(struct gksm_gpu *gpu)
{
	struct gksm_cl *cl = gpu->backend_data;
	int err = bind_once(gpu);

	if (!err || err == -ETIMEDOUT || !cl->in_place)
		return err;
	gksm_log(gpu, "pages are uploaded, not used in place: %s", gpu->error);
	cl->in_place = false;
	gpu->info.host_unified = false;
	return bind_once(gpu);
}

static void cl_close(struct gksm_gpu *gpu)
{
	struct gksm_cl *cl = gpu->backend_data;

	for (unsigned int q = 0; q < GKSM_CL_QUEUES; q++) {
		if (cl->queues[q])
			clReleaseCommandQueue(cl->queues[q]);
	}
	if (cl->index_queue)
		clReleaseCommandQueue(cl->index_queue);
	if (cl->program)
		clReleaseProgram(cl->program);
	if (cl->context)
		clReleaseContext(cl->context);
	free(cl);
	gpu->backend = NULL;
}

static const struct gksm_backend cl_backend = {
	.bind = cl_bind,
	.unbind = cl_unbind,
	.submit = gksm_cl_submit,
	.collect = gksm_cl_collect,
	.compare = gksm_cl_compare,
	.close = cl_close,
};

static int create_queue(struct gksm_gpu *gpu, cl_command_queue *queue)
{
	struct gksm_cl *cl = gpu->backend_data;
	cl_int status;

	*queue = clCreateCommandQueue(cl->context, cl->device,
				      CL_QUEUE_PROFILING_ENABLE, &status);
	return status ? gksm_cl_fail(gpu, status, "create a queue") : 0;
}

static int create_queues(struct gksm_gpu *gpu)
{
	struct gksm_cl *cl = gpu->backend_data;
	int err = create_queue(gpu, &cl->index_queue);

	for (unsigned int q = 0; !err && q < GKSM_CL_QUEUES; q++)
		err = create_queue(gpu, &cl->queues[q]);
	return err;
}

/**
 * gksm_cl_open - let an OpenCL device compute
 * @gpu:    an engine without a backend; its info is set here
 * @device: the device
 * @how:    how to open it; its shape is for gksm_cl_shape_choose()
 *
 * Return: 0, or -errno; either way gksm_gpu_close() frees what there is.
 */
int gksm_cl_open(struct gksm_gpu *gpu, const struct gksm_cl_device *device,
		 const struct gksm_cl_how *how)
{
	const cl_context_properties properties[] = {
		CL_CONTEXT_PLATFORM, (cl_context_properties)device->platform, 0
	};
	struct gksm_cl *cl;
	cl_int status;
	int err;

	gpu->info = device->info;
	if (device->unfit)
		return gksm_fail(gpu, -ENOTSUP, "%s cannot be used: %s",
				 device->info.name, device->unfit);
	cl = calloc(1, sizeof(*cl));
	if (!cl)
		return gksm_fail(gpu, -ENOMEM, "out of memory for %s",
				 device->info.name);
	gpu->backend_data = cl;
	gpu->backend = &cl_backend;
	gpu->info.host_unified = device->info.host_unified && !how->upload;
	cl->in_place = gpu->info.host_unified;
	cl->shape = &gksm_cl_shapes[0];
	cl->device = device->id;

	cl->context = clCreateContext(properties, 1, &device->id, NULL, NULL,
				      &status);
	if (status)
		return gksm_cl_fail(gpu, status, "create a context");
	err = create_queues(gpu);
	if (!err)
		err = gksm_cl_program_build(gpu, device, how);
	return err;
}
