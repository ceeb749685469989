// SPDX-License-Identifier: GPL-2.0-only
/*
 * shim.c - the few kernel services that the module's logic uses
 */
#include <stdlib.h>

#include <linux/compiler.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

struct kmem_cache {
	size_t bytes;
};

void (*shim_before_read)(const volatile void *where, size_t bytes);
void (*shim_after_read)(const volatile void *where, size_t bytes);

unsigned long jiffies;
unsigned int nr_node_ids = 1;
unsigned char shim_zero_page[PAGE_SIZE];

static unsigned int fail_in, live;

void shim_fail_alloc(unsigned int nth)
{
	fail_in = nth;
}

unsigned int shim_live_allocs(void)
{
	return live;
}

void shim_reset_allocs(void)
{
	fail_in = 0;
	live = 0;
}

static void *allocate(size_t nr, size_t bytes)
{
	void *mem;

	if (fail_in && !--fail_in)
		return NULL;
	mem = calloc(nr, bytes);
	live += !!mem;
	return mem;
}

static void release(const void *mem)
{
	live -= !!mem;
	free((void *)mem);
}

void *kvcalloc(size_t nr, size_t bytes, gfp_t flags)
{
	(void)flags;
	return allocate(nr, bytes);
}

void *kzalloc(size_t bytes, gfp_t flags)
{
	(void)flags;
	return allocate(1, bytes);
}

void kfree(const void *mem)
{
	kvfree(mem);
}

void *kvmalloc_array(size_t nr, size_t bytes, gfp_t flags)
{
	(void)flags;
	return allocate(nr, bytes);
}

void *__vmalloc(unsigned long bytes, gfp_t flags)
{
	(void)flags;
	return allocate(1, bytes);
}

unsigned long get_zeroed_page(gfp_t flags)
{
	(void)flags;
	return (unsigned long)allocate(1, PAGE_SIZE);
}

void free_page(unsigned long addr)
{
	release((void *)addr);
}

void kvfree(const void *mem)
{
	release(mem);
}

struct kmem_cache *shim_cache_create(size_t bytes)
{
	struct kmem_cache *cache = allocate(1, sizeof(*cache));

	if (cache)
		cache->bytes = bytes;
	return cache;
}

void kmem_cache_destroy(struct kmem_cache *cache)
{
	release(cache);
}

void *kmem_cache_zalloc(struct kmem_cache *cache, gfp_t flags)
{
	(void)flags;
	return allocate(1, cache->bytes);
}

void kmem_cache_free(struct kmem_cache *cache, void *mem)
{
	(void)cache;
	release(mem);
}

u64 get_random_u64(void)
{
	static u64 state = 0x853c49e6748fea9bULL;
	u64 z;

	/* splitmix64 (Steele, Lea, Flood, 2014) */
	state += 0x9e3779b97f4a7c15ULL;
	z = (state ^ state >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}
