/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GKSM_SESSION_H
#define GKSM_SESSION_H

#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include <gksm_abi.h>

#include "area.h"
#include "batch.h"

struct task_struct;
struct vm_area_struct;

/**
 * struct gksm_session - what one opener of /dev/gksm has
 * @ref:	 the open file has one, the scan thread has one while it uses
 *		 the batches; the areas live as long
 * @setup_lock:	 makes SETUP happen once
 * @ready:	 SETUP is complete; the areas do not change any more
 * @lock:	 guards @ring, @closed and @revoked
 * @ring:	 the batches
 * @closed:	 the file is closed: no more work
 * @revoked:	 a hash was wrong: no more work
 * @owner:	 the process that called SETUP
 * @owner_ns:	 processor time that it had used before
 * @batch_slots: slots of a batch
 * @staging:	 pages' contents
 * @slots:	 struct gksm_slot
 * @results:	 struct gksm_result
 * @wait:	 the daemon waits here, for a ready batch
 */
struct gksm_session {
	struct kref ref;
	struct mutex setup_lock;
	bool ready;
	spinlock_t lock;
	struct gksm_ring ring;
	bool closed;
	bool revoked;
	struct task_struct *owner;
	u64 owner_ns;
	u32 batch_slots;
	struct gksm_area staging;
	struct gksm_area slots;
	struct gksm_area results;
	wait_queue_head_t wait;
};

/* What the file does; the last two are in exchange.c. */
bool gksm_session_ready(struct gksm_session *session);
int gksm_session_open(struct gksm_session **session);
void gksm_session_close(struct gksm_session *session);
int gksm_session_setup(struct gksm_session *session, struct gksm_setup *setup);
int gksm_session_mmap(struct gksm_session *session, struct vm_area_struct *vma);
int gksm_session_next(struct gksm_session *session, struct gksm_next *next);
int gksm_session_complete(struct gksm_session *session,
			  struct gksm_complete *complete);

/* What the scan thread does. */
struct gksm_session *gksm_session_get(void);
void gksm_session_put(struct gksm_session *session);
u64 gksm_session_cpu_ns(const struct gksm_session *session);

/* The same, in exchange.c. */
bool gksm_session_accepts(struct gksm_session *session);
bool gksm_session_over(struct gksm_session *session);
struct gksm_batch *gksm_session_fill(struct gksm_session *session);
void gksm_session_submit(struct gksm_session *session,
			 struct gksm_batch *batch);
struct gksm_batch *gksm_session_take(struct gksm_session *session);
struct gksm_batch *gksm_session_take_any(struct gksm_session *session);
void gksm_session_release(struct gksm_session *session,
			  struct gksm_batch *batch);
bool gksm_session_busy(struct gksm_session *session);
u64 gksm_session_wait_ms(struct gksm_session *session);

const char *gksm_session_state(void);
u64 gksm_session_bytes(void);
u64 gksm_session_all_cpu_ns(void);

extern unsigned int gksm_batch_deadline_ms;

#endif /* GKSM_SESSION_H */
