// SPDX-License-Identifier: GPL-2.0-only
/*
 * errand.c - the way of a pool's batch: who gets it, what comes back, and who
 * gets it if that one fails
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "pool.h"

/* An average over about as many full batches. */
#define MEMORY 8
/* A member that got nothing for so long may have been slow by accident. */
#define FORGIVE_NS 1000000000

/**
 * gksm_pool_now_ns - monotonic time
 *
 * Return: nanoseconds.
 */
uint64_t gksm_pool_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/**
 * gksm_pool_choose_home - let the fastest member keep the index
 * @gpu: the pool
 */
void gksm_pool_choose_home(struct gksm_gpu *gpu)
{
	struct gksm_pool *pool = gpu->backend_data;

	pool->home = NULL;
	for (unsigned int m = 0; m < pool->nr_members; m++) {
		struct gksm_member *member = &pool->members[m];

		if (!member->is_lost &&
		    (!pool->home || member->page_ns < pool->home->page_ns))
			pool->home = member;
	}
	if (pool->home)
		gpu->info = pool->home->info;
}

static bool is_anybody_left(const struct gksm_pool *pool)
{
	for (unsigned int m = 0; m < pool->nr_members; m++) {
		if (!pool->members[m].is_lost)
			return true;
	}
	return false;
}

/**
 * gksm_pool_lose - give up a member
 * @gpu:    the pool
 * @member: which
 * @why:    one line
 *
 * Its batches are still its own: see place_orphans().
 */
void gksm_pool_lose(struct gksm_gpu *gpu, struct gksm_member *member,
		    const char *why)
{
	struct gksm_pool *pool = gpu->backend_data;
	const bool was_home = member == pool->home;

	gksm_fail(gpu, -EIO, "%s", why);
	member->is_lost = true;
	member->gpu->is_given_up = true;
	if (was_home)
		gksm_pool_choose_home(gpu);
	if (!is_anybody_left(pool))
		return;
	if (was_home)
		gksm_alert(
			gpu,
			"%s; going on without it: %s keeps the index, which is empty",
			why, pool->home->info.name);
	else
		gksm_alert(gpu, "%s; going on without it", why);
}

static unsigned int count_known(const struct gksm_errand *errand,
				const struct gksm_lane *lane)
{
	return errand->is_hashed ? gksm_lane_entries(lane) : lane->nr_known;
}

/* How long a member should take for a batch that it gets now. */
static double estimate(const struct gksm_pool *pool,
		       const struct gksm_member *member,
		       const struct gksm_errand *errand,
		       const struct gksm_lane *lane)
{
	double ns = 0;

	if (!errand->is_hashed)
		ns += lane->nr_pages * member->page_ns;
	if (member == pool->home)
		ns += count_known(errand, lane) * member->known_ns;
	return ns;
}

/* An idle member is as fast as ever, for all that is known. */
static void forgive(struct gksm_member *member, uint64_t now_ns)
{
	if (member->nr_in_flight || member->page_ns <= member->bound_ns ||
	    now_ns < member->progress_ns + FORGIVE_NS)
		return;
	member->page_ns = member->bound_ns;
	member->progress_ns = now_ns;
}

static struct gksm_member *choose(struct gksm_pool *pool,
				  const struct gksm_errand *errand,
				  const struct gksm_lane *lane)
{
	const uint64_t now_ns = gksm_pool_now_ns();
	struct gksm_member *best = NULL;
	double best_ns = 0;

	/* Only there is an index. */
	if (errand->is_hashed)
		return pool->home;
	for (unsigned int m = 0; m < pool->nr_members; m++) {
		struct gksm_member *member = &pool->members[m];
		double ns;

		forgive(member, now_ns);
		ns = member->queued_ns + estimate(pool, member, errand, lane);
		if (member->is_lost || (best && best_ns <= ns))
			continue;
		best = member;
		best_ns = ns;
	}
	return best;
}

/* Hashes to where the home expects those of entries without content. */
static void name_known(const struct gksm_lane *from, struct gksm_lane *to)
{
	const unsigned int nr_entries = gksm_lane_entries(from);

	memcpy(to->seeds, from->hashes, nr_entries * sizeof(*to->seeds));
	memcpy(to->names, from->names, nr_entries * sizeof(*to->names));
	for (unsigned int i = 0; i < from->nr_pages; i++) {
		if (from->zeros[i])
			to->names[i] = 0;
	}
}

