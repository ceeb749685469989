/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * opencl.h - what the files of the OpenCL backend share
 */
#ifndef GKSM_OPENCL_H
#define GKSM_OPENCL_H

#include <CL/cl.h>

#include "engine.h"
#include "hash.h"

/**
 * DOC: How pages reach a device
 *
 * A device that shares the host's memory uses the caller's pages in place:
 * each lane's buffer is made of them (CL_MEM_USE_HOST_PTR). OpenCL lets a
 * driver keep a copy of such memory and says when the copy is valid: while
 * the host may change the pages they are mapped for writing, and they are
 * unmapped before a kernel reads them. The mapping discards what the device
 * knew (CL_MAP_WRITE_INVALIDATE_REGION), so no driver has a reason to write
 * to the pages, which are mapped read-only into this process.
 *
 * Every other device gets a buffer of its own per lane, and an upload with
 * each batch. So does one whose driver refuses the memory, or fails the
 * self-test with it.
 */

/* In-order queues that the lanes share: upload, kernel, download, and one. */
#define GKSM_CL_QUEUES 4

/*
 * Work-items of a work-group, for all kernels and every launch. One size,
 * because PoCL compiles a kernel anew for each size that it sees first, and
 * only the self-test happens while the program may still write files.
 */
#define GKSM_CL_GROUP HASH_GROUP

/*
 * Work-groups of launches whose work grows with the index: a fixed number, for
 * the same reason.
 */
#define GKSM_CL_WIDE 1024

/**
 * enum gksm_cl_kernel - the kernels; see kernels/
 * @GKSM_CL_HASH_NARROW:   page_hash.cl, its first shape, and so on
 * @GKSM_CL_HASH_WIDE:	   likewise
 * @GKSM_CL_HASH_LANES:	   likewise
 * @GKSM_CL_PAGE_COMPARE:  page_compare.cl, and so on
 * @GKSM_CL_GROUP_JOIN:	   likewise
 * @GKSM_CL_GROUP_COMPARE: likewise
 * @GKSM_CL_INDEX_SEARCH:  likewise
 * @GKSM_CL_INDEX_SWEEP:   likewise
 * @GKSM_CL_INDEX_MOVE:	   likewise
 * @GKSM_CL_NR_KERNELS:	   how many there are
 */
enum gksm_cl_kernel {
	GKSM_CL_HASH_NARROW,
	GKSM_CL_HASH_WIDE,
	GKSM_CL_HASH_LANES,
	GKSM_CL_PAGE_COMPARE,
	GKSM_CL_GROUP_JOIN,
	GKSM_CL_GROUP_COMPARE,
	GKSM_CL_INDEX_SEARCH,
	GKSM_CL_INDEX_SWEEP,
	GKSM_CL_INDEX_MOVE,
	GKSM_CL_NR_KERNELS,
};

/**
 * struct gksm_cl_shape - a way to hash pages, see kernels/page_hash.cl
 * @name:     what it is called
 * @kernel:   its kernel
 * @nr_items: so many work-items are launched
 * @nr_pages: for so many pages
 */
struct gksm_cl_shape {
	const char *name;
	enum gksm_cl_kernel kernel;
	unsigned int nr_items;
	unsigned int nr_pages;
};

#define GKSM_CL_NR_SHAPES 3

/**
 * struct gksm_cl_device - a device that the loader knows
 * @info:     what the user sees
 * @platform: whose it is
 * @id:	      the driver's name for it
 * @unfit:    why it cannot be used, or NULL
 */
struct gksm_cl_device {
	struct gksm_gpu_info info;
	cl_platform_id platform;
	cl_device_id id;
	const char *unfit;
};

/**
 * struct gksm_cl_how - how to open a device
 * @cache_dir: where built programs are kept, or NULL
 * @rebuild:   do not believe what the cache holds, replace it
 * @upload:    do not use the caller's pages in place
 * @shape:     as gksm_gpu_options.shape
 */
