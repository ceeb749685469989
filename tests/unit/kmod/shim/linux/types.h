/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stands in for the kernel's header; libc includes the real one through here.
 */
#ifndef SHIM_LINUX_TYPES_H
#define SHIM_LINUX_TYPES_H

#include_next <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s64 s64;
typedef unsigned int gfp_t;

#define U32_MAX ((u32)~0U)

#endif /* SHIM_LINUX_TYPES_H */