/* Gives a member its part of a batch; 0 or -errno with its error line. */
static int start(const struct gksm_pool *pool, struct gksm_member *member,
		 const struct gksm_lane *lane, unsigned int batch)
{
	const struct gksm_errand *errand = &pool->errands[batch];
	struct gksm_gpu *its = member->gpu;
	struct gksm_lane *to = &its->lanes[batch];
	const unsigned int nr_entries = gksm_lane_entries(lane);

	if (errand->is_hashed) {
		name_known(lane, to);
		return gksm_gpu_search(its, batch, 0, nr_entries);
	}
	memcpy(to->seeds, lane->seeds, nr_entries * sizeof(*to->seeds));
	if (!lane->is_search || member != pool->home)
		return gksm_gpu_submit(its, batch, lane->nr_pages);
	memcpy(to->names, lane->names, nr_entries * sizeof(*to->names));
	return gksm_gpu_search(its, batch, lane->nr_pages, lane->nr_known);
}

static void note_start(const struct gksm_pool *pool, struct gksm_member *member,
		       const struct gksm_lane *lane, struct gksm_errand *errand)
{
	errand->by = member;
	errand->cost_ns = estimate(pool, member, errand, lane);
	if (!errand->is_hashed)
		errand->hasher = member;
	if (!member->nr_in_flight++)
		member->progress_ns = errand->start_ns;
	member->queued_ns += errand->cost_ns;
}

/* Finds somebody for a batch; -EIO: there is nobody left. */
static int place(struct gksm_gpu *gpu, unsigned int batch)
{
	struct gksm_pool *pool = gpu->backend_data;
	struct gksm_errand *errand = &pool->errands[batch];
	const struct gksm_lane *lane = &gpu->lanes[batch];
	struct gksm_member *member;

	while ((member = choose(pool, errand, lane))) {
		/* Some drivers compute before they come back from here. */
		errand->start_ns = gksm_pool_now_ns();
		if (!start(pool, member, lane, batch)) {
			note_start(pool, member, lane, errand);
			return 0;
		}
		gksm_pool_lose(gpu, member, gksm_gpu_error(member->gpu));
	}
	errand->by = NULL;
	return -EIO;
}

/* Batches of members that were lost go to others, or back. */
static void place_orphans(struct gksm_gpu *gpu)
{
	const struct gksm_pool *pool = gpu->backend_data;
	unsigned int batch = 0;

	while (batch < gpu->nr_batches) {
		const struct gksm_errand *errand = &pool->errands[batch];

		if (!errand->by || !errand->by->is_lost) {
			batch++;
			continue;
		}
		if (place(gpu, batch))
			gksm_engine_complete(gpu, batch, -EIO);
		batch = 0; /* others may have been lost meanwhile */
	}
}

/**
 * gksm_pool_submit - start a lane; see struct gksm_backend
 * @gpu:   the pool, bound
 * @batch: which lane
 *
 * Return: 0, or -EIO: nobody is left.
 */
int gksm_pool_submit(struct gksm_gpu *gpu, unsigned int batch)
{
	struct gksm_pool *pool = gpu->backend_data;
	const struct gksm_lane *lane = &gpu->lanes[batch];
	const size_t at = lane->nr_pages;
	int err;

	pool->errands[batch] = (struct gksm_errand){ .is_hashed = !at };
	memcpy(lane->hashes + at, lane->seeds + at,
	       lane->nr_known * sizeof(*lane->hashes));
	err = place(gpu, batch);
	place_orphans(gpu);
	return err;
}

/* A batch counts by what was in it: of a small one most is not its entries. */
static void average(double *ns, double all_ns, unsigned int nr,
		    const struct gksm_gpu *gpu)
{
	*ns += (all_ns - *ns * nr) / ((double)gpu->batch_pages * MEMORY);
}

/* What a batch took since its member was free for it. */
static void learn(const struct gksm_gpu *gpu, struct gksm_member *member,
		  unsigned int batch, uint64_t now_ns)
{
	const struct gksm_pool *pool = gpu->backend_data;
	const struct gksm_errand *errand = &pool->errands[batch];
	const struct gksm_lane *lane = &gpu->lanes[batch];
	const uint64_t since = errand->start_ns > member->progress_ns ?
				       errand->start_ns :
				       member->progress_ns;
	const double ns = (double)(now_ns - since);

	if (errand->is_hashed)
		average(&member->known_ns, ns, gksm_lane_entries(lane), gpu);
	else
		average(&member->page_ns, ns, lane->nr_pages, gpu);
}

