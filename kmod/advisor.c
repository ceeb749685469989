// SPDX-License-Identifier: GPL-2.0-only
/*
 * advisor.c - the scan-time advisor: how many pages between two sleeps
 *
 * Pure logic: compiled for user space too (tests/unit/kmod).
 */
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/types.h>

#include "advisor.h"

/**
 * DOC: The scan-time advisor
 *
 * KSM's, with its files and defaults (Documentation/admin-guide/mm/ksm.rst),
 * and with arithmetic of our own. After each pass two questions are asked.
 *
 * How many pages must be scanned between two sleeps for a pass to take as long
 * as it should? Mostly the thread sleeps, so a pass takes the longer the fewer
 * they are: pages * time / target. A moving average of that keeps one odd pass
 * from turning everything over. It is of what was needed, not of times, which
 * are of different numbers of pages: so it overshoots nothing. And it is kept
 * within the limits, or it would take long to come back from far outside.
 *
 * How many may there be for the thread to take no more of a CPU than it may?
 * Between two sleeps it works in proportion to the pages, and a sleep is as
 * long as it is: pages * (allowed / (100 - allowed)) * (asleep / at work).
 *
 * The lesser of the two is taken.
 */

/* KSM remembers 70 %; for what is needed now, the last pass is the better
 * witness. After three passes 3 % of what was before is left.
 */
#define LAST_PASS_PERCENT 70

#define MS 1000000U
#define US 1000U

/* Times are cut to so many bits: pages (32) and percent (7) fit beside them. */
#define TIME_BITS 24

static u64 within(u64 pages, const struct gksm_advisor_goal *goal)
{
	pages = max_t(u64, pages, goal->min_pages);
	pages = min_t(u64, pages, goal->max_pages);
	return clamp_t(u64, pages, 1, U32_MAX);
}

static u64 needed(const struct gksm_advisor_goal *goal, unsigned int pages,
		  u64 wall_ns)
{
	u64 wall_ms = min_t(u64, div64_u64(wall_ns, MS), U32_MAX);
	u64 target_ms = clamp_t(u64, goal->target_s, 1, U32_MAX) * 1000;

	return min_t(u64, div64_u64(pages * wall_ms, target_ms), U32_MAX);
}

static u64 allowed(const struct gksm_advisor_goal *goal, unsigned int pages,
		   u64 wall_ns, u64 used_ns)
{
	u64 work = div64_u64(min(used_ns, wall_ns), US);
	u64 sleep = div64_u64(wall_ns, US) - work;

	if (goal->max_cpu >= 100)
		return U32_MAX;
	while ((work | sleep) >> TIME_BITS) {
		work >>= 1;
		sleep >>= 1;
	}
	if (!work)
		return U32_MAX;
	return div64_u64(pages * goal->max_cpu * sleep,
			 (100 - goal->max_cpu) * work);
}

/**
 * gksm_advisor_first() - pages_to_scan before anything is known
 * @goal: what is wanted
 *
 * Return: as in KSM the least, 1 or more.
 */
unsigned int gksm_advisor_first(const struct gksm_advisor_goal *goal)
{
	return within(0, goal);
}

/**
 * gksm_advisor_begin() - a pass begins
 * @advisor: all 0 at first
 * @now_ns:  the time, which never goes back
 * @used_ns: processor time of the thread
 */
void gksm_advisor_begin(struct gksm_advisor *advisor, u64 now_ns, u64 used_ns)
{
	advisor->begun = true;
	advisor->begin_ns = now_ns;
	advisor->used_ns = used_ns;
}

/**
 * gksm_advisor_forget() - this pass says nothing about the next one
 * @advisor: as ever
 *
 * It was suspended, or pages_to_scan was not what decided its pace.
 */
void gksm_advisor_forget(struct gksm_advisor *advisor)
{
	advisor->begun = false;
}

/**
 * gksm_advisor_end() - a pass has ended
 * @advisor: as ever
 * @goal:    what is wanted
 * @pages:   pages_to_scan during the pass
 * @now_ns:  the time
 * @used_ns: processor time of the thread
 *
 * Return: pages_to_scan for the next pass, 1 or more; @pages if this one was
 * not measured.
 */
unsigned int gksm_advisor_end(struct gksm_advisor *advisor,
			      const struct gksm_advisor_goal *goal,
			      unsigned int pages, u64 now_ns, u64 used_ns)
{
	u64 wall_ns = now_ns - advisor->begin_ns, next;

	if (!advisor->begun)
		return pages;
	advisor->begun = false;
	next = within(needed(goal, pages, wall_ns), goal);
	if (advisor->pages)
		next = div64_u64(next * LAST_PASS_PERCENT +
					 within(advisor->pages, goal) *
						 (100 - LAST_PASS_PERCENT),
				 100);
	advisor->pages = within(next, goal);
	next = min(advisor->pages,
		   allowed(goal, pages, wall_ns, used_ns - advisor->used_ns));
	return max_t(u64, next, 1);
}
