// SPDX-License-Identifier: GPL-2.0-only
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "interpose.h"

/* The linker calls the loader's function __real_x and ours __wrap_x. */
#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#define REAL(ret, name, ...) ret __real_##name(__VA_ARGS__)

struct interpose interpose;

/* Objects that the engine made and did not release yet. */
static int nr_objects;

/* Lost callbacks: what they point to is abandoned, but not leaked. */
static void *lost[64];
static unsigned int nr_lost;

/* What the last stale buffer was made of; lanes are mapped when made. */
static void *stale_host;

void interpose_nothing(void)
{
	memset(&interpose, 0, sizeof(interpose));
}

int interpose_nr_objects(void)
{
	const int nr = nr_objects;

	nr_objects = 0;
	return nr;
}

static cl_int count_event(cl_int status, const cl_event *event)
{
	nr_objects += !status && event;
	return status;
}

static void *count_object(void *object)
{
	nr_objects += object != NULL;
	return object;
}

static bool shall_fail(const char *function)
{
	if (interpose.fail_in && strcmp(interpose.fail_in, function) != 0)
		return false;
	interpose.nr_calls++;
	if (interpose.fail_on)
		return interpose.nr_calls >= interpose.fail_at;
	return interpose.nr_calls == interpose.fail_at;
}

static bool is_victim(cl_command_queue queue)
{
	cl_device_id device = NULL;

	if (!interpose.victim)
		return true;
	clGetCommandQueueInfo(queue, CL_QUEUE_DEVICE, sizeof(device), &device,
			      NULL);
	return device == interpose.victim;
}

static bool shall_fail_on(cl_command_queue queue, const char *function)
{
	return is_victim(queue) && shall_fail(function);
}

static void *count_made(void *object)
{
	interpose.nr_made += object != NULL;
	return count_object(object);
}

/* One part of a device that works without the processor. */
struct part {
	pthread_mutex_t busy;
	unsigned int us;
};

static struct part uploads = { PTHREAD_MUTEX_INITIALIZER, 0 };
static struct part kernels = { PTHREAD_MUTEX_INITIALIZER, 0 };

static void CL_CALLBACK work(void *arg)
{
	struct part *part = *(struct part **)arg;
	const struct timespec time = { .tv_nsec = part->us * 1000L };

	pthread_mutex_lock(&part->busy);
	nanosleep(&time, NULL);
	pthread_mutex_unlock(&part->busy);
}

/* In the order of the queue. */
static void let_work(cl_command_queue queue, struct part *part, unsigned int us)
{
	part->us = us;
	if (us && clEnqueueNativeKernel(queue, work, &part, sizeof(part), 0,
					NULL, NULL, 0, NULL, NULL))
		abort();
}

static bool is_page_hash(cl_kernel kernel)
{
	char name[64] = "";

	clGetKernelInfo(kernel, CL_KERNEL_FUNCTION_NAME, sizeof(name), name,
			NULL);
	return strstr(name, "hash");
}

