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
 * A full batch through every lane, and as many pairs, for their effect on the
 * driver alone: pages are pinned at first use, and some memory cannot be; and
 * PoCL looks at its files again whenever a launch is larger than all before,
 * which a program that gave up its rights after bind could not bear.
 */
static int try_lanes(struct gksm_gpu *gpu)
{
	struct gksm_gpu_batch done;
	int err;

	for (unsigned int b = 0; b < gpu->nr_batches; b++) {
		err = gksm_gpu_submit(gpu, b, gpu->batch_pages);
		if (!err)
			err = gksm_engine_wait(gpu, &done);
		if (err)
			return err;
	}
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
	return err;
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
	if (cl->hash)
		clReleaseProgram(cl->hash);
	if (cl->compare)
		clReleaseProgram(cl->compare);
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

static int create_queues(struct gksm_gpu *gpu)
{
	struct gksm_cl *cl = gpu->backend_data;
	cl_int status;

	for (unsigned int q = 0; q < GKSM_CL_QUEUES; q++) {
		cl->queues[q] = clCreateCommandQueue(cl->context, cl->device,
						     CL_QUEUE_PROFILING_ENABLE,
						     &status);
		if (status)
			return gksm_cl_fail(gpu, status, "create a queue");
	}
	return 0;
}

/**
 * gksm_cl_open - let an OpenCL device compute
 * @gpu:    an engine without a backend; its info is set here
 * @device: the device
 * @how:    how to open it
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
