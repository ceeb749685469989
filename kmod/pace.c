// SPDX-License-Identifier: GPL-2.0-only
/*
 * pace.c - a budget of processor time, and when to be faster
 *
 * Pure logic: compiled for user space too (tests/unit/kmod).
 */
#include <linux/math64.h>
#include <linux/types.h>

#include "pace.h"

/**
 * DOC: The budget
 *
 * Credit comes in as time goes by, so many percent of it, and goes out as the
 * scan thread and the daemon's process use their CPUs. The thread works while
 * there is credit, and sleeps off what it owes. Only so much can be saved up
 * (BURST_NS of the time), which is how far the use of any ten seconds may be
 * above the budget; what is owed is never forgiven. A daemon computes for a
 * while after the thread has stopped: that is owed too.
 */

#define BURST_NS (500 * 1000 * 1000LL)
#define NS_PER_S (1000 * 1000 * 1000ULL)

/**
 * gksm_pace_wait_ns() - reckon up: may there be more work now?
 * @pace:    all 0 at first
 * @percent: the budget, in percent of one CPU, not 0
 * @wall_ns: the time, which never goes back
 * @used_ns: processor time used so far; less than last time: somebody has gone,
 *	     with what he used
 *
 * Return: 0, or how long to wait before asking again, at most a second.
 */
u64 gksm_pace_wait_ns(struct gksm_pace *pace, unsigned int percent, u64 wall_ns,
		      u64 used_ns)
{
	s64 most = BURST_NS * percent / 100;
	u64 passed = wall_ns - pace->wall_ns, wait;

	if (!pace->wall_ns)
		passed = 0;
	if (passed > 3600 * NS_PER_S)
		passed = 3600 * NS_PER_S;
	pace->credit_ns += div64_u64(passed * percent, 100);
	if (pace->wall_ns && used_ns > pace->used_ns)
		pace->credit_ns -= used_ns - pace->used_ns;
	if (pace->credit_ns > most)
		pace->credit_ns = most;
	pace->wall_ns = wall_ns;
	pace->used_ns = used_ns;
	if (pace->credit_ns >= 0)
		return 0;
	wait = div64_u64(-pace->credit_ns * 100, percent) + 1;
	return wait < NS_PER_S ? wait : NS_PER_S;
}

/**
 * DOC: The boost
 *
 * Under memory pressure what is merged sooner is worth more. The kernel says
 * for how long there was a task that was stalled on memory (PSI, "some" of
 * /proc/pressure/memory). Over windows of GKSM_PRESSURE_WINDOW_MS the pressure
 * becomes high with HIGH_PERCENT of the time, and stops to be with less than
 * LOW_PERCENT. While it is, pages_to_scan and cpu_budget_percent are so many
 * percent more.
 *
 * PSI adds up what has come together every two seconds, so a window sees two or
 * three of these additions, and is wrong by a quarter at most: less than the
 * distance between the two limits.
 */
#define HIGH_PERCENT 10
#define LOW_PERCENT 5

/**
 * gksm_pressure_is_high() - are tasks stalled on memory?
 * @pressure:	all 0 at first
 * @wall_ns:	the time, which never goes back
 * @stalled_ns: for how long tasks have been stalled on memory so far
 *
 * Ask once in a window at least: what is decided is about the time since it was
 * decided last.
 *
 * Return: whether the pressure is high.
 */
bool gksm_pressure_is_high(struct gksm_pressure *pressure, u64 wall_ns,
			   u64 stalled_ns)
{
	u64 passed = wall_ns - pressure->wall_ns, percent;

	if (pressure->wall_ns) {
		if (passed < GKSM_PRESSURE_WINDOW_MS * (NS_PER_S / 1000))
			return pressure->high;
		percent = div64_u64((stalled_ns - pressure->stalled_ns) * 100,
				    passed);
		pressure->high = percent >=
				 (pressure->high ? LOW_PERCENT : HIGH_PERCENT);
	}
	pressure->wall_ns = wall_ns;
	pressure->stalled_ns = stalled_ns;
	return pressure->high;
}

/**
 * gksm_pace_boosted() - so many percent more
 * @value: 0 to U32_MAX
 * @boost: percent, at most GKSM_MAX_BOOST_PERCENT
 *
 * Return: the value with the boost, rounded down.
 */
u64 gksm_pace_boosted(u64 value, unsigned int boost)
{
	return value + div64_u64(value * boost, 100);
}
