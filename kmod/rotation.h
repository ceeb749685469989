/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GKSM_ROTATION_H
#define GKSM_ROTATION_H

#include <linux/types.h>

/**
 * struct gksm_rotation - a part of all regions in each pass, each in its turn
 * @at:	 where on the circle of 2^32 places the pass began
 * @arc: how much of the circle it covers, at most 2^32
 */
struct gksm_rotation {
	u32 at;
	u64 arc;
};

u32 gksm_rotation_place(u32 id, unsigned long region);
u64 gksm_rotation_share(u64 part, u64 whole);
bool gksm_rotation_due(const struct gksm_rotation *rotation, u32 place);
bool gksm_rotation_advance(struct gksm_rotation *rotation);

#endif /* GKSM_ROTATION_H */
