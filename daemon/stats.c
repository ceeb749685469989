// SPDX-License-Identifier: GPL-2.0-only
/*
 * stats.c - what the daemon has done
 */
#include <inttypes.h>
#include <stdio.h>

#include "log.h"
#include "stats.h"

static uint64_t count_answered(const struct gksm_tally *slots)
{
	return slots->zero + slots->unique + slots->duplicate + slots->hashed;
}

/**
 * gksm_stats_log - print all counters
 * @stats:  the counters
 * @device: name of the device in use
 *
 * Somebody asked for them, so --quiet prints them too.
 */
void gksm_stats_log(const struct gksm_stats *stats, const char *device)
{
	const struct gksm_tally *slots = &stats->slots;

	gksm_warn("batches: %" PRIu64 " taken, %" PRIu64 " completed, %" PRIu64
		  " late, %" PRIu64 " handed back",
		  stats->batches_taken, stats->batches_completed,
		  stats->batches_late, stats->batches_handed_back);
	gksm_warn("slots: %" PRIu64 " hashed, of these %" PRIu64
		  " duplicate, %" PRIu64 " zero, %" PRIu64 " collided; %" PRIu64
		  " unanswered, %" PRIu64 " refused",
		  count_answered(slots), slots->duplicate, slots->zero,
		  slots->collided, slots->unanswered, stats->results_refused);
	gksm_warn("device: %s, busy %" PRIu64 " ms, %" PRIu64 " failed before",
		  device, stats->device_ns / 1000000, stats->device_failures);
}

/**
 * gksm_stats_line - the state in one line
 * @stats:  the counters
 * @device: name of the device in use
 * @line:   out
 * @size:   bytes at @line
 */
void gksm_stats_line(const struct gksm_stats *stats, const char *device,
		     char *line, size_t size)
{
	snprintf(line, size,
		 "%" PRIu64 " pages hashed on %s, %" PRIu64
		 " duplicates, %" PRIu64 " batches late",
		 count_answered(&stats->slots), device, stats->slots.duplicate,
		 stats->batches_late);
}

/**
 * gksm_stats_reply - all counters, for the control socket
 * @stats: the counters
 * @reply: they are added to it
 */
void gksm_stats_reply(const struct gksm_stats *stats, struct gksm_reply *reply)
{
	const struct {
		const char *key;
		uint64_t value;
	} figures[] = {
		{ "batches_taken", stats->batches_taken },
		{ "batches_completed", stats->batches_completed },
		{ "batches_late", stats->batches_late },
		{ "batches_handed_back", stats->batches_handed_back },
		{ "results_refused", stats->results_refused },
		{ "device_failures", stats->device_failures },
		{ "device_ms", stats->device_ns / 1000000 },
		{ "slots_duplicate", stats->slots.duplicate },
		{ "slots_zero", stats->slots.zero },
		{ "slots_hashed", count_answered(&stats->slots) },
		{ "slots_unique", stats->slots.unique },
		{ "slots_known", stats->slots.known },
		{ "slots_collided", stats->slots.collided },
		{ "slots_unanswered", stats->slots.unanswered },
	};

	for (size_t i = 0; i < sizeof(figures) / sizeof(*figures); i++)
		gksm_reply_line(reply, "daemon", figures[i].key, "%" PRIu64,
				figures[i].value);
}
