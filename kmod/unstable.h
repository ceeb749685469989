/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GKSM_UNSTABLE_H
#define GKSM_UNSTABLE_H

#include <linux/types.h>

#include "round.h"

void gksm_unstable_init(void);
void gksm_unstable_exit(void);
u64 gksm_unstable_find(enum gksm_round round, u64 key);
void gksm_unstable_put(enum gksm_round round, u64 key, u64 cookie);
void gksm_unstable_settle(enum gksm_round round, u64 key);
void gksm_unstable_clear(enum gksm_round round);
u64 gksm_unstable_nr(enum gksm_round round);
u64 gksm_unstable_bytes(void);

#endif /* GKSM_UNSTABLE_H */
