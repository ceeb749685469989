/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stats.h - what the daemon has done
 */
#ifndef GKSM_STATS_H
#define GKSM_STATS_H

#include <stddef.h>
#include <stdint.h>

#include "finder.h"
#include "reply.h"

/**
 * struct gksm_stats - counters since the start
 * @batches_taken:     = completed + late + handed_back + in flight
 * @batches_completed: answered
 * @batches_late:      taken back by the module before the answer came
 * @batches_handed_back: given back without an answer: the device failed
 * @results_refused:   answers that the module did not accept
 * @device_failures:   devices that failed and were replaced, or left out
 * @device_ns:	       time the device worked on completed batches
 * @slots:	       the answers of completed and late batches
 */
struct gksm_stats {
	uint64_t batches_taken;
	uint64_t batches_completed;
	uint64_t batches_late;
	uint64_t batches_handed_back;
	uint64_t results_refused;
	uint64_t device_failures;
	uint64_t device_ns;
	struct gksm_tally slots;
};

void gksm_stats_log(const struct gksm_stats *stats, const char *device);
void gksm_stats_reply(const struct gksm_stats *stats, struct gksm_reply *reply);
void gksm_stats_line(const struct gksm_stats *stats, const char *device,
		     char *line, size_t size);

#endif /* GKSM_STATS_H */
