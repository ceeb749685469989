// SPDX-License-Identifier: GPL-2.0-only
/*
 * trace.c - the tracepoints (trace.h)
 */
#define CREATE_TRACE_POINTS
#include "trace.h"

#include "events.h"

/**
 * gksm_event_enter() - an address space that opted in was found
 * @mm: which
 */
void gksm_event_enter(struct mm_struct *mm)
{
	trace_gksm_enter(mm);
}

/**
 * gksm_event_exit() - it is gone
 * @mm: which
 */
void gksm_event_exit(struct mm_struct *mm)
{
	trace_gksm_exit(mm);
}

/**
 * gksm_event_remove() - a merged page is known no longer
 * @pfn: its page frame
 */
void gksm_event_remove(unsigned long pfn)
{
	trace_gksm_remove_ksm_page(pfn);
}
