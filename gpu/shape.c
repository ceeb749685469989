// SPDX-License-Identifier: GPL-2.0-only
/*
 * shape.c - how a device goes over pages: which shape of page_hash is fastest
 *
 * Measured when a device is opened, on lanes like those of real batches: with
 * the device's own memory, and with the same patience. Each lane has another
 * shape. They take turns, and of each the least time counts, so that whatever
 * else the machine does meanwhile hits all alike, or nothing that counts. The
 * answer is kept beside the built program: a device does not change its ways.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "cache.h"
#include "opencl.h"

/* The first is what is taken if nothing is measured. */
const struct gksm_cl_shape gksm_cl_shapes[GKSM_CL_NR_SHAPES] = {
	{ "narrow", GKSM_CL_HASH_NARROW, 1, 1 },
	{ "wide", GKSM_CL_HASH_WIDE, 1, HASH_SIDE },
	{ "lanes", GKSM_CL_HASH_LANES, HASH_LANES, 1 },
};

#define NR_SHAPES GKSM_CL_NR_SHAPES

/* 8 MiB a shape: no processor's second cache holds that. */
#define NR_PAGES 2048
#define NR_TURNS 5

/**
 * struct answer - what was measured; what the cache keeps
 * @best: index of the fastest shape
 * @ns:   least time of each shape for NR_PAGES, in nanoseconds
 */
struct answer {
	uint32_t best;
	uint32_t ns[NR_SHAPES];
};

/**
 * gksm_cl_lane_shape - the shape that a lane is to have
 * @cl:	   the backend
 * @batch: which lane
 *
 * Return: its shape.
 */
const struct gksm_cl_shape *gksm_cl_lane_shape(const struct gksm_cl *cl,
					       unsigned int batch)
{
	return cl->shape ? cl->shape : &gksm_cl_shapes[batch % NR_SHAPES];
}

/**
 * gksm_cl_shape_items - work-items for a number of pages
 * @shape:    how they go over pages
 * @nr_pages: how many pages
 *
 * Return: how many work-items.
 */
unsigned int gksm_cl_shape_items(const struct gksm_cl_shape *shape,
				 unsigned int nr_pages)
{
	return (nr_pages + shape->nr_pages - 1) / shape->nr_pages *
	       shape->nr_items;
}

static const struct gksm_cl_shape *find_shape(const char *name)
{
	for (size_t s = 0; s < NR_SHAPES; s++) {
		if (!strcmp(name, gksm_cl_shapes[s].name))
			return &gksm_cl_shapes[s];
	}
	return NULL;
}

static void use_shape(struct gksm_gpu *gpu, const struct gksm_cl_shape *shape)
{
	struct gksm_cl *cl = gpu->backend_data;

	cl->shape = shape;
	snprintf(gpu->info.shape, sizeof(gpu->info.shape), "%s", shape->name);
}

static void use_answer(struct gksm_gpu *gpu, const struct answer *answer)
{
	char *text = gpu->info.shape_log;
	const size_t room = sizeof(gpu->info.shape_log);
	size_t at = 0;

	for (size_t s = 0; s < NR_SHAPES && at < room; s++)
		at += (size_t)snprintf(text + at, room - at, "%s%s %.1f",
				       s ? ", " : "", gksm_cl_shapes[s].name,
				       answer->ns[s] / (double)NR_PAGES);
	if (at < room)
		snprintf(text + at, room - at, " ns a page");
	use_shape(gpu, &gksm_cl_shapes[answer->best]);
}

/* One batch on the lane of each shape; the first turn is to warm up. */
static int take_turn(struct gksm_gpu *gpu, struct answer *answer,
		     unsigned int turn)
{
	struct gksm_gpu_batch done;

	for (unsigned int s = 0; s < NR_SHAPES; s++) {
		int err = gksm_gpu_submit(gpu, s, NR_PAGES);

		if (!err)
			err = gksm_engine_wait(gpu, &done);
		if (err)
			return err;
		if (!done.hash_ns)
			return gksm_fail(gpu, -ENODATA,
					 "%s does not say how long it takes",
					 gpu->info.name);
		if (turn && (done.hash_ns < answer->ns[s] || !answer->ns[s]))
			answer->ns[s] = done.hash_ns < UINT32_MAX ?
						(uint32_t)done.hash_ns :
						UINT32_MAX;
	}
	return 0;
}

