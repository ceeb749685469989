/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pool.h - several engines as one
 */
#ifndef GKSM_POOL_H
#define GKSM_POOL_H

#include "engine.h"

/**
 * DOC: Several devices, one index
 *
 * A pool is an engine whose backend is other engines, its *members*. One of
 * them, the fastest when the pool is bound, is the *home* of the index. A batch
 * goes to one member:
 *
 *	to the home:	  searched there, as without a pool
 *	to any other one: hashed there; then its hashes and names go to the
 *			  home, in order, as entries without content
 *
 * so that twins are found whichever members hashed them. Twins in a batch that
 * another member hashed have equal hashes; nobody compared them. Zero pages
 * are not sent on.
 *
 * Who gets a batch: the one that should be done with it first, by the time that
 * its batches took lately (an average that forgets) and by what it has to do
 * already. A member that is much slower than the others gets nothing while
 * they keep up; lest one hiccup last for ever, a member that has had nothing for
 * a second is taken for as fast again as it was when the pool was bound.
 *
 * The members share the pool's descriptor, each through a duplicate of its own.
 *
 * DOC: What becomes of batches when a member fails
 *
 * The caller's pages, seeds and names stay in place until the batch is reaped,
 * and the pool has copies of hashes: whatever a member was doing, somebody else
 * can do it from there. A member is *lost* when it refuses a batch, fails on
 * one, or is silent for too long; it gets nothing more, what it says later
 * is ignored, and it is closed as soon as it has nothing in flight, so that
 * nobody waits for it. If it was the home, the fastest of the others is the
 * home from there on, with an empty index, which fills with the batches that
 * come. When the last one is lost, all batches come back with its error.
 */

#define GKSM_POOL_MAX 16

/**
 * struct gksm_member - one of a pool's engines
 * @gpu:	  the engine; NULL once it is closed
 * @info:	  what it is; outlives @gpu
 * @is_lost:	  it gets nothing more
 * @nr_in_flight: batches that it was given and that did not come back
 * @queued_ns:	  how long it should take for them
 * @page_ns:	  time for a page, lately
 * @bound_ns:	  what @page_ns was when it was bound
 * @known_ns:	  time for an entry without content, lately
 * @progress_ns:  when it last finished a batch, or got the first one, or was
 *		  last forgiven
 * @nr_batches:	  batches that it hashed
 * @nr_pages:	  their pages
 */
struct gksm_member {
	struct gksm_gpu *gpu;
	struct gksm_gpu_info info;
	bool is_lost;
	unsigned int nr_in_flight;
	double queued_ns;
	double page_ns;
	double bound_ns;
	double known_ns;
	uint64_t progress_ns;
	uint64_t nr_batches;
	uint64_t nr_pages;
};

/**
 * struct gksm_errand - who does what with a batch of the pool
 * @by:	       who; NULL: nobody, the lane is not in flight
 * @is_hashed: the pool's lane has its hashes; what is left is the search
 * @start_ns:  since when
 * @cost_ns:   how long it should take
 * @device_ns: what the members said that they took
 * @hasher:    who has its pages, for gksm_gpu_compare(); NULL: nobody
 */
struct gksm_errand {
	struct gksm_member *by;
	bool is_hashed;
	uint64_t start_ns;
	double cost_ns;
	uint64_t device_ns;
	struct gksm_member *hasher;
};

/**
 * struct gksm_pool - the pool's state
 * @members:	the members
 * @nr_members: how many
 * @home:	who keeps the index; NULL: all are lost
 * @errands:	one for each lane, while bound
 */
struct gksm_pool {
	struct gksm_member members[GKSM_POOL_MAX];
	unsigned int nr_members;
	struct gksm_member *home;
	struct gksm_errand *errands;
};

/* pool.c */
int gksm_pool_open(struct gksm_gpu *gpu, struct gksm_gpu *const members[],
		   unsigned int nr_members);

/* errand.c */
uint64_t gksm_pool_now_ns(void);
int gksm_pool_submit(struct gksm_gpu *gpu, unsigned int batch);
void gksm_pool_advance(struct gksm_gpu *gpu);
unsigned int gksm_pool_check(struct gksm_gpu *gpu, unsigned int patience_ms);
void gksm_pool_lose(struct gksm_gpu *gpu, struct gksm_member *member,
		    const char *why);
void gksm_pool_choose_home(struct gksm_gpu *gpu);

#endif /* GKSM_POOL_H */
