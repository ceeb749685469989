// SPDX-License-Identifier: GPL-2.0-only
/*
 * buffer.c - buffers and kernels of a device: made, and wiped
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "opencl.h"

/**
 * gksm_cl_buffer_create - device memory
 * @gpu:    the engine
 * @flags:  as for clCreateBuffer()
 * @bytes:  how much
 * @host:   for CL_MEM_USE_HOST_PTR
 * @what:   what it is for, to follow "for"
 * @buffer: out; NULL if it fails
 *
 * Return: 0 or -errno.
 */
int gksm_cl_buffer_create(struct gksm_gpu *gpu, cl_mem_flags flags,
			  size_t bytes, void *host, const char *what,
			  cl_mem *buffer)
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

/**
 * struct backing - memory of ours that a buffer is made of
 * @memory: mapped for this alone
 * @bytes:  its size
 */
struct backing {
	void *memory;
	size_t bytes;
};

static struct backing *map_backing(size_t bytes)
{
	struct backing *backing = malloc(sizeof(*backing));

	if (!backing)
		return NULL;
	*backing = (struct backing){
		.memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
		.bytes = bytes,
	};
	if (backing->memory == MAP_FAILED) {
		free(backing);
		return NULL;
	}
	madvise(backing->memory, bytes, MADV_HUGEPAGE);
	madvise(backing->memory, bytes, MADV_DONTDUMP);
	return backing;
}

/* The kernel clears the memory before anybody else gets it. */
static void unmap_backing(struct backing *backing)
{
	munmap(backing->memory, backing->bytes);
	free(backing);
}

static void CL_CALLBACK end_of_buffer(cl_mem buffer, void *arg)
{
	(void)buffer;
	unmap_backing(arg);
}

/**
 * gksm_cl_buffer_create_vast - device memory that is large, and read at random
 * @gpu:    the engine
 * @bytes:  how much
 * @what:   what it is for, to follow "for"
 * @buffer: out; NULL if it fails. For gksm_cl_buffer_drop_vast()
 *
 * Of a device that shares the host's memory, this is memory in huge pages
 * where there are any, and all zero; drivers do not care for either. Of another
 * it is what the driver gives, with whatever it holds.
 *
 * Return: 0 or -errno.
 */
int gksm_cl_buffer_create_vast(struct gksm_gpu *gpu, size_t bytes,
			       const char *what, cl_mem *buffer)
{
	const struct gksm_cl *cl = gpu->backend_data;
	struct backing *backing;
	cl_int status;
	int err;

	*buffer = NULL;
	if (!cl->in_place)
		return gksm_cl_buffer_create(gpu, CL_MEM_HOST_NO_ACCESS, bytes,
					     NULL, what, buffer);
	backing = map_backing(bytes);
	if (!backing)
		return gksm_fail(gpu, -ENOMEM,
				 "out of memory: %zu bytes for %s", bytes,
				 what);
	err = gksm_cl_buffer_create(gpu,
				    CL_MEM_HOST_NO_ACCESS | CL_MEM_USE_HOST_PTR,
				    bytes, backing->memory, what, buffer);
	if (err) {
		unmap_backing(backing);
		return err;
	}
	status = clSetMemObjectDestructorCallback(*buffer, end_of_buffer,
						  backing);
	if (status) {
		clReleaseMemObject(*buffer);
		*buffer = NULL;
		unmap_backing(backing);
		return gksm_cl_fail(gpu, status, "watch over a buffer");
	}
	return 0;
}

/**
 * gksm_cl_buffer_drop_vast - give it back, cleared, in due course
 * @cl:     whose
 * @queue:  whatever uses the buffer is in there
 * @buffer: from gksm_cl_buffer_create_vast(), or one that is NULL; NULL
 *	    afterwards
 *
 * Does not wait.
 */
void gksm_cl_buffer_drop_vast(const struct gksm_cl *cl, cl_command_queue queue,
			      cl_mem *buffer)
{
	if (!cl->in_place) {
		gksm_cl_buffer_retire(queue, buffer);
	} else if (*buffer) {
		clReleaseMemObject(*buffer);
		*buffer = NULL;
	}
}

/**
 * gksm_cl_buffer_retire - clear device memory and give it back, in due course
 * @queue:  whatever uses the buffer is in there
 * @buffer: the buffer, or one that is NULL; NULL afterwards
 *
 * Does not wait: the driver frees it when the queue has come so far.
 */
void gksm_cl_buffer_retire(cl_command_queue queue, cl_mem *buffer)
{
	const cl_uchar zero = 0;
	size_t bytes;

	if (!*buffer)
		return;
	if (!clGetMemObjectInfo(*buffer, CL_MEM_SIZE, sizeof(bytes), &bytes,
				NULL))
		clEnqueueFillBuffer(queue, *buffer, &zero, 1, 0, bytes, 0, NULL,
				    NULL);
	clReleaseMemObject(*buffer);
	*buffer = NULL;
}

/**
 * gksm_cl_buffer_wipe - clear device memory and give it back
 * @queue:  after what was enqueued here
 * @buffer: the buffer, or one that is NULL; NULL afterwards
 *
 * Fingerprints, salts and other people's pages do not stay behind.
 */
void gksm_cl_buffer_wipe(cl_command_queue queue, cl_mem *buffer)
{
	if (!*buffer)
		return;
	gksm_cl_buffer_retire(queue, buffer);
	clFinish(queue);
}

/**
 * gksm_cl_kernel_create - a kernel of the program
 * @gpu:    the engine
 * @which:  the kernel
 * @kernel: out; NULL if it fails
 *
 * Return: 0 or -errno.
 */
int gksm_cl_kernel_create(struct gksm_gpu *gpu, enum gksm_cl_kernel which,
			  cl_kernel *kernel)
{
	struct gksm_cl *cl = gpu->backend_data;
	cl_int status;

	*kernel = clCreateKernel(cl->program, gksm_cl_kernel_name(which),
				 &status);
	if (!status)
		return 0;
	*kernel = NULL;
	return gksm_cl_fail(gpu, status, "create a kernel");
}

/**
 * gksm_cl_kernel_bind - set a kernel's first arguments
 * @gpu:     the engine
 * @kernel:  the kernel
 * @nr_args: how many
 * @buffers: what they are
 *
 * Return: 0 or -errno.
 */
int gksm_cl_kernel_bind(struct gksm_gpu *gpu, cl_kernel kernel, cl_uint nr_args,
			const cl_mem *const buffers[])
{
	for (cl_uint arg = 0; arg < nr_args; arg++) {
		const cl_int status = clSetKernelArg(
			kernel, arg, sizeof(cl_mem), buffers[arg]);

		if (status)
			return gksm_cl_fail(gpu, status,
					    "set a kernel's arguments");
	}
	return 0;
}
