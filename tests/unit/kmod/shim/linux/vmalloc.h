/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_VMALLOC_H
#define SHIM_LINUX_VMALLOC_H

#include <linux/slab.h>

#define __GFP_ZERO 8u

/* Cleared whatever the flags. */
void *__vmalloc(unsigned long bytes, gfp_t flags);

#endif /* SHIM_LINUX_VMALLOC_H */
