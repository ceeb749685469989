// SPDX-License-Identifier: GPL-2.0-only
/*
 * batch.c - the way of a batch: submitted, computed, reaped, compared; and
 * the checks of every argument on that way
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "engine.h"

/* Is there such a batch? */
static int check_batch(struct gksm_gpu *gpu, unsigned int batch)
{
	if (!gpu->pages)
		return gksm_fail(gpu, -ENOTCONN, "no page memory is bound");
	if (batch >= gpu->nr_batches)
		return gksm_fail(gpu, -EINVAL,
				 "no batch %u: there are %u, from 0", batch,
				 gpu->nr_batches);
	return 0;
}

static int check_idle(struct gksm_gpu *gpu, unsigned int batch)
{
	if (atomic_load(&gpu->lanes[batch].state) != GKSM_LANE_IDLE)
		return gksm_fail(gpu, -EBUSY,
				 "batch %u was submitted and not yet reaped",
				 batch);
	return 0;
}

/**
 * gksm_gpu_seeds - the seeds of a batch, to be filled before it is submitted
 * @gpu:   the engine, bound
 * @batch: which batch
 *
 * Return: batch_pages seeds, not to be touched between submit and reap; NULL
 * if there is no such batch.
 */
uint64_t *gksm_gpu_seeds(struct gksm_gpu *gpu, unsigned int batch)
{
	if (check_batch(gpu, batch))
		return NULL;
	return gpu->lanes[batch].seeds;
}

/**
 * gksm_gpu_names - the names of a batch, to be filled before it is searched
 * @gpu:   the engine, bound
 * @batch: which batch
 *
 * Return: batch_pages names, not to be touched between search and reap; NULL
 * if there is no such batch.
 */
uint64_t *gksm_gpu_names(struct gksm_gpu *gpu, unsigned int batch)
{
	if (check_batch(gpu, batch))
		return NULL;
	return gpu->lanes[batch].names;
}

/* Is it a search in an index of this engine's own? */
static bool has_index(const struct gksm_gpu *gpu, const struct gksm_lane *lane)
{
	return lane->is_search && !gpu->backend->home;
}

static int check_submit(struct gksm_gpu *gpu, unsigned int batch,
			unsigned int nr_pages, unsigned int nr_known)
{
	int err = check_batch(gpu, batch);

	if (err)
		return err;
	if (nr_pages > gpu->batch_pages ||
	    nr_known > gpu->batch_pages - nr_pages)
		return gksm_fail(
			gpu, -EINVAL,
			"%u pages and %u entries without content submitted: a batch has %u",
			nr_pages, nr_known, gpu->batch_pages);
	return check_idle(gpu, batch);
}

/* A lane that is IDLE, its numbers set. */
static int start(struct gksm_gpu *gpu, unsigned int batch)
{
	struct gksm_lane *lane = &gpu->lanes[batch];
	int err;

	atomic_store(&lane->state, GKSM_LANE_IN_FLIGHT);
	if (!gksm_lane_entries(lane)) {
		gksm_engine_complete(gpu, batch, 0);
		return 0;
	}
	err = gpu->backend->submit(gpu, batch);
	if (err) {
		lane->nr_pages = 0;
		lane->nr_known = 0;
		atomic_store(&lane->state, GKSM_LANE_IDLE);
	}
	return err;
}

/**
 * gksm_gpu_submit - start hashing a batch
 * @gpu:      the engine, bound
 * @batch:    which batch
 * @nr_pages: how many of its pages and seeds, from the first; may be 0
 *
 * Does not wait. Pages and seeds must stay as they are until the batch was
 * reaped.
 *
 * Return: 0, or, with nothing started,
 *   -ENOTCONN	not bound
 *   -EINVAL	no such batch, or more pages than it has
 *   -EBUSY	it was submitted and not yet reaped
 *   -errno	the device failed
 */
int gksm_gpu_submit(struct gksm_gpu *gpu, unsigned int batch,
		    unsigned int nr_pages)
{
	struct gksm_lane *lane;
	int err = check_submit(gpu, batch, nr_pages, 0);

	if (err)
		return err;
	lane = &gpu->lanes[batch];
	lane->nr_pages = nr_pages;
	lane->nr_known = 0;
	lane->is_search = false;
	return start(gpu, batch);
}

