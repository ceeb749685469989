/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Allocations that a test can make fail, and count.
 */
#ifndef SHIM_LINUX_SLAB_H
#define SHIM_LINUX_SLAB_H

#include <linux/errno.h>
#include <linux/types.h>

#define GFP_KERNEL 1u
#define __GFP_NOWARN 2u
#define __GFP_NORETRY 4u

/* Let the @nth allocation from now fail (1 is the next); 0: none. */
void shim_fail_alloc(unsigned int nth);

/* How many allocations have not been freed. */
unsigned int shim_live_allocs(void);

/* Forget what an earlier test asked for and left behind. */
void shim_reset_allocs(void);

void *kzalloc(size_t bytes, gfp_t flags);
void kfree(const void *mem);
void *kvcalloc(size_t nr, size_t bytes, gfp_t flags);
void *kvmalloc_array(size_t nr, size_t bytes, gfp_t flags);
void kvfree(const void *mem);

struct kmem_cache;

struct kmem_cache *shim_cache_create(size_t bytes);
void kmem_cache_destroy(struct kmem_cache *cache);
void *kmem_cache_zalloc(struct kmem_cache *cache, gfp_t flags);
void kmem_cache_free(struct kmem_cache *cache, void *mem);

#define KMEM_CACHE(type, flags) shim_cache_create(sizeof(struct type))

#endif /* SHIM_LINUX_SLAB_H */