/* A call that returns its status. */
#define WRAP_STATUS(name, params, args)               \
	cl_int __real_##name params;                  \
	cl_int __wrap_##name params                   \
	{                                             \
		if (shall_fail(#name))                \
			return interpose.fail_status; \
		return __real_##name args;            \
	}

/* A call that returns an object, and its status through the last argument. */
#define WRAP_OBJECT(type, name, params, args)            \
	type __real_##name params;                       \
	type __wrap_##name params                        \
	{                                                \
		if (shall_fail(#name)) {                 \
			*status = interpose.fail_status; \
			return NULL;                     \
		}                                        \
		return count_made(__real_##name args);   \
	}

/* A call that may make an event, its last parameter. */
#define WRAP_ENQUEUE(name, params, args)                       \
	cl_int __real_##name params;                           \
	cl_int __wrap_##name params                            \
	{                                                      \
		if (shall_fail(#name))                         \
			return interpose.fail_status;          \
		return count_event(__real_##name args, event); \
	}

/* Never fails, or there would be no telling what is left. */
#define WRAP_RELEASE(name, type)              \
	cl_int __real_##name(type object);    \
	cl_int __wrap_##name(type object)     \
	{                                     \
		nr_objects--;                 \
		return __real_##name(object); \
	}

WRAP_RELEASE(clReleaseCommandQueue, cl_command_queue)
WRAP_RELEASE(clReleaseContext, cl_context)
WRAP_RELEASE(clReleaseEvent, cl_event)
WRAP_RELEASE(clReleaseKernel, cl_kernel)
WRAP_RELEASE(clReleaseProgram, cl_program)
/* Device memory in use, and whether it was cleared after its last use. */
static struct {
	cl_mem buffer;
	size_t bytes;
	bool wiped;
} buffers[1024];

static void remember_buffer(cl_mem buffer, size_t bytes)
{
	size_t b = 0;

	while (b < sizeof(buffers) / sizeof(*buffers) && buffers[b].buffer)
		b++;
	if (b == sizeof(buffers) / sizeof(*buffers))
		abort();
	buffers[b].buffer = buffer;
	buffers[b].bytes = bytes;
	buffers[b].wiped = false;
}

static void mark_buffers(cl_mem buffer, size_t bytes, bool wiped)
{
	for (size_t b = 0; b < sizeof(buffers) / sizeof(*buffers); b++) {
		if ((!buffer || buffers[b].buffer == buffer) &&
		    bytes >= buffers[b].bytes)
			buffers[b].wiped = wiped;
	}
}

REAL(cl_int, clReleaseMemObject, cl_mem);
cl_int __wrap_clReleaseMemObject(cl_mem buffer)
{
	for (size_t b = 0; b < sizeof(buffers) / sizeof(*buffers); b++) {
		if (buffers[b].buffer != buffer)
			continue;
		if (!buffers[b].wiped)
			interpose.nr_unwiped_bytes += buffers[b].bytes;
		buffers[b].buffer = NULL;
	}
	nr_objects--;
	return __real_clReleaseMemObject(buffer);
}

WRAP_STATUS(clBuildProgram,
	    (cl_program program, cl_uint nr, const cl_device_id *devices,
	     const char *options, void(CL_CALLBACK *notify)(cl_program, void *),
	     void *arg),
	    (program, nr, devices, options, notify, arg))
WRAP_STATUS(clSetKernelArg,
	    (cl_kernel kernel, cl_uint index, size_t size, const void *value),
	    (kernel, index, size, value))
WRAP_STATUS(clGetProgramInfo,
	    (cl_program program, cl_program_info what, size_t size, void *value,
	     size_t *got),
	    (program, what, size, value, got))
WRAP_OBJECT(cl_context, clCreateContext,
	    (const cl_context_properties *properties, cl_uint nr,
	     const cl_device_id *devices,
	     void(CL_CALLBACK *notify)(const char *, const void *, size_t,
				       void *),
	     void *arg, cl_int *status),
	    (properties, nr, devices, notify, arg, status))
WRAP_OBJECT(cl_command_queue, clCreateCommandQueue,
	    (cl_context context, cl_device_id device,
	     cl_command_queue_properties properties, cl_int *status),
	    (context, device, properties, status))
WRAP_OBJECT(cl_kernel, clCreateKernel,
	    (cl_program program, const char *name, cl_int *status),
	    (program, name, status))
REAL(cl_int, clEnqueueNDRangeKernel, cl_command_queue, cl_kernel, cl_uint,
     const size_t *, const size_t *, const size_t *, cl_uint, const cl_event *,
     cl_event *);
cl_int __wrap_clEnqueueNDRangeKernel(cl_command_queue queue, cl_kernel kernel,
				     cl_uint dims, const size_t *offset,
				     const size_t *global, const size_t *local,
				     cl_uint nr, const cl_event *wait,
				     cl_event *event)
{
	if (shall_fail_on(queue, "clEnqueueNDRangeKernel"))
		return interpose.fail_status;
	if (interpose.kernel_us && is_victim(queue) && is_page_hash(kernel))
		let_work(queue, &kernels, interpose.kernel_us);
	interpose.nr_mapped_at_launch = interpose.nr_mapped;
	mark_buffers(NULL, SIZE_MAX, false);
	return count_event(__real_clEnqueueNDRangeKernel(queue, kernel, dims,
							 offset, global, local,
							 nr, wait, event),
			   event);
}

REAL(cl_int, clEnqueueWriteBuffer, cl_command_queue, cl_mem, cl_bool, size_t,
     size_t, const void *, cl_uint, const cl_event *, cl_event *);
cl_int __wrap_clEnqueueWriteBuffer(cl_command_queue queue, cl_mem buffer,
				   cl_bool block, size_t offset, size_t size,
				   const void *data, cl_uint nr,
				   const cl_event *wait, cl_event *event)
{
	if (shall_fail_on(queue, "clEnqueueWriteBuffer"))
		return interpose.fail_status;
	/* Seeds and names are a word a page. */
	if (size >= 2 * 4096)
		let_work(queue, &uploads, interpose.upload_us);
	interpose.nr_uploaded_bytes += size;
	mark_buffers(buffer, SIZE_MAX, false);
	return count_event(__real_clEnqueueWriteBuffer(queue, buffer, block,
						       offset, size, data, nr,
						       wait, event),
			   event);
}

REAL(cl_int, clEnqueueReadBuffer, cl_command_queue, cl_mem, cl_bool, size_t,
     size_t, void *, cl_uint, const cl_event *, cl_event *);
cl_int __wrap_clEnqueueReadBuffer(cl_command_queue queue, cl_mem buffer,
				  cl_bool block, size_t offset, size_t size,
				  void *data, cl_uint nr, const cl_event *wait,
				  cl_event *event)
{
	if (shall_fail_on(queue, "clEnqueueReadBuffer"))
		return interpose.fail_status;
	if (interpose.read_whole)
		clGetMemObjectInfo(buffer, CL_MEM_SIZE, sizeof(size), &size,
				   NULL);
	return count_event(__real_clEnqueueReadBuffer(queue, buffer, block,
						      offset, size, data, nr,
						      wait, event),
			   event);
}

REAL(cl_int, clGetDeviceInfo, cl_device_id, cl_device_info, size_t, void *,
     size_t *);
cl_int __wrap_clGetDeviceInfo(cl_device_id device, cl_device_info what,
			      size_t size, void *value, size_t *got)
{
	cl_int status = __real_clGetDeviceInfo(device, what, size, value, got);

	if (!status && what == CL_DEVICE_HOST_UNIFIED_MEMORY &&
	    interpose.not_unified)
		*(cl_bool *)value = CL_FALSE;
	return status;
}

REAL(cl_int, clGetEventInfo, cl_event, cl_event_info, size_t, void *, size_t *);
cl_int __wrap_clGetEventInfo(cl_event event, cl_event_info what, size_t size,
			     void *value, size_t *got)
{
	const cl_int status =
		__real_clGetEventInfo(event, what, size, value, got);

	if (shall_fail("clGetEventInfo"))
		return interpose.fail_status;
	if (!status && interpose.kernel_status)
		*(cl_int *)value = interpose.kernel_status;
	return status;
}

REAL(cl_mem, clCreateBuffer, cl_context, cl_mem_flags, size_t, void *,
     cl_int *);
cl_mem __wrap_clCreateBuffer(cl_context context, cl_mem_flags flags,
			     size_t size, void *host, cl_int *status)
{
	const bool in_place = flags & CL_MEM_USE_HOST_PTR;
	cl_mem made;

	if (shall_fail("clCreateBuffer")) {
		*status = interpose.fail_status;
		return NULL;
	}
	if (in_place && interpose.refuse_host_ptr) {
		*status = CL_INVALID_HOST_PTR;
		return NULL;
	}
	if (in_place && (interpose.stale_pages || interpose.moved_pages)) {
		flags ^= CL_MEM_USE_HOST_PTR | CL_MEM_COPY_HOST_PTR;
		stale_host = host;
	}
	made = count_made(
		__real_clCreateBuffer(context, flags, size, host, status));
	if (made && !in_place) {
		interpose.nr_device_bytes += size;
		remember_buffer(made, size);
	}
	return made;
}

REAL(cl_int, clEnqueueFillBuffer, cl_command_queue, cl_mem, const void *,
     size_t, size_t, size_t, cl_uint, const cl_event *, cl_event *);
cl_int __wrap_clEnqueueFillBuffer(cl_command_queue queue, cl_mem buffer,
				  const void *pattern, size_t pattern_size,
				  size_t offset, size_t size, cl_uint nr,
				  const cl_event *wait, cl_event *event)
{
	const cl_int status = count_event(
		__real_clEnqueueFillBuffer(queue, buffer, pattern, pattern_size,
					   offset, size, nr, wait, event),
		event);

	if (!status && !*(const char *)pattern)
		mark_buffers(buffer, size, true);
	return status;
}

REAL(void *, clEnqueueMapBuffer, cl_command_queue, cl_mem, cl_bool,
     cl_map_flags, size_t, size_t, cl_uint, const cl_event *, cl_event *,
     cl_int *);
void *__wrap_clEnqueueMapBuffer(cl_command_queue queue, cl_mem buffer,
				cl_bool block, cl_map_flags flags,
				size_t offset, size_t size, cl_uint nr,
				const cl_event *wait, cl_event *event,
				cl_int *status)
{
	if (shall_fail_on(queue, "clEnqueueMapBuffer")) {
		*status = interpose.fail_status;
		return NULL;
	}
	interpose.nr_mapped++;
	interpose.nr_maps++;
	if (interpose.stale_pages) {
		*status = CL_SUCCESS;
		return stale_host;
	}
	return __real_clEnqueueMapBuffer(queue, buffer, block, flags, offset,
					 size, nr, wait, event, status);
}

REAL(cl_int, clEnqueueUnmapMemObject, cl_command_queue, cl_mem, void *, cl_uint,
     const cl_event *, cl_event *);
cl_int __wrap_clEnqueueUnmapMemObject(cl_command_queue queue, cl_mem buffer,
				      void *mapped, cl_uint nr,
				      const cl_event *wait, cl_event *event)
{
	if (shall_fail_on(queue, "clEnqueueUnmapMemObject"))
		return interpose.fail_status;
	interpose.nr_mapped--;
	if (interpose.stale_pages)
		return CL_SUCCESS;
	return __real_clEnqueueUnmapMemObject(queue, buffer, mapped, nr, wait,
					      event);
}

/* The text with the first from replaced by to, for free(); or NULL. */
static char *edit(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);
	char *edited = NULL;

	if (at && asprintf(&edited, "%.*s%s%s", (int)(at - text), text, to,
			   at + strlen(from)) < 0)
		abort();
	return edited;
}

REAL(cl_program, clCreateProgramWithSource, cl_context, cl_uint, const char **,
     const size_t *, cl_int *);
cl_program __wrap_clCreateProgramWithSource(cl_context context, cl_uint nr,
					    const char **texts,
					    const size_t *lengths,
					    cl_int *status)
{
	char *edited = NULL;
	const char *text = texts[0];
	cl_program program;

	if (shall_fail("clCreateProgramWithSource")) {
		*status = interpose.fail_status;
		return NULL;
	}
	interpose.nr_from_source++;
	if (interpose.edit_from)
		edited = edit(text, interpose.edit_from, interpose.edit_to);
	if (edited)
		text = edited;
	program = count_made(__real_clCreateProgramWithSource(
		context, nr, &text, lengths, status));
	free(edited);
	return program;
}

REAL(cl_program, clCreateProgramWithBinary, cl_context, cl_uint,
     const cl_device_id *, const size_t *, const unsigned char **, cl_int *,
     cl_int *);
cl_program __wrap_clCreateProgramWithBinary(cl_context context, cl_uint nr,
					    const cl_device_id *devices,
					    const size_t *sizes,
					    const unsigned char **binaries,
					    cl_int *loaded, cl_int *status)
{
	if (shall_fail("clCreateProgramWithBinary")) {
		*status = interpose.fail_status;
		return NULL;
	}
	interpose.nr_from_binary++;
	return count_made(__real_clCreateProgramWithBinary(
		context, nr, devices, sizes, binaries, loaded, status));
}

typedef void(CL_CALLBACK *event_callback)(cl_event, cl_int, void *);

static event_callback engine_callback;

static void CL_CALLBACK finish_badly(cl_event event, cl_int status, void *arg)
{
	(void)status;
	engine_callback(event, interpose.finish_status, arg);
}

REAL(cl_int, clSetEventCallback, cl_event, cl_int, event_callback, void *);
cl_int __wrap_clSetEventCallback(cl_event event, cl_int when,
				 event_callback callback, void *arg)
{
	cl_command_queue queue;

	if (shall_fail("clSetEventCallback"))
		return interpose.fail_status;
	if (!interpose.victim ||
	    __real_clGetEventInfo(event, CL_EVENT_COMMAND_QUEUE, sizeof(queue),
				  &queue, NULL))
		queue = NULL;
	if (queue && !is_victim(queue))
		return __real_clSetEventCallback(event, when, callback, arg);
	if (interpose.lose_callbacks) {
		if (nr_lost == sizeof(lost) / sizeof(*lost))
			abort();
		lost[nr_lost++] = arg;
		return CL_SUCCESS;
	}
	if (interpose.finish_status) {
		engine_callback = callback;
		callback = finish_badly;
	}
	return __real_clSetEventCallback(event, when, callback, arg);
}
