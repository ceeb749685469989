// SPDX-License-Identifier: GPL-2.0-only
/*
 * twoprocs.c - two processes with the same pages, a quarter of them broken
 *
 * Each process holds N pages, all different, the same N in both. When merging
 * has settled, N pages of memory must be free again, by the kernel's own
 * counts, all contents intact, and what one process writes must not show up
 * in the other.
 */
#define _GNU_SOURCE
#include "vmtest.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define NR_PROCESSES 2
#define LIMIT_S 300
/* One page in so many is written by the first process. */
#define BREAK_EVERY 4
/* What has to be free again, of what could be. */
#define MIN_PERCENT 95
/* How long pages may take to become free. */
#define PATIENCE_S 10

enum question {
	ASK_FILL,
	ASK_VERIFY,
	ASK_BREAK,
	ASK_VERIFY_BROKEN
};

/* Enough for the module's own memory, 2 MiB, not to matter. */
static size_t nr_pages = 32768;

static uint64_t content(size_t i, bool broken)
{
	return broken && i % BREAK_EVERY == 0 ? 3000000000ULL + i : 1 + i;
}

static void verify(const char *pages, bool broken)
{
	for (size_t i = 0; i < nr_pages; i++) {
		int word = page_differs(pages + i * PAGE_BYTES,
					content(i, broken));

		if (word >= 0)
			fail("process %d: page %zu is wrong from word %d on",
			     (int)getpid(), i, word);
	}
}

static void fill(char *pages, bool broken, size_t step)
{
	for (size_t i = 0; i < nr_pages; i += step)
		page_fill(pages + i * PAGE_BYTES, content(i, broken));
}

static void serve(int socket, void *arg)
{
	char *pages = pages_map(nr_pages);
	uint64_t question;

	(void)arg;
	while (worker_poll(socket, -1, &question)) {
		switch (question) {
		case ASK_FILL:
			fill(pages, false, 1);
			pages_opt_in(pages, nr_pages);
			break;
		case ASK_BREAK:
			fill(pages, true, BREAK_EVERY);
			break;
		default:
			verify(pages, question == ASK_VERIFY_BROKEN);
		}
		worker_answer(socket, 0);
	}
}

/* Lets the kernel forget what is none of our business. */
static void drop_caches(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "3", 1) != 1)
		fail("cannot drop caches");
	close(fd);
}

static void ask_both(struct worker *workers, enum question question)
{
	for (int i = 0; i < NR_PROCESSES; i++)
		worker_ask(&workers[i], question, LIMIT_S);
}

struct memory {
	long anon_kib;
	long free_kib;
};

static struct memory measure(void)
{
	drop_caches();
	return (struct memory){ meminfo_kib("AnonPages"), memory_free_kib() };
}

/* Pages may still be on their way back, through RCU for one. */
static struct memory measure_returned(const struct memory *before)
{
	const long wanted_kib =
		(long)nr_pages * (PAGE_BYTES / 1024) * MIN_PERCENT / 100;
	struct memory after = measure();

	for (int i = 0; i < PATIENCE_S; i++) {
		if (after.free_kib - before->free_kib >= wanted_kib)
			break;
		sleep(1);
		after = measure();
	}
	return after;
}

static void print_meminfo(void)
{
	char buf[4096];
	const int fd = open("/proc/meminfo", O_RDONLY | O_CLOEXEC);
	const ssize_t length = fd < 0 ? 0 : read(fd, buf, sizeof(buf));

	printf("%.*s\n", (int)(length < 0 ? 0 : length), buf);
	close(fd);
}

static void check_returned(const char *what, long kib)
{
	const long possible_kib = (long)nr_pages * (PAGE_BYTES / 1024);

	printf("twoprocs: %ld of %ld KiB given back by %s (%ld%%)\n", kib,
	       possible_kib, what, kib * 100 / possible_kib);
	if (kib * 100 >= possible_kib * MIN_PERCENT)
		return;
	print_meminfo();
	fail("less than %d%% given back by %s", MIN_PERCENT, what);
}

int main(int argc, char **argv)
{
	const char *ksm = "/sys/kernel/mm/gksm";
	struct worker workers[NR_PROCESSES];
	struct memory before, after;
	int option;

	while ((option = getopt(argc, argv, "k:n:")) != -1) {
		switch (option) {
		case 'k':
			ksm = optarg;
			break;
		case 'n':
			nr_pages = parse_number(optarg, 'n');
			break;
		default:
			fail("usage: twoprocs [-k DIR] [-n PAGES]");
		}
	}
	/* Nothing is merged before the memory has been measured. */
	ksm_write(ksm, "run", 0);
	for (int i = 0; i < NR_PROCESSES; i++)
		worker_start(&workers[i], serve, NULL);
	ask_both(workers, ASK_FILL);
	before = measure();
	ksm_write(ksm, "run", 1);
	printf("twoprocs: settled after %llu ms\n",
	       (unsigned long long)ksm_settle(ksm, LIMIT_S));
	after = measure_returned(&before);
	ask_both(workers, ASK_VERIFY);
	check_returned("AnonPages", before.anon_kib - after.anon_kib);
	check_returned("free memory", after.free_kib - before.free_kib);
	worker_ask(&workers[0], ASK_BREAK, LIMIT_S);
	worker_ask(&workers[0], ASK_VERIFY_BROKEN, LIMIT_S);
	worker_ask(&workers[1], ASK_VERIFY, LIMIT_S);
	for (int i = 0; i < NR_PROCESSES; i++)
		worker_end(&workers[i]);
	printf("twoprocs: every page is what its process wrote\n");
	return 0;
}
