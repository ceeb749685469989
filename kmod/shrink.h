/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GKSM_SHRINK_H
#define GKSM_SHRINK_H

int gksm_shrink_init(void);
void gksm_shrink_exit(void);

#endif /* GKSM_SHRINK_H */