static void take_hashes(const struct gksm_lane *lane,
			const struct gksm_gpu_batch *done)
{
	memcpy(lane->hashes, done->hashes,
	       lane->nr_pages * sizeof(*lane->hashes));
	memcpy(lane->zeros, done->zeros, lane->nr_pages);
}

static void take_found(const struct gksm_lane *lane,
		       const struct gksm_gpu_batch *done)
{
	memcpy(lane->found, done->found, done->nr_entries);
	memcpy(lane->twins, done->twins,
	       done->nr_entries * sizeof(*lane->twins));
	for (unsigned int i = 0; i < lane->nr_pages; i++) {
		if (lane->zeros[i])
			lane->found[i] = GKSM_GPU_FOUND_ZERO;
	}
}

/* A member did what it was asked for. */
static void go_on(struct gksm_gpu *gpu, const struct gksm_gpu_batch *done)
{
	const struct gksm_pool *pool = gpu->backend_data;
	struct gksm_errand *errand = &pool->errands[done->batch];
	const struct gksm_lane *lane = &gpu->lanes[done->batch];

	if (!errand->is_hashed) {
		take_hashes(lane, done);
		errand->by->nr_batches++;
		errand->by->nr_pages += lane->nr_pages;
		errand->is_hashed = true;
	}
	errand->device_ns += done->device_ns;
	if (lane->is_search && !done->nr_entries) {
		if (place(gpu, done->batch))
			gksm_engine_complete(gpu, done->batch, -EIO);
		return;
	}
	if (lane->is_search)
		take_found(lane, done);
	errand->by = NULL;
	gksm_engine_complete(gpu, done->batch, 0);
}

static void take(struct gksm_gpu *gpu, struct gksm_member *member,
		 const struct gksm_gpu_batch *done)
{
	const struct gksm_pool *pool = gpu->backend_data;
	const struct gksm_errand *errand = &pool->errands[done->batch];
	const uint64_t now_ns = gksm_pool_now_ns();

	member->nr_in_flight--;
	if (member->is_lost)
		return; /* somebody else has it by now */
	/* Sums of fractions go astray. */
	member->queued_ns =
		member->nr_in_flight ? member->queued_ns - errand->cost_ns : 0;
	if (done->error) {
		gksm_pool_lose(gpu, member, gksm_gpu_error(member->gpu));
		return;
	}
	learn(gpu, member, done->batch, now_ns);
	member->progress_ns = now_ns;
	go_on(gpu, done);
}

/* Closing empties the descriptor, which others share. */
static void close_lost(struct gksm_gpu *gpu, struct gksm_member *member)
{
	if (!member->is_lost || member->nr_in_flight)
		return;
	gksm_gpu_close(member->gpu);
	member->gpu = NULL;
	gksm_engine_wake(gpu);
}

/**
 * gksm_pool_advance - see what the members have finished
 * @gpu: the pool, bound
 */
void gksm_pool_advance(struct gksm_gpu *gpu)
{
	struct gksm_pool *pool = gpu->backend_data;
	struct gksm_gpu_batch done;

	for (unsigned int m = 0; m < pool->nr_members; m++) {
		struct gksm_member *member = &pool->members[m];

		if (!member->gpu)
			continue;
		while (gksm_engine_take(member->gpu, &done))
			take(gpu, member, &done);
		place_orphans(gpu);
		close_lost(gpu, member);
	}
}

/**
 * gksm_pool_check - see gksm_gpu_check()
 * @gpu:	 the pool, bound
 * @patience_ms: how long a member may finish nothing
 *
 * Return: how many were given up.
 */
unsigned int gksm_pool_check(struct gksm_gpu *gpu, unsigned int patience_ms)
{
	struct gksm_pool *pool = gpu->backend_data;
	const uint64_t patience_ns = UINT64_C(1000000) * patience_ms;
	const uint64_t now_ns = gksm_pool_now_ns();
	unsigned int nr_lost = 0;
	char why[GKSM_ENGINE_ERROR_BYTES];

	for (unsigned int m = 0; m < pool->nr_members; m++) {
		struct gksm_member *member = &pool->members[m];

		if (member->is_lost || !member->nr_in_flight ||
		    now_ns < member->progress_ns + patience_ns)
			continue;
		snprintf(why, sizeof(why), "%s has finished nothing for %u ms",
			 member->info.name, patience_ms);
		gksm_pool_lose(gpu, member, why);
		nr_lost++;
	}
	place_orphans(gpu);
	return nr_lost;
}
