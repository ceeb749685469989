// SPDX-License-Identifier: GPL-2.0-only
/*
 * transfer.c - one batch over an OpenCL device: in, computed, out
 */
#include <errno.h>

#include "opencl.h"

static size_t round_to_groups(unsigned int items)
{
	return ((size_t)items + GKSM_CL_GROUP - 1) / GKSM_CL_GROUP *
	       GKSM_CL_GROUP;
}

static cl_int launch(const struct gksm_cl_lane *lane, cl_kernel kernel,
		     unsigned int items, cl_event *event)
{
	const size_t global = round_to_groups(items);
	const size_t group = GKSM_CL_GROUP;

	return clEnqueueNDRangeKernel(lane->queue, kernel, 1, NULL, &global,
				      &group, 0, NULL, event);
}

/* Pages from the caller to the kernels, see DOC in opencl.h. */
static cl_int give_pages(const struct gksm_cl *cl, struct gksm_cl_lane *lane,
			 unsigned int nr_pages)
{
	cl_int status = CL_SUCCESS;

	if (!cl->in_place)
		return clEnqueueWriteBuffer(
			lane->queue, lane->pages, CL_FALSE, 0,
			(size_t)nr_pages * GKSM_ENGINE_PAGE_BYTES,
			gksm_engine_pages(lane->gpu, lane->batch), 0, NULL,
			NULL);
	if (lane->mapped)
		status = clEnqueueUnmapMemObject(lane->queue, lane->pages,
						 lane->mapped, 0, NULL, NULL);
	if (!status)
		lane->mapped = NULL;
	return status;
}

/* And back, so that the caller may change them. */
static cl_int take_pages(struct gksm_cl_lane *lane, cl_bool wait)
{
	const struct gksm_gpu *gpu = lane->gpu;
	const struct gksm_cl *cl = gpu->backend_data;
	cl_int status;

	if (!cl->in_place || lane->mapped)
		return CL_SUCCESS;
	lane->mapped = clEnqueueMapBuffer(
		lane->queue, lane->pages, wait, CL_MAP_WRITE_INVALIDATE_REGION,
		0, (size_t)gpu->batch_pages * GKSM_ENGINE_PAGE_BYTES, 0, NULL,
		NULL, &status);
	if (status)
		lane->mapped = NULL;
	return status;
}

/**
 * gksm_cl_lane_take_pages - have a new lane's pages on the caller's side
 * @gpu:  the engine
 * @lane: with its buffers
 *
 * Return: 0 or -errno.
 */
int gksm_cl_lane_take_pages(struct gksm_gpu *gpu, struct gksm_cl_lane *lane)
{
	const cl_int status = take_pages(lane, CL_TRUE);

	if (status)
		return gksm_cl_fail(gpu, status, "map the pages");
	if (lane->mapped && lane->mapped != gksm_engine_pages(gpu, lane->batch))
		return gksm_fail(
			gpu, -EIO,
			"%s: cannot use the pages in place: the driver made a copy",
			gpu->info.name);
	return 0;
}

static void release_events(struct gksm_cl_lane *lane)
{
	cl_event *events[] = { &lane->first, &lane->computed, &lane->last };

	for (unsigned int i = 0; i < 3; i++) {
		if (*events[i])
			clReleaseEvent(*events[i]);
		*events[i] = NULL;
	}
}

/* Runs in a driver's thread; gpu may be gone once callbacks was decremented. */
static void CL_CALLBACK finish(cl_event event, cl_int status, void *arg)
{
	struct gksm_cl_lane *lane = arg;
	struct gksm_gpu *gpu = lane->gpu;
	struct gksm_cl *cl = gpu->backend_data;

	(void)event;
	gksm_engine_complete(gpu, lane->batch,
			     status < 0 ? gksm_clerror_errno(status) : 0);
	atomic_fetch_sub(&cl->callbacks, 1);
}

static cl_int enqueue(struct gksm_gpu *gpu, struct gksm_cl_lane *lane)
{
	const struct gksm_lane *host = &gpu->lanes[lane->batch];
	const cl_uint nr_pages = host->nr_pages;
	const size_t words = nr_pages * sizeof(uint64_t);
	cl_int status;

	status = clSetKernelArg(lane->hash, 4, sizeof(nr_pages), &nr_pages);
	if (!status)
		status = clEnqueueWriteBuffer(lane->queue, lane->seeds,
					      CL_FALSE, 0, words, host->seeds,
					      0, NULL, &lane->first);
	if (!status)
		status = give_pages(gpu->backend_data, lane, nr_pages);
	if (!status)
		status = launch(lane, lane->hash, nr_pages, &lane->computed);
	if (!status)
		status = take_pages(lane, CL_FALSE);
	if (!status)
		status = clEnqueueReadBuffer(lane->queue, lane->hashes,
					     CL_FALSE, 0, words, host->hashes,
					     0, NULL, NULL);
	if (!status)
		status = clEnqueueReadBuffer(lane->queue, lane->zeros, CL_FALSE,
					     0, nr_pages, host->zeros, 0, NULL,
					     &lane->last);
	return status;
}

