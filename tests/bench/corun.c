// SPDX-License-Identifier: GPL-2.0-only
/*
 * corun.c - a program that waits for memory, beside whoever scans
 *
 * A process of its own goes along a random cycle through WORKING_SET bytes, so
 * that no load can begin before the last one has ended; every fourth also
 * stores. That is more than a processor's L2, and less than the L3 of most: what
 * a scanner does to the shared cache, to the way to memory and to the other
 * processors is seen here. Small pages, not mergeable, not pinned to a
 * processor: the kernel places it, as it would any program. Each batch is
 * timed by the wall. While nobody measures, it sleeps.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "e2e.h"

#define WORKING_SET ((size_t)16 << 20)
#define NR_LINES (WORKING_SET / sizeof(struct line))
#define LOADS 1024 /* of a batch */
#define WARM_UP_MS 100
#define MAX_BATCHES (1U << 20)
#define TICK_MS 100

struct line {
	uint32_t next;
	uint32_t stores;
	uint8_t rest[56];
};

static pid_t child;
static int to_child = -1, from_child = -1;

static void *map(size_t bytes)
{
	void *mem = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (mem == MAP_FAILED || madvise(mem, bytes, MADV_NOHUGEPAGE))
		fail("co-runner", strerror(errno));
	return mem;
}

/* One cycle through all lines (Sattolo's algorithm). */
static void make_cycle(struct line *lines)
{
	for (uint32_t i = 0; i < NR_LINES; i++)
		lines[i].next = i;
	for (uint32_t i = NR_LINES - 1; i > 0; i--) {
		const uint32_t other = (uint32_t)(scatter(i) % i);
		const uint32_t next = lines[i].next;

		lines[i].next = lines[other].next;
		lines[other].next = next;
	}
}

static uint32_t run_batch(struct line *lines, uint32_t at)
{
	for (unsigned int load = 0; load < LOADS; load++) {
		at = lines[at].next;
		if (load % 4 == 0)
			lines[at].stores++;
	}
	return at;
}

static int by_length(const void *a, const void *b)
{
	const uint32_t one = *(const uint32_t *)a, two = *(const uint32_t *)b;

	return (one > two) - (one < two);
}

/* Returns how many batches there were. */
static unsigned int run_for(struct line *lines, unsigned int ms, uint32_t *ns)
{
	static uint32_t at;
	const uint64_t end = now_ns() + ms * 1000000ULL;
	uint64_t before = now_ns();
	unsigned int nr = 0;

	while (before < end && nr < MAX_BATCHES) {
		uint64_t after;

		at = run_batch(lines, at);
		after = now_ns();
		ns[nr++] = after - before > UINT32_MAX ?
				   UINT32_MAX :
				   (uint32_t)(after - before);
		before = after;
	}
	return nr;
}

static void serve(int requests, int answers)
{
	struct line *lines = map(WORKING_SET);
	uint32_t *ns = map(MAX_BATCHES * sizeof(*ns));
	unsigned int ms;

	make_cycle(lines);
	/* All of it is there before memory is counted. */
	memset(ns, 1, MAX_BATCHES * sizeof(*ns));
	while (read(requests, &ms, sizeof(ms)) == sizeof(ms)) {
		struct latency latency;
		unsigned int nr;

		run_for(lines, WARM_UP_MS, ns);
		nr = run_for(lines, ms, ns);
		qsort(ns, nr, sizeof(*ns), by_length);
		latency = (struct latency){
			.p50 = ns[nr / 2] / 1e3,
			.p99 = ns[(uint64_t)nr * 99 / 100] / 1e3,
			.most = ns[nr - 1] / 1e3,
		};
		if (write(answers, &latency, sizeof(latency)) !=
		    sizeof(latency))
			break;
	}
	_exit(0);
}

/**
 * corun_start - begin; before there is memory that is mergeable
 */
void corun_start(void)
{
	int requests[2], answers[2];

	if (pipe(requests) || pipe(answers))
		fail("pipe", strerror(errno));
	child = fork();
	if (child < 0)
		fail("fork", strerror(errno));
	if (!child) {
		/* It ends with us, when there is no other end any more. */
		close(requests[1]);
		close(answers[0]);
		serve(requests[0], answers[1]);
	}
	close(requests[0]);
	close(answers[1]);
	to_child = requests[1];
	from_child = answers[0];
	/* Its memory is set up. */
	corun_measure(1, NULL);
}

/**
 * corun_measure - let it run
 * @ms:	       how long
 * @meanwhile: called ten times a second, or NULL
 *
 * Return: how long its batches took.
 */
struct latency corun_measure(unsigned int ms, void (*meanwhile)(void))
{
	struct pollfd answer = { .fd = from_child, .events = POLLIN };
	struct latency latency;
	int wait_ms = TICK_MS;

	if (write(to_child, &ms, sizeof(ms)) != sizeof(ms))
		fail("co-runner", strerror(errno));
	for (;;) {
		const uint64_t before = now_ns();

		if (meanwhile) {
			const uint64_t took_ms =
				(meanwhile(), (now_ns() - before) / 1000000);

			wait_ms =
				took_ms < TICK_MS ? TICK_MS - (int)took_ms : 0;
		}
		if (poll(&answer, 1, wait_ms) > 0)
			break;
	}
	if (read(from_child, &latency, sizeof(latency)) != sizeof(latency))
		fail("co-runner", "it ended");
	return latency;
}

/**
 * corun_stop - end it
 */
void corun_stop(void)
{
	close(to_child);
	close(from_child);
	waitpid(child, NULL, 0);
}
