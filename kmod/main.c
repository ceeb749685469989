// SPDX-License-Identifier: GPL-2.0-only
/*
 * main.c - load and unload
 */
#include <linux/module.h>

#include <gksm_abi.h>

#include "apply.h"
#include "breakage.h"
#include "demand.h"
#include "dev.h"
#include "ksyms.h"
#include "mm_slot.h"
#include "overhead.h"
#include "procfs.h"
#include "scan.h"
#include "shrink.h"
#include "stable.h"
#include "sysfs.h"
#include "unstable.h"

/**
 * DOC: Overview
 *
 * Kernel Samepage Merging finds pages with equal content and lets their owners
 * share one copy. Its thread, ksmd, reads and compares page contents on one
 * CPU. gksm does the same job for the same memory (whatever opted in through
 * madvise(MADV_MERGEABLE) or prctl(PR_SET_MEMORY_MERGE)), but has the contents
 * hashed by a device, in batches, and searches by hash alone:
 *
 *	mm_slot.c   who opted in; regions.c: the last hash of every page
 *	mm_count.c  how many merged pages everybody has
 *	walk.c	    read page tables: which pages are there
 *	fill.c	    copy pages into a batch
 *	batch.c     where a batch is: with us or with the daemon
 *	session.c   the daemon, from open to close; area.c: its memory
 *	exchange.c  batches to it and back, and what is checked of them
 *	dev.c	    /dev/gksm
 *	result.c    validate what the daemon says
 *	apply.c     hashes in, merges out
 *	index.c     hash -> something; under stable.c and unstable.c
 *	stable.c    merged pages by hash
 *	domain.c    who may share pages with whom; owner.c: who is who
 *	unstable.c  pages that wait for a twin, by hash
 *	kpage.c     what a merged page is; zero.c: one of zeros
 *	merge.c     replace a page by a merged page: the only writer of page
 *		    tables, the only believer in bytes
 *	unmerge.c   the way back
 *	scan.c	    the thread that drives all this
 *	demand.c    one process merged now
 *	shrink.c    memory given back under pressure
 *	overhead.c  what all this costs
 *	sysfs.c     /sys/kernel/mm/gksm; procfs.c: /proc/gksminfo; trace.c:
 *		    tracepoints
 *	pace.c	    the budget of processor time; advisor.c: how many pages
 *		    between two sleeps; psi.c: what memory pressure adds
 *	ksyms.c     functions and variables that the kernel does not export
 *
 * Without a daemon the module hashes by itself; the path is the same.
 */

static int __init start(void)
{
	int err = gksm_ksyms_init();

	if (err)
		return err;
	gksm_overhead_init();
	gksm_unstable_init();
	gksm_stable_init();
	err = gksm_mm_slots_init();
	if (err)
		return err;
	err = gksm_apply_init();
	if (err)
		goto exit_apply;
	err = gksm_demand_init();
	if (err)
		goto exit_apply;
	err = gksm_scan_init();
	if (err)
		goto exit_demand;
	err = gksm_shrink_init();
	if (err)
		goto exit_scan;
	err = gksm_sysfs_init();
	if (err)
		goto exit_shrink;
	err = gksm_procfs_init();
	if (err)
		goto exit_sysfs;
	err = gksm_dev_init();
	if (err)
		goto exit_procfs;
	pr_info("loaded, ABI %u\n", GKSM_ABI_VERSION);
	if (!gksm_kernel_tested())
		pr_notice(
			"kernel %u.%u has not been tested with this version\n",
			LINUX_VERSION_MAJOR, LINUX_VERSION_PATCHLEVEL);
	if (GKSM_BREAK)
		pr_alert(
			"TEST BUILD with guards %#x left out: it corrupts memory\n",
			GKSM_BREAK);
	return 0;

exit_procfs:
	gksm_procfs_exit();
exit_sysfs:
	gksm_sysfs_exit();
exit_shrink:
	gksm_shrink_exit();
exit_scan:
	gksm_scan_exit();
exit_demand:
	gksm_demand_exit();
exit_apply:
	gksm_apply_exit();
	gksm_mm_slots_exit();
	gksm_stable_exit();
	return err;
}

#ifdef CONFIG_FAULT_INJECTION
/* For tests: the nth allocation of loading fails; 0 afterwards if there was. */
static unsigned int load_fault;
module_param(load_fault, uint, 0444);

static int __init gksm_init(void)
{
	int err;

	WRITE_ONCE(current->fail_nth, load_fault);
	err = start();
	load_fault = READ_ONCE(current->fail_nth);
	WRITE_ONCE(current->fail_nth, 0);
	return err;
}
#else
static int __init gksm_init(void)
{
	return start();
}
#endif

static void __exit gksm_exit(void)
{
	gksm_dev_exit();
	gksm_procfs_exit();
	gksm_sysfs_exit();
	gksm_shrink_exit();
	gksm_scan_exit();
	gksm_demand_exit();
	gksm_apply_exit();
	gksm_mm_slots_exit();
	gksm_unstable_exit();
	gksm_stable_exit();
	pr_info("unloaded; merged pages stay with their owners\n");
}

module_init(gksm_init);
module_exit(gksm_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Kernel samepage merging with the search on a device");
MODULE_AUTHOR("gksm developers");
MODULE_VERSION("0.1.0");
