/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GKSM_APPLY_H
#define GKSM_APPLY_H

#include <linux/types.h>

struct gksm_ent;

int gksm_apply_init(void);
void gksm_apply_exit(void);
unsigned int gksm_apply(const struct gksm_ent *ents, unsigned int nr);

#endif /* GKSM_APPLY_H */
