/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GKSM_RESULT_H
#define GKSM_RESULT_H

#include <linux/types.h>

struct gksm_batch;
struct gksm_result;

u32 gksm_results_take(struct gksm_batch *batch,
		      const struct gksm_result *shared, u32 nr);

#endif /* GKSM_RESULT_H */
