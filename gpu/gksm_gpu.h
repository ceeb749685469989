/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gksm_gpu.h - hash and compare pages on an OpenCL device, or on its C twin
 *
 * The whole of gpu/ behind one opaque handle. It knows pages, seeds and
 * hashes; it knows nothing of /dev/gksm.
 */
#ifndef GKSM_GPU_H
#define GKSM_GPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * DOC: Life of an engine
 *
 * gksm_gpu_open() chooses a device, builds its kernels (or takes them from
 * the cache) and proves them against the C twin. gksm_gpu_bind() pins the
 * caller's page memory once and creates one *lane* per batch: the buffers,
 * the kernel objects and the events that a batch needs, so that nothing is
 * allocated afterwards. Then, any number of times and in any order over
 * different batches:
 *
 *	fill gksm_gpu_seeds(gpu, b) -> gksm_gpu_submit(gpu, b, n)
 *	poll gksm_gpu_fd() readable -> gksm_gpu_reap() until it says -EAGAIN
 *
 * All calls on one handle come from one thread; completion is signalled from
 * the driver's threads through the file descriptor alone.
 *
 * Every function that can fail returns 0 or -errno and leaves one line that
 * says what, why and what to do in gksm_gpu_error().
 */

struct gksm_gpu;

/**
 * enum gksm_gpu_kind - what computes
 * @GKSM_GPU_KIND_GPU:	 OpenCL device of type GPU
 * @GKSM_GPU_KIND_ACCEL: OpenCL device of type accelerator
 * @GKSM_GPU_KIND_CPU:	 OpenCL device of type CPU (PoCL)
 * @GKSM_GPU_KIND_TWIN:	 no OpenCL: the C twin on one thread
 *
 * The order is the order of preference.
 */
enum gksm_gpu_kind {
	GKSM_GPU_KIND_GPU,
	GKSM_GPU_KIND_ACCEL,
	GKSM_GPU_KIND_CPU,
	GKSM_GPU_KIND_TWIN,
};

/**
 * struct gksm_gpu_options - how to open an engine; all zero is the default
 * @device:	NULL or "auto": first device that passes its self-test, in the
 *		order of enum gksm_gpu_kind, and the twin if none does;
 *		"twin": the C twin; a decimal index as printed by
 *		gksm_gpu_list(), or a case-insensitive part of a device or
 *		platform name: that device or an error
 * @cache_dir:	where built programs are kept; NULL: no cache
 * @log:	called with one line (no newline) for what is worth knowing
 *		and is no error: devices passed over and why, cache misses;
 *		NULL: silent
 * @log_arg:	first argument of @log
 */
struct gksm_gpu_options {
	const char *device;
	const char *cache_dir;
	void (*log)(void *arg, const char *line);
	void *log_arg;
};

/**
 * struct gksm_gpu_info - what was opened, or could be
 * @index:	number for gksm_gpu_options.device; the twin is last
 * @kind:	what it is
 * @name:	device name
 * @platform:	OpenCL platform name, "none" for the twin
 * @driver:	driver version
 * @host_unified: the device shares the host's memory: pages are not uploaded
 * @compute_units: as the driver says; 1 for the twin
 * @global_mem_bytes: device memory
 */
struct gksm_gpu_info {
	unsigned int index;
	enum gksm_gpu_kind kind;
	char name[128];
	char platform[128];
	char driver[64];
	bool host_unified;
	unsigned int compute_units;
	uint64_t global_mem_bytes;
};

/**
 * struct gksm_gpu_batch - a batch that has been computed
 * @batch:	which, as given to gksm_gpu_submit()
 * @nr_pages:	how many pages
 * @hashes:	@nr_pages hashes; valid until the next submit of this batch
 * @zeros:	@nr_pages flags, 1: all bytes of the page are zero; same life
 * @device_ns:	time the device's profile gives from upload to download; wall
 *		time of the computation on the twin
 * @error:	0, or -errno: the device failed, hashes and zeros are invalid
 */
struct gksm_gpu_batch {
	unsigned int batch;
	unsigned int nr_pages;
	const uint64_t *hashes;
	const uint8_t *zeros;
	uint64_t device_ns;
	int error;
};

/**
 * struct gksm_gpu_pair - two pages of one batch to compare
 * @a: page number within the batch
 * @b: page number within the batch
 */
struct gksm_gpu_pair {
	uint32_t a;
	uint32_t b;
};

int gksm_gpu_open(struct gksm_gpu **gpu,
		  const struct gksm_gpu_options *options);
void gksm_gpu_close(struct gksm_gpu *gpu);
const struct gksm_gpu_info *gksm_gpu_get_info(const struct gksm_gpu *gpu);
/* @gpu may be NULL: the error of the last gksm_gpu_open() of this thread */
const char *gksm_gpu_error(const struct gksm_gpu *gpu);

/* Calls @each for every device and the twin; returns how many, or -errno. */
int gksm_gpu_list(void (*each)(void *arg, const struct gksm_gpu_info *info),
		  void *arg);

int gksm_gpu_bind(struct gksm_gpu *gpu, const void *pages,
		  unsigned int nr_batches, unsigned int batch_pages);
uint64_t *gksm_gpu_seeds(struct gksm_gpu *gpu, unsigned int batch);
int gksm_gpu_submit(struct gksm_gpu *gpu, unsigned int batch,
		    unsigned int nr_pages);
int gksm_gpu_fd(const struct gksm_gpu *gpu);
int gksm_gpu_reap(struct gksm_gpu *gpu, struct gksm_gpu_batch *done);
/*
 * equal[i] = 1 if the pages of pairs[i] have the same 4096 bytes, else 0.
 * Synchronous; the batch's pages must still be in place.
 */
int gksm_gpu_compare(struct gksm_gpu *gpu, unsigned int batch,
		     const struct gksm_gpu_pair *pairs, unsigned int nr_pairs,
		     uint8_t *equal);

/* The C twin's arithmetic: XXH64 of a page, and whether it is all zero. */
uint64_t gksm_cpu_page_hash(const void *page, uint64_t seed);
bool gksm_cpu_page_is_zero(const void *page);

#endif /* GKSM_GPU_H */
