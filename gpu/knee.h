/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * knee.h - how large a batch has to be
 */
#ifndef GKSM_KNEE_H
#define GKSM_KNEE_H

#include "gksm_gpu.h"

/**
 * struct gksm_knee_point - what was measured of a size
 * @batch_pages: pages of a batch
 * @pages_per_s: pages a second, with batches of this size
 */
struct gksm_knee_point {
	unsigned int batch_pages;
	double pages_per_s;
};

unsigned int gksm_knee_choose(const struct gksm_knee_point *points,
			      unsigned int nr_points,
			      const struct gksm_gpu_limits *limits);

#endif /* GKSM_KNEE_H */
