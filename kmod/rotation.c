// SPDX-License-Identifier: GPL-2.0-only
/*
 * rotation.c - everything once in a while, and a part of it in each pass
 *
 * Pure logic: compiled for user space too (tests/unit/kmod).
 */
#include <linux/bits.h>
#include <linux/math64.h>

#include "rotation.h"

/**
 * DOC: Rotation
 *
 * Each region has a place on a circle of 2^32 places, scattered, so that any
 * arc holds its share of any address space. A pass covers an arc, the next one
 * the arc after it; once around, everything had its turn exactly once, however
 * wide the arcs were, and regions that come and go need no bookkeeping. No pass
 * is a spike.
 */

#define CIRCLE BIT_ULL(32)

/**
 * gksm_rotation_place() - where on the circle a region is
 * @id:	    its address space
 * @region: its number there
 */
u32 gksm_rotation_place(u32 id, unsigned long region)
{
	/* Odd multipliers near 2^64 / phi and 2^64 / phi^2. */
	return (region * 0x9e3779b97f4a7c15ULL + id * 0x61c8864680b583ebULL) >>
	       32;
}

/**
 * gksm_rotation_share() - the arc that is a share of the circle
 * @part:  at most @whole
 * @whole: 0: the whole circle
 *
 * Return: an arc, rounded up, at most the circle.
 */
u64 gksm_rotation_share(u64 part, u64 whole)
{
	while (whole >> 31) {
		whole >>= 1;
		part >>= 1;
	}
	if (part >= whole)
		return CIRCLE;
	return div64_u64(part * CIRCLE + whole - 1, whole);
}

/**
 * gksm_rotation_due() - is it a region's turn in this pass?
 * @rotation: the rotation
 * @place:    the region's
 */
bool gksm_rotation_due(const struct gksm_rotation *rotation, u32 place)
{
	return (u32)(place - rotation->at) < rotation->arc;
}

/**
 * gksm_rotation_advance() - a pass has ended
 * @rotation: the rotation
 *
 * Return: whether it went past the circle's origin: everything that was there
 * all the time had its turn since it did so before.
 */
bool gksm_rotation_advance(struct gksm_rotation *rotation)
{
	u64 end = rotation->at + rotation->arc;

	rotation->at = end;
	return end >= CIRCLE;
}
