// SPDX-License-Identifier: GPL-2.0-only
/*
 * overhead.c - what merging costs, from the module's files
 *
 * The three costs of merging pages are those of scanning and merging, of
 * telling the MMUs, and of copies on write. The module's times contain one
 * another (kmod/overhead.c); here each is without what it contains.
 */
#include <errno.h>

#include "overhead.h"
#include "sysfs.h"

/*
 * The files. What is contained comes before what contains it, and all of it is
 * read in this order, so that only events of the moment can make a part more
 * than the whole.
 */
enum file {
	TLB_FLUSHES_NS,
	NOTIFIER_CALLS_NS,
	MERGE_NS,
	SWEEP_FLUSHES_NS,
	NOTIFIER_QUESTIONS_NS,
	SCAN_NS,
	DAEMON_NS,
	PAGES_SCANNED,
	MERGE_TRIES,
	BATCHES_COMPLETED,
	NOTIFIER_CALLS,
	NOTIFIER_QUESTIONS,
	TLB_FLUSHES,
	SWEEP_FLUSHES,
	COW_BREAKS,
	UPTIME_NS,
};

static const char *const files[GKSM_NR_LOOK_FILES] = {
	[TLB_FLUSHES_NS] = "tlb_flushes_cpu_ns",
	[NOTIFIER_CALLS_NS] = "notifier_calls_cpu_ns",
	[MERGE_NS] = "merge_cpu_ns",
	[SWEEP_FLUSHES_NS] = "sweep_flushes_cpu_ns",
	[NOTIFIER_QUESTIONS_NS] = "notifier_questions_cpu_ns",
	[SCAN_NS] = "scan_cpu_ns",
	[DAEMON_NS] = "daemon_cpu_ns",
	[PAGES_SCANNED] = "pages_scanned",
	[MERGE_TRIES] = "merge_tries",
	[BATCHES_COMPLETED] = "batches_completed",
	[NOTIFIER_CALLS] = "notifier_calls",
	[NOTIFIER_QUESTIONS] = "notifier_questions",
	[TLB_FLUSHES] = "tlb_flushes",
	[SWEEP_FLUSHES] = "sweep_flushes",
	[COW_BREAKS] = "cow_breaks",
	[UPTIME_NS] = "uptime_ns",
};

/**
 * gksm_look_read - read the module's files
 * @look:      out
 * @sysfs_dir: their directory
 * @missing:   out: name of the file that cannot be read
 *
 * Returns 0 or -errno.
 */
int gksm_look_read(struct gksm_look *look, const char *sysfs_dir,
		   const char **missing)
{
	int err = 0;

	for (size_t i = 0; !err && i < GKSM_NR_LOOK_FILES; i++) {
		*missing = files[i];
		err = gksm_sysfs_read_u64(sysfs_dir, files[i], &look->value[i]);
	}
	return err;
}

/* What has gone back did so because the two were not read at one moment. */
static uint64_t less(uint64_t whole, uint64_t part)
{
	return whole > part ? whole - part : 0;
}

/**
 * gksm_overhead_compute - what merging cost
 * @look:     the files
 * @before:   what they were when that time began, of the same load of the
 *	      module; NULL: it began when the module was loaded
 * @copy_ns:  what a copy on write costs
 * @overhead: out
 *
 * If the module was loaded in between, @overhead->wall_ns is less than the time
 * that has passed, and the rest is wrong.
 */
void gksm_overhead_compute(const struct gksm_look *look,
			   const struct gksm_look *before, uint64_t copy_ns,
			   struct gksm_overhead *overhead)
{
	struct gksm_cost *cost = overhead->cost;
	uint64_t v[GKSM_NR_LOOK_FILES];

	for (size_t i = 0; i < GKSM_NR_LOOK_FILES; i++)
		v[i] = less(look->value[i], before ? before->value[i] : 0);
	overhead->since_load = !before;
	overhead->wall_ns = v[UPTIME_NS];
	overhead->copy_ns = copy_ns;
	cost[GKSM_COST_SCAN] = (struct gksm_cost){
		v[PAGES_SCANNED],
		less(v[SCAN_NS], v[MERGE_NS] + v[SWEEP_FLUSHES_NS] +
					 v[NOTIFIER_QUESTIONS_NS]),
	};
	cost[GKSM_COST_MERGE] = (struct gksm_cost){
		v[MERGE_TRIES],
		less(v[MERGE_NS], v[TLB_FLUSHES_NS] + v[NOTIFIER_CALLS_NS]),
	};
	cost[GKSM_COST_DAEMON] = (struct gksm_cost){
		v[BATCHES_COMPLETED],
		v[DAEMON_NS],
	};
	cost[GKSM_COST_MERGE_CALLS] = (struct gksm_cost){
		v[NOTIFIER_CALLS],
		v[NOTIFIER_CALLS_NS],
	};
	cost[GKSM_COST_SCAN_CALLS] = (struct gksm_cost){
		v[NOTIFIER_QUESTIONS],
		v[NOTIFIER_QUESTIONS_NS],
	};
	cost[GKSM_COST_MERGE_FLUSHES] = (struct gksm_cost){
		v[TLB_FLUSHES],
		v[TLB_FLUSHES_NS],
	};
	cost[GKSM_COST_SCAN_FLUSHES] = (struct gksm_cost){
		v[SWEEP_FLUSHES],
		v[SWEEP_FLUSHES_NS],
	};
	cost[GKSM_COST_BREAKS] = (struct gksm_cost){
		v[COW_BREAKS],
		v[COW_BREAKS] * copy_ns,
	};
}

/**
 * gksm_overhead_sum - processor time of several kinds
 * @overhead: computed
 * @first:    the first of them
 * @last:     the last
 */
uint64_t gksm_overhead_sum(const struct gksm_overhead *overhead,
			   enum gksm_cost_kind first, enum gksm_cost_kind last)
{
	uint64_t sum = 0;

	for (unsigned int i = first; i <= last; i++)
		sum += overhead->cost[i].cpu_ns;
	return sum;
}

/**
 * gksm_overhead_percent - processor time as a share of one CPU
 * @overhead: computed
 * @cpu_ns:   processor time
 *
 * Returns percent, 0 if no time has passed.
 */
double gksm_overhead_percent(const struct gksm_overhead *overhead,
			     uint64_t cpu_ns)
{
	if (!overhead->wall_ns)
		return 0;
	return 100 * (double)cpu_ns / (double)overhead->wall_ns;
}
