// SPDX-License-Identifier: GPL-2.0-only
/*
 * phases.c - three passes after memory was written the counters are exact
 *
 *   phases [DIR]
 *
 * Three processes fill all their memory with one byte each, and again, in the
 * way that tests of KSM do: they wait until full_scans has grown by three (the
 * pass that was under way, one that sees the change, one that merges), and then
 * expect what the contents imply, without any tolerance.
 */
#include "vmtest.h"

#include <stdio.h>
#include <string.h>

#define NR_WORKERS 3
#define NR_PAGES 8192
#define ALL ((long)NR_WORKERS * NR_PAGES)
#define LIMIT_S 120

/**
 * struct phase - what is written, and what follows
 * @byte:     of each process; 0: it leaves its memory alone
 * @last:     the same, for the last byte of its memory only
 * @shared:   frames that are shared then
 * @sharing:  pages that share them, less one each
 * @unshared: pages that are alone
 */
static const struct phase {
	char byte[NR_WORKERS];
	char last[NR_WORKERS];
	long shared;
	long sharing;
	long unshared;
} phases[] = {
	{ { 'c', 'a', 'a' }, { 0 }, 2, ALL - 2, 0 },
	{ { 0, 'b', 0 }, { 0 }, 3, ALL - 3, 0 },
	{ { 'd', 'd', 'd' }, { 0 }, 1, ALL - 1, 0 },
	{ { 0 }, { 0, 'e', 0 }, 1, ALL - 2, 1 },
	{ { 0 }, { 'f', 0, 'f' }, 2, ALL - 3, 1 },
	{ { 'a', 'b', 'c' }, { 0 }, 3, ALL - 3, 0 },
};

static const char *ksm = "/sys/kernel/mm/gksm";
static struct worker workers[NR_WORKERS];
static char *memory;

static void serve(int socket, void *arg)
{
	const size_t bytes = (size_t)NR_PAGES * PAGE_BYTES;
	uint64_t question;

	(void)arg;
	pages_opt_in(memory, NR_PAGES);
	while (worker_poll(socket, -1, &question)) {
		const char byte = (char)(question >> 8), last = (char)question;

		if (byte)
			memset(memory, byte, bytes);
		if (last)
			memory[bytes - 1] = last;
		worker_answer(socket, 0);
	}
}

static unsigned int check(const char *name, long wanted)
{
	const long value = ksm_read(ksm, name);

	if (value == wanted)
		return 0;
	printf("phases: %s is %ld, not %ld\n", name, value, wanted);
	return 1;
}

static unsigned int run_phase(const struct phase *phase)
{
	unsigned int wrong = 0;
	uint64_t begun_ms;

	for (int w = 0; w < NR_WORKERS; w++)
		worker_ask(&workers[w],
			   (uint64_t)phase->byte[w] << 8 |
				   (uint64_t)phase->last[w],
			   LIMIT_S);
	begun_ms = now_ms();
	ksm_await_full_scans(ksm, 3, 1);
	wrong += check("pages_shared", phase->shared);
	wrong += check("pages_sharing", phase->sharing);
	wrong += check("pages_unshared", phase->unshared);
	wrong += check("pages_volatile", 0);
	printf("phases: three passes in %llu ms\n",
	       (unsigned long long)(now_ms() - begun_ms));
	return wrong;
}

int main(int argc, char **argv)
{
	unsigned int wrong = 0;

	if (argc > 1)
		ksm = argv[1];
	memory = pages_map(NR_PAGES);
	for (int w = 0; w < NR_WORKERS; w++)
		worker_start(&workers[w], serve, NULL);
	for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++)
		wrong += run_phase(&phases[i]);
	ksm_write(ksm, "run", 2);
	wrong += check("pages_shared", 0) + check("pages_sharing", 0) +
		 check("pages_unshared", 0) + check("pages_volatile", 0);
	for (int w = 0; w < NR_WORKERS; w++)
		worker_end(&workers[w]);
	if (wrong)
		fail("%u counters are wrong", wrong);
	return 0;
}
