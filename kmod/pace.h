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

#endif /* GKSM_PACE_H */
