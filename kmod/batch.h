/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GKSM_BATCH_H
#define GKSM_BATCH_H

#include <linux/types.h>

struct page;

/**
 * enum gksm_batch_state - who owns a batch
 * @GKSM_BATCH_FREE:	   nobody
 * @GKSM_BATCH_FILLING:	   the scan thread puts pages in
 * @GKSM_BATCH_READY:	   waits for the daemon's NEXT, until its deadline
 * @GKSM_BATCH_IN_FLIGHT:  the daemon computes, until its deadline
 * @GKSM_BATCH_COMPLETING: COMPLETE copies the results
 * @GKSM_BATCH_DONE:	   results are there, the scan thread may take it
 * @GKSM_BATCH_APPLYING:   the scan thread applies it
 *
 *   FREE -> FILLING -> READY -> IN_FLIGHT -> COMPLETING -> DONE -> APPLYING
 *			  |	     |			 deadline	|
 *			  +----------+----------------------> APPLYING -> FREE
 */
enum gksm_batch_state {
	GKSM_BATCH_FREE,
	GKSM_BATCH_FILLING,
	GKSM_BATCH_READY,
	GKSM_BATCH_IN_FLIGHT,
	GKSM_BATCH_COMPLETING,
	GKSM_BATCH_DONE,
	GKSM_BATCH_APPLYING,
};

/**
 * struct gksm_ent - the module's own record of a slot
 * @cookie:  names the page
 * @salt:    seed of the hash; of no use without content
 * @hash:    valid if @verdict is not NONE; without content, the page's key,
 *	     valid always
 * @peer:    DUPLICATE: the daemon's word for the twin
 * @verdict: enum gksm_verdict
 * @page:    which staging page of the batch has the content, or GKSM_NO_PAGE:
 *	     nobody touched the page, and @hash is what is kept of it
 * @frame:   the page frame in short (page_state.h)
 * @demands: of its address space, when @hash was found out (apply.c)
 */
struct gksm_ent {
	u64 cookie;
	u64 salt;
	u64 hash;
	u64 peer;
	u32 verdict;
	u32 page;
	u16 frame;
	u32 demands;
};

/**
 * struct gksm_batch - some pages on their way through the device
 * @state:	 see enum gksm_batch_state
 * @index:	 which range of the areas
 * @nr:		 slots in use
 * @nr_pages:	 of these, with content: staging pages in use
 * @id:		 the daemon's name for it; a new one each time it is READY
 * @lost_id:	 @id that was in flight at its deadline and never came back
 * @deadline_ms: READY and IN_FLIGHT: when it is taken back
 * @ents:	 records, one a slot
 * @pages:	 staging pages, one a slot; NULL: no copies, hashed on the spot
 */
struct gksm_batch {
	enum gksm_batch_state state;
	u32 index;
	u32 nr;
	u32 nr_pages;
	u64 id;
	u64 lost_id;
	u64 deadline_ms;
	struct gksm_ent *ents;
	struct page **pages;
};

/**
 * struct gksm_ring - the batches of one session
 * @batch:   array
 * @nr:	     its length
 * @last_id: id of the batch that became READY last, 0: none has
 * @nr_lost: batches with a @lost_id
 * @unheard: a READY batch was taken back: the daemon does not ask for work
 */
struct gksm_ring {
	struct gksm_batch *batch;
	u32 nr;
	u64 last_id;
	u32 nr_lost;
	bool unheard;
};

struct gksm_batch *gksm_ring_fill(struct gksm_ring *ring);
void gksm_ring_submit(struct gksm_ring *ring, struct gksm_batch *batch,
		      u64 now_ms, u64 deadline_ms);
bool gksm_ring_ready(const struct gksm_ring *ring);
struct gksm_batch *gksm_ring_next(struct gksm_ring *ring, u64 now_ms,
				  u64 deadline_ms);
int gksm_ring_complete(struct gksm_ring *ring, u64 id, u32 nr,
		       struct gksm_batch **batch);
void gksm_ring_completed(struct gksm_ring *ring, struct gksm_batch *batch);
struct gksm_batch *gksm_ring_take(struct gksm_ring *ring, u64 now_ms,
				  bool *timed_out);
struct gksm_batch *gksm_ring_take_any(struct gksm_ring *ring, bool *answered);
void gksm_ring_release(struct gksm_ring *ring, struct gksm_batch *batch);
bool gksm_ring_stalled(const struct gksm_ring *ring);
bool gksm_ring_done(const struct gksm_ring *ring);
bool gksm_ring_busy(const struct gksm_ring *ring);
u64 gksm_ring_deadline(const struct gksm_ring *ring);

#endif /* GKSM_BATCH_H */
