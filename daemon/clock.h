/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * clock.h - monotonic time
 */
#ifndef GKSM_CLOCK_H
#define GKSM_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t gksm_clock_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static inline uint64_t gksm_clock_ms(void)
{
	return gksm_clock_us() / 1000;
}

#endif /* GKSM_CLOCK_H */
