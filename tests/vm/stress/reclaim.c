// SPDX-License-Identifier: GPL-2.0-only
/*
 * reclaim.c - everybody's memory is swapped out and compacted, now and then
 */
#define _GNU_SOURCE
#include "actor.h"

#include <errno.h>
#include <stdio.h>

void act_reclaim(struct actor *actor)
{
	uint64_t reclaims = 0, compactions = 0;
	char path[256], amount[32];

	if (actor->cgroup)
		snprintf(path, sizeof(path), "%s/memory.reclaim",
			 actor->cgroup);
	while (goes_on(actor)) {
		rest(actor, 3000);
		/* EAGAIN: there was less to reclaim. */
		snprintf(amount, sizeof(amount), "%zuM", 1 + dice(actor, 32));
		if (actor->cgroup && dice(actor, 2)) {
			must(actor, put_line(path, amount) || errno == EAGAIN,
			     path);
			reclaims++;
		} else {
			must(actor,
			     put_line("/proc/sys/vm/compact_memory", "1"),
			     "compact_memory");
			compactions++;
		}
		if (!dice(actor, 8))
			must(actor, put_line("/proc/sys/vm/drop_caches", "1"),
			     "drop_caches");
	}
	printf("reclaim: %llu reclaims, %llu compactions\n",
	       (unsigned long long)reclaims, (unsigned long long)compactions);
}
