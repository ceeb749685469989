/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gksm_gpu.h - hash, compare and find pages on an OpenCL device, or on its C twin
 *
 * The whole of gpu/ behind one opaque handle. It knows pages, seeds, hashes
 * and names; it knows nothing of /dev/gksm.
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
 * gksm_gpu_search() in place of gksm_gpu_submit() also finds out which pages
 * have a twin, in the batch or among all pages that the engine has been told
 * of. These are kept in an index on the device (DOC in kernels/index.h), by
 * hash, each with the *name* that the caller gave it in gksm_gpu_names(). The
 * caller names every page that is still there once in a *generation*, with its
 * content or, if that did not change, with its hash alone, and says with
 * gksm_gpu_generation() when the next one begins. A page that two generations
 * did not name is forgotten.
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
 * DOC: Several devices
 *
 * An engine may have several devices (see struct gksm_gpu_options). Nothing in
 * its life changes: each batch goes to the device that should be done with it
 * first, and there is one index. What fails is passed over as long as another
 * device is left: an engine fails when its last device does. A caller should
 * also look now and then, with gksm_gpu_check(), for a device that failed
 * without a word.
 */

/**
 * struct gksm_gpu_options - how to open an engine; all zero is the default
 * @device:	NULL or "auto": first device that passes its self-test, in the
 *		order of enum gksm_gpu_kind, and the twin if none does;
 *		"twin": the C twin; a decimal index as printed by
 *		gksm_gpu_list(), or a case-insensitive part of a device or
 *		platform name: that device or an error; several of these with
 *		commas between them: those that pass their self-tests, at once;
 *		"all": every OpenCL device that does, and the twin if none does
 * @cache_dir:	where built programs are kept; NULL: no cache
 * @shape:	how pages are hashed (kernels/page_hash.cl): "narrow", "wide" or
 *		"lanes"; NULL or "auto": what is fastest, measured, and kept in
 *		the cache. The twin has none
 * @upload:	upload pages also to devices that share the host's memory
 * @log:	called with one line (no newline) for what is worth knowing
 *		and is no error: devices passed over and why, cache misses;
 *		NULL: silent
 * @alert:	the same for a device that failed while others go on
 * @log_arg:	first argument of @log and @alert
 */
struct gksm_gpu_options {
	const char *device;
	const char *cache_dir;
	const char *shape;
	bool upload;
	void (*log)(void *arg, const char *line);
	void (*alert)(void *arg, const char *line);
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
 * @shape:	see gksm_gpu_options.shape; empty unless it was opened
 * @shape_log:	how fast each shape was, in words; empty if it was not measured
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
	char shape[16];
	char shape_log[96];
};

/**
 * enum gksm_gpu_found - what a search found out about an entry of a batch
 * @GKSM_GPU_FOUND_NOTHING:  it has no name, or there was no room for it
 * @GKSM_GPU_FOUND_ZERO:     all bytes are zero; the index has no zero pages
 * @GKSM_GPU_FOUND_UNIQUE:   it is in the index, and no other page there or in
 *			     the batch has its hash
 * @GKSM_GPU_FOUND_EQUAL:    a page of the batch has the same bytes
 * @GKSM_GPU_FOUND_ALIKE:    a page had the same hash when it was last named,
 *			     or rather its upper 49 bits
 * @GKSM_GPU_FOUND_COLLIDED: a page of the batch has the same hash and other
 *			     bytes
 */
enum gksm_gpu_found {
	GKSM_GPU_FOUND_NOTHING,
	GKSM_GPU_FOUND_ZERO,
	GKSM_GPU_FOUND_UNIQUE,
	GKSM_GPU_FOUND_EQUAL,
	GKSM_GPU_FOUND_ALIKE,
	GKSM_GPU_FOUND_COLLIDED,
};

/**
 * struct gksm_gpu_batch - a batch that has been computed
 * @batch:	which, as given to gksm_gpu_submit()
 * @nr_pages:	how many pages
 * @hashes:	@nr_pages hashes; valid until the next submit of this batch
 * @zeros:	@nr_pages flags, 1: all bytes of the page are zero; same life
 * @nr_entries: after a search: pages and entries without content
 * @found:	after a search: @nr_entries of enum gksm_gpu_found; same life
 * @twins:	after a search: @nr_entries names, of the twin for EQUAL and
 *		ALIKE, else 0; same life
 * @device_ns:	time the device's profile gives from upload to download; wall
 *		time of the computation on the twin
 * @hash_ns:	of these, how long the hashing itself took; 0 if the device does
 *		not say
 * @error:	0, or -errno: the device failed, hashes and zeros are invalid
 */
