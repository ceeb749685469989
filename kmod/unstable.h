/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GKSM_UNSTABLE_H
#define GKSM_UNSTABLE_H

#include <linux/types.h>

void gksm_unstable_init(void);
void gksm_unstable_exit(void);
u64 gksm_unstable_find(u64 key);
void gksm_unstable_put(u64 key, u64 cookie);
void gksm_unstable_remove(u64 key);
void gksm_unstable_clear(void);
u64 gksm_unstable_nr(void);
u64 gksm_unstable_bytes(void);

#endif /* GKSM_UNSTABLE_H */
