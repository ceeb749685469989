// SPDX-License-Identifier: GPL-2.0-only
/*
 * tables.c - the index on an OpenCL device: made, swept, grown
 *
 * Whatever touches it goes through one in-order queue, so that a table can be
 * replaced while searches are in flight: those before see the old one.
 */
#include "index.h"
#include "opencl.h"

static int create_table(struct gksm_gpu *gpu, cl_uint nr_homes,
			struct gksm_cl_table *table)
{
	const size_t nr_slots = gksm_index_slots(nr_homes);
	int err;

	*table = (struct gksm_cl_table){ .nr_homes = nr_homes };
	err = gksm_cl_buffer_create_vast(gpu, nr_slots * sizeof(cl_uint),
					 "the index", &table->words);
	if (!err)
		err = gksm_cl_buffer_create_vast(gpu, nr_slots, "the index",
						 &table->exts);
	if (!err)
		err = gksm_cl_buffer_create_vast(gpu,
						 nr_slots * sizeof(cl_ulong),
						 "the index", &table->names);
	return err;
}

/* It goes when whatever uses it is through. */
static void drop_table(struct gksm_cl *cl, struct gksm_cl_table *table)
{
	gksm_cl_buffer_drop_vast(cl, cl->index_queue, &table->words);
	gksm_cl_buffer_drop_vast(cl, cl->index_queue, &table->exts);
	gksm_cl_buffer_drop_vast(cl, cl->index_queue, &table->names);
}

/* The words alone say what is in use; those in place are clear from the start. */
static cl_int clear_table(const struct gksm_cl *cl,
			  const struct gksm_cl_table *table)
{
	const size_t nr_slots = gksm_index_slots(table->nr_homes);
	const cl_uint zero = 0;

	if (cl->in_place)
		return CL_SUCCESS;
	return clEnqueueFillBuffer(cl->index_queue, table->words, &zero,
				   sizeof(zero), 0, nr_slots * sizeof(cl_uint),
				   0, NULL, NULL);
}

static cl_int clear_counts(const struct gksm_cl *cl)
{
	const cl_uint zero = 0;

	return clEnqueueFillBuffer(cl->index_queue, cl->counts, &zero,
				   sizeof(zero), 0,
				   INDEX_NR_COUNTS * sizeof(cl_uint), 0, NULL,
				   NULL);
}

/**
 * gksm_cl_index_create - an empty index, and the kernels that change all of it
 * @gpu: the engine
 *
 * Return: 0 or -errno; either way gksm_cl_index_destroy() frees what there is.
 */
int gksm_cl_index_create(struct gksm_gpu *gpu)
{
	struct gksm_cl *cl = gpu->backend_data;
	cl_int status;
	int err;

	err = gksm_cl_kernel_create(gpu, GKSM_CL_INDEX_SWEEP, &cl->sweeper);
	if (!err)
		err = gksm_cl_kernel_create(gpu, GKSM_CL_INDEX_MOVE,
					    &cl->mover);
	if (!err)
		err = gksm_cl_buffer_create(
			gpu, CL_MEM_READ_WRITE | CL_MEM_HOST_READ_ONLY,
			INDEX_NR_COUNTS * sizeof(cl_uint), NULL, "counters",
			&cl->counts);
	if (!err)
		err = create_table(gpu, gpu->index.nr_homes, &cl->table);
	if (err)
		return err;
	status = clear_table(cl, &cl->table);
	if (!status)
		status = clear_counts(cl);
	return status ? gksm_cl_fail(gpu, status, "clear the index") : 0;
}

/**
 * gksm_cl_index_destroy - wipe and free the index
 * @gpu: the engine; nothing is in flight
 */
void gksm_cl_index_destroy(struct gksm_gpu *gpu)
{
	struct gksm_cl *cl = gpu->backend_data;

	if (cl->sweeper)
		clReleaseKernel(cl->sweeper);
	if (cl->mover)
		clReleaseKernel(cl->mover);
	cl->sweeper = NULL;
	cl->mover = NULL;
	drop_table(cl, &cl->table);
	clFinish(cl->index_queue);
	gksm_cl_buffer_wipe(cl->index_queue, &cl->counts);
}

static cl_int sweep(const struct gksm_cl *cl, cl_uint generation)
{
	const cl_ulong nr_slots = gksm_index_slots(cl->table.nr_homes);
	cl_int status;

	status = clSetKernelArg(cl->sweeper, 0, sizeof(cl_mem),
				&cl->table.words);
	if (!status)
		status = clSetKernelArg(cl->sweeper, 1, sizeof(cl_mem),
					&cl->counts);
	if (!status)
		status = clSetKernelArg(cl->sweeper, 2, sizeof(nr_slots),
					&nr_slots);
	if (!status)
		status = clSetKernelArg(cl->sweeper, 3, sizeof(generation),
					&generation);
	return status ?
		       status :
		       gksm_cl_launch(cl->index_queue, cl->sweeper,
				      GKSM_CL_WIDE * GKSM_CL_GROUP, NULL, NULL);
}

static cl_int move(const struct gksm_cl *cl, const struct gksm_cl_table *to)
{
	const struct gksm_cl_table *from = &cl->table;
	const cl_mem buffers[] = { from->words, from->exts, from->names,
				   to->words,	to->exts,   to->names,
				   cl->counts };
	const cl_uint nr_buffers = sizeof(buffers) / sizeof(cl_mem);
	cl_int status = CL_SUCCESS;
	cl_uint arg = 0;

	for (; !status && arg < nr_buffers; arg++)
		status = clSetKernelArg(cl->mover, arg, sizeof(cl_mem),
					&buffers[arg]);
	if (!status)
		status = clSetKernelArg(cl->mover, arg, sizeof(cl_uint),
					&from->nr_homes);
	if (!status)
		status = clSetKernelArg(cl->mover, arg + 1, sizeof(cl_uint),
					&to->nr_homes);
	return status ?
		       status :
		       gksm_cl_launch(cl->index_queue, cl->mover,
				      GKSM_CL_WIDE * GKSM_CL_GROUP, NULL, NULL);
}

/* A larger table takes the place of the one in use, if there is memory. */
static cl_int grow(struct gksm_gpu *gpu, struct gksm_orders *orders)
{
	struct gksm_cl *cl = gpu->backend_data;
	struct gksm_cl_table old = cl->table, new;
	cl_int status;

	if (create_table(gpu, orders->grow_to, &new)) {
		drop_table(cl, &new);
		gksm_index_is_short(gpu, orders->grow_to);
		orders->grow_to = 0;
		return CL_SUCCESS;
	}
	status = clear_table(cl, &new);
	if (!status)
		status = clear_counts(cl);
	if (!status)
		status = move(cl, &new);
	if (status) {
		drop_table(cl, &new);
		return status;
	}
	cl->table = new;
	gksm_index_grown(gpu, new.nr_homes);
	drop_table(cl, &old);
	return CL_SUCCESS;
}

/**
 * gksm_cl_index_follow - do what is to be done to the index before a search
 * @gpu:    the engine, bound
 * @orders: what that is; grow_to is 0 afterwards if there is no memory
 *
 * Return: an OpenCL status.
 */
cl_int gksm_cl_index_follow(struct gksm_gpu *gpu, struct gksm_orders *orders)
{
	const struct gksm_cl *cl = gpu->backend_data;
	cl_int status = CL_SUCCESS;

	for (cl_uint g = 1; !status && g <= INDEX_NR_GENERATIONS; g++) {
		if (orders->expired & 1U << g)
			status = sweep(cl, g);
	}
	if (!status && orders->grow_to)
		status = grow(gpu, orders);
	return status;
}
