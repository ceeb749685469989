// SPDX-License-Identifier: GPL-2.0-only
/*
 * index.c - how large the index is, and which generation it is in
 *
 * What the index is, kernels/index.h says. Here is the part that is the same
 * for every backend: it decides, and a lane's orders carry the decision to
 * whoever computes, in the order of the searches.
 */
#include <errno.h>

#include "engine.h"
#include "group.h"
#include "index.h"

_Static_assert(GKSM_GPU_FOUND_NOTHING == FOUND_NOTHING &&
		       GKSM_GPU_FOUND_ZERO == FOUND_ZERO &&
		       GKSM_GPU_FOUND_UNIQUE == FOUND_UNIQUE &&
		       GKSM_GPU_FOUND_EQUAL == FOUND_EQUAL &&
		       GKSM_GPU_FOUND_ALIKE == FOUND_ALIKE &&
		       GKSM_GPU_FOUND_COLLIDED == FOUND_COLLIDED,
	       "the kernels' numbers are not those of the header");

/*
 * Of the 32 slots of a bucket: how many are taken in a table that is new, so
 * that an entry has 16 bytes, and how many when it is time for the next one.
 */
#define FILL_NEW 26
#define FILL_OLD 28

/**
 * gksm_lane_entries - pages and known entries of a lane's last submit
 * @lane: the lane
 *
 * Return: how many.
 */
unsigned int gksm_lane_entries(const struct gksm_lane *lane)
{
	return lane->nr_pages + lane->nr_known;
}

/**
 * gksm_index_slots - slots of a table
 * @nr_homes: its homes
 *
 * Return: how many.
 */
uint64_t gksm_index_slots(uint32_t nr_homes)
{
	return (uint64_t)index_buckets(nr_homes) * INDEX_BUCKET_SLOTS;
}

/* Homes of a table in which so many entries have 16 bytes each. */
static uint32_t homes_for(uint64_t nr_entries)
{
	const uint64_t nr_buckets = nr_entries / FILL_NEW;

	if (nr_buckets < index_buckets(INDEX_MIN_HOMES))
		return INDEX_MIN_HOMES;
	if (nr_buckets > index_buckets(INDEX_MAX_HOMES))
		return INDEX_MAX_HOMES;
	return (uint32_t)nr_buckets - INDEX_WINDOW;
}

static uint64_t get_bytes(uint32_t nr_homes)
{
	return gksm_index_slots(nr_homes) * INDEX_SLOT_BYTES;
}

/**
 * gksm_index_reset - an empty index
 * @gpu: the engine, before its backend makes the table
 */
void gksm_index_reset(struct gksm_gpu *gpu)
{
	gpu->index = (struct gksm_index){
		.generation = 1,
		.nr_homes = INDEX_MIN_HOMES,
		.new_share = 256,
		.peak_bytes = get_bytes(INDEX_MIN_HOMES),
	};
}

static uint32_t count_live(const struct gksm_index *index)
{
	return index->counts[INDEX_COUNT_FRESH] +
	       index->counts[INDEX_COUNT_REUSED] -
	       index->counts[INDEX_COUNT_SWEPT];
}

/*
 * The table to change to before so many entries more come, or 0. As many of
 * them are taken to be new as lately were: a table need not grow for pages
 * that it has.
 */
static uint32_t choose_table(const struct gksm_index *index,
			     uint64_t nr_entries)
{
	const uint64_t nr_coming = nr_entries * index->new_share / 256;
	const uint64_t used = index->counts[INDEX_COUNT_FRESH] + nr_coming;
	const uint64_t live = count_live(index) + nr_coming;
	const uint64_t limit = gksm_index_slots(index->nr_homes) /
			       INDEX_BUCKET_SLOTS * FILL_OLD;
	const uint32_t nr_homes = homes_for(live);

	if (used <= limit || index->is_short)
		return 0;
	/* As large as can be, and full of pages that are there. */
	if (nr_homes == index->nr_homes && nr_homes == INDEX_MAX_HOMES)
		return 0;
	return nr_homes;
}

/**
 * gksm_index_prepare - what is to happen before a search
 * @gpu:  the engine
 * @lane: about to be submitted; its orders are set
 */
void gksm_index_prepare(struct gksm_gpu *gpu, struct gksm_lane *lane)
{
	const struct gksm_index *index = &gpu->index;

	lane->orders = (struct gksm_orders){
		.expired = index->expired,
		.grow_to = choose_table(index, index->nr_pending +
						       gksm_lane_entries(lane)),
		.generation = index->generation,
	};
}

/**
 * gksm_index_grown - searches from here on are on a new table
 * @gpu:      the engine
 * @nr_homes: its homes
 *
 * Counters of the new table start at what is moved there, which is heard of
 * with the results of a search; until then the most that it can be is assumed.
 */
