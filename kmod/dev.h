/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GKSM_DEV_H
#define GKSM_DEV_H

int gksm_dev_init(void);
void gksm_dev_exit(void);

#endif /* GKSM_DEV_H */
