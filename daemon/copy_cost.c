// SPDX-License-Identifier: GPL-2.0-only
/*
 * copy_cost.c - what a copy on write costs on this machine
 *
 * Nobody but the kernel can time the copy that follows a write to a merged
 * page. A page that parent and child share since fork() is copied by the same
 * function of the kernel, wp_page_copy(), so that is timed instead. It is a
 * favourable case: the source is in the cache, no other thread runs in the
 * address space, so the flush interrupts no other CPU, and no guest of KVM has
 * to fault a second time.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "gksm_abi.h"
#include "overhead.h"

/* The median of so many times so many pages: one may be interrupted. */
#define NR_ROUNDS 16
#define ROUND_PAGES 128
#define NR_PAGES ((size_t)NR_ROUNDS * ROUND_PAGES)

static uint64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static long faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt;
}

/* A child that has all pages of its parent, until @fds[1] is closed. */
static pid_t start_sharer(const int fds[2])
{
	const pid_t pid = fork();
	char byte;

	if (pid)
		return pid;
	close(fds[1]);
	_exit(read(fds[0], &byte, 1) == 0 ? 0 : 1);
}

static int by_time(const void *a, const void *b)
{
	const uint64_t one = *(const uint64_t *)a, two = *(const uint64_t *)b;

	return one < two ? -1 : one > two;
}

/* Writes pages that somebody shares; 0 or -ENOTSUP if they were not copied. */
static int time_writes(volatile char *pages, uint64_t *copy_ns)
{
	const long before = faults();
	uint64_t took_ns[NR_ROUNDS];

	for (size_t round = 0; round < NR_ROUNDS; round++) {
		const uint64_t begun_ns = cpu_ns();

		for (size_t i = 0; i < ROUND_PAGES; i++) {
			*pages = 2;
			pages += GKSM_PAGE_SIZE;
		}
		took_ns[round] = cpu_ns() - begun_ns;
	}
	qsort(took_ns, NR_ROUNDS, sizeof(*took_ns), by_time);
	*copy_ns = took_ns[NR_ROUNDS / 2] / ROUND_PAGES;
	return faults() - before < (long)NR_PAGES ? -ENOTSUP : 0;
}

/**
 * gksm_copy_cost - measure what a copy on write costs
 * @copy_ns: out: processor time of one, in nanoseconds
 *
 * Returns 0, -ENOTSUP if this kernel does something else, or -errno.
 */
int gksm_copy_cost(uint64_t *copy_ns)
{
	const size_t size = NR_PAGES * GKSM_PAGE_SIZE;
	char *pages = mmap(NULL, size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fds[2], err = 0;
	pid_t pid;

	if (pages == MAP_FAILED)
		return -errno;
	/* A kernel without huge pages does not know it. */
	(void)madvise(pages, size, MADV_NOHUGEPAGE);
	memset(pages, 1, size);
	if (pipe(fds)) {
		err = -errno;
		goto unmap;
	}
	pid = start_sharer(fds);
	if (pid < 0)
		err = -errno;
	else
		err = time_writes(pages, copy_ns);
	close(fds[0]);
	close(fds[1]);
	if (pid > 0)
		waitpid(pid, NULL, 0);
unmap:
	munmap(pages, size);
	return err;
}
