/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_HASH_H
#define SHIM_LINUX_HASH_H

#include <linux/types.h>

static inline u32 hash_long(unsigned long val, unsigned int bits)
{
	return val * 0x61c8864680b583ebULL >> (64 - bits);
}

static inline u32 hash_64(u64 val, unsigned int bits)
{
	return hash_long(val, bits);
}

#endif /* SHIM_LINUX_HASH_H */
