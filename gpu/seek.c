// SPDX-License-Identifier: GPL-2.0-only
/*
 * seek.c - the search of a batch on an OpenCL device: buffers, kernels, launches
 */
#include "group.h"
#include "index.h"
#include "opencl.h"
#include "table.h"

static int create_buffers(struct gksm_gpu *gpu, struct gksm_cl_lane *lane)
{
	const size_t nr = gpu->batch_pages;
	const struct {
		cl_mem *buffer;
		cl_mem_flags flags;
		size_t bytes;
		const char *what;
	} wanted[] = {
		{ &lane->names, CL_MEM_READ_ONLY | CL_MEM_HOST_WRITE_ONLY,
		  nr * sizeof(cl_ulong), "names" },
		{ &lane->cells, CL_MEM_HOST_NO_ACCESS,
		  gksm_scratch_cells(gpu->batch_pages) * sizeof(cl_uint),
		  "groups" },
		{ &lane->places, CL_MEM_HOST_NO_ACCESS, nr * sizeof(cl_uint),
		  "groups" },
		{ &lane->firsts, CL_MEM_HOST_NO_ACCESS, nr * sizeof(cl_uint),
		  "groups" },
		{ &lane->seconds, CL_MEM_HOST_NO_ACCESS, nr * sizeof(cl_uint),
		  "groups" },
		{ &lane->found, CL_MEM_WRITE_ONLY | CL_MEM_HOST_READ_ONLY, nr,
		  "verdicts" },
		{ &lane->twins, CL_MEM_WRITE_ONLY | CL_MEM_HOST_READ_ONLY,
		  nr * sizeof(cl_ulong), "twins" },
	};
	int err = 0;

	for (size_t i = 0; !err && i < sizeof(wanted) / sizeof(*wanted); i++)
		err = gksm_cl_buffer_create(gpu, wanted[i].flags,
					    wanted[i].bytes, NULL,
					    wanted[i].what, wanted[i].buffer);
	return err;
}

/* Arguments that are buffers of the lane; the rest is set at each launch. */
static int create_kernels(struct gksm_gpu *gpu, struct gksm_cl_lane *lane)
{
	struct gksm_cl *cl = gpu->backend_data;
	const cl_mem *const join[] = { &lane->hashes, &lane->zeros,
				       &lane->names,  &lane->cells,
				       &lane->places, &lane->seconds };
	const cl_mem *const compare[] = { &lane->pages, &lane->cells,
					  &lane->places, &lane->firsts,
					  &lane->seconds };
	const cl_mem *const search[] = { &cl->table.words, &cl->table.exts,
					 &cl->table.names, &lane->hashes,
					 &lane->zeros,	   &lane->names,
					 &lane->firsts,	   &lane->seconds,
					 &lane->found,	   &lane->twins,
					 &cl->counts };
	const struct {
		enum gksm_cl_kernel which;
		cl_kernel *kernel;
		cl_uint nr_args;
		const cl_mem *const *buffers;
	} wanted[] = {
		{ GKSM_CL_GROUP_JOIN, &lane->join, 6, join },
		{ GKSM_CL_GROUP_COMPARE, &lane->compare, 5, compare },
		{ GKSM_CL_INDEX_SEARCH, &lane->search, 11, search },
	};
	int err = 0;

	for (size_t i = 0; !err && i < sizeof(wanted) / sizeof(*wanted); i++) {
		err = gksm_cl_kernel_create(gpu, wanted[i].which,
					    wanted[i].kernel);
		if (!err)
			err = gksm_cl_kernel_bind(gpu, *wanted[i].kernel,
						  wanted[i].nr_args,
						  wanted[i].buffers);
	}
	return err;
}

/**
 * gksm_cl_search_create - what a lane needs for searches
 * @gpu:  the engine, with an index
 * @lane: with its other buffers
 *
 * Return: 0 or -errno; either way gksm_cl_search_destroy() frees what there is.
 */
int gksm_cl_search_create(struct gksm_gpu *gpu, struct gksm_cl_lane *lane)
{
	int err = create_buffers(gpu, lane);

	return err ? err : create_kernels(gpu, lane);
}

/**
 * gksm_cl_search_destroy - wipe and free what a lane has for searches
 * @lane: nothing is in flight
 */
void gksm_cl_search_destroy(struct gksm_cl_lane *lane)
{
	cl_mem *const buffers[] = { &lane->names,   &lane->cells,
				    &lane->places,  &lane->firsts,
				    &lane->seconds, &lane->found,
				    &lane->twins };
	cl_kernel *const kernels[] = { &lane->join, &lane->compare,
				       &lane->search };

	for (unsigned int k = 0; k < 3; k++) {
		if (*kernels[k])
			clReleaseKernel(*kernels[k]);
		*kernels[k] = NULL;
	}
	for (unsigned int b = 0; b < sizeof(buffers) / sizeof(*buffers); b++)
		gksm_cl_buffer_wipe(lane->queue, buffers[b]);
}

