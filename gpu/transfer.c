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

/**
 * gksm_cl_launch - enqueue a kernel
 * @queue:  where
 * @kernel: its arguments are set
 * @items:  work-items; there may be more, in whole groups
 * @after:  an event to wait for, or NULL
 * @event:  out: the command, or NULL
 *
 * Return: an OpenCL status.
 */
cl_int gksm_cl_launch(cl_command_queue queue, cl_kernel kernel,
		      unsigned int items, cl_event after, cl_event *event)
{
	const size_t global = round_to_groups(items);
	const size_t group = GKSM_CL_GROUP;

	return clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &global, &group,
				      after ? 1 : 0, after ? &after : NULL,
				      event);
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
	cl_event *events[] = { &lane->first, &lane->computed, &lane->searched,
			       &lane->counted, &lane->last };

	for (unsigned int i = 0; i < sizeof(events) / sizeof(*events); i++) {
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

static cl_int enqueue_hash(struct gksm_gpu *gpu, struct gksm_cl_lane *lane)
{
	const struct gksm_lane *host = &gpu->lanes[lane->batch];
	const cl_uint nr_pages = host->nr_pages;
	cl_int status;

	status =
		clEnqueueWriteBuffer(lane->queue, lane->seeds, CL_FALSE, 0,
				     gksm_lane_entries(host) * sizeof(cl_ulong),
				     host->seeds, 0, NULL, &lane->first);
	if (status || !nr_pages)
		return status;
	status = clSetKernelArg(lane->hash, 4, sizeof(nr_pages), &nr_pages);
	if (!status)
		status = give_pages(gpu->backend_data, lane, nr_pages);
	return status ? status :
			gksm_cl_launch(lane->queue, lane->hash,
				       gksm_cl_shape_items(lane->shape,
							   nr_pages),
				       NULL, &lane->computed);
}

static cl_int enqueue_read(const struct gksm_cl_lane *lane, cl_mem buffer,
			   size_t bytes, void *to, cl_event *event)
{
	const cl_event after = lane->counted;

	return clEnqueueReadBuffer(lane->queue, buffer, CL_FALSE, 0, bytes, to,
				   after ? 1 : 0, after ? &after : NULL, event);
}

static cl_int enqueue_results(struct gksm_cl_lane *lane,
			      const struct gksm_lane *host)
{
	const size_t nr_entries = gksm_lane_entries(host);
	cl_int status = CL_SUCCESS;

	if (host->is_search) {
		status = enqueue_read(lane, lane->found, nr_entries,
				      host->found, NULL);
		if (!status)
			status = enqueue_read(lane, lane->twins,
					      nr_entries * sizeof(cl_ulong),
					      host->twins, NULL);
	}
	if (!status && host->nr_pages)
		status = enqueue_read(lane, lane->zeros, host->nr_pages,
				      host->zeros, NULL);
	return status ? status :
			enqueue_read(lane, lane->hashes,
				     nr_entries * sizeof(cl_ulong),
				     host->hashes, &lane->last);
}

static cl_int enqueue(struct gksm_gpu *gpu, struct gksm_cl_lane *lane)
{
	const struct gksm_lane *host = &gpu->lanes[lane->batch];
	cl_int status = enqueue_hash(gpu, lane);

	if (!status && host->is_search)
		status = gksm_cl_search(gpu, lane);
	if (!status)
		status = take_pages(lane, CL_FALSE);
	return status ? status : enqueue_results(lane, host);
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
	clFinish(cl->index_queue);
	take_pages(lane, CL_TRUE);
	release_events(lane);
	return gksm_cl_fail(gpu, status, "submit a batch");
}

/* From when the first command started to when the last one ended. */
static uint64_t measure_ns(cl_event first, cl_event last)
{
	cl_ulong start, end;

	if (clGetEventProfilingInfo(first, CL_PROFILING_COMMAND_START,
				    sizeof(start), &start, NULL) ||
	    clGetEventProfilingInfo(last, CL_PROFILING_COMMAND_END, sizeof(end),
				    &end, NULL))
		return 0;
	return end > start ? end - start : 0;
}

/* What became of a command: CL_SUCCESS, or why it failed. */
static cl_int get_outcome(cl_event event)
{
	cl_int outcome = CL_COMPLETE;
	const cl_int status =
		clGetEventInfo(event, CL_EVENT_COMMAND_EXECUTION_STATUS,
			       sizeof(outcome), &outcome, NULL);

	return status ? status : outcome < 0 ? outcome : CL_SUCCESS;
}

/**
 * gksm_cl_collect - how a lane went; see struct gksm_backend
 * @gpu:  the engine
 * @done: the batch; its device_ns, hash_ns and error are set
 *
 * What follows a failed command in a queue may still succeed, so that the
 * kernels are asked for their own status.
 */
void gksm_cl_collect(struct gksm_gpu *gpu, struct gksm_gpu_batch *done)
{
	const struct gksm_cl *cl = gpu->backend_data;
	struct gksm_cl_lane *lane = &cl->lanes[done->batch];
	const cl_event kernels[] = { lane->computed, lane->searched };
	cl_int status = CL_SUCCESS;

	for (unsigned int k = 0; !status && k < 2; k++) {
		if (kernels[k])
			status = get_outcome(kernels[k]);
	}
	if (status)
		done->error = gksm_cl_fail(gpu, status, "compute a batch");
	else if (done->error)
		gksm_fail(gpu, done->error, "%s: a batch failed in flight",
			  gpu->info.name);
	else
		done->device_ns = measure_ns(lane->first, lane->last);
	if (!done->error && lane->computed)
		done->hash_ns = measure_ns(lane->computed, lane->computed);
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
		status = gksm_cl_launch(lane->queue, cl->comparer, nr_pairs,
					NULL, NULL);
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
