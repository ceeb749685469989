/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GKSM_SCAN_H
#define GKSM_SCAN_H

#include <linux/types.h>

#include "advisor.h"

struct gksm_mm_ref;
struct gksm_mm_slot;

/* Values of /sys/kernel/mm/gksm/run, as in KSM. */
#define GKSM_RUN_STOP 0
#define GKSM_RUN_MERGE 1
#define GKSM_RUN_UNMERGE 2

/**
 * struct gksm_settings - what the administrator sets
 * @run:	      GKSM_RUN_*; changed under the scan lock
 * @pages_to_scan:    pages read, or gone on with, before the thread sleeps
 * @sleep_millisecs:  how long it sleeps then
 * @max_shared_pages: most merged pages, 0: no limit; they cannot be swapped
 * @max_metadata_kib: most memory for hashes and candidates, 0: no limit
 * @use_zero_pages:   merge pages of zeros with the kernel's zero page
 * @cpu_budget_percent: of one CPU, for the thread and the daemon; 0: none
 * @incremental_passes: after how many passes everything has been read again
 *		      once, also what nobody touched; 1: in every pass
 * @pressure_boost:   percent more of @pages_to_scan and @cpu_budget_percent
 *		      while memory pressure is high (pace.c), 0: none
 * @smart_scan:	      whether @incremental_passes counts; 0: as if it were 1
 * @merge_across_nodes: whether pages of two NUMA nodes may be merged
 * @max_page_sharing: most mappings of a merged page
 * @stable_node_chains_prune_millisecs: how often it is looked which merged
 *		      pages with one content have room (stable.c)
 * @merge_domain:     enum gksm_merge_domain: whose pages may be merged
 * @merge_domain_depth: which control group above a process's own says that, 0:
 *		      its own
 * @advisor:	      does the scan-time advisor set @pages_to_scan (advisor.c)?
 *		      Changed under the scan lock
 * @advisor_goal:     what it is to achieve
 *
 * What pages that are merged would not obey, @merge_across_nodes to
 * @merge_domain_depth but for the milliseconds, is changed under the scan lock
 * while there are none.
 *
 * Single words, read with READ_ONCE() and written with WRITE_ONCE().
 */
struct gksm_settings {
	unsigned int run;
	unsigned int pages_to_scan;
	unsigned int sleep_millisecs;
	unsigned long max_shared_pages;
	unsigned long max_metadata_kib;
	bool use_zero_pages;
	unsigned int cpu_budget_percent;
	unsigned int incremental_passes;
	unsigned int pressure_boost;
	bool smart_scan;
	unsigned int merge_across_nodes;
	unsigned int max_page_sharing;
	unsigned int stable_node_chains_prune_millisecs;
	unsigned int merge_domain;
	unsigned int merge_domain_depth;
	bool advisor;
	struct gksm_advisor_goal advisor_goal;
};

extern struct gksm_settings gksm_settings;

/* May hashes and candidates take so many bytes? */
static inline bool gksm_metadata_fits(u64 bytes)
{
	unsigned long limit_kib = READ_ONCE(gksm_settings.max_metadata_kib);

	return !limit_kib || (bytes + 1023) / 1024 <= limit_kib;
}

int gksm_scan_init(void);
void gksm_scan_exit(void);
void gksm_scan_wake(void);
void gksm_scan_unsettle(void);
bool gksm_scan_trylock(void);
void gksm_scan_unlock(void);
void gksm_scan_barrier(void);
int gksm_scan_enter(void);
void gksm_scan_leave(void);
bool gksm_scan_is_wanted(void);
struct gksm_mm_slot *gksm_scan_slot(const struct gksm_mm_ref *ref);
void gksm_scan_note_demand(u64 nr_changed);
void gksm_scan_end_demand(void);
int gksm_scan_set_run(unsigned int run);
int gksm_scan_change(unsigned int *setting, unsigned int value);
u64 gksm_scan_cpu_ns(void);
void gksm_scan_set_advisor(bool advisor);

#endif /* GKSM_SCAN_H */
