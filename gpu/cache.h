/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cache.h - files that hold built programs; knows nothing of OpenCL
 */
#ifndef GKSM_CACHE_H
#define GKSM_CACHE_H

#include <stddef.h>
#include <stdint.h>

uint64_t gksm_cache_sum(const void *data, size_t bytes);
int gksm_cache_load(const char *dir, const char *name, const char *key,
		    void **data, size_t *bytes);
int gksm_cache_store(const char *dir, const char *name, const char *key,
		     const void *data, size_t bytes);

#endif /* GKSM_CACHE_H */