struct gksm_cl_how {
	const char *cache_dir;
	bool rebuild;
	bool upload;
	const char *shape;
};

/**
 * struct gksm_cl_lane - the OpenCL part of a lane
 * @gpu:      the engine, for the completion callback
 * @batch:    which lane this is, likewise
 * @queue:    one of gksm_cl.queues
 * @shape:    how @hash goes over pages
 * @hash:     page_hash of that shape with this lane's buffers as arguments
 * @join:     group_join, likewise
 * @compare:  group_compare, likewise
 * @search:   index_search, likewise
 * @pages:    the caller's pages, or a copy of them
 * @mapped:   where the driver mapped @pages for the caller: in place only,
 *	      and NULL while a kernel may read them
 * @seeds:    copy of the lane's seeds
 * @hashes:   becomes the lane's hashes
 * @zeros:    becomes the lane's zeros
 * @names:    copy of the lane's names
 * @cells:    of group_join
 * @places:   of group_join
 * @firsts:   of group_compare
 * @seconds:  of group_join and group_compare
 * @found:    becomes the lane's found
 * @twins:    becomes the lane's twins
 * @first:    first command of the batch, valid from submit to reap
 * @computed: page_hash, likewise; NULL if there were no pages
 * @searched: index_search, likewise; NULL if it was no search
 * @counted:  the index's counters were read, likewise
 * @last:     last command of the batch, likewise
 */
struct gksm_cl_lane {
	struct gksm_gpu *gpu;
	unsigned int batch;
	cl_command_queue queue;
	const struct gksm_cl_shape *shape;
	cl_kernel hash;
	cl_kernel join;
	cl_kernel compare;
	cl_kernel search;
	cl_mem pages;
	void *mapped;
	cl_mem seeds;
	cl_mem hashes;
	cl_mem zeros;
	cl_mem names;
	cl_mem cells;
	cl_mem places;
	cl_mem firsts;
	cl_mem seconds;
	cl_mem found;
	cl_mem twins;
	cl_event first;
	cl_event computed;
	cl_event searched;
	cl_event counted;
	cl_event last;
};

/**
 * struct gksm_cl_table - an index on the device; see kernels/index.h
 * @words:    its words
 * @exts:     its exts
 * @names:    its names
 * @nr_homes: its homes
 */
struct gksm_cl_table {
	cl_mem words;
	cl_mem exts;
	cl_mem names;
	cl_uint nr_homes;
};

/**
 * struct gksm_cl - the OpenCL backend's state
 * @device:	the device
 * @context:	with @device alone
 * @queues:	with profiling
 * @index_queue: whatever touches the index, one after the other
 * @program:	all kernels
 * @from_cache: the program is not built from source
 * @in_place:	the device uses the caller's pages, see DOC above
 * @shape:	how pages are hashed; NULL: each lane has another shape
 * @abandoned:	the device did not answer; nothing may be freed
 * @lanes:	gpu->nr_batches lanes, while bound
 * @comparer:	page_compare, while bound
 * @sweeper:	index_sweep, while bound
 * @mover:	index_move, while bound
 * @table:	the index, while bound
 * @counts:	its counters, while bound
 * @pairs:	its batch_pages pairs
 * @equal:	its batch_pages answers
 * @callbacks:	completion callbacks that have yet to return
 */
struct gksm_cl {
	cl_device_id device;
	cl_context context;
	cl_command_queue queues[GKSM_CL_QUEUES];
	cl_command_queue index_queue;
	cl_program program;
	bool from_cache;
	bool in_place;
	const struct gksm_cl_shape *shape;
	bool abandoned;
	struct gksm_cl_lane *lanes;
	cl_kernel comparer;
	cl_kernel sweeper;
	cl_kernel mover;
	struct gksm_cl_table table;
	cl_mem counts;
	cl_mem pairs;
	cl_mem equal;
	atomic_uint callbacks;
};

/* clerror.c */
const char *gksm_clerror_name(cl_int status);
int gksm_clerror_errno(cl_int status);
int gksm_cl_fail(struct gksm_gpu *gpu, cl_int status, const char *what);

