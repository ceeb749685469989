/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GKSM_PSI_H
#define GKSM_PSI_H

#include <linux/types.h>

bool gksm_psi_available(void);
unsigned int gksm_psi_boost(void);
void gksm_psi_forget(void);

#endif /* GKSM_PSI_H */
