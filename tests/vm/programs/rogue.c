// SPDX-License-Identifier: GPL-2.0-only
/*
 * rogue.c - daemons that must not be able to do harm
 *
 *   rogue random   answers with whatever looks dangerous, and calls the
 *                  device with nonsense in between
 *   rogue silent   takes every batch and never answers
 *   rogue hold     takes one batch, says so, and sleeps until it is killed
 *
 * The module may put an end to a session at any time; the next one begins at
 * once. What counts is what happens to other processes' memory meanwhile.
 */
#define _GNU_SOURCE
#include "vmtest.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <gksm_abi.h>

#define NR_BATCHES 4
#define BATCH_SLOTS 512
#define POLL_MS 100

/**
 * struct device - a session with /dev/gksm
 * @fd:	     the open device
 * @staging: pages of all batches
 * @slots:   what each page is
 * @results: our answers
 * @setup:   what the module granted
 */
struct device {
	int fd;
	const char *staging;
	const struct gksm_slot *slots;
	struct gksm_result *results;
	struct gksm_setup setup;
};

static uint64_t rng;
static unsigned long sessions, answers, refused;

static void *map_area(int fd, size_t bytes, int protection, off_t offset)
{
	void *area = mmap(NULL, bytes, protection, MAP_SHARED, fd, offset);

	if (area == MAP_FAILED)
		fail("cannot map the area at %#llx: %s",
		     (unsigned long long)offset, strerror(errno));
	return area;
}

static void device_open(struct device *device)
{
	struct gksm_setup *setup = &device->setup;

	device->fd = open(GKSM_DEVICE_PATH, O_RDWR | O_CLOEXEC);
	if (device->fd < 0)
		fail("cannot open %s: %s", GKSM_DEVICE_PATH, strerror(errno));
	*setup = (struct gksm_setup){
		.size = sizeof(*setup),
		.abi = GKSM_ABI_VERSION,
		.nr_batches = NR_BATCHES,
		.batch_slots = BATCH_SLOTS,
	};
	if (ioctl(device->fd, GKSM_IOC_SETUP, setup))
		fail("GKSM_IOC_SETUP: %s", strerror(errno));
	device->staging = map_area(device->fd, setup->staging_bytes, PROT_READ,
				   GKSM_MMAP_STAGING);
	device->slots = map_area(device->fd, setup->slots_bytes, PROT_READ,
				 GKSM_MMAP_SLOTS);
	device->results = map_area(device->fd, setup->results_bytes,
				   PROT_READ | PROT_WRITE, GKSM_MMAP_RESULTS);
	sessions++;
}

static void device_close(struct device *device)
{
	munmap((void *)device->staging, device->setup.staging_bytes);
	munmap((void *)device->slots, device->setup.slots_bytes);
	munmap(device->results, device->setup.results_bytes);
	close(device->fd);
}

/* Returns 0, or the errno of GKSM_IOC_NEXT. */
static int device_next(struct device *device, struct gksm_next *next)
{
	struct pollfd poll_fd = { .fd = device->fd, .events = POLLIN };

	poll(&poll_fd, 1, POLL_MS);
	*next = (struct gksm_next){ .size = sizeof(*next) };
	return ioctl(device->fd, GKSM_IOC_NEXT, next) ? errno : 0;
}

static int device_complete(struct device *device, uint64_t batch,
			   uint32_t nr_slots)
{
	struct gksm_complete complete = {
		.size = sizeof(complete),
		.batch = batch,
		.nr_slots = nr_slots,
	};

	return ioctl(device->fd, GKSM_IOC_COMPLETE, &complete) ? errno : 0;
}

static uint64_t true_hash(const struct device *device, size_t base, size_t i)
{
	const struct gksm_slot *slot = &device->slots[base + i];

	if (slot->page == GKSM_NO_PAGE)
		return 0;
	return XXH64(device->staging + (base + slot->page) * PAGE_BYTES,
		     PAGE_BYTES, slot->salt);
}

/* Hashes are right, so that the module believes them; the rest is a lie. */
static void lie(struct device *device, size_t base, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		struct gksm_result *result = &device->results[base + i];
		const uint64_t dice = rng_next(&rng);

		result->hash = true_hash(device, base, i);
		result->verdict = (uint32_t)(dice % GKSM_NR_VERDICTS);
		result->peer = device->slots[base + (dice >> 8) % nr].cookie;
		result->flags = 0;
	}
}

/* That of the twins that were seen last: they are merged by now, perhaps. */
static uint64_t twins_hash;

static void note_twins(const struct device *device, size_t base, size_t nr)
{
	uint64_t hashes[BATCH_SLOTS];

	for (size_t i = 0; i < nr; i++) {
		hashes[i] = true_hash(device, base, i);
		for (size_t j = 0; hashes[i] && j < i; j++)
			if (hashes[j] == hashes[i])
				twins_hash = hashes[i];
	}
}

