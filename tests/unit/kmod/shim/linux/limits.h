/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stands in for the kernel's header; libc includes the real one through here.
 */
#ifndef SHIM_LINUX_LIMITS_H
#define SHIM_LINUX_LIMITS_H

#include_next <linux/limits.h>

#define U64_MAX (~0ULL)
#ifndef INT_MAX
#define INT_MAX __INT_MAX__
#endif

#endif /* SHIM_LINUX_LIMITS_H */
