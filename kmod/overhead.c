// SPDX-License-Identifier: GPL-2.0-only
/*
 * overhead.c - what merging costs, besides what the counters say
 */
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/vmstat.h>

#include "overhead.h"

/**
 * DOC: What merging costs
 *
 * The cost of merging pages is commonly split in three: scanning and merging,
 * telling the primary and secondary MMUs that an entry changed, and the copies
 * that are made when a merged page is written after all. The files, from the
 * outermost to the innermost:
 *
 *   scan_cpu_ns		  the scan thread, and who merges on demand
 *     merge_cpu_ns		  of it, merge.c and merge_scattered.c
 *	 tlb_flushes_cpu_ns	  of it, the primary MMU
 *	 notifier_calls_cpu_ns	  of it, secondary MMUs
 *     sweep_flushes_cpu_ns	  of the thread, but not of merges
 *     notifier_questions_cpu_ns  of the thread, but not of merges
 *   daemon_cpu_ns		  the daemon's process, within its sessions
 *   cow_breaks			  copies made; whoever writes pays
 *
 * All times are processor time of one thread by one clock, that of
 * CLOCK_THREAD_CPUTIME_ID, so what is within something never is more than it,
 * whoever else wants the CPU. The clock takes the lock of a runqueue, hence it
 * is read once for each call that is measured and never for each page.
 *
 * What is not in them: the interrupts that a flush causes on other CPUs; what
 * secondary MMUs let other threads do; the flush and the notifier calls inside
 * a split of a huge page, which are merge_cpu_ns; unmerging, which is done by
 * whoever asks for it. Since v6.6 a TLB flush also flushes what devices that
 * share the page tables (IOMMU) have cached; before, that is a notifier call.
 *
 * Nobody can hook into the fault that copies a merged page, but the kernel
 * counts it (cow_ksm in /proc/vmstat), because it takes our pages for KSM's.
 * Hence the copies made of ksmd's pages are counted too, and those made to
 * unmerge. Zero pages are not: the kernel counts a write to them like any first
 * write.
 */

static u64 loaded_ns;
static unsigned long copies_before;

/* Of the whole machine, since it was started. */
static unsigned long copies(void)
{
	unsigned long events[NR_VM_EVENT_ITEMS] = {};

	all_vm_events(events);
	return events[COW_KSM];
}

/**
 * gksm_overhead_init() - from now on it counts
 *
 * Context: module load; may sleep.
 */
void gksm_overhead_init(void)
{
	loaded_ns = ktime_get_ns();
	copies_before = copies();
}

/**
 * gksm_overhead_uptime_ns() - what processor time is to be compared with
 *
 * Return: nanoseconds since the module was loaded, suspension not included.
 */
u64 gksm_overhead_uptime_ns(void)
{
	return ktime_get_ns() - loaded_ns;
}

/**
 * gksm_overhead_cow_breaks() - merged pages that were copied
 *
 * Context: may sleep.
 * Return: how often since the module was loaded, ksmd's pages included.
 */
u64 gksm_overhead_cow_breaks(void)
{
	return copies() - copies_before;
}
