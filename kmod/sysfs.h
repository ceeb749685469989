/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GKSM_SYSFS_H
#define GKSM_SYSFS_H

int gksm_sysfs_init(void);
void gksm_sysfs_exit(void);
void gksm_sysfs_end_pass(void);

#endif /* GKSM_SYSFS_H */
