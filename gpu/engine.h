/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * engine.h - what the files behind gksm_gpu.h share; no OpenCL here
 */
#ifndef GKSM_ENGINE_H
#define GKSM_ENGINE_H

#include <stdatomic.h>

#include "gksm_gpu.h"

#define GKSM_ENGINE_PAGE_BYTES 4096
#define GKSM_ENGINE_ERROR_BYTES 512

/**
 * DOC: Three backends, one engine
 *
 * engine.c keeps what does not depend on who computes: the lanes' states,
 * the caller's arrays, the file descriptor and every check of an argument.
 * A backend (struct gksm_backend: opencl.c, twin.c, or pool.c, which
 * has other engines compute) moves one lane from IN_FLIGHT to DONE:
 *
 *	IDLE --submit--> IN_FLIGHT --gksm_engine_complete()--> DONE --reap--> IDLE
 *
 * gksm_engine_complete() is the only thing that a backend's own threads may
 * call; all else happens in the caller's thread, so there are no locks here.
 */

/**
 * enum gksm_lane_state - who owns a lane
 * @GKSM_LANE_IDLE:	 the caller
 * @GKSM_LANE_IN_FLIGHT: the backend
 * @GKSM_LANE_DONE:	 the caller, who has not heard of it yet
 */
enum gksm_lane_state {
	GKSM_LANE_IDLE,
	GKSM_LANE_IN_FLIGHT,
	GKSM_LANE_DONE,
};

/**
 * struct gksm_orders - what is to happen to the index before a lane's search
 * @expired:  generations to be swept out, bit g for generation g
 * @grow_to:  homes of the table that replaces the one in use; 0: none
 * @generation: the generation in which the lane's entries are seen
 */
struct gksm_orders {
	uint32_t expired;
	uint32_t grow_to;
	uint32_t generation;
};

/**
 * struct gksm_lane - the part of a lane that every backend has
 * @state:    enum gksm_lane_state; the store of DONE releases @error and the
 *	      results to the caller's thread
 * @error:    0 or -errno, valid from DONE on
 * @nr_pages: pages of the last submit; what compare may name once it is IDLE
 * @nr_known: entries without content of the last submit
 * @is_search: it was a search
 * @orders:   of a search; the backend clears grow_to if it has no memory, and
 *	      says which it is with gksm_index_grown() or _is_short()
 * @epoch:    of a search: which table it is on, see struct gksm_index
 * @serial:   of a search: its number
 * @nr_submitted: of a search: entries of all searches up to this one
 * @seeds:    the caller's seeds, batch_pages of them
 * @hashes:   results, as many
 * @zeros:    results, as many
 * @names:    the caller's names, as many
 * @found:    results of a search, as many
 * @twins:    results of a search, as many
 * @counts:   the index's counters after a search, INDEX_NR_COUNTS
 */
struct gksm_lane {
	atomic_int state;
	int error;
	unsigned int nr_pages;
	unsigned int nr_known;
	bool is_search;
	struct gksm_orders orders;
	unsigned int epoch;
	uint64_t serial;
	uint64_t nr_submitted;
	uint64_t *seeds;
	uint64_t *hashes;
	uint8_t *zeros;
	uint64_t *names;
	uint8_t *found;
	uint64_t *twins;
	uint32_t *counts;
};

/**
 * struct gksm_index - what the host knows of the index
 * @generation: the one in which entries are seen now
 * @expired:	generations that the next search sweeps out, as a bit mask
 * @nr_homes:	of the table in use
 * @epoch:	counts the tables: what a lane says of another one is old
 * @nr_pending: entries of searches that the counters do not tell of yet
 * @nr_submitted: entries of all searches
 * @new_share:	of the entries of the last search reaped: how many 256ths were
 *		new to the index
 * @nr_searches: searches submitted
 * @heard:	the latest of them that was reaped; they come in any order
 * @is_short:	there was no memory to grow: not tried in this generation again
 * @counts:	its counters, as last heard
 * @peak_bytes: the most memory that it had
 */
struct gksm_index {
	uint32_t generation;
	uint32_t expired;
	uint32_t nr_homes;
	unsigned int epoch;
	uint64_t nr_pending;
	uint64_t nr_submitted;
	uint32_t new_share;
	uint64_t nr_searches;
	uint64_t heard;
	bool is_short;
	uint32_t counts[4];
	uint64_t peak_bytes;
};

struct gksm_gpu;

/**
 * struct gksm_backend - what computes
 * @bind:    make a private part for each of gpu->lanes; undone on failure
 * @unbind:  wait for what is in flight, wipe and free the private parts;
 *	     -ETIMEDOUT: the device does not answer, memory that it may still
 *	     write to must never be freed; of several devices those that do
 *	     not answer are lost, and it is no error
 * @submit:  start lane @batch with its nr_pages and nr_known (not both 0);
 *	     later, from any thread, gksm_engine_complete(); nothing starts if
 *	     it fails. Searches see the index in the order of their submits
 * @collect: fill device_ns, and replace error if something else went wrong,
 *	     of a lane that is DONE
 * @compare: as gksm_gpu_compare(); arguments are checked, the lane is IDLE
 * @close:   free gpu->backend_data; called after @unbind
 * @advance: look what other engines have finished, before a lane that is DONE
 *	     is searched for; NULL: there are none
 * @check:   as gksm_gpu_check(); NULL: nobody can be given up
 * @home:    the engine that keeps the index; NULL: this one does
 * @get_device: as gksm_gpu_get_device(); NULL: there is one, this one
 */