/**
 * gksm_cl_submit - start a lane; see struct gksm_backend
 * @gpu:   the engine, bound
 * @batch: which lane
 *
 * Context: the caller's thread. From clSetEventCallback() on the lane may
 * finish at any moment.
 * Return: 0, or -errno with the lane as it was.
 */
int gksm_cl_submit(struct gksm_gpu *gpu, unsigned int batch)
{
	struct gksm_cl *cl = gpu->backend_data;
	struct gksm_cl_lane *lane = &cl->lanes[batch];
	cl_int status = enqueue(gpu, lane);

	if (status)
		goto take_back;
	atomic_fetch_add(&cl->callbacks, 1);
	status = clSetEventCallback(lane->last, CL_COMPLETE, finish, lane);
	if (status) {
		atomic_fetch_sub(&cl->callbacks, 1);
		goto take_back;
	}
	/* If it fails the device is lost, and the callback will say so. */
	clFlush(lane->queue);
	return 0;

take_back:
	clFinish(lane->queue);
	take_pages(lane, CL_TRUE);
	release_events(lane);
	return gksm_cl_fail(gpu, status, "submit a batch");
}

static uint64_t measure_ns(const struct gksm_cl_lane *lane)
{
	cl_ulong start, end;

	if (clGetEventProfilingInfo(lane->first, CL_PROFILING_COMMAND_START,
				    sizeof(start), &start, NULL) ||
	    clGetEventProfilingInfo(lane->last, CL_PROFILING_COMMAND_END,
				    sizeof(end), &end, NULL))
		return 0;
	return end > start ? end - start : 0;
}

/**
 * gksm_cl_collect - how a lane went; see struct gksm_backend
 * @gpu:  the engine
 * @done: the batch; its device_ns and error are set
 *
 * What follows a failed command in a queue may still succeed, so that the
 * kernel is asked for its own status.
 */
void gksm_cl_collect(struct gksm_gpu *gpu, struct gksm_gpu_batch *done)
{
	const struct gksm_cl *cl = gpu->backend_data;
	struct gksm_cl_lane *lane = &cl->lanes[done->batch];
	cl_int computed = CL_COMPLETE;
	cl_int status;

	status = clGetEventInfo(lane->computed,
				CL_EVENT_COMMAND_EXECUTION_STATUS,
				sizeof(computed), &computed, NULL);
	if (!status && computed < 0)
		status = computed;
	if (status)
		done->error = gksm_cl_fail(gpu, status, "compute a batch");
	else if (done->error)
		gksm_fail(gpu, done->error, "%s: a batch failed in flight",
			  gpu->info.name);
	else
		done->device_ns = measure_ns(lane);
	release_events(lane);
}

static cl_int compare_some(struct gksm_cl *cl, struct gksm_cl_lane *lane,
			   const struct gksm_gpu_pair *pairs, cl_uint nr_pairs,
			   uint8_t *equal)
{
	cl_int status;

	status = clSetKernelArg(cl->comparer, 3, sizeof(nr_pairs), &nr_pairs);
	if (!status)
		status = clEnqueueWriteBuffer(lane->queue, cl->pairs, CL_FALSE,
					      0, nr_pairs * sizeof(*pairs),
					      pairs, 0, NULL, NULL);
	if (!status)
		status = launch(lane, cl->comparer, nr_pairs, NULL);
	if (!status)
		status = clEnqueueReadBuffer(lane->queue, cl->equal, CL_TRUE, 0,
					     nr_pairs, equal, 0, NULL, NULL);
	return status;
}

/**
 * gksm_cl_compare - compare pairs of pages; see struct gksm_backend
 * @gpu:      the engine, bound
 * @batch:    lane that was reaped
 * @pairs:    pages of its last submit
 * @nr_pairs: how many; as many at a time as a batch has pages
 * @equal:    out
 *
 * Return: 0 or -errno.
 */
int gksm_cl_compare(struct gksm_gpu *gpu, unsigned int batch,
		    const struct gksm_gpu_pair *pairs, unsigned int nr_pairs,
		    uint8_t *equal)
{
	struct gksm_cl *cl = gpu->backend_data;
	struct gksm_cl_lane *lane = &cl->lanes[batch];
	const cl_mem *buffers[] = { &lane->pages, &cl->pairs, &cl->equal };
	cl_int status = CL_SUCCESS;
	cl_int taken;

	for (cl_uint arg = 0; !status && arg < 3; arg++)
		status = clSetKernelArg(cl->comparer, arg, sizeof(cl_mem),
					buffers[arg]);
	if (!status && cl->in_place)
		status = give_pages(cl, lane, 0);
	for (unsigned int at = 0; !status && at < nr_pairs;) {
		const unsigned int rest = nr_pairs - at;
		const unsigned int some =
			rest < gpu->batch_pages ? rest : gpu->batch_pages;

		status = compare_some(cl, lane, pairs + at, some, equal + at);
		at += some;
	}
	if (status)
		clFinish(lane->queue); /* the caller's arrays are in use */
	taken = take_pages(lane, CL_TRUE);
	if (!status)
		status = taken;
	return status ? gksm_cl_fail(gpu, status, "compare pages") : 0;
}
