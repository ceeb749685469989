/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GKSM_SHRINK_H
#define GKSM_SHRINK_H

#include <linux/types.h>

int gksm_shrink_init(void);
void gksm_shrink_exit(void);
bool gksm_shrink_wanted(void);
void gksm_shrink_late(void);

#endif /* GKSM_SHRINK_H */
