// SPDX-License-Identifier: GPL-2.0-only
/*
 * staging.c - the memory of a session: bounded, and given back
 *
 * Nobody may be killed for it: a session that does not fit is ENOMEM.
 */
#define _GNU_SOURCE
#include "vmtest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <gksm_abi.h>

/* What else may change meanwhile: other processes, per-CPU lists. */
#define NOISE_KIB (16L * 1024)
#define PATIENCE_MS 10000

static const char *ksm = "/sys/kernel/mm/gksm";

static int open_device(void)
{
	int fd = open(GKSM_DEVICE_PATH, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		fail("cannot open %s: %s", GKSM_DEVICE_PATH, strerror(errno));
	return fd;
}

/* Returns 0 or the errno of GKSM_IOC_SETUP. */
static int set_up(int fd, uint32_t nr_batches, uint32_t batch_slots,
		  struct gksm_setup *setup)
{
	*setup = (struct gksm_setup){
		.size = sizeof(*setup),
		.abi = GKSM_ABI_VERSION,
		.nr_batches = nr_batches,
		.batch_slots = batch_slots,
	};
	return ioctl(fd, GKSM_IOC_SETUP, setup) ? errno : 0;
}

static void expect_taken(const char *when, long before_kib, long want_kib)
{
	const long kib = before_kib - memory_free_kib();

	printf("staging: %s: %ld KiB taken, %ld expected\n", when, kib,
	       want_kib);
	if (labs(kib - want_kib) > NOISE_KIB + want_kib / 50)
		fail("%s: %ld KiB taken instead of %ld", when, kib, want_kib);
}

static void too_much_is_refused(int fd, uint32_t max_pages)
{
	const uint32_t sizes[][2] = {
		{ max_pages / GKSM_MAX_BATCH_SLOTS + 1, GKSM_MAX_BATCH_SLOTS },
		{ GKSM_MAX_BATCHES, max_pages / GKSM_MAX_BATCHES + 1 },
		{ GKSM_MAX_BATCHES, GKSM_MAX_BATCH_SLOTS },
		{ GKSM_MAX_BATCHES + 1, GKSM_MIN_BATCH_SLOTS },
		{ 1, GKSM_MAX_BATCH_SLOTS + 1 },
		{ UINT32_MAX, UINT32_MAX },
		{ 1U << 16, 1U << 16 },
	};
	const long before_kib = memory_free_kib();
	struct gksm_setup setup;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		const int err = set_up(fd, sizes[i][0], sizes[i][1], &setup);

		if (err != EINVAL)
			fail("%u batches of %u slots: %s", sizes[i][0],
			     sizes[i][1], strerror(err));
	}
	if (ksm_read(ksm, "staging_bytes"))
		fail("staging_bytes is %ld", ksm_read(ksm, "staging_bytes"));
	expect_taken("refused", before_kib, 0);
}

/* As much as there may be, and a mapping that outlives its file. */
static void all_is_given_back(uint32_t max_pages)
{
	const long before_kib = memory_free_kib();
	struct gksm_setup setup;
	int fd = open_device();
	long bytes;
	void *area;
	int err;

	err = set_up(fd, max_pages / GKSM_MAX_BATCH_SLOTS, GKSM_MAX_BATCH_SLOTS,
		     &setup);
	if (err)
		fail("the largest session: %s", strerror(err));
	if (setup.staging_bytes != (uint64_t)max_pages * PAGE_BYTES)
		fail("staging of %llu bytes",
		     (unsigned long long)setup.staging_bytes);
	bytes = ksm_read(ksm, "staging_bytes");
	if (bytes < (long)(setup.staging_bytes + setup.slots_bytes +
			   setup.results_bytes))
		fail("staging_bytes is %ld", bytes);
	expect_taken("open", before_kib, bytes / 1024);
	area = mmap(NULL, setup.staging_bytes, PROT_READ, MAP_SHARED, fd,
		    GKSM_MMAP_STAGING);
	if (area == MAP_FAILED)
		fail("cannot map: %s", strerror(errno));
	close(fd);
	if (ksm_read(ksm, "staging_bytes") != bytes)
		fail("the session ended under a mapping");
	munmap(area, setup.staging_bytes);
	if (ksm_read(ksm, "staging_bytes"))
		fail("staging_bytes is %ld", ksm_read(ksm, "staging_bytes"));
	expect_taken("closed", before_kib, 0);
}

/* With less free memory than it wants; a smaller one is granted afterwards. */
static void what_does_not_fit_is_refused(uint32_t max_pages)
{
	const long want_kib = (long)max_pages * (PAGE_BYTES / 1024);
	const long spare_kib = want_kib / 2;
	size_t nr_hogged = (size_t)(meminfo_kib("MemAvailable") - spare_kib) /
			   (PAGE_BYTES / 1024);
	char *hogged = pages_map(nr_hogged);
	struct gksm_setup setup;
	int fd = open_device();
	uint64_t begin_ms;
	long before_kib;
	int err;

	for (size_t i = 0; i < nr_hogged; i++)
		hogged[i * PAGE_BYTES] = 1;
	before_kib = memory_free_kib();
	begin_ms = now_ms();
	err = set_up(fd, max_pages / GKSM_MAX_BATCH_SLOTS, GKSM_MAX_BATCH_SLOTS,
		     &setup);
	printf("staging: refused after %llu ms\n",
	       (unsigned long long)(now_ms() - begin_ms));
	/* Nor is the last page hunted for, at everybody's cost. */
	if (now_ms() - begin_ms > PATIENCE_MS)
		fail("too late");
	if (err != ENOMEM)
		fail("a session that does not fit: %s", strerror(err));
	/* Page cache went for it; what was free before is free again. */
	if (memory_free_kib() < before_kib - NOISE_KIB)
		fail("%ld KiB free, before it were %ld", memory_free_kib(),
		     before_kib);
	err = set_up(fd, 1, GKSM_MIN_BATCH_SLOTS, &setup);
	if (err)
		fail("a small session after a large one: %s", strerror(err));
	close(fd);
	munmap(hogged, nr_hogged * PAGE_BYTES);
}

int main(int argc, char **argv)
{
	struct gksm_query query = { .size = sizeof(query) };
	int fd;

	if (argc > 1)
		ksm = argv[1];
	fd = open_device();
	if (ioctl(fd, GKSM_IOC_QUERY, &query))
		fail("GKSM_IOC_QUERY: %s", strerror(errno));
	if (query.max_staging_pages != GKSM_MAX_STAGING_PAGES)
		fail("max_staging_pages is %u", query.max_staging_pages);
	too_much_is_refused(fd, query.max_staging_pages);
	close(fd);
	all_is_given_back(query.max_staging_pages);
	what_does_not_fit_is_refused(query.max_staging_pages);
	return 0;
}
