// SPDX-License-Identifier: GPL-2.0-only
/*
 * hotplug.c - CPUs go offline and come back, all but the first and the last
 */
#define _GNU_SOURCE
#include "actor.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

static void set_online(struct actor *actor, size_t cpu, bool online)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%zu/online",
		 cpu);
	must(actor, put_line(path, online ? "1" : "0") || errno == EBUSY, path);
}

void act_hotplug(struct actor *actor)
{
	const size_t nr = (size_t)sysconf(_SC_NPROCESSORS_CONF);
	uint64_t hotplugs = 0;

	/* The last one stays: KVM must not be left with the first alone. */
	if (nr < 3)
		leave(actor, "fewer than three CPUs");
	while (goes_on(actor)) {
		const size_t cpu = 1 + dice(actor, nr - 2);

		rest(actor, 2000);
		set_online(actor, cpu, false);
		rest(actor, 2000);
		if (dice(actor, 3))
			set_online(actor, cpu, true);
		else
			set_online(actor, 1 + dice(actor, nr - 2), true);
		hotplugs++;
	}
	for (size_t cpu = 1; cpu < nr - 1; cpu++)
		set_online(actor, cpu, true);
	printf("hotplug: %llu hotplugs\n", (unsigned long long)hotplugs);
}