static int measure_bound(struct gksm_gpu *gpu, struct answer *answer)
{
	int err = 0;

	for (unsigned int turn = 0; !err && turn <= NR_TURNS; turn++)
		err = take_turn(gpu, answer, turn);
	for (uint32_t s = 1; !err && s < NR_SHAPES; s++) {
		if (answer->ns[s] < answer->ns[answer->best])
			answer->best = s;
	}
	return err;
}

/* -ETIMEDOUT: the device does not answer; the engine can only be closed. */
static int measure(struct gksm_gpu *gpu, struct answer *answer)
{
	const size_t bytes =
		(size_t)NR_SHAPES * NR_PAGES * GKSM_ENGINE_PAGE_BYTES;
	struct gksm_cl *cl = gpu->backend_data;
	uint8_t *pages;
	int err;

	pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pages == MAP_FAILED)
		return gksm_fail(gpu, -ENOMEM, "out of memory for pages");
	/* Pages that nobody wrote to are all one page. */
	memset(pages, 1, bytes);
	cl->shape = NULL;
	err = gksm_gpu_bind(gpu, pages, NR_SHAPES, NR_PAGES);
	if (!err)
		err = measure_bound(gpu, answer);
	/* The pages stay mapped if the device may still read them. */
	if (gpu->pages && gksm_engine_unbind(gpu))
		return -ETIMEDOUT;
	munmap(pages, bytes);
	return err;
}

static bool load_answer(const char *dir, const char *key, struct answer *answer)
{
	void *data;
	size_t bytes;
	bool good;

	if (gksm_cache_load(dir, "shape", key, &data, &bytes))
		return false;
	good = bytes == sizeof(*answer);
	if (good)
		memcpy(answer, data, sizeof(*answer));
	free(data);
	return good && answer->best < NR_SHAPES;
}

static int choose_fastest(struct gksm_gpu *gpu,
			  const struct gksm_cl_device *device,
			  const struct gksm_cl_how *how)
{
	char key[GKSM_CL_KEY_BYTES];
	struct answer answer = { 0 };
	int err;

	gksm_cl_program_key(device, key);
	if (how->cache_dir && !how->rebuild &&
	    load_answer(how->cache_dir, key, &answer)) {
		use_answer(gpu, &answer);
		return 0;
	}
	answer = (struct answer){ 0 };
	err = measure(gpu, &answer);
	if (err == -ETIMEDOUT)
		return err;
	if (err) {
		gksm_log(gpu, "%s hashes pages in the %s shape: %s",
			 gpu->info.name, gksm_cl_shapes[0].name, gpu->error);
		use_shape(gpu, &gksm_cl_shapes[0]);
		return 0;
	}
	use_answer(gpu, &answer);
	gksm_log(gpu, "%s hashes pages in the %s shape: %s", gpu->info.name,
		 gpu->info.shape, gpu->info.shape_log);
	if (how->cache_dir)
		err = gksm_cache_store(how->cache_dir, "shape", key, &answer,
				       sizeof(answer));
	if (err)
		gksm_log(gpu, "the shape is not kept in %s: %s", how->cache_dir,
			 strerror(-err));
	return 0;
}

/**
 * gksm_cl_shape_choose - how a device is to hash pages
 * @gpu:    the engine, with the program, not bound; cl->shape and its info are
 *	    set
 * @device: the device
 * @how:    where the cache is, and the shape if it is given
 *
 * What goes wrong while shapes are measured costs speed, nothing more: the
 * self-test says what becomes of the device.
 *
 * Return: 0, or
 *   -EINVAL	there is no such shape
 *   -ETIMEDOUT	the device does not answer; the engine can only be closed
 */
int gksm_cl_shape_choose(struct gksm_gpu *gpu,
			 const struct gksm_cl_device *device,
			 const struct gksm_cl_how *how)
{
	const struct gksm_cl_shape *shape;

	if (!how->shape || !strcmp(how->shape, "auto"))
		return choose_fastest(gpu, device, how);
	shape = find_shape(how->shape);
	if (!shape)
		return gksm_fail(
			gpu, -EINVAL,
			"no shape \"%s\"; there are narrow, wide and lanes",
			how->shape);
	use_shape(gpu, shape);
	return 0;
}
