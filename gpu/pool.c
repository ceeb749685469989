// SPDX-License-Identifier: GPL-2.0-only
/*
 * pool.c - several engines as one: opened, bound, closed
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pool.h"

/* All batches at once, hashed: how fast is it? 0 or -errno. */
static int time_member(struct gksm_member *member)
{
	const uint64_t start_ns = gksm_pool_now_ns();
	struct gksm_gpu *its = member->gpu;
	struct gksm_gpu_batch done;
	double nr_pages;
	int err = 0;

	for (unsigned int b = 0; !err && b < its->nr_batches; b++)
		err = gksm_gpu_submit(its, b, its->batch_pages);
	for (unsigned int b = 0; !err && b < its->nr_batches; b++)
		err = gksm_engine_wait(its, &done);
	nr_pages = (double)its->nr_batches * its->batch_pages;
	member->progress_ns = gksm_pool_now_ns();
	member->page_ns = (double)(member->progress_ns - start_ns) / nr_pages;
	member->bound_ns = member->page_ns;
	/* Like hashing, docs/benchmarks.md; it is soon known better. */
	member->known_ns = member->page_ns;
	return err;
}

static void bind_member(struct gksm_gpu *gpu, struct gksm_member *member)
{
	int err = gksm_gpu_bind(member->gpu, gpu->pages, gpu->nr_batches,
				gpu->batch_pages);

	if (!err)
		err = time_member(member);
	member->info = member->gpu->info;
	if (!err)
		return;
	gksm_pool_lose(gpu, member, gksm_gpu_error(member->gpu));
	gksm_gpu_close(member->gpu);
	member->gpu = NULL;
}

static int pool_bind(struct gksm_gpu *gpu)
{
	struct gksm_pool *pool = gpu->backend_data;

	pool->errands = calloc(gpu->nr_batches, sizeof(*pool->errands));
	if (!pool->errands)
		return gksm_fail(gpu, -ENOMEM, "out of memory for %u batches",
				 gpu->nr_batches);
	/* Who it is, is known when all have shown how fast they are. */
	pool->home = NULL;
	for (unsigned int m = 0; m < pool->nr_members; m++) {
		struct gksm_member *member = &pool->members[m];

		member->nr_batches = 0;
		member->nr_pages = 0;
		member->nr_in_flight = 0;
		member->queued_ns = 0;
		if (!member->is_lost)
			bind_member(gpu, member);
	}
	gksm_pool_choose_home(gpu);
	if (pool->home)
		return 0;
	free(pool->errands);
	pool->errands = NULL;
	return -EIO;
}

/*
 * One that does not answer is left with all that it may still write to, which
 * is its own.
 */
static int pool_unbind(struct gksm_gpu *gpu)
{
	struct gksm_pool *pool = gpu->backend_data;

	for (unsigned int m = 0; m < pool->nr_members; m++) {
		struct gksm_member *member = &pool->members[m];

		if (!member->gpu || !gksm_engine_unbind(member->gpu))
			continue;
		gksm_log(gpu, "%s does not answer and was abandoned",
			 member->info.name);
		member->gpu = NULL;
		member->is_lost = true;
	}
	free(pool->errands);
	pool->errands = NULL;
	return 0;
}

static void pool_collect(struct gksm_gpu *gpu, struct gksm_gpu_batch *done)
{
	const struct gksm_pool *pool = gpu->backend_data;

	done->device_ns = pool->errands[done->batch].device_ns;
}

/* Who hashed the pages has them; if nobody has them, the caller does. */
static int pool_compare(struct gksm_gpu *gpu, unsigned int batch,
			const struct gksm_gpu_pair *pairs,
			unsigned int nr_pairs, uint8_t *equal)
{
	const struct gksm_pool *pool = gpu->backend_data;
	struct gksm_member *hasher = pool->errands[batch].hasher;

	if (hasher && !hasher->is_lost) {
		if (!gksm_gpu_compare(hasher->gpu, batch, pairs, nr_pairs,
				      equal))
			return 0;
		gksm_pool_lose(gpu, hasher, gksm_gpu_error(hasher->gpu));
	}
	gksm_twin_compare(gpu, batch, pairs, nr_pairs, equal);
	return 0;
}

static void pool_close(struct gksm_gpu *gpu)
{
	struct gksm_pool *pool = gpu->backend_data;

	for (unsigned int m = 0; m < pool->nr_members; m++)
		gksm_gpu_close(pool->members[m].gpu);
	free(pool);
}

static struct gksm_gpu *pool_home(const struct gksm_gpu *gpu)
{
	const struct gksm_pool *pool = gpu->backend_data;

	return pool->home ? pool->home->gpu : NULL;
}

static int pool_get_device(const struct gksm_gpu *gpu, unsigned int number,
			   struct gksm_gpu_device *device)
{
	const struct gksm_pool *pool = gpu->backend_data;
	const struct gksm_member *member = &pool->members[number];

	if (number >= pool->nr_members)
		return -ENOENT;
	*device = (struct gksm_gpu_device){
		.info = member->info,
		.is_home = member == pool->home,
		.is_lost = member->is_lost,
		.nr_batches = member->nr_batches,
		.nr_pages = member->nr_pages,
	};
	if (member->page_ns > 0)
		device->pages_per_s = (uint64_t)(1e9 / member->page_ns);
	return 0;
}

static const struct gksm_backend pool_backend = {
	.bind = pool_bind,
	.unbind = pool_unbind,
	.submit = gksm_pool_submit,
	.collect = pool_collect,
	.compare = pool_compare,
	.close = pool_close,
	.advance = gksm_pool_advance,
	.check = gksm_pool_check,
	.home = pool_home,
	.get_device = pool_get_device,
};

/* From here on what a member finishes makes the pool's descriptor readable. */
static int share_descriptor(const struct gksm_gpu *gpu, struct gksm_gpu *member)
{
	return dup3(gpu->done_fd, member->done_fd, O_CLOEXEC) < 0 ? -errno : 0;
}

/**
 * gksm_pool_open - make one engine of several
 * @gpu:	an engine without a backend
 * @members:	engines that were opened and are not bound; they belong to @gpu,
 *		even if this fails
 * @nr_members: how many, 1 to GKSM_POOL_MAX
 *
 * Return: 0 or -errno; either way gksm_gpu_close() of @gpu frees all.
 */
int gksm_pool_open(struct gksm_gpu *gpu, struct gksm_gpu *const members[],
		   unsigned int nr_members)
{
	struct gksm_pool *pool = calloc(1, sizeof(*pool));

	if (!pool) {
		for (unsigned int m = 0; m < nr_members; m++)
			gksm_gpu_close(members[m]);
		return gksm_fail(gpu, -ENOMEM, "out of memory for %u devices",
				 nr_members);
	}
	gpu->backend_data = pool;
	gpu->backend = &pool_backend;
	pool->nr_members = nr_members;
	for (unsigned int m = 0; m < nr_members; m++) {
		pool->members[m].gpu = members[m];
		pool->members[m].info = members[m]->info;
	}
	gksm_pool_choose_home(gpu);
	for (unsigned int m = 0; m < nr_members; m++) {
		const int err = share_descriptor(gpu, members[m]);

		if (err)
			return gksm_fail(gpu, err,
					 "cannot share a descriptor: %s",
					 strerror(-err));
	}
	return 0;
}
