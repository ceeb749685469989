/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * events.h - tracepoints for files that are compiled for user space, too
 */
#ifndef GKSM_EVENTS_H
#define GKSM_EVENTS_H

struct mm_struct;

void gksm_event_enter(struct mm_struct *mm);
void gksm_event_exit(struct mm_struct *mm);
void gksm_event_remove(unsigned long pfn);

#endif /* GKSM_EVENTS_H */
