// SPDX-License-Identifier: GPL-2.0-only
/*
 * churn.c - everything that moves memory about, while it is merged
 *
 * Processes map, write, move, cut, protect, forget, un-opt and share regions
 * at random, know what each page has to hold, and check it all the time.
 */
#define _GNU_SOURCE
#include "vmtest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_PROCESSES 16
#define NR_REGIONS 8
/* A bit more than a huge page, so that some regions have one. */
#define MAX_PAGES 600
#define NR_CONTENTS 5

/**
 * struct region - one mapping and what it holds
 * @pages: its first page, NULL if unmapped
 * @nr:	   pages mapped
 * @ids:   content of each, as for page_fill()
 */
struct region {
	char *pages;
	size_t nr;
	uint64_t ids[MAX_PAGES];
};

static struct region regions[NR_REGIONS];
static uint64_t rng, writes;
static const char *last_action = "nothing";

static size_t dice(size_t sides)
{
	return rng_next(&rng) % sides;
}

static void must(bool ok, const char *what)
{
	if (!ok)
		fail("process %d: %s: %s", (int)getpid(), what,
		     strerror(errno));
}

static void check_page(const struct region *region, size_t i)
{
	int word = page_differs(region->pages + i * PAGE_BYTES, region->ids[i]);

	if (word >= 0)
		fail("LOST WRITE: process %d, region %zu, page %zu, word %d, "
		     "after %s",
		     (int)getpid(), (size_t)(region - regions), i, word,
		     last_action);
}

static void check_region(const struct region *region)
{
	for (size_t i = 0; i < region->nr; i++)
		check_page(region, i);
}

static void write_page(struct region *region, size_t i)
{
	region->ids[i] = dice(NR_CONTENTS);
	page_fill(region->pages + i * PAGE_BYTES, region->ids[i]);
	writes++;
}

static void do_map(struct region *region)
{
	region->nr = 1 + dice(dice(4) ? 64 : MAX_PAGES);
	region->pages = pages_map(region->nr);
	for (size_t i = 0; i < region->nr; i++)
		write_page(region, i);
	pages_opt_in(region->pages, region->nr);
}

static void do_unmap(struct region *region)
{
	must(!munmap(region->pages, region->nr * PAGE_BYTES), "munmap");
	region->pages = NULL;
	region->nr = 0;
}

static void do_cut(struct region *region)
{
	const size_t keep = 1 + region->nr / 2;

	if (keep >= region->nr)
		return;
	must(!munmap(region->pages + keep * PAGE_BYTES,
		     (region->nr - keep) * PAGE_BYTES),
	     "munmap");
	region->nr = keep;
}

static void do_move(struct region *region)
{
	const size_t bytes = region->nr * PAGE_BYTES;
	char *to = pages_map(region->nr);

	to = mremap(region->pages, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED,
		    to);
	must(to != MAP_FAILED, "mremap");
	region->pages = to;
}

static void do_protect(struct region *region)
{
	const size_t bytes = region->nr * PAGE_BYTES;

	must(!mprotect(region->pages, bytes, PROT_READ), "mprotect");
	check_region(region);
	must(!mprotect(region->pages, bytes, PROT_READ | PROT_WRITE),
	     "mprotect");
	write_page(region, dice(region->nr));
}

static void do_forget(struct region *region)
{
	const size_t first = dice(region->nr);

	must(!madvise(region->pages + first * PAGE_BYTES,
		      (region->nr - first) * PAGE_BYTES, MADV_DONTNEED),
	     "MADV_DONTNEED");
	memset(&region->ids[first], 0, (region->nr - first) * 8);
}

/* What is written after MADV_FREE stays; the rest is as it was, or zero. */
static void do_free_lazily(struct region *region)
{
	must(!madvise(region->pages, region->nr * PAGE_BYTES, MADV_FREE),
	     "MADV_FREE");
	for (size_t i = 0; i < region->nr; i += 2)
		write_page(region, i);
	for (size_t i = 0; i < region->nr; i += 2)
		check_page(region, i);
	for (size_t i = 1; i < region->nr; i += 2) {
		char *page = region->pages + i * PAGE_BYTES;

		if (page_differs(page, 0) >= 0)
			check_page(region, i);
		write_page(region, i);
	}
}

static void do_opt_out(struct region *region)
{
	must(!madvise(region->pages, region->nr * PAGE_BYTES, MADV_UNMERGEABLE),
	     "MADV_UNMERGEABLE");
	check_region(region);
	if (dice(2))
		write_page(region, dice(region->nr));
	pages_opt_in(region->pages, region->nr);
}

static void do_hugify(struct region *region)
{
	must(!madvise(region->pages, region->nr * PAGE_BYTES,
		      dice(2) ? MADV_HUGEPAGE : MADV_NOHUGEPAGE),
	     "MADV_HUGEPAGE");
	write_page(region, dice(region->nr));
}