/* All is true, but for one page, which has the hash of another: hard to see. */
static void mistake(struct device *device, size_t base, size_t nr)
{
	const uint64_t dice = rng_next(&rng);
	uint64_t hash = true_hash(device, base, (dice >> 16) % nr);

	for (size_t i = 0; i < nr; i++)
		device->results[base + i] = (struct gksm_result){
			.hash = true_hash(device, base, i),
			.verdict = GKSM_VERDICT_HASHED,
		};
	if (dice % 2 && twins_hash)
		hash = twins_hash;
	device->results[base + (dice >> 32) % nr].hash = hash;
}

/* Every page is said to be equal to every other. */
static void equate(struct device *device, size_t base, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		device->results[base + i] = (struct gksm_result){
			.hash = 42,
			.peer = device->slots[base + (i ? 0 : nr - 1)].cookie,
			.verdict = GKSM_VERDICT_DUPLICATE,
		};
}

static void scribble(struct device *device, size_t base, size_t nr)
{
	uint64_t *word = (uint64_t *)&device->results[base];

	for (size_t i = 0; i < nr * sizeof(struct gksm_result) / 8; i++)
		word[i] = rng_next(&rng) >> (rng % 64);
}

/* Results of earlier batches, as they lie there. */
static void repeat(struct device *device, size_t base, size_t nr)
{
	(void)device;
	(void)base;
	(void)nr;
}

static void (*const tricks[])(struct device *device, size_t base,
			      size_t nr) = { lie,    lie,      mistake, mistake,
					     equate, scribble, repeat };

/* Calls that make no sense. The module answers with an error. */
static void talk_nonsense(struct device *device, uint64_t batch)
{
	uint32_t words[16];

	device_complete(device, batch, BATCH_SLOTS + 1);
	device_complete(device, rng_next(&rng), 1);
	for (size_t i = 0; i < 16; i++)
		words[i] = (uint32_t)(rng_next(&rng) >> (rng % 64));
	words[0] = (uint32_t)(rng % 65);
	ioctl(device->fd, _IO(GKSM_IOC_MAGIC, 0xd0 + rng % 6), words);
	ioctl(device->fd, _IO(GKSM_IOC_MAGIC, 0xd0 + rng % 6), (void *)8);
	if (mmap(NULL, (rng % 9) * PAGE_BYTES, PROT_READ | PROT_WRITE,
		 MAP_SHARED, device->fd, GKSM_MMAP_STAGING) != MAP_FAILED)
		fail("the staging area can be mapped for writing");
}

static void answer(struct device *device, const struct gksm_next *next)
{
	const size_t base = (size_t)next->index * BATCH_SLOTS;
	const size_t nr_tricks = sizeof(tricks) / sizeof(tricks[0]);

	note_twins(device, base, next->nr_slots);
	tricks[rng_next(&rng) % nr_tricks](device, base, next->nr_slots);
	if (rng_next(&rng) % 8 == 0)
		talk_nonsense(device, next->batch);
	if (device_complete(device, next->batch,
			    rng_next(&rng) % 4 ? next->nr_slots :
						 rng % (next->nr_slots + 1)))
		refused++;
	else
		answers++;
}

static void run_random(unsigned long seconds)
{
	const uint64_t end_ms = now_ms() + seconds * 1000ULL;
	struct device device;
	struct gksm_next next;

	device_open(&device);
	while (now_ms() < end_ms) {
		int err = device_next(&device, &next);

		if (!err)
			answer(&device, &next);
		if ((err && err != EAGAIN) || rng_next(&rng) % 64 == 0) {
			device_close(&device);
			device_open(&device);
		}
	}
	device_close(&device);
	printf("rogue: %lu sessions, %lu batches taken, %lu refused\n",
	       sessions, answers, refused);
	if (!answers)
		fail("the module asked nothing: this has shown nothing");
}

static void run_silent(unsigned long seconds)
{
	const uint64_t end_ms = now_ms() + seconds * 1000ULL;
	unsigned long taken = 0;
	struct device device;
	struct gksm_next next;

	device_open(&device);
	while (now_ms() < end_ms)
		taken += !device_next(&device, &next);
	device_close(&device);
	printf("rogue: %lu batches taken, none answered\n", taken);
	if (!taken)
		fail("the module asked nothing: this has shown nothing");
}

static void run_hold(void)
{
	struct device device;
	struct gksm_next next;

	device_open(&device);
	while (device_next(&device, &next))
		;
	printf("rogue: holding a batch of %u\n", next.nr_slots);
	fflush(stdout);
	while (true)
		pause();
}

int main(int argc, char **argv)
{
	unsigned long seconds = argc > 2 ? parse_number(argv[2], 's') : 60;

	if (argc > 1 && !strcmp(argv[1], "random"))
		run_random(seconds);
	else if (argc > 1 && !strcmp(argv[1], "silent"))
		run_silent(seconds);
	else if (argc > 1 && !strcmp(argv[1], "hold"))
		run_hold();
	else
		fail("usage: rogue random|silent|hold [SECONDS]");
	return 0;
}