struct gksm_gpu_batch {
	unsigned int batch;
	unsigned int nr_pages;
	const uint64_t *hashes;
	const uint8_t *zeros;
	unsigned int nr_entries;
	const uint8_t *found;
	const uint64_t *twins;
	uint64_t device_ns;
	uint64_t hash_ns;
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

/**
 * struct gksm_gpu_index - how the index is doing, as of the last search reaped
 * @nr_slots:	how many entries its memory could hold
 * @nr_entries:	how many it holds
 * @nr_refused:	entries for which there was no room, since it grew last
 * @bytes:	its memory
 * @peak_bytes: the most that it ever had, which is while it grows
 * @nr_grown:	how often it has been made anew
 */
struct gksm_gpu_index {
	uint64_t nr_slots;
	uint64_t nr_entries;
	uint64_t nr_refused;
	uint64_t bytes;
	uint64_t peak_bytes;
	unsigned int nr_grown;
};

/**
 * struct gksm_gpu_device - one of an engine's devices
 * @info:	 what it is
 * @is_home:	 it keeps the index
 * @is_lost:	 it failed, and is not used any more
 * @nr_batches:	 batches whose pages it hashed, since bind
 * @nr_pages:	 their pages
 * @pages_per_s: how fast it is thought to be; 0: not known
 */
struct gksm_gpu_device {
	struct gksm_gpu_info info;
	bool is_home;
	bool is_lost;
	uint64_t nr_batches;
	uint64_t nr_pages;
	uint64_t pages_per_s;
};

/**
 * struct gksm_gpu_limits - what is possible
 * @nr_batches: batches in flight at most
 * @max_pages:	pages of a batch at most
 * @max_ms:	how long that many batches may take
 */
struct gksm_gpu_limits {
	unsigned int nr_batches;
	unsigned int max_pages;
	unsigned int max_ms;
};

/**
 * struct gksm_gpu_knee - how large batches should be
 * @batch_pages: smallest of the sizes tried that is nearly as fast as the
 *		 fastest one, within the limits
 * @pages_per_s: with batches of this size
 * @best_pages:	 fastest size, of all
 * @best_per_s:	 with that
 */
struct gksm_gpu_knee {
	unsigned int batch_pages;
	uint64_t pages_per_s;
	unsigned int best_pages;
	uint64_t best_per_s;
};

int gksm_gpu_open(struct gksm_gpu **gpu,
		  const struct gksm_gpu_options *options);
void gksm_gpu_close(struct gksm_gpu *gpu);
void gksm_gpu_give_up(struct gksm_gpu *gpu);
const struct gksm_gpu_info *gksm_gpu_get_info(const struct gksm_gpu *gpu);
/* @gpu may be NULL: the error of the last gksm_gpu_open() of this thread */
const char *gksm_gpu_error(const struct gksm_gpu *gpu);

/* Calls @each for every device and the twin; returns how many, or -errno. */
int gksm_gpu_list(void (*each)(void *arg, const struct gksm_gpu_info *info),
		  void *arg);

int gksm_gpu_measure(struct gksm_gpu *gpu, const struct gksm_gpu_limits *limits,
		     struct gksm_gpu_knee *knee);
int gksm_gpu_bind(struct gksm_gpu *gpu, const void *pages,
		  unsigned int nr_batches, unsigned int batch_pages);
uint64_t *gksm_gpu_seeds(struct gksm_gpu *gpu, unsigned int batch);
int gksm_gpu_submit(struct gksm_gpu *gpu, unsigned int batch,
		    unsigned int nr_pages);
uint64_t *gksm_gpu_names(struct gksm_gpu *gpu, unsigned int batch);
int gksm_gpu_search(struct gksm_gpu *gpu, unsigned int batch,
		    unsigned int nr_pages, unsigned int nr_known);
int gksm_gpu_generation(struct gksm_gpu *gpu);
int gksm_gpu_get_index(const struct gksm_gpu *gpu,
		       struct gksm_gpu_index *index);
int gksm_gpu_get_device(const struct gksm_gpu *gpu, unsigned int number,
			struct gksm_gpu_device *device);
unsigned int gksm_gpu_check(struct gksm_gpu *gpu, unsigned int patience_ms);
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
