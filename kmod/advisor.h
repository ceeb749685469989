/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GKSM_ADVISOR_H
#define GKSM_ADVISOR_H

#include <linux/types.h>

/**
 * struct gksm_advisor_goal - what the administrator wants
 * @target_s:  seconds that a pass should take
 * @max_cpu:   most of a CPU that the scan thread may take, in percent;
 *	       100 or more: no limit
 * @min_pages: least pages_to_scan, unless @max_cpu needs less
 * @max_pages: most pages_to_scan; below @min_pages: it wins
 *
 * Anything goes: the result is a number of pages, 1 or more, in any case.
 */
struct gksm_advisor_goal {
	unsigned long target_s;
	unsigned long max_cpu;
	unsigned long min_pages;
	unsigned long max_pages;
};

/**
 * struct gksm_advisor - what is known of the passes so far
 * @begun:    is a pass being measured?
 * @begin_ns: when it began
 * @used_ns:  processor time of the thread then
 * @pages:    the moving average of the pages_to_scan that were needed, 0: no
 *	      pass was measured yet
 */
struct gksm_advisor {
	bool begun;
	u64 begin_ns;
	u64 used_ns;
	u64 pages;
};

unsigned int gksm_advisor_first(const struct gksm_advisor_goal *goal);
void gksm_advisor_begin(struct gksm_advisor *advisor, u64 now_ns, u64 used_ns);
void gksm_advisor_forget(struct gksm_advisor *advisor);
unsigned int gksm_advisor_end(struct gksm_advisor *advisor,
			      const struct gksm_advisor_goal *goal,
			      unsigned int pages, u64 now_ns, u64 used_ns);

#endif /* GKSM_ADVISOR_H */
