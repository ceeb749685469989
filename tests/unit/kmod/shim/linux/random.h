/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_RANDOM_H
#define SHIM_LINUX_RANDOM_H

#include <linux/compiler.h>
#include <linux/types.h>

/* The same numbers in every run, so that a failure can be repeated. */
u64 get_random_u64(void);

#endif /* SHIM_LINUX_RANDOM_H */
