/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_COMPILER_H
#define SHIM_LINUX_COMPILER_H

#include <stddef.h>

/* Called around each READ_ONCE(), if set: what a hostile writer may do then. */
extern void (*shim_before_read)(const volatile void *where, size_t bytes);
extern void (*shim_after_read)(const volatile void *where, size_t bytes);

static inline void shim_read_hook(void (*hook)(const volatile void *, size_t),
				  const volatile void *where, size_t bytes)
{
	if (hook)
		hook(where, bytes);
}

#define READ_ONCE(x)                                                     \
	({                                                               \
		const volatile __typeof__(x) *shim_where = &(x);         \
                                                                         \
		shim_read_hook(shim_before_read, shim_where, sizeof(x)); \
		__typeof__(x) shim_value = *shim_where;                  \
		shim_read_hook(shim_after_read, shim_where, sizeof(x));  \
		shim_value;                                              \
	})

#endif /* SHIM_LINUX_COMPILER_H */