/* Locks some of it into memory, writes, and unlocks all. */
static void do_lock(struct region *region)
{
	const size_t nr = 1 + dice(region->nr);

	must(!mlock(region->pages, nr * PAGE_BYTES), "mlock");
	write_page(region, dice(nr));
	sleep_ms((unsigned int)dice(20));
	check_region(region);
	must(!munlock(region->pages, region->nr * PAGE_BYTES), "munlock");
}

/* Without swap the page stays where it is. */
static void do_page_out(struct region *region)
{
	must(!madvise(region->pages, region->nr * PAGE_BYTES,
		      dice(4) ? MADV_PAGEOUT : MADV_COLD),
	     "MADV_PAGEOUT");
	write_page(region, dice(region->nr));
}

/* A write that does not go through the process's page tables. */
static void do_write_around(struct region *region)
{
	char page[PAGE_BYTES] __attribute__((aligned(8)));
	const size_t i = dice(region->nr);
	int fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);

	must(fd >= 0, "open /proc/self/mem");
	region->ids[i] = dice(NR_CONTENTS);
	page_fill(page, region->ids[i]);
	must(pwrite(fd, page, PAGE_BYTES,
		    (off_t)(uintptr_t)(region->pages + i * PAGE_BYTES)) ==
		     PAGE_BYTES,
	     "write /proc/self/mem");
	close(fd);
}

/* Parent and child both write, and neither may see the other's writes. */
static void do_fork(struct region *region)
{
	int status;
	pid_t pid = fork();

	must(pid >= 0, "fork");
	rng += pid ? 1 : 1000;
	for (size_t n = 0; n < 16; n++)
		write_page(region, dice(region->nr));
	for (size_t r = 0; r < NR_REGIONS; r++)
		check_region(&regions[r]);
	if (!pid)
		_exit(0);
	must(waitpid(pid, &status, 0) == pid && !status, "a child failed");
}

static void do_write(struct region *region)
{
	for (size_t n = 0; n < 32; n++)
		write_page(region, dice(region->nr));
}

static void do_rest(struct region *region)
{
	(void)region;
	sleep_ms((unsigned int)dice(40));
}

static const struct {
	const char *name;
	void (*act)(struct region *region);
} actions[] = {
	{ "munmap", do_unmap },
	{ "partial munmap", do_cut },
	{ "mremap", do_move },
	{ "mprotect", do_protect },
	{ "MADV_DONTNEED", do_forget },
	{ "MADV_FREE", do_free_lazily },
	{ "MADV_UNMERGEABLE", do_opt_out },
	{ "MADV_HUGEPAGE", do_hugify },
	{ "MADV_PAGEOUT", do_page_out },
	{ "mlock", do_lock },
	{ "a write to /proc/self/mem", do_write_around },
	{ "fork", do_fork },
	{ "writing", do_write },
	{ "rest", do_rest },
	{ "rest", do_rest },
};

#define NR_ACTIONS (sizeof(actions) / sizeof(actions[0]))

static unsigned long churn(uint64_t seed, unsigned long seconds)
{
	const uint64_t end_ms = now_ms() + seconds * 1000ULL;
	unsigned long rounds;

	rng = seed;
	for (rounds = 0; now_ms() < end_ms; rounds++) {
		struct region *region = &regions[dice(NR_REGIONS)];
		const size_t action = dice(NR_ACTIONS);

		if (!region->pages) {
			last_action = "mmap";
			do_map(region);
			continue;
		}
		check_region(region);
		last_action = actions[action].name;
		actions[action].act(region);
		if (region->pages)
			check_region(region);
	}
	return rounds;
}

int main(int argc, char **argv)
{
	unsigned long seconds = 30, nr_processes = 3, seed = 0;
	pid_t pids[MAX_PROCESSES];
	int option;

	while ((option = getopt(argc, argv, "p:s:S:")) != -1) {
		if (option == 's')
			seconds = parse_number(optarg, 's');
		else if (option == 'p')
			nr_processes = parse_number(optarg, 'p');
		else if (option == 'S')
			seed = mix(parse_number(optarg, 'S'));
		else
			fail("usage: churn [-p PROCESSES] [-s SECONDS] [-S SEED]");
	}
	if (nr_processes < 1 || nr_processes > MAX_PROCESSES)
		fail("-p must be between 1 and %d", MAX_PROCESSES);
	for (size_t p = 0; p < nr_processes; p++) {
		pids[p] = fork();
		must(pids[p] >= 0, "fork");
		if (!pids[p]) {
			const unsigned long rounds =
				churn(seed + p + 1, seconds);

			printf("churn: %lu rounds, %llu writes\n", rounds,
			       (unsigned long long)writes);
			fflush(stdout);
			_exit(0);
		}
	}
	for (size_t p = 0; p < nr_processes; p++) {
		int status;

		must(waitpid(pids[p], &status, 0) == pids[p], "waitpid");
		if (status)
			fail("process %d ended with status %#x", (int)pids[p],
			     status);
	}
	return 0;
}
