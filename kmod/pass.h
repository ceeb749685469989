/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GKSM_PASS_H
#define GKSM_PASS_H

#include <linux/types.h>

#include "apply.h"
#include "fill.h"

/**
 * struct gksm_pass - one pass over all memory
 * @fill:  where it is, and what it met; its rotations outlast it
 * @tally: what became of its pages
 * @begun: it has begun and not ended
 */
struct gksm_pass {
	struct gksm_fill fill;
	struct gksm_apply_tally tally;
	bool begun;
};

bool gksm_pass_begin(struct gksm_pass *pass);
void gksm_pass_end(struct gksm_pass *pass);
void gksm_pass_abandon(struct gksm_pass *pass);
void gksm_pass_count(void);
u64 gksm_pass_full_scans(void);

#endif /* GKSM_PASS_H */