/**
 * gksm_gpu_search - start hashing a batch and searching for its twins
 * @gpu:      the engine, bound
 * @batch:    which batch
 * @nr_pages: how many of its pages, seeds and names, from the first; may be 0
 * @nr_known: how many entries without content follow them; of these the name
 *	      is in its place among the names, and the hash, as it was when the
 *	      content was last there, in that of the seed
 *
 * Does not wait. Pages, seeds and names must stay as they are until the batch
 * was reaped. No two entries should have the same name. Batches are searched
 * in the order in which they are submitted.
 *
 * Return: as gksm_gpu_submit(); -EINVAL also if pages and entries without
 * content are more than batch_pages.
 */
int gksm_gpu_search(struct gksm_gpu *gpu, unsigned int batch,
		    unsigned int nr_pages, unsigned int nr_known)
{
	struct gksm_lane *lane;
	int err = check_submit(gpu, batch, nr_pages, nr_known);

	if (err)
		return err;
	lane = &gpu->lanes[batch];
	lane->nr_pages = nr_pages;
	lane->nr_known = nr_known;
	lane->is_search = nr_pages || nr_known;
	if (!has_index(gpu, lane))
		return start(gpu, batch);
	gksm_index_prepare(gpu, lane);
	err = start(gpu, batch);
	if (!err)
		gksm_index_submitted(gpu, lane);
	return err;
}

/**
 * gksm_engine_wake - make the descriptor readable
 * @gpu: the engine
 *
 * Context: any thread.
 */
void gksm_engine_wake(struct gksm_gpu *gpu)
{
	const uint64_t one = 1;
	ssize_t written;

	do {
		written = write(gpu->done_fd, &one, sizeof(one));
	} while (written < 0 && errno == EINTR);
	/* It cannot fail otherwise: the counter holds 2^64 - 2 batches. */
}

/**
 * gksm_engine_complete - a lane has been computed, or has failed
 * @gpu:   the engine
 * @batch: which batch, in flight
 * @error: 0, or -errno: its results are invalid
 *
 * Context: any thread. The caller's thread may reap the lane before this
 * returns, but may not close the engine: the backend's unbind sees to that.
 */
void gksm_engine_complete(struct gksm_gpu *gpu, unsigned int batch, int error)
{
	struct gksm_lane *lane = &gpu->lanes[batch];

	lane->error = error;
	atomic_store(&lane->state, GKSM_LANE_DONE);
	gksm_engine_wake(gpu);
}

static bool find_done(struct gksm_gpu *gpu, unsigned int *batch)
{
	if (gpu->backend->advance)
		gpu->backend->advance(gpu);
	for (unsigned int n = 0; n < gpu->nr_batches; n++) {
		const unsigned int b = (gpu->next_reap + n) % gpu->nr_batches;

		if (atomic_load(&gpu->lanes[b].state) == GKSM_LANE_DONE) {
			gpu->next_reap = (b + 1) % gpu->nr_batches;
			*batch = b;
			return true;
		}
	}
	return false;
}

static void count_batch(struct gksm_gpu *gpu, const struct gksm_gpu_batch *done)
{
	if (done->error || !done->nr_pages)
		return;
	gpu->nr_computed++;
	gpu->nr_hashed += done->nr_pages;
}

/**
 * gksm_engine_take - gksm_gpu_reap() without a look at the descriptor
 * @gpu:  the engine, bound
 * @done: out: the batch and its results
 *
 * Return: whether there was one.
 */
bool gksm_engine_take(struct gksm_gpu *gpu, struct gksm_gpu_batch *done)
{
	struct gksm_lane *lane;
	unsigned int batch;

	if (!find_done(gpu, &batch))
		return false;
	lane = &gpu->lanes[batch];
	*done = (struct gksm_gpu_batch){
		.batch = batch,
		.nr_pages = lane->nr_pages,
		.hashes = lane->hashes,
		.zeros = lane->zeros,
		.nr_entries = lane->is_search ? gksm_lane_entries(lane) : 0,
		.found = lane->found,
		.twins = lane->twins,
		.error = lane->error,
	};
	if (gksm_lane_entries(lane))
		gpu->backend->collect(gpu, done);
	if (has_index(gpu, lane))
		gksm_index_reaped(gpu, lane, done->error);
	count_batch(gpu, done);
	if (done->error)
		lane->nr_pages = 0;
	atomic_store(&lane->state, GKSM_LANE_IDLE);
	return true;
}

