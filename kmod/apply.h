/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GKSM_APPLY_H
#define GKSM_APPLY_H

#include <linux/types.h>

struct gksm_ent;

/**
 * struct gksm_apply_tally - what became of the pages of a pass
 * @nr_volatile: changed since the pass before, or new
 * @nr_unshared: unchanged, and without a twin so far
 */
struct gksm_apply_tally {
	u64 nr_volatile;
	u64 nr_unshared;
};

int gksm_apply_init(void);
void gksm_apply_exit(void);
void gksm_apply(const struct gksm_ent *ents, unsigned int nr,
		struct gksm_apply_tally *tally);

#endif /* GKSM_APPLY_H */