/* device.c */
int gksm_cl_device_list(struct gksm_cl_device **devices,
			unsigned int *nr_devices);
const struct gksm_cl_device *
gksm_cl_device_match(const struct gksm_cl_device *devices,
		     unsigned int nr_devices, const char *name);

/* program.c */
int gksm_cl_program_build(struct gksm_gpu *gpu,
			  const struct gksm_cl_device *device,
			  const struct gksm_cl_how *how);
#define GKSM_CL_KEY_BYTES 1024
void gksm_cl_program_key(const struct gksm_cl_device *device, char *key);
const char *gksm_cl_kernel_name(enum gksm_cl_kernel which);

/* opencl.c */
int gksm_cl_open(struct gksm_gpu *gpu, const struct gksm_cl_device *device,
		 const struct gksm_cl_how *how);

/* shape.c */
const struct gksm_cl_shape *gksm_cl_lane_shape(const struct gksm_cl *cl,
					       unsigned int batch);
unsigned int gksm_cl_shape_items(const struct gksm_cl_shape *shape,
				 unsigned int nr_pages);
extern const struct gksm_cl_shape gksm_cl_shapes[GKSM_CL_NR_SHAPES];
int gksm_cl_shape_choose(struct gksm_gpu *gpu,
			 const struct gksm_cl_device *device,
			 const struct gksm_cl_how *how);

/* buffer.c */
int gksm_cl_buffer_create(struct gksm_gpu *gpu, cl_mem_flags flags,
			  size_t bytes, void *host, const char *what,
			  cl_mem *buffer);
int gksm_cl_buffer_create_vast(struct gksm_gpu *gpu, size_t bytes,
			       const char *what, cl_mem *buffer);
void gksm_cl_buffer_drop_vast(const struct gksm_cl *cl, cl_command_queue queue,
			      cl_mem *buffer);
void gksm_cl_buffer_retire(cl_command_queue queue, cl_mem *buffer);
void gksm_cl_buffer_wipe(cl_command_queue queue, cl_mem *buffer);
int gksm_cl_kernel_create(struct gksm_gpu *gpu, enum gksm_cl_kernel which,
			  cl_kernel *kernel);
int gksm_cl_kernel_bind(struct gksm_gpu *gpu, cl_kernel kernel, cl_uint nr_args,
			const cl_mem *const buffers[]);

/* seek.c */
int gksm_cl_search_create(struct gksm_gpu *gpu, struct gksm_cl_lane *lane);
void gksm_cl_search_destroy(struct gksm_cl_lane *lane);
cl_int gksm_cl_search(struct gksm_gpu *gpu, struct gksm_cl_lane *lane);

/* tables.c */
int gksm_cl_index_create(struct gksm_gpu *gpu);
void gksm_cl_index_destroy(struct gksm_gpu *gpu);
cl_int gksm_cl_index_follow(struct gksm_gpu *gpu, struct gksm_orders *orders);

/* lane.c */
int gksm_cl_lanes_create(struct gksm_gpu *gpu);
void gksm_cl_lanes_destroy(struct gksm_gpu *gpu);
int gksm_cl_lanes_quiesce(struct gksm_gpu *gpu);

/* transfer.c */
cl_int gksm_cl_launch(cl_command_queue queue, cl_kernel kernel,
		      unsigned int items, cl_event after, cl_event *event);
int gksm_cl_lane_take_pages(struct gksm_gpu *gpu, struct gksm_cl_lane *lane);
int gksm_cl_submit(struct gksm_gpu *gpu, unsigned int batch);
void gksm_cl_collect(struct gksm_gpu *gpu, struct gksm_gpu_batch *done);
int gksm_cl_compare(struct gksm_gpu *gpu, unsigned int batch,
		    const struct gksm_gpu_pair *pairs, unsigned int nr_pairs,
		    uint8_t *equal);

#endif /* GKSM_OPENCL_H */