void gksm_index_grown(struct gksm_gpu *gpu, uint32_t nr_homes)
{
	struct gksm_index *index = &gpu->index;
	const uint32_t live = count_live(index) + (uint32_t)index->nr_pending;
	const uint64_t both = get_bytes(index->nr_homes) + get_bytes(nr_homes);

	if (both > index->peak_bytes)
		index->peak_bytes = both;
	index->nr_homes = nr_homes;
	index->epoch++;
	index->nr_pending = 0;
	for (unsigned int c = 0; c < INDEX_NR_COUNTS; c++)
		index->counts[c] = 0;
	index->counts[INDEX_COUNT_FRESH] = live;
}

/**
 * gksm_index_is_short - there is no memory for a new table
 * @gpu:      the engine; its error line says why
 * @nr_homes: how large it was to be
 */
void gksm_index_is_short(struct gksm_gpu *gpu, uint32_t nr_homes)
{
	gksm_log(
		gpu,
		"%s: no memory for an index of %llu MiB: pages that find no room in it are not searched for",
		gpu->info.name,
		(unsigned long long)(get_bytes(nr_homes) >> 20));
	gpu->index.is_short = true;
}

/**
 * gksm_index_submitted - a search is under way
 * @gpu:  the engine
 * @lane: submitted
 */
void gksm_index_submitted(struct gksm_gpu *gpu, struct gksm_lane *lane)
{
	struct gksm_index *index = &gpu->index;

	index->expired = 0;
	lane->epoch = index->epoch;
	lane->serial = ++index->nr_searches;
	index->nr_pending += gksm_lane_entries(lane);
	index->nr_submitted += gksm_lane_entries(lane);
	lane->nr_submitted = index->nr_submitted;
}

/**
 * gksm_index_reaped - a search is over
 * @gpu:    the engine
 * @lane:   about to become idle
 * @failed: its counters say nothing
 */
void gksm_index_reaped(struct gksm_gpu *gpu, const struct gksm_lane *lane,
		       bool failed)
{
	struct gksm_index *index = &gpu->index;
	uint32_t nr_new;

	if (failed || lane->epoch != index->epoch ||
	    lane->serial < index->heard)
		return;
	/* Its counters tell of all searches before it, reaped or not. */
	index->nr_pending = index->nr_submitted - lane->nr_submitted;
	index->heard = lane->serial;
	nr_new = lane->counts[INDEX_COUNT_FRESH] +
		 lane->counts[INDEX_COUNT_REUSED] -
		 index->counts[INDEX_COUNT_FRESH] -
		 index->counts[INDEX_COUNT_REUSED];
	/* More than all: others were reaped late, or the table is new. */
	index->new_share = nr_new < gksm_lane_entries(lane) ?
				   nr_new * 256 / gksm_lane_entries(lane) :
				   256;
	for (unsigned int c = 0; c < INDEX_NR_COUNTS; c++)
		index->counts[c] = lane->counts[c];
}

/* Whoever keeps the index keeps this too; nobody does if all were lost. */
static struct gksm_index *find_index(const struct gksm_gpu *gpu)
{
	struct gksm_gpu *home = NULL;

	if (gpu->backend->home)
		home = gpu->backend->home(gpu);
	return home ? &home->index : (struct gksm_index *)&gpu->index;
}

/**
 * gksm_gpu_generation - the next generation begins
 * @gpu: the engine, bound
 *
 * Entries that were seen neither in the generation that ends here nor in the
 * one before it are gone with the next search.
 *
 * Return: 0 or -ENOTCONN: not bound.
 */
int gksm_gpu_generation(struct gksm_gpu *gpu)
{
	struct gksm_index *index;

	if (!gpu->pages)
		return gksm_fail(gpu, -ENOTCONN, "no page memory is bound");
	index = find_index(gpu);
	index->generation = index->generation % INDEX_NR_GENERATIONS + 1;
	index->expired |= 1U << index->generation;
	index->is_short = false;
	return 0;
}

/**
 * gksm_gpu_get_index - how the index is doing
 * @gpu:   the engine, bound
 * @state: out
 *
 * Return: 0 or -ENOTCONN: not bound.
 */
int gksm_gpu_get_index(const struct gksm_gpu *gpu, struct gksm_gpu_index *state)
{
	const struct gksm_index *index;

	if (!gpu->pages)
		return -ENOTCONN;
	index = find_index(gpu);
	*state = (struct gksm_gpu_index){
		.nr_slots = gksm_index_slots(index->nr_homes),
		.nr_entries = count_live(index),
		.nr_refused = index->counts[INDEX_COUNT_REFUSED],
		.bytes = get_bytes(index->nr_homes),
		.peak_bytes = index->peak_bytes,
		.nr_grown = index->epoch,
	};
	return 0;
}
