/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * overhead.h - what merging costs, by kind
 */
#ifndef GKSM_OVERHEAD_H
#define GKSM_OVERHEAD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/**
 * enum gksm_cost_kind - what is paid for; no time is in two of them
 * @GKSM_COST_SCAN:	    the module's thread, but for what follows
 * @GKSM_COST_MERGE:	    trying to merge, but for what follows
 * @GKSM_COST_DAEMON:	    gksmd, within its sessions
 * @GKSM_COST_MERGE_CALLS:  notifiers called, for merging
 * @GKSM_COST_SCAN_CALLS:   notifiers asked, to see what was touched
 * @GKSM_COST_MERGE_FLUSHES: TLB flushes, for merging
 * @GKSM_COST_SCAN_FLUSHES: TLB flushes, to see what is touched
 * @GKSM_COST_BREAKS:	    copies of merged pages; the time is an estimate
 * @GKSM_NR_COSTS:	    how many kinds there are
 */
enum gksm_cost_kind {
	GKSM_COST_SCAN,
	GKSM_COST_MERGE,
	GKSM_COST_DAEMON,
	GKSM_COST_MERGE_CALLS,
	GKSM_COST_SCAN_CALLS,
	GKSM_COST_MERGE_FLUSHES,
	GKSM_COST_SCAN_FLUSHES,
	GKSM_COST_BREAKS,
	GKSM_NR_COSTS,
};

#define GKSM_NR_LOOK_FILES 16

/**
 * struct gksm_look - the module's files at one moment
 * @value: in the order of the table in overhead.c
 */
struct gksm_look {
	uint64_t value[GKSM_NR_LOOK_FILES];
};

/**
 * struct gksm_cost - what one kind cost
 * @events: how often
 * @cpu_ns: processor time
 */
struct gksm_cost {
	uint64_t events;
	uint64_t cpu_ns;
};

/**
 * struct gksm_overhead - what merging cost in some time
 * @since_load: that is since the module was loaded
 * @wall_ns:	how long that is
 * @copy_ns:	what one copy on write costs, as measured
 * @cost:	by kind
 */
struct gksm_overhead {
	bool since_load;
	uint64_t wall_ns;
	uint64_t copy_ns;
	struct gksm_cost cost[GKSM_NR_COSTS];
};

int gksm_look_read(struct gksm_look *look, const char *sysfs_dir,
		   const char **missing);
void gksm_overhead_compute(const struct gksm_look *look,
			   const struct gksm_look *before, uint64_t copy_ns,
			   struct gksm_overhead *overhead);
uint64_t gksm_overhead_sum(const struct gksm_overhead *overhead,
			   enum gksm_cost_kind first, enum gksm_cost_kind last);
double gksm_overhead_percent(const struct gksm_overhead *overhead,
			     uint64_t cpu_ns);

void gksm_overhead_print(const struct gksm_overhead *overhead, FILE *out);
int gksm_overhead_print_json(const struct gksm_overhead *overhead, FILE *out);

int gksm_copy_cost(uint64_t *copy_ns);

#endif /* GKSM_OVERHEAD_H */
