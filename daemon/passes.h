/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * passes.h - how often the module has named every page
 */
#ifndef GKSM_PASSES_H
#define GKSM_PASSES_H

#include <stdint.h>

#include "settings.h"

/**
 * struct gksm_passes - the module's count of generations
 * @settings: its files; NULL: generations cannot be told apart
 * @counter:  which of them is generations
 * @seen:     what it said last
 */
struct gksm_passes {
	const struct gksm_settings *settings;
	size_t counter;
	uint64_t seen;
};

void gksm_passes_init(struct gksm_passes *passes,
		      const struct gksm_settings *settings);
uint64_t gksm_passes_new(struct gksm_passes *passes);

#endif /* GKSM_PASSES_H */