/**
 * gksm_gpu_reap - take one batch that has been computed
 * @gpu:  the engine, bound
 * @done: out: the batch and its results
 *
 * Batches come in any order. The descriptor is emptied only when no batch
 * is found, and then they are searched once more, so that a batch which
 * finishes meanwhile leaves it readable.
 *
 * Return: 0 (look at done->error too: a batch that the device failed on is
 * reaped like any other, with the reason in gksm_gpu_error()), or
 *   -EAGAIN	none is finished
 *   -ENOTCONN	not bound
 */
int gksm_gpu_reap(struct gksm_gpu *gpu, struct gksm_gpu_batch *done)
{
	uint64_t count;

	if (!gpu->pages)
		return gksm_fail(gpu, -ENOTCONN, "no page memory is bound");
	if (gksm_engine_take(gpu, done))
		return 0;
	while (read(gpu->done_fd, &count, sizeof(count)) < 0 && errno == EINTR)
		;
	return gksm_engine_take(gpu, done) ? 0 : -EAGAIN;
}

/**
 * gksm_engine_wait - wait for one batch in flight and reap it
 * @gpu:  the engine, with a batch in flight
 * @done: out: the batch, without error
 *
 * Return: 0, -ETIMEDOUT after gksm_engine_patience_ms, or the batch's error.
 */
int gksm_engine_wait(struct gksm_gpu *gpu, struct gksm_gpu_batch *done)
{
	struct pollfd fd = { .fd = gpu->done_fd, .events = POLLIN };
	int err;

	while ((err = gksm_gpu_reap(gpu, done)) == -EAGAIN) {
		const int ready = poll(&fd, 1, (int)gksm_engine_patience_ms);

		if (!ready)
			return gksm_fail(
				gpu, -ETIMEDOUT,
				"%s did not finish a batch within %u ms",
				gpu->info.name, gksm_engine_patience_ms);
		if (ready < 0 && errno != EINTR)
			return gksm_fail(gpu, -errno,
					 "cannot poll for a finished batch: %s",
					 strerror(errno));
	}
	return err ? err : done->error;
}

/**
 * gksm_gpu_compare - which pairs of a batch's pages hold the same bytes?
 * @gpu:      the engine, bound
 * @batch:    which batch: reaped, and its pages still in place
 * @pairs:    pages of the batch's last submit
 * @nr_pairs: how many, any number
 * @equal:    out: for each pair 1 if all 4096 bytes are the same, else 0
 *
 * Waits for the answer.
 *
 * Return: 0, or, with @equal undefined,
 *   -ENOTCONN	not bound
 *   -EINVAL	no such batch, or no such page in the last submit
 *   -EBUSY	the batch was submitted and not yet reaped
 *   -errno	the device failed
 */
int gksm_gpu_compare(struct gksm_gpu *gpu, unsigned int batch,
		     const struct gksm_gpu_pair *pairs, unsigned int nr_pairs,
		     uint8_t *equal)
{
	unsigned int nr_pages;
	int err = check_batch(gpu, batch);

	if (!err)
		err = check_idle(gpu, batch);
	if (err)
		return err;
	nr_pages = gpu->lanes[batch].nr_pages;
	for (unsigned int i = 0; i < nr_pairs; i++) {
		if (pairs[i].a >= nr_pages || pairs[i].b >= nr_pages)
			return gksm_fail(gpu, -EINVAL,
					 "pair %u names pages %" PRIu32
					 " and %" PRIu32 ": batch %u holds %u",
					 i, pairs[i].a, pairs[i].b, batch,
					 nr_pages);
	}
	if (!nr_pairs)
		return 0;
	return gpu->backend->compare(gpu, batch, pairs, nr_pairs, equal);
}
