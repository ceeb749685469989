// SPDX-License-Identifier: GPL-2.0-only
/*
 * touched.c - pages that nobody touches are not read again, and those that
 * somebody does are
 *
 *   touched idle [DIR]
 *   touched ways [DIR]
 *
 * Different pages lie idle until the module knows them all.
 *
 * idle: a lot of them. Over a rotation (incremental_passes) it may read each
 * of them once, and no more.
 *
 * ways: a few, so that passes are short. For each way to write there is one
 * page that becomes equal to another one, which stays idle: so many passes later
 * both have to be merged, or the change was not noticed. Rotation is out of
 * reach, but for writes that go around all page tables, which have to be
 * noticed when it is their turn.
 */
#define _GNU_SOURCE
#include "vmtest.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define IDLE_PAGES 32768
#define WAYS_PAGES 2048
#define ROTATION 64
#define NEVER 65536
/*
 * The change is seen, it is unchanged, it is merged; and one begun before, and
 * two in case the page is in use for a moment.
 */
#define PASSES 6
#define SHORT_ROTATION 5
#define LIMIT_S 120

static const char *ksm = "/sys/kernel/mm/gksm";
static char *pages;
static size_t nr_pages;

static char *page_at(size_t i)
{
	return pages + i * PAGE_BYTES;
}

/* All pages are known, and as good as never read again. */
static void check_idle(void)
{
	long before, after, scanned;

	ksm_write(ksm, "incremental_passes", ROTATION);
	ksm_await_passes(ksm, PASSES);
	before = ksm_pages_read(ksm);
	scanned = ksm_read(ksm, "pages_scanned");
	ksm_await_passes(ksm, ROTATION);
	after = ksm_pages_read(ksm);
	scanned = ksm_read(ksm, "pages_scanned") - scanned;
	printf("touched: idle: %ld of %ld pages read again, %.2f %%\n",
	       after - before, scanned,
	       100.0 * (double)(after - before) / (double)scanned);
	if ((after - before) * 50 > scanned)
		fail("more than 2 %% of idle pages are read again");
	/* The rotation works: everything had its turn. */
	if (after - before < (long)nr_pages * 9 / 10)
		fail("only %ld of %zu pages had their turn", after - before,
		     nr_pages);
}

/*
 * Ways to make page @to what page @from is. Each has a pair of its own.
 */
static void by_store(size_t from, size_t to)
{
	memcpy(page_at(to), page_at(from), PAGE_BYTES);
}

static atomic_bool may_end, has_ended;
static atomic_ulong rounds;

struct pair {
	size_t from;
	size_t to;
};

static void stay_on(int cpu)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		fail("sched_setaffinity: %s", strerror(errno));
}

/*
 * Writes without a pause and has its CPU to itself, which therefore need not
 * look at the page table.
 */
static void *write_hot(void *arg)
{
	const struct pair *pair = arg;
	volatile uint64_t *word = (uint64_t *)page_at(pair->to);
	const uint64_t last = *(uint64_t *)page_at(pair->from);
	uint64_t n = 0;

	stay_on((int)sysconf(_SC_NPROCESSORS_ONLN) - 1);
	while (!atomic_load_explicit(&may_end, memory_order_relaxed)) {
		*word = n++;
		if (!(n & 0xfff))
			atomic_store_explicit(&rounds, n, memory_order_relaxed);
	}
	*word = last;
	while (!atomic_load_explicit(&has_ended, memory_order_relaxed))
		;
	return NULL;
}

static void by_hot_store(size_t from, size_t to)
{
	struct pair pair = { from, to };
	pthread_t thread;
	long begun, reads;

	by_store(from, to);
	atomic_store(&may_end, false);
	atomic_store(&has_ended, false);
	atomic_store(&rounds, 0);
	stay_on(0);
	if (pthread_create(&thread, NULL, write_hot, &pair))
		fail("cannot start a thread");
	while (!atomic_load(&rounds))
		sleep_ms(1);
	ksm_await_passes(ksm, 2);
	reads = ksm_pages_read(ksm);
	begun = ksm_read(ksm, "full_scans");
	ksm_await_passes(ksm, 10);
	reads = ksm_pages_read(ksm) - reads;
	begun = ksm_read(ksm, "full_scans") - begun;
	atomic_store(&may_end, true);
	/* The thread goes on, on its CPU, while the change is to be noticed. */
	ksm_await_passes(ksm, PASSES);
	atomic_store(&has_ended, true);
	pthread_join(thread, NULL);
	printf("touched: %lu writes through a hot TLB entry, %ld pages read in %ld passes\n",
	       atomic_load(&rounds), reads, begun);
}

static void by_mremap(size_t from, size_t to)
{
	char *other = pages_map(1);

	memcpy(other, page_at(from), PAGE_BYTES);
	pages_opt_in(other, 1);
	if (mremap(other, PAGE_BYTES, PAGE_BYTES, MREMAP_MAYMOVE | MREMAP_FIXED,
		   page_at(to)) != page_at(to))
		fail("mremap: %s", strerror(errno));
}

