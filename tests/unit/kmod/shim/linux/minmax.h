/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_MINMAX_H
#define SHIM_LINUX_MINMAX_H

#define min_t(type, x, y)                                          \
	({                                                         \
		type shim_min_x = (x), shim_min_y = (y);           \
		shim_min_x < shim_min_y ? shim_min_x : shim_min_y; \
	})
#define max_t(type, x, y)                                          \
	({                                                         \
		type shim_max_x = (x), shim_max_y = (y);           \
		shim_max_x > shim_max_y ? shim_max_x : shim_max_y; \
	})
#define min(x, y) min_t(__typeof__(x), x, y)
#define clamp_t(type, value, low, high) \
	min_t(type, max_t(type, value, low), high)

#endif /* SHIM_LINUX_MINMAX_H */
