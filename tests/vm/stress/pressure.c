// SPDX-License-Identifier: GPL-2.0-only
/*
 * pressure.c - a process that leaves little memory to all others
 *
 * It takes what is free and some of what is not, so that everybody is swapped
 * out, keeps it for some seconds, looks at it and ends. Should it take too
 * much, it is the one that is killed.
 */
#define _GNU_SOURCE
#include "actor.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

/* How much is taken beyond what is available, in pages. */
#define BEYOND ((64UL << 20) / PAGE_BYTES)
#define NEVER_FREE_KIB (24 << 10)
/* How long it may take to take it, and to look at it. */
#define TAKE_MS 10000
#define LOOK_MS 3000

static uint64_t word_of(size_t i)
{
	return mix(i + 1);
}

/* What cannot be swapped out as fast is not taken. */
static size_t take(char *pages, size_t nr)
{
	const uint64_t end_ms = now_ms() + TAKE_MS;
	size_t i;

	for (i = 0; i < nr; i++) {
		*(uint64_t *)(pages + i * PAGE_BYTES) = word_of(i);
		if (!(i & 1023) && (now_ms() > end_ms ||
				    meminfo_kib("SwapFree") < NEVER_FREE_KIB))
			break;
	}
	return i;
}

static void be_eater(struct actor *actor)
{
	const size_t nr =
		(size_t)meminfo_kib("MemAvailable") / 4 + dice(actor, BEYOND);
	char *pages = pages_map(nr);
	uint64_t end_ms;
	size_t taken;

	must(actor, put_line("/proc/self/oom_score_adj", "1000"),
	     "oom_score_adj");
	taken = take(pages, nr);
	sleep_ms(1000 + (unsigned int)dice(actor, 3000));
	end_ms = now_ms() + LOOK_MS;
	for (size_t i = 0; i < taken && now_ms() < end_ms;
	     i += 1 + dice(actor, 256))
		if (*(uint64_t *)(pages + i * PAGE_BYTES) != word_of(i))
			fail("LOST WRITE: pressure, page %zu", i);
	_exit(0);
}

void act_pressure(struct actor *actor)
{
	uint64_t rounds = 0, killed = 0;
	int status;

	if (meminfo_kib("SwapTotal") < 4 * NEVER_FREE_KIB)
		leave(actor, "no swap");
	while (goes_on(actor)) {
		pid_t pid;

		rest(actor, 20000);
		pid = fork();
		must(actor, pid >= 0, "fork");
		if (!pid)
			be_eater(actor);
		must(actor, waitpid(pid, &status, 0) == pid, "waitpid");
		if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
			killed++;
		else if (status)
			fail("pressure: a process ended with status %#x",
			     status);
		rounds++;
	}
	printf("pressure: %llu memory shortages, %llu oom kills\n",
	       (unsigned long long)rounds, (unsigned long long)killed);
}
