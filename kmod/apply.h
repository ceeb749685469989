/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GKSM_APPLY_H
#define GKSM_APPLY_H

#include <linux/types.h>

#include "round.h"

struct gksm_ent;

/**
 * struct gksm_apply_tally - what became of the pages of a round
 * @round:	 in: which; who waits in its tree is found
 * @nr_volatile: changed since the pass before, or new
 * @nr_unshared: unchanged, and without a twin so far
 * @nr_full:	 merged pages not made because of max_shared_pages
 * @nr_no_memory: merged pages, or states of pages, for which there is no memory
 *		 or no room below max_metadata_kib
 */
struct gksm_apply_tally {
	enum gksm_round round;
	u64 nr_volatile;
	u64 nr_unshared;
	u64 nr_full;
	u64 nr_no_memory;
};

int gksm_apply_init(void);
void gksm_apply_exit(void);
void gksm_apply(const struct gksm_ent *ents, unsigned int nr,
		struct gksm_apply_tally *tally);

#endif /* GKSM_APPLY_H */
