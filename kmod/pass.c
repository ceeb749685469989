// SPDX-License-Identifier: GPL-2.0-only
/*
 * pass.c - what is to be done at the beginning and at the end of a pass
 *
 * A pass ends when the cursor is past the last address space and every batch
 * is applied. Then the unstable tree is emptied, and what was not seen in the
 * pass is forgotten. At last sharers are counted.
 */
#include <linux/minmax.h>
#include <linux/rwsem.h>

#include "kpage.h"
#include "ksyms.h"
#include "mm_slot.h"
#include "pass.h"
#include "scan.h"
#include "sightings.h"
#include "stable.h"
#include "stats.h"
#include "sysfs.h"
#include "trace.h"
#include "unstable.h"
#include "zero.h"

/* Make the gauges what the page tables say now; forget the candidates. */
static void settle_counts(const struct gksm_pass *pass)
{
	gksm_gauge(pages_unshared,
		   pass->tally.nr_unshared + pass->fill.skipped);
	gksm_gauge(pages_volatile, pass->tally.nr_volatile);
	gksm_gauge(unstable_nodes, gksm_unstable_nr(GKSM_ROUND_PASS));
	gksm_zero_settle(gksm_mm_counts_zeroed());
	gksm_unstable_clear(GKSM_ROUND_PASS);
}

/*
 * What is read again whatever happened to it, and what is named to the daemon
 * so that its device does not forget it: a part of everything in each pass. The
 * device forgets what two generations did not name; a generation ends when
 * everything had its turn. Meanwhile each page that changed or vanished left a
 * stale entry there, so the turns come faster the more pages do, and there are
 * never more than twice as many stale entries as pages. When most of memory has
 * gone, a virtual machine say, one pass is a generation, after which those that
 * are there are found first.
 */
static void begin_rotations(struct gksm_fill *fill)
{
	unsigned int passes = READ_ONCE(gksm_settings.incremental_passes);

	if (!READ_ONCE(gksm_settings.smart_scan))
		passes = 1;
	fill->read.arc = gksm_rotation_share(1, passes);
	fill->confirm.arc =
		max(fill->read.arc,
		    gksm_rotation_share(fill->added + gksm_mm_slots_vanished(),
					fill->visited));
}

/* Forget keys that no page has any more, if there may be too many. */
static void note_sightings(void)
{
	u64 nr = gksm_mm_slots_pages();

	if (!gksm_sightings_want_rebuild(nr))
		return;
	gksm_sightings_exit();
	if (!gksm_metadata_fits(gksm_mm_slots_bytes() + gksm_unstable_bytes() +
				gksm_sightings_wanted_bytes(nr)))
		return;
	gksm_sightings_begin(nr);
	gksm_mm_slots_note_keys();
	gksm_stable_note_keys();
	gksm_sightings_end();
}

/**
 * gksm_pass_begin() - begin with the first address space
 * @pass: the one before, ended or abandoned
 *
 * Context: scan lock held; may sleep.
 * Return: whether it has begun: false if there is no address space.
 */
bool gksm_pass_begin(struct gksm_pass *pass)
{
	gksm_mm_counts_begin_pass();
	begin_rotations(&pass->fill);
	gksm_fill_begin(&pass->fill);
	note_sightings();
	pass->fill.cursor.slot = gksm_mm_slot_first();
	pass->fill.cursor.addr = 0;
	pass->tally = (struct gksm_apply_tally){};
	pass->begun = pass->fill.cursor.slot;
	if (!pass->begun) {
		/* Everybody has gone: so have the sharers. */
		settle_counts(pass);
		gksm_stable_recount();
		gksm_kpage_end_pass();
		return false;
	}
	trace_gksm_start_scan(gksm_stat(full_scans) + 1, gksm_stat(mms));
	/* Fresh pages sit in per-CPU lists, with a reference: not mergeable. */
	ksym(lru_add_drain_all)();
	return true;
}

/**
 * gksm_pass_end() - put away what it has finished with
 * @pass: past the last address space, and its batches are applied
 *
 * Context: scan lock held; may sleep.
 */
void gksm_pass_end(struct gksm_pass *pass)
{
	gksm_mm_counts_end_pass();
	settle_counts(pass);
	gksm_mm_slots_prune();
	gksm_kpage_end_pass();
	pass->begun = false;
	gksm_rotation_advance(&pass->fill.read);
	if (gksm_rotation_advance(&pass->fill.confirm))
		gksm_count(generations, 1);
}

/**
 * gksm_pass_abandon() - the next one begins at the first page again
 * @pass: wherever it is
 *
 * Context: scan lock held.
 */
void gksm_pass_abandon(struct gksm_pass *pass)
{
	pass->begun = false;
	pass->fill.cursor.slot = NULL;
	gksm_unstable_clear(GKSM_ROUND_PASS);
}

/*
 * Who changes memory, reads N from full_scans and waits for N + 1 shall find
 * the change counted. So sharers are counted last of all, and N cannot be read
 * any more when that has begun.
 */
static DECLARE_RWSEM(counting);

/**
 * gksm_pass_count() - all is done: there is one full scan more
 *
 * Context: scan lock held, after gksm_pass_end().
 */
void gksm_pass_count(void)
{
	down_write(&counting);
	gksm_stable_recount();
	gksm_count(full_scans, 1);
	up_write(&counting);
	trace_gksm_stop_scan(gksm_stat(full_scans), gksm_stat(mms));
	gksm_sysfs_end_pass();
}

/**
 * gksm_pass_full_scans() - how many passes have ended
 *
 * Waits while sharers are counted.
 *
 * Context: may sleep.
 * Return: passes since the module was loaded.
 */
u64 gksm_pass_full_scans(void)
{
	u64 nr;

	down_read(&counting);
	nr = gksm_stat(full_scans);
	up_read(&counting);
	return nr;
}
