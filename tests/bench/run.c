// SPDX-License-Identifier: GPL-2.0-only
/*
 * run.c - an engine to be measured
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#include "bench.h"

static uint64_t read_clock(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/**
 * now_ns - time on the wall
 *
 * Return: nanoseconds.
 */
uint64_t now_ns(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

/**
 * cpu_ns - time on processors, of all threads
 *
 * Return: nanoseconds.
 */
uint64_t cpu_ns(void)
{
	return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

/**
 * scatter - a number that looks random
 * @number: from which it is made; others make others (SplitMix64)
 *
 * Return: the number.
 */
uint64_t scatter(uint64_t number)
{
	number = (number + 1) * 0x9e3779b97f4a7c15;
	number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9;
	number = (number ^ (number >> 27)) * 0x94d049bb133111eb;
	return number ^ (number >> 31);
}

/**
 * fail - end with a message
 * @what: what could not be done
 * @why:  why
 */
void fail(const char *what, const char *why)
{
	fprintf(stderr, "gksm-bench: %s: %s\n", what, why);
	exit(1);
}

/**
 * run_open - open and bind an engine
 * @run:     out
 * @options: which device, and how large its batches are
 *
 * Return: 0, or it does not return.
 */
int run_open(struct run *run, const struct options *options)
{
	const struct gksm_gpu_options wanted = { .device = options->device,
						 .shape = options->shape,
						 .upload = options->upload };
	const size_t bytes = NR_BATCHES * options->batch_pages * PAGE;

	run->batch_pages = options->batch_pages;
	run->pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (run->pages == MAP_FAILED)
		fail("cannot map pages", "out of memory");
	if (gksm_gpu_open(&run->gpu, &wanted))
		fail("cannot open a device", gksm_gpu_error(NULL));
	if (gksm_gpu_bind(run->gpu, run->pages, NR_BATCHES, run->batch_pages))
		fail("cannot bind pages", gksm_gpu_error(run->gpu));
	return 0;
}

/**
 * run_close - undo run_open()
 * @run: opened
 */
void run_close(struct run *run)
{
	gksm_gpu_close(run->gpu);
	munmap(run->pages, run_nr_pages(run) * PAGE);
}

/**
 * run_nr_pages - pages of all batches
 * @run: opened
 *
 * Return: how many.
 */
size_t run_nr_pages(const struct run *run)
{
	return (size_t)NR_BATCHES * run->batch_pages;
}

/**
 * run_wait - wait for a batch
 * @run: with a batch in flight
 *
 * Return: the batch.
 */
struct gksm_gpu_batch run_wait(struct run *run)
{
	struct pollfd fd = { .fd = gksm_gpu_fd(run->gpu), .events = POLLIN };
	struct gksm_gpu_batch done;
	int err;

	while ((err = gksm_gpu_reap(run->gpu, &done)) == -EAGAIN)
		poll(&fd, 1, -1);
	if (err || done.error)
		fail("a batch failed", gksm_gpu_error(run->gpu));
	return done;
}

static void count_found(const struct gksm_gpu_batch *done, uint64_t found[6])
{
	for (unsigned int i = 0; i < done->nr_entries; i++)
		found[done->found[i]]++;
}

static void submit_known(struct run *run, unsigned int batch, uint64_t first,
			 uint64_t nr, uint64_t first_name)
{
	uint64_t *hashes = gksm_gpu_seeds(run->gpu, batch);
	uint64_t *names = gksm_gpu_names(run->gpu, batch);

	for (uint64_t i = 0; i < nr; i++) {
		hashes[i] = scatter(first + i);
		names[i] = first_name + first + i;
	}
	if (gksm_gpu_search(run->gpu, batch, 0, (unsigned int)nr))
		fail("cannot search", gksm_gpu_error(run->gpu));
}

/**
 * run_known - search for entries without content, all batches in flight
 * @run:	opened
 * @nr:		how many: their hashes are scatter(0) and so on
 * @first_name: name of the first; the others follow
 * @found:	in and out: how many of each enum gksm_gpu_found
 */
void run_known(struct run *run, uint64_t nr, uint64_t first_name,
	       uint64_t found[6])
{
	unsigned int in_flight = 0;
	uint64_t at = 0;

	while (at < nr || in_flight) {
		unsigned int batch = in_flight;
		uint64_t some = run->batch_pages;

		if (in_flight == NR_BATCHES || at == nr) {
			const struct gksm_gpu_batch done = run_wait(run);

			count_found(&done, found);
			batch = done.batch;
			in_flight--;
			if (at == nr)
				continue;
		}
		if (some > nr - at)
			some = nr - at;
		submit_known(run, batch, at, some, first_name);
		in_flight++;
		at += some;
	}
}
