/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GKSM_PACE_H
#define GKSM_PACE_H

#include <linux/types.h>

/**
 * struct gksm_pace - processor time that may be used
 * @credit_ns: what is left of it; negative: used ahead of time
 * @wall_ns:   when it was last reckoned up
 * @used_ns:   what had been used then
 */
struct gksm_pace {
	s64 credit_ns;
	u64 wall_ns;
	u64 used_ns;
};

u64 gksm_pace_wait_ns(struct gksm_pace *pace, unsigned int percent, u64 wall_ns,
		      u64 used_ns);

/**
 * struct gksm_pressure - is memory short?
 * @wall_ns:	when that was last decided
 * @stalled_ns: for how long tasks had been stalled on memory then
 * @high:	what was decided
 */
struct gksm_pressure {
	u64 wall_ns;
	u64 stalled_ns;
	bool high;
};

/* How long a look at the pressure goes back. */
#define GKSM_PRESSURE_WINDOW_MS 5000

#define GKSM_MAX_BOOST_PERCENT 1000

bool gksm_pressure_is_high(struct gksm_pressure *pressure, u64 wall_ns,
			   u64 stalled_ns);
u64 gksm_pace_boosted(u64 value, unsigned int boost);

#endif /* GKSM_PACE_H */
