/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ring_model.h - a ring, and the books that somebody else keeps about it
 */
#ifndef GKSM_RING_MODEL_H
#define GKSM_RING_MODEL_H

#include "batch.h"

#define MODEL_BATCHES 4
#define MODEL_SLOTS 2
#define MODEL_LIMIT_MS 2

/* Who has a batch, in the order of its life. */
enum owner {
	NOBODY,
	FILLER,
	OFFERED,
	DAEMON,
	COMPLETER,
	ANSWERED,
	APPLIER,
};

/**
 * struct book - what is known of a batch from the answers so far
 * @owner:    who has it
 * @id:	      its latest id, 0 before the first
 * @lost:     id under which the daemon still has it, or 0
 * @deadline: OFFERED and DAEMON: when it may be taken back
 */
struct book {
	enum owner owner;
	u64 id;
	u64 lost;
	u64 deadline;
};

/**
 * struct model - a ring under test, copyable
 * @ring:      the ring; its pointer is set before each step
 * @batch:     its batches
 * @book:      what they should be
 * @nr:	       how many there are
 * @now:       the time
 * @last_id:   the latest id that was given to any batch
 * @unheard:   the daemon let an offer pass and has not asked since
 * @submitted: how many batches were offered
 * @taken:     how many of them came back to the scan thread
 */
struct model {
	struct gksm_ring ring;
	struct gksm_batch batch[MODEL_BATCHES];
	struct book book[MODEL_BATCHES];
	unsigned int nr;
	u64 now;
	u64 last_id;
	bool unheard;
	u64 submitted;
	u64 taken;
};

/* Steps with an argument: a batch, or the id to complete. */
enum step {
	STEP_FILL,
	STEP_SUBMIT, /* batch */
	STEP_GIVE_UP, /* batch */
	STEP_NEXT,
	STEP_COMPLETE, /* batch whose id is used */
	STEP_COMPLETE_MORE, /* the same, with too many results */
	STEP_COMPLETE_LOST, /* batch whose lost id is used */
	STEP_COMPLETE_WRONG, /* 0: id 0, 1: the next id, 2: any old id */
	STEP_COMPLETED, /* batch */
	STEP_TAKE,
	STEP_TAKE_ANY,
	STEP_RELEASE, /* batch */
	STEP_TICK,
	NR_STEPS
};

struct model model_new(unsigned int nr);

/*
 * Do one step, compare every answer with the books, and the ring with them.
 * Returns false if the step makes no sense now: nothing was done.
 */
bool model_step(struct model *m, enum step step, unsigned int arg);

/* How many arguments a step has, at least 1. */
unsigned int model_args(const struct model *m, enum step step);

#endif /* GKSM_RING_MODEL_H */
