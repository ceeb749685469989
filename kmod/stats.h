/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GKSM_STATS_H
#define GKSM_STATS_H

#include <linux/atomic.h>

/**
 * DOC: Counters
 *
 * X(name, what it counts). Each is a read-only file in /sys/kernel/mm/gksm.
 * Those of the first group only ever grow and obey
 *
 *	merge_tries = pages_merged + zero_pages_merged + sum(merges_refused_*)
 *	pages handed to apply = pages_hashed_offload + pages_hashed_kernel +
 *				pages_kept
 *	batches_submitted = batches_completed + batches_timed_out +
 *			    batches_rejected + batches_abandoned + in flight
 *	tlb_flushes_cpu_ns + notifier_calls_cpu_ns <= merge_cpu_ns
 *	merge_cpu_ns + sweep_flushes_cpu_ns + notifier_questions_cpu_ns <=
 *				scan_cpu_ns (overhead.c)
 *
 * The second group (gauges) is set by the end of a pass, but for
 * pressure_boosted, which is always of now.
 */
/* clang-format off */
#define GKSM_COUNTERS(X)						\
	X(full_scans, "passes over all memory")				\
	X(generations, "rounds in which each page was named to the daemon") \
	X(pages_scanned, "page table entries visited")			\
	X(pages_skipped, "of these, not touched: nothing to be done")	\
	X(pages_kept, "of these, not touched: gone on with as known")	\
	X(pages_hashed_offload, "pages whose hash came from the daemon") \
	X(pages_hashed_kernel, "pages hashed by the module")		\
	X(batches_submitted, "batches offered to a daemon")		\
	X(batches_completed, "of these, answered in time")		\
	X(batches_timed_out, "of these, taken back at their deadline")	\
	X(batches_rejected, "of these, with a hash found to be wrong")	\
	X(batches_abandoned, "of these, taken back: closed or stopped")	\
	X(results_invalid, "results that broke a rule of the ABI")	\
	X(hashes_checked, "hashes of the daemon that were recomputed")	\
	X(device_duplicates, "pages that the daemon saw a twin of")	\
	X(twins_named, "of these, merged with the twin that it named")	\
	X(sessions, "times a daemon opened the device")			\
	X(merge_tries, "pages brought to the page table for a merge")	\
	X(pages_merged, "of these, now mapping a merged page")		\
	X(zero_pages_merged, "of these, now mapping the zero page")	\
	X(merges_refused_busy, "of these, locked by somebody else")	\
	X(merges_refused_changed, "of these, gone or replaced since")	\
	X(merges_refused_split, "of these, in a huge page not to be split") \
	X(merges_refused_pinned, "of these, with references held elsewhere") \
	X(merges_refused_exclusive, "of these, pinned exclusively")	\
	X(merges_refused_differ, "of these, with other bytes")		\
	X(huge_pages_split, "huge pages split for a merge")		\
	X(merges_undone, "pages unmerged as their twin was refused")	\
	X(pages_unmerged, "pages unmerged by run = 2")			\
	X(zero_pages_unmerged, "zero pages unmerged by run = 2")	\
	X(stable_nodes_created, "merged pages made")			\
	X(stable_nodes_refused, "merged pages not made: limit or memory") \
	X(pages_reclaimed, "pages given back under memory pressure")	\
	X(tlb_flushes, "TLB flushes asked for, by merges")		\
	X(sweep_flushes, "TLB flushes asked for, to see what is touched") \
	X(notifier_calls, "MMU notifier ranges opened")			\
	X(notifier_questions, "MMU notifiers asked what was touched")	\
	X(runs, "groups of pages that were merged together")		\
	X(runs_scattered, "of these, not neighbours")			\
	X(merge_cpu_ns, "processor time of these, flushes and all")	\
	X(tlb_flushes_cpu_ns, "of this, for tlb_flushes")		\
	X(notifier_calls_cpu_ns, "of this, for notifier_calls")		\
	X(sweep_flushes_cpu_ns, "processor time for sweep_flushes")	\
	X(notifier_questions_cpu_ns, "for notifier_questions")

#define GKSM_GAUGES(X)							\
	X(pages_shared, "merged pages in use")				\
	X(pages_sharing, "further mappings of them: pages saved")	\
	X(pages_unshared, "unchanged pages without a twin")		\
	X(pages_volatile, "pages that changed since the pass before")	\
	X(unstable_nodes, "of these, in the unstable tree")		\
	X(mms, "address spaces that opted in")				\
	X(pressure_boosted, "1 while pressure_boost is in force")

enum gksm_stat {
#define GKSM_ENUM_STAT(name, doc) GKSM_STAT_##name,
	GKSM_COUNTERS(GKSM_ENUM_STAT)
	GKSM_GAUGES(GKSM_ENUM_STAT)
	GKSM_NR_STATS
};
/* clang-format on */

extern atomic64_t gksm_stats[GKSM_NR_STATS];

/* gksm_count(tlb_flushes, 1) */
#define gksm_count(name, n) atomic64_add(n, &gksm_stats[GKSM_STAT_##name])
#define gksm_gauge(name, n) atomic64_set(&gksm_stats[GKSM_STAT_##name], n)
#define gksm_gauge_add(name, n) gksm_count(name, n)
#define gksm_stat(name) atomic64_read(&gksm_stats[GKSM_STAT_##name])

#endif /* GKSM_STATS_H */
