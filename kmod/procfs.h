/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GKSM_PROCFS_H
#define GKSM_PROCFS_H

int gksm_procfs_init(void);
void gksm_procfs_exit(void);

#endif /* GKSM_PROCFS_H */