struct gksm_backend {
	int (*bind)(struct gksm_gpu *gpu);
	int (*unbind)(struct gksm_gpu *gpu);
	int (*submit)(struct gksm_gpu *gpu, unsigned int batch);
	void (*collect)(struct gksm_gpu *gpu, struct gksm_gpu_batch *done);
	int (*compare)(struct gksm_gpu *gpu, unsigned int batch,
		       const struct gksm_gpu_pair *pairs, unsigned int nr_pairs,
		       uint8_t *equal);
	void (*close)(struct gksm_gpu *gpu);
	void (*advance)(struct gksm_gpu *gpu);
	unsigned int (*check)(struct gksm_gpu *gpu, unsigned int patience_ms);
	struct gksm_gpu *(*home)(const struct gksm_gpu *gpu);
	int (*get_device)(const struct gksm_gpu *gpu, unsigned int number,
			  struct gksm_gpu_device *device);
};

/**
 * struct gksm_gpu - an engine
 * @backend:	  who computes; NULL until it is chosen
 * @backend_data: the backend's own state
 * @info:	  what was opened
 * @log:	  from the options, may be NULL
 * @alert:	  likewise
 * @log_arg:	  from the options
 * @done_fd:	  eventfd, readable when a lane may be DONE
 * @pages:	  the caller's page memory, NULL when not bound
 * @nr_batches:	  number of lanes
 * @batch_pages:  pages of a lane
 * @lanes:	  @nr_batches lanes
 * @index:	  the index, empty when bound
 * @arrays:	  memory of all lanes' seeds, hashes and zeros
 * @arrays_bytes: its size
 * @is_given_up:  its device has been silent: nobody waits for it for long
 * @next_reap:	  where the search for a DONE lane starts, so that none starves
 * @nr_computed:  batches with pages that were reaped without error since bind
 * @nr_hashed:	  their pages
 * @error:	  last error, one line
 */
struct gksm_gpu {
	const struct gksm_backend *backend;
	void *backend_data;
	struct gksm_gpu_info info;
	void (*log)(void *arg, const char *line);
	void (*alert)(void *arg, const char *line);
	void *log_arg;
	int done_fd;
	const uint8_t *pages;
	unsigned int nr_batches;
	unsigned int batch_pages;
	struct gksm_lane *lanes;
	struct gksm_index index;
	uint8_t *arrays;
	size_t arrays_bytes;
	bool is_given_up;
	unsigned int next_reap;
	uint64_t nr_computed;
	uint64_t nr_hashed;
	char error[GKSM_ENGINE_ERROR_BYTES];
};

/*
 * How long a device may take for a self-test's batch, or to finish what is in
 * flight when the engine is closed, before it counts as lost: far above the
 * milliseconds that a batch takes, or the seconds that PoCL compiles for.
 * Tests of lost devices shorten it.
 */
extern unsigned int gksm_engine_patience_ms;

unsigned int gksm_engine_closing_ms(const struct gksm_gpu *gpu);
struct gksm_gpu *gksm_engine_new(const struct gksm_gpu_options *options);
const uint8_t *gksm_engine_pages(const struct gksm_gpu *gpu,
				 unsigned int batch);
void gksm_engine_wake(struct gksm_gpu *gpu);
void gksm_engine_complete(struct gksm_gpu *gpu, unsigned int batch, int error);
bool gksm_engine_take(struct gksm_gpu *gpu, struct gksm_gpu_batch *done);
int gksm_engine_wait(struct gksm_gpu *gpu, struct gksm_gpu_batch *done);
int gksm_engine_unbind(struct gksm_gpu *gpu);

/* message.c: the error line and the log; both replace control characters. */
int gksm_fail(struct gksm_gpu *gpu, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void gksm_log(struct gksm_gpu *gpu, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void gksm_alert(struct gksm_gpu *gpu, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* index.c */
unsigned int gksm_lane_entries(const struct gksm_lane *lane);
uint64_t gksm_index_slots(uint32_t nr_homes);
void gksm_index_reset(struct gksm_gpu *gpu);
void gksm_index_prepare(struct gksm_gpu *gpu, struct gksm_lane *lane);
void gksm_index_grown(struct gksm_gpu *gpu, uint32_t nr_homes);
void gksm_index_is_short(struct gksm_gpu *gpu, uint32_t nr_homes);
void gksm_index_submitted(struct gksm_gpu *gpu, struct gksm_lane *lane);
void gksm_index_reaped(struct gksm_gpu *gpu, const struct gksm_lane *lane,
		       bool failed);

/* The C twin as a backend. */
void gksm_twin_describe(struct gksm_gpu_info *info, unsigned int index);
int gksm_twin_open(struct gksm_gpu *gpu);
int gksm_twin_compare(struct gksm_gpu *gpu, unsigned int batch,
		      const struct gksm_gpu_pair *pairs, unsigned int nr_pairs,
		      uint8_t *equal);

int gksm_selftest_run(struct gksm_gpu *gpu);

#endif /* GKSM_ENGINE_H */
