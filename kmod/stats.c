// SPDX-License-Identifier: GPL-2.0-only
/*
 * stats.c - counters
 */
#include "stats.h"

atomic64_t gksm_stats[GKSM_NR_STATS];