/* The page is shared with a child, and written then: a copy. */
static void by_store_after_fork(size_t from, size_t to)
{
	pid_t child = fork();

	if (child < 0)
		fail("fork: %s", strerror(errno));
	if (!child) {
		sleep_ms(1000 * LIMIT_S);
		_exit(0);
	}
	by_store(from, to);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

static void by_dropping(size_t from, size_t to)
{
	char copy[PAGE_BYTES];

	memcpy(copy, page_at(from), PAGE_BYTES);
	if (madvise(page_at(to), PAGE_BYTES, MADV_DONTNEED))
		fail("MADV_DONTNEED: %s", strerror(errno));
	memcpy(page_at(to), copy, PAGE_BYTES);
}

/* A page given up, and taken back by a write. */
static void by_store_after_free(size_t from, size_t to)
{
	if (madvise(page_at(to), PAGE_BYTES, MADV_FREE))
		fail("MADV_FREE: %s", strerror(errno));
	by_store(from, to);
}

static void by_another_process(size_t from, size_t to)
{
	struct iovec here = { page_at(from), PAGE_BYTES };
	struct iovec there = { page_at(to), PAGE_BYTES };

	if (process_vm_writev(getpid(), &here, 1, &there, 1, 0) != PAGE_BYTES)
		fail("process_vm_writev: %s", strerror(errno));
}

/* O_DIRECT into the page, where the file system has it; 9p and tmpfs do not. */
static void by_proc_mem(size_t from, size_t to)
{
	int fd = open("/proc/self/mem", O_RDWR);

	if (fd < 0 || pwrite(fd, page_at(from), PAGE_BYTES,
			     (off_t)(uintptr_t)page_at(to)) != PAGE_BYTES)
		fail("/proc/self/mem: %s", strerror(errno));
	close(fd);
}

/*
 * @turn: it goes around the page tables, and is noticed when it is its turn
 */
static const struct way {
	const char *name;
	void (*write)(size_t from, size_t to);
	bool turn;
} ways[] = {
	{ "a store", by_store, false },
	{ "a hot store", by_hot_store, false },
	{ "a hot store", by_hot_store, false },
	{ "a hot store", by_hot_store, false },
	{ "mremap", by_mremap, false },
	{ "a store after fork", by_store_after_fork, false },
	{ "a store after MADV_DONTNEED", by_dropping, false },
	{ "a store after MADV_FREE", by_store_after_free, false },
	{ "process_vm_writev", by_another_process, true },
	{ "/proc/self/mem", by_proc_mem, true },
};

#define NR_WAYS (sizeof(ways) / sizeof(*ways))

static void check_way(size_t w)
{
	const size_t from = 10 + w * 70, to = 1010 + w * 60;
	const long limit = PASSES + (ways[w].turn ? SHORT_ROTATION : 0);
	long begun, passes;

	ksm_write(ksm, "incremental_passes",
		  ways[w].turn ? SHORT_ROTATION : NEVER);
	ksm_await_passes(ksm, 2);
	if (pages_are_one(page_at(from), page_at(to)))
		fail("%s: merged before", ways[w].name);
	ways[w].write(from, to);
	begun = ksm_read(ksm, "full_scans");
	do {
		passes = ksm_read(ksm, "full_scans") - begun;
		if (pages_are_one(page_at(from), page_at(to))) {
			printf("touched: %s: merged within %ld passes\n",
			       ways[w].name, passes + 1);
			return;
		}
		sleep_ms(1);
	} while (passes <= limit);
	fail("%s was not noticed within %ld passes", ways[w].name, limit);
}

int main(int argc, char **argv)
{
	const bool idle = argc > 1 && !strcmp(argv[1], "idle");

	if (argc < 2 || (!idle && strcmp(argv[1], "ways") != 0))
		fail("usage: touched idle|ways [DIR]");
	if (argc > 2)
		ksm = argv[2];
	nr_pages = idle ? IDLE_PAGES : WAYS_PAGES;
	pages = pages_map(nr_pages);
	/* What this test is about is the small pages' bits. */
	if (madvise(pages, nr_pages * PAGE_BYTES, MADV_NOHUGEPAGE))
		fail("MADV_NOHUGEPAGE: %s", strerror(errno));
	/*
	 * None that a process had before: a device may name a page that is gone
	 * until its generation ends, which in "ways" it never does.
	 */
	for (size_t i = 0; i < nr_pages; i++)
		page_fill(page_at(i), ((uint64_t)getpid() << 32) + i);
	pages_opt_in(pages, nr_pages);
	ksm_await_passes(ksm, PASSES);
	if (idle)
		check_idle();
	for (size_t w = 0; !idle && w < NR_WAYS; w++)
		check_way(w);
	return 0;
}