/* Numbers, from one argument on. */
static cl_int set_numbers(cl_kernel kernel, cl_uint arg, const cl_uint *numbers,
			  cl_uint nr)
{
	cl_int status = CL_SUCCESS;

	for (cl_uint n = 0; !status && n < nr; n++)
		status = clSetKernelArg(kernel, arg + n, sizeof(*numbers),
					&numbers[n]);
	return status;
}

/* Hashes of entries without content came where seeds are. */
static cl_int copy_known(const struct gksm_cl_lane *lane,
			 const struct gksm_lane *host)
{
	const size_t at = host->nr_pages * sizeof(cl_ulong);

	if (!host->nr_known)
		return CL_SUCCESS;
	return clEnqueueCopyBuffer(lane->queue, lane->seeds, lane->hashes, at,
				   at, host->nr_known * sizeof(cl_ulong), 0,
				   NULL, NULL);
}

/* Twins within the batch. */
static cl_int group(const struct gksm_cl_lane *lane,
		    const struct gksm_lane *host, cl_event *grouped)
{
	const cl_uint nr_entries = gksm_lane_entries(host);
	const cl_uint nr_cells = gksm_scratch_cells(nr_entries);
	const cl_uint numbers[] = { nr_cells, host->nr_pages, nr_entries };
	const cl_uint none = GROUP_NONE;
	cl_int status;

	status = copy_known(lane, host);
	if (!status)
		status =
			clEnqueueWriteBuffer(lane->queue, lane->names, CL_FALSE,
					     0, nr_entries * sizeof(cl_ulong),
					     host->names, 0, NULL, NULL);
	if (!status)
		status = clEnqueueFillBuffer(lane->queue, lane->cells, &none,
					     sizeof(none), 0,
					     nr_cells * sizeof(none), 0, NULL,
					     NULL);
	if (!status)
		status = set_numbers(lane->join, 6, numbers, 3);
	if (!status)
		status = gksm_cl_launch(lane->queue, lane->join, nr_entries,
					NULL, NULL);
	if (!status)
		status = set_numbers(lane->compare, 5, numbers + 1, 2);
	return status ? status :
			gksm_cl_launch(lane->queue, lane->compare, nr_entries,
				       NULL, grouped);
}

/* Before the next search adds to them: the host must not count that twice. */
static cl_int read_counts(const struct gksm_cl *cl, struct gksm_cl_lane *lane,
			  const struct gksm_lane *host)
{
	return clEnqueueReadBuffer(cl->index_queue, cl->counts, CL_FALSE, 0,
				   sizeof(cl_uint) * INDEX_NR_COUNTS,
				   host->counts, 0, NULL, &lane->counted);
}

/* Twins in the index, which may be another one than that of the last batch. */
static cl_int search_index(const struct gksm_cl *cl, struct gksm_cl_lane *lane,
			   const struct gksm_lane *host, cl_event grouped)
{
	const cl_uint nr_entries = gksm_lane_entries(host);
	const cl_uint numbers[] = { cl->table.nr_homes, host->orders.generation,
				    host->nr_pages, nr_entries };
	const cl_mem buffers[] = { cl->table.words, cl->table.exts,
				   cl->table.names };
	cl_int status = CL_SUCCESS;

	for (cl_uint arg = 0; !status && arg < 3; arg++)
		status = clSetKernelArg(lane->search, arg, sizeof(cl_mem),
					&buffers[arg]);
	if (!status)
		status = set_numbers(lane->search, 11, numbers, 4);
	if (!status)
		status = gksm_cl_launch(cl->index_queue, lane->search,
					nr_entries, grouped, &lane->searched);
	return status ? status : read_counts(cl, lane, host);
}

/**
 * gksm_cl_search - enqueue the search of a batch, after its hashes
 * @gpu:  the engine, bound
 * @lane: its searched and counted are set; commands that need what was found
 *	  wait for the latter
 *
 * Both queues are flushed.
 *
 * Return: an OpenCL status.
 */
cl_int gksm_cl_search(struct gksm_gpu *gpu, struct gksm_cl_lane *lane)
{
	struct gksm_cl *cl = gpu->backend_data;
	struct gksm_lane *host = &gpu->lanes[lane->batch];
	cl_event grouped = NULL;
	cl_int status;

	status = group(lane, host, &grouped);
	if (!status)
		status = clFlush(lane->queue);
	if (!status)
		status = gksm_cl_index_follow(gpu, &host->orders);
	if (!status)
		status = search_index(cl, lane, host, grouped);
	if (!status)
		status = clFlush(cl->index_queue);
	if (grouped)
		clReleaseEvent(grouped);
	return status;
}
