// SPDX-License-Identifier: GPL-2.0-only
/*
 * guest_init.c - the only process of a guest whose memory is merged
 *
 * Started by the guest's kernel as /init, with the guest's number in the
 * environment (the kernel parameter guest=N). Fills memory, half of it with
 * what all guests have, and then goes round: checks every page, writes some,
 * checks those. Each round is reported on the second serial port.
 */
#define _GNU_SOURCE
#include "vmtest.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <unistd.h>

#define NR_PAGES 8192
/* One page in so many gets new content in a round. */
#define REWRITE_EVERY 64
#define REST_MS 200

static uint64_t ids[NR_PAGES];

/* Half is the same in all guests, an eighth repeats, an eighth is zero. */
static uint64_t choose(uint64_t guest, size_t i, uint64_t round)
{
	switch (i % 8) {
	case 0:
	case 1:
	case 2:
	case 3:
		return 1 + i + (round << 20);
	case 4:
		return (1ULL << 40) + i % 64;
	case 5:
		return 0;
	}
	return (guest << 48) + i + (round << 20);
}

static void stop(void)
{
	sync();
	reboot(RB_POWER_OFF);
	pause();
}

static void check(const char *pages, uint64_t guest, uint64_t round)
{
	for (size_t i = 0; i < NR_PAGES; i++) {
		int word = page_differs(pages + i * PAGE_BYTES, ids[i]);

		if (word < 0)
			continue;
		printf("LOST WRITE: guest %llu, round %llu, page %zu, "
		       "word %d\n",
		       (unsigned long long)guest, (unsigned long long)round, i,
		       word);
		stop();
	}
}

int main(void)
{
	const char *number = getenv("guest");
	const uint64_t guest = number ? strtoul(number, NULL, 10) : 0;
	char *pages;

	mkdir("/dev", 0755);
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	if (!freopen("/dev/ttyS1", "w", stdout))
		stop();
	setvbuf(stdout, NULL, _IOLBF, 0);
	pages = pages_map(NR_PAGES);
	for (size_t i = 0; i < NR_PAGES; i++) {
		ids[i] = choose(guest, i, 0);
		page_fill(pages + i * PAGE_BYTES, ids[i]);
	}
	for (uint64_t round = 1;; round++) {
		check(pages, guest, round);
		for (size_t i = round % REWRITE_EVERY; i < NR_PAGES;
		     i += REWRITE_EVERY) {
			ids[i] = choose(guest, i, round);
			page_fill(pages + i * PAGE_BYTES, ids[i]);
		}
		check(pages, guest, round);
		printf("guest %llu: round %llu is right\n",
		       (unsigned long long)guest, (unsigned long long)round);
		sleep_ms(REST_MS);
	}
}
