// SPDX-License-Identifier: GPL-2.0-only
/*
 * frames.c - how many merged frames do processes share?
 *
 * Looks at the page tables of the given processes and prints, for their
 * writable private memory:
 *
 *   mapped   pages present
 *   merged   pages whose frame the kernel calls a KSM page, and keeps off the
 *            LRU lists: some kernels (6.12) call every anonymous page one
 *   within   of those, beyond the first of their frame in the same process
 *   across   frames that more than one of the processes map
 */
#define _GNU_SOURCE
#include "vmtest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KPF_LRU (1ULL << 5)
#define KPF_KSM (1ULL << 21)

/**
 * struct entry - a mapped page
 * @pfn:     its frame
 * @process: which of the arguments
 */
struct entry {
	uint64_t pfn;
	unsigned int process;
};

static struct entry *entries;
static size_t nr_entries;

static void add_range(unsigned int process, pid_t pid, uintptr_t start,
		      size_t nr)
{
	uint64_t *pfns = calloc(nr, sizeof(*pfns));

	entries = realloc(entries, (nr_entries + nr) * sizeof(*entries));
	if (!pfns || !entries)
		fail("out of memory");
	pages_frames(pid, start, nr, pfns);
	for (size_t i = 0; i < nr; i++)
		if (pfns[i])
			entries[nr_entries++] =
				(struct entry){ pfns[i], process };
	free(pfns);
}

static void add_process(unsigned int process, pid_t pid)
{
	unsigned long start, end;
	char path[64], line[512], mode[8];
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	maps = fopen(path, "re");
	if (!maps)
		fail("cannot open %s: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx %7s", &start, &end, mode) == 3 &&
		    !strncmp(mode, "rw", 2) && mode[3] == 'p')
			add_range(process, pid, start,
				  (end - start) / PAGE_BYTES);
	fclose(maps);
}

static bool is_merged(int kpageflags, uint64_t pfn)
{
	uint64_t flags;

	if (pread(kpageflags, &flags, 8, (off_t)(pfn * 8)) != 8)
		fail("cannot read /proc/kpageflags");
	return (flags & KPF_KSM) && !(flags & KPF_LRU);
}

/* Fresh pages wait for their LRU list in lists of each CPU. */
static void drain_lru(void)
{
	int file = open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);

	if (file < 0 || write(file, "1", 1) != 1)
		fail("cannot drop caches: %s", strerror(errno));
	close(file);
}

static int compare(const void *a, const void *b)
{
	const struct entry *left = a, *right = b;

	if (left->pfn != right->pfn)
		return left->pfn < right->pfn ? -1 : 1;
	return (left->process > right->process) -
	       (left->process < right->process);
}

int main(int argc, char **argv)
{
	size_t merged = 0, within = 0, across = 0, first, last;
	int kpageflags = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);

	if (kpageflags < 0)
		fail("cannot open /proc/kpageflags: %s", strerror(errno));
	if (argc < 2)
		fail("usage: frames PID...");
	drain_lru();
	for (int i = 1; i < argc; i++)
		add_process((unsigned int)i, (pid_t)parse_number(argv[i], 'p'));
	qsort(entries, nr_entries, sizeof(*entries), compare);
	for (first = 0; first < nr_entries; first = last) {
		size_t processes = 1;

		for (last = first + 1; last < nr_entries; last++) {
			if (entries[last].pfn != entries[first].pfn)
				break;
			processes += entries[last].process !=
				     entries[last - 1].process;
		}
		if (!is_merged(kpageflags, entries[first].pfn))
			continue;
		merged += last - first;
		within += last - first - processes;
		across += processes > 1;
	}
	printf("mapped %zu merged %zu within %zu across %zu\n", nr_entries,
	       merged, within, across);
	return 0;
}
