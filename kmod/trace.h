/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trace.h - tracepoints: KSM's, as far as they have a meaning here, and those
 * of batches
 *
 * In tracefs under events/gksm.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM gksm

#if !defined(GKSM_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define GKSM_TRACE_H

#include <linux/tracepoint.h>

#include "merge.h"

/* clang-format off */
TRACE_DEFINE_ENUM(GKSM_MERGE_DONE);
TRACE_DEFINE_ENUM(GKSM_MERGE_CHANGED);
TRACE_DEFINE_ENUM(GKSM_MERGE_BUSY);
TRACE_DEFINE_ENUM(GKSM_MERGE_SPLIT);
TRACE_DEFINE_ENUM(GKSM_MERGE_PINNED);
TRACE_DEFINE_ENUM(GKSM_MERGE_EXCLUSIVE);
TRACE_DEFINE_ENUM(GKSM_MERGE_DIFFER);

#define gksm_show_outcome(outcome)					\
	__print_symbolic(outcome,					\
			 { GKSM_MERGE_DONE, "done" },			\
			 { GKSM_MERGE_CHANGED, "changed" },		\
			 { GKSM_MERGE_BUSY, "busy" },			\
			 { GKSM_MERGE_SPLIT, "split" },			\
			 { GKSM_MERGE_PINNED, "pinned" },		\
			 { GKSM_MERGE_EXCLUSIVE, "exclusive" },		\
			 { GKSM_MERGE_DIFFER, "differ" })

DECLARE_EVENT_CLASS(gksm_scan_template,
	TP_PROTO(u64 seq, u64 mms),
	TP_ARGS(seq, mms),
	TP_STRUCT__entry(
		__field(u64, seq)
		__field(u64, mms)
	),
	TP_fast_assign(
		__entry->seq = seq;
		__entry->mms = mms;
	),
	TP_printk("seq %llu mms %llu", __entry->seq, __entry->mms)
);

/* A pass begins: the number that full_scans will have at its end. */
DEFINE_EVENT(gksm_scan_template, gksm_start_scan,
	TP_PROTO(u64 seq, u64 mms),
	TP_ARGS(seq, mms)
);

/* It has ended. */
DEFINE_EVENT(gksm_scan_template, gksm_stop_scan,
	TP_PROTO(u64 seq, u64 mms),
	TP_ARGS(seq, mms)
);

DECLARE_EVENT_CLASS(gksm_enter_exit_template,
	TP_PROTO(void *mm),
	TP_ARGS(mm),
	TP_STRUCT__entry(__field(void *, mm)),
	TP_fast_assign(__entry->mm = mm;),
	TP_printk("mm %p", __entry->mm)
);

/* An address space that opted in was found. */
DEFINE_EVENT(gksm_enter_exit_template, gksm_enter,
	TP_PROTO(void *mm),
	TP_ARGS(mm)
);

/* It is gone. */
DEFINE_EVENT(gksm_enter_exit_template, gksm_exit,
	TP_PROTO(void *mm),
	TP_ARGS(mm)
);

DECLARE_EVENT_CLASS(gksm_merge_template,
	TP_PROTO(unsigned long pfn, void *mm, unsigned long addr, int outcome),
	TP_ARGS(pfn, mm, addr, outcome),
	TP_STRUCT__entry(
		__field(unsigned long, pfn)
		__field(void *, mm)
		__field(unsigned long, addr)
		__field(int, outcome)
	),
	TP_fast_assign(
		__entry->pfn = pfn;
		__entry->mm = mm;
		__entry->addr = addr;
		__entry->outcome = outcome;
	),
	TP_printk("ksm pfn %lu mm %p addr %#lx %s", __entry->pfn, __entry->mm,
		  __entry->addr, gksm_show_outcome(__entry->outcome))
);

/* One of two twins: the merged page is new. */
DEFINE_EVENT(gksm_merge_template, gksm_merge_one_page,
	TP_PROTO(unsigned long pfn, void *mm, unsigned long addr, int outcome),
	TP_ARGS(pfn, mm, addr, outcome)
);

/* One more for a merged page, or for the zero page. */
DEFINE_EVENT(gksm_merge_template, gksm_merge_with_ksm_page,
	TP_PROTO(unsigned long pfn, void *mm, unsigned long addr, int outcome),
	TP_ARGS(pfn, mm, addr, outcome)
);

/* A merged page is known no longer: nobody maps it, or the module goes. */
TRACE_EVENT(gksm_remove_ksm_page,
	TP_PROTO(unsigned long pfn),
	TP_ARGS(pfn),
	TP_STRUCT__entry(__field(unsigned long, pfn)),
	TP_fast_assign(__entry->pfn = pfn;),
	TP_printk("pfn %lu", __entry->pfn)
);

/* The module gave a page back to its owner. */
TRACE_EVENT(gksm_unmerge,
	TP_PROTO(void *mm, unsigned long addr),
	TP_ARGS(mm, addr),
	TP_STRUCT__entry(
		__field(void *, mm)
		__field(unsigned long, addr)
	),
	TP_fast_assign(
		__entry->mm = mm;
		__entry->addr = addr;
	),
	TP_printk("mm %p addr %#lx", __entry->mm, __entry->addr)
);

/* What the advisor says at the end of a pass. */
TRACE_EVENT(gksm_advisor,
	TP_PROTO(unsigned long before, unsigned long pages_to_scan),
	TP_ARGS(before, pages_to_scan),
	TP_STRUCT__entry(
		__field(unsigned long, before)
		__field(unsigned long, pages_to_scan)
	),
	TP_fast_assign(
		__entry->before = before;
		__entry->pages_to_scan = pages_to_scan;
	),
	TP_printk("pages_to_scan %lu, was %lu", __entry->pages_to_scan,
		  __entry->before)
);

DECLARE_EVENT_CLASS(gksm_batch_template,
	TP_PROTO(u64 id, unsigned int nr, unsigned int pages),
	TP_ARGS(id, nr, pages),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(unsigned int, nr)
		__field(unsigned int, pages)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->nr = nr;
		__entry->pages = pages;
	),
	TP_printk("batch %llu slots %u pages %u", __entry->id, __entry->nr,
		  __entry->pages)
);

/* A batch is offered to the daemon. */
DEFINE_EVENT(gksm_batch_template, gksm_batch_filled,
	TP_PROTO(u64 id, unsigned int nr, unsigned int pages),
	TP_ARGS(id, nr, pages)
);

/* Its results are there. */
DEFINE_EVENT(gksm_batch_template, gksm_batch_completed,
	TP_PROTO(u64 id, unsigned int nr, unsigned int pages),
	TP_ARGS(id, nr, pages)
);

/* It was taken back at its deadline. */
DEFINE_EVENT(gksm_batch_template, gksm_batch_timed_out,
	TP_PROTO(u64 id, unsigned int nr, unsigned int pages),
	TP_ARGS(id, nr, pages)
);

/* So many pages of it are hashed by the module instead. */
DEFINE_EVENT(gksm_batch_template, gksm_batch_fell_back,
	TP_PROTO(u64 id, unsigned int nr, unsigned int pages),
	TP_ARGS(id, nr, pages)
);
/* clang-format on */

#endif /* GKSM_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
