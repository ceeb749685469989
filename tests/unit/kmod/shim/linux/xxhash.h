/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_XXHASH_H
#define SHIM_LINUX_XXHASH_H

#include <linux/types.h>

u64 xxh64(const void *bytes, size_t length, u64 seed);

#endif /* SHIM_LINUX_XXHASH_H */
