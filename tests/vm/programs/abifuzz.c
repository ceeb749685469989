// SPDX-License-Identifier: GPL-2.0-only
/*
 * abifuzz - every call of /dev/gksm with every kind of wrong argument
 *
 * Threads share one open device and call it at random: valid and invalid
 * ioctl numbers, structs of boundary and random sizes and values, at addresses
 * that are good, unmapped, or end in the middle of the struct; mappings of all
 * offsets, lengths and protections; poll, read, write; results scribbled over
 * at all times; batches taken and answered with right, wrong, repeated, stale
 * and self-referring answers. A round has some thousand calls and a session of
 * its own; it ends by close, with mappings and batches still out, or by a
 * process that is killed.
 *
 * What must hold: a call fails only with an errno that the ABI documents for
 * it, and what succeeds returns what the ABI promises. That nothing else in
 * the machine was harmed is for the kernel log and for the programs that
 * verify memory beside this one.
 *
 * Each thread draws from its own sequence, made of the seed; with one thread a
 * run repeats exactly.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gksm_abi.h>

#include "abifuzz.h"
#include "vmtest.h"

#define MAX_THREADS 16

static atomic_bool round_over;

/*
 * Write all over the results while others complete. In every other round each
 * result breaks a rule and counts as none: the session is not revoked.
 */
static void *scribble(void *arg)
{
	uint64_t state = *(uint64_t *)arg;
	const bool mild = state & 1;
	struct gksm_result *results = MAP_FAILED;
	size_t bytes = 0, nr = 0;

	while (!atomic_load(&round_over)) {
		if (results == MAP_FAILED) {
			bytes = bytes % (16 * PAGE_BYTES) + PAGE_BYTES;
			results = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
				       MAP_SHARED, device, GKSM_MMAP_RESULTS);
			nr = bytes / sizeof(*results);
			continue;
		}
		for (size_t i = 0; i < nr; i++) {
			uint64_t r = rng_next(&state);

			results[i].hash = r;
			results[i].verdict = r >> 8 & 7;
			results[i].peer = r & 16 ? rng_next(&state) : 0;
			results[i].flags = mild || !(r & 0xf00);
		}
	}
	if (results != MAP_FAILED)
		munmap(results, bytes);
	return NULL;
}

static void *call_at_random(void *arg)
{
	struct thread *t = arg;
	uint64_t i;

	for (i = 0; i < t->left; i++)
		call_something(t);
	unmap_all(t);
	return NULL;
}

static void open_device(void)
{
	unsigned int tries;

	/* A session ends when the last of its mappings is gone. */
	for (tries = 0; tries < 1000; tries++) {
		device = open(GKSM_DEVICE_PATH, O_RDWR);
		if (device >= 0)
			return;
		if (errno != EBUSY)
			break;
		sleep_ms(10);
	}
	fail("cannot open %s: %s", GKSM_DEVICE_PATH, strerror(errno));
}

/* A child does the round and is killed in the middle of it. */
static void round_killed(struct thread *threads, unsigned int after_ms)
{
	pid_t child = fork();

	if (child < 0)
		fail("fork: %s", strerror(errno));
	if (!child) {
		open_device();
		threads[0].left = UINT64_MAX;
		call_at_random(&threads[0]);
	}
	sleep_ms(after_ms);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

static void one_round(struct thread *threads, unsigned int nr_threads,
		      uint64_t calls, uint64_t seed)
{
	pthread_t scribbler;
	unsigned int i;

	open_device();
	if (open(GKSM_DEVICE_PATH, O_RDWR) >= 0 || errno != EBUSY)
		fail("the device could be opened twice");
	atomic_store(&round_over, false);
	if (pthread_create(&scribbler, NULL, scribble, &seed))
		fail("cannot start a thread");
	for (i = 0; i < nr_threads; i++) {
		threads[i].left = calls / nr_threads;
		if (pthread_create(&threads[i].id, NULL, call_at_random,
				   &threads[i]))
			fail("cannot start a thread");
	}
	for (i = 0; i < nr_threads; i++)
		pthread_join(threads[i].id, NULL);
	atomic_store(&round_over, true);
	pthread_join(scribbler, NULL);
	close(device);
}

static uint64_t report(const struct thread *threads, unsigned int nr_threads)
{
	uint64_t sum = 0;
	unsigned int c, e, i;

	for (c = 0; c < NR_CALLS; c++) {
		printf("%-12s", call_names[c]);
		for (e = 0; e < ERRNOS; e++) {
			uint64_t n = 0;

			for (i = 0; i < nr_threads; i++)
				n += threads[i].counts[c][e];
			sum += n;
			if (n)
				printf(" %s %lu", e ? strerrorname_np(e) : "ok",
				       n);
		}
		printf("\n");
	}
	return sum;
}

static void usage(void)
{
	fprintf(stderr, "usage: abifuzz [-n CALLS] [-t THREADS] [-s SEED] [-l "
			"SECONDS]\n");
	exit(2);
}

int main(int argc, char **argv)
{
	static struct thread threads[MAX_THREADS];
	uint64_t calls = 1000000, seed = 1, made = 0, end, start = now_ms();
	unsigned int nr_threads = 4, limit_s = 3600, i, round;
	int option;

	while ((option = getopt(argc, argv, "n:t:s:l:")) != -1) {
		if (option == 'n')
			calls = parse_number(optarg, option);
		else if (option == 't')
			nr_threads = parse_number(optarg, option);
		else if (option == 's')
			seed = parse_number(optarg, option);
		else if (option == 'l')
			limit_s = parse_number(optarg, option);
		else
			usage();
	}
	if (optind < argc || !nr_threads || nr_threads > MAX_THREADS)
		usage();
	for (i = 0; i < nr_threads; i++) {
		threads[i].state = mix(seed * MAX_THREADS + i + 1);
		threads[i].page =
			mmap(NULL, 2 * PAGE_BYTES, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (threads[i].page == MAP_FAILED ||
		    mprotect(threads[i].page + PAGE_BYTES, PAGE_BYTES,
			     PROT_NONE))
			fail("cannot map memory: %s", strerror(errno));
	}
	end = start + limit_s * 1000UL;
	for (round = 0; made < calls && now_ms() < end; round++) {
		uint64_t some = 2000 + mix(seed + round) % 20000;

		one_round(threads, nr_threads, some, mix(seed ^ round));
		made += some;
		if (round % 16 == 15)
			round_killed(threads, 5 + mix(seed + round) % 50);
	}
	made = report(threads, nr_threads);
	printf("%lu calls in %u rounds, seed %lu, %.1f s\n", made, round, seed,
	       (double)(now_ms() - start) / 1000);
	return 0;
}
