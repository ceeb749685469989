// SPDX-License-Identifier: GPL-2.0-only
/*
 * copy.c - what copying a page into a batch costs, and whom
 *
 * The module copies pages in runs (kmod/fill.c), on a CPU that somebody else
 * uses before and after. So a workload goes through memory that it keeps in its
 * caches, a run is copied, and the workload goes through it again: what that
 * takes longer than without a copy is the run's price, too. Then the batch is
 * hashed, as a device does that shares the host's memory.
 */
#include <string.h>
#include <sys/mman.h>
#include <xxhash.h>

#include "bench.h"

#define RUN_PAGES 64 /* as kmod/fill.c */
#define SOURCE_BYTES ((size_t)256 << 20)
#define BATCH_PAGES 512
#define BATCHES 4
#define STAGING_PAGES ((size_t)BATCHES * BATCH_PAGES)
#define LINE 64

typedef void copy_fn(void *to, const void *from);

/* As copy_page() of the kernel where the processor is good at it. */
static void copy_moves(void *to, const void *from)
{
	size_t words = PAGE / 8;

	__asm__ volatile("rep movsq"
			 : "+D"(to), "+S"(from), "+c"(words)
			 :
			 : "memory");
}

/* As memcpy_flushcache() of the kernel. */
static void copy_past_caches(void *to, const void *from)
{
	uint64_t *a = to;
	const uint64_t *b = from;

	for (size_t w = 0; w < PAGE / sizeof(*a); w += 4) {
		const uint64_t x = b[w], y = b[w + 1], z = b[w + 2],
			       v = b[w + 3];

		__asm__ volatile("movnti %4, %0\n\tmovnti %5, %1\n\t"
				 "movnti %6, %2\n\tmovnti %7, %3"
				 : "=m"(a[w]), "=m"(a[w + 1]), "=m"(a[w + 2]),
				   "=m"(a[w + 3])
				 : "r"(x), "r"(y), "r"(z), "r"(v));
	}
}

/* Reads alone: the least that hashing in the kernel leaves in the caches. */
static void only_read(void *to, const void *from)
{
	*(volatile uint64_t *)to = XXH64(from, PAGE, 0);
}

static const struct {
	const char *name;
	copy_fn *copy;
} ways[] = {
	{ "copied through caches", copy_moves },
	{ "copied past caches", copy_past_caches },
	{ "hashed in place", only_read },
};

#define NR_WAYS (sizeof(ways) / sizeof(*ways))

static const struct {
	const char *name;
	size_t bytes;
} workloads[] = {
	{ "256 KiB", (size_t)256 << 10 },
	{ "1 MiB", (size_t)1 << 20 },
	{ "8 MiB", (size_t)8 << 20 },
};

#define NR_WORKLOADS (sizeof(workloads) / sizeof(*workloads))

static uint8_t *source, *staging, *hot;
static volatile uint64_t sink;

static uint8_t *map(size_t bytes)
{
	uint8_t *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		fail("copy", "no memory");
	memset(memory, 1, bytes);
	return memory;
}

static uint64_t go_through(size_t bytes)
{
	const uint64_t begin = cpu_ns();
	uint64_t sum = 0;

	for (size_t i = 0; i < bytes; i += LINE)
		sum += *(const uint64_t *)(hot + i);
	sink = sum;
	return cpu_ns() - begin;
}

static size_t next_page(size_t *at, size_t nr)
{
	const size_t page = *at;

	*at = (page + 1) % nr;
	return page;
}

/*
 * So many runs of one way; without one, the workload alone. What the workload
 * takes is returned, what the runs take added to *@copy_ns.
 */
static uint64_t take_turns(copy_fn *copy, size_t hot_bytes, unsigned int turns,
			   uint64_t *copy_ns)
{
	static size_t from, to;
	uint64_t again = 0;

	go_through(hot_bytes);
	for (unsigned int t = 0; t < turns; t++) {
		const uint64_t begin = cpu_ns();

		for (unsigned int p = 0; copy && p < RUN_PAGES; p++)
			copy(staging + next_page(&to, STAGING_PAGES) * PAGE,
			     source + next_page(&from, SOURCE_BYTES / PAGE) *
					      PAGE);
		*copy_ns += cpu_ns() - begin;
		again += go_through(hot_bytes);
	}
	return again;
}

/* A batch is hashed when the others that are in flight have been filled. */
static double time_hashing(copy_fn *copy)
{
	static size_t from;
	uint64_t begin, sum = 0;

	for (size_t p = 0; p < STAGING_PAGES; p++)
		copy(staging + p * PAGE,
		     source + next_page(&from, SOURCE_BYTES / PAGE) * PAGE);
	begin = cpu_ns();
	for (size_t p = 0; p < BATCH_PAGES; p++)
		sum += XXH64(staging + p * PAGE, PAGE, 0);
	sink = sum;
	return (double)(cpu_ns() - begin) / BATCH_PAGES;
}

static void measure(unsigned int way, unsigned int workload,
		    unsigned int repeats, unsigned int turns)
{
	const size_t bytes = workloads[workload].bytes;
	struct figure *own =
		report_add("ns/page", "%s, beside %s", ways[way].name,
			   workloads[workload].name);
	struct figure *others =
		report_add("ns/page", "%s, %s fetched again", ways[way].name,
			   workloads[workload].name);

	for (unsigned int r = 0; r < repeats; r++) {
		uint64_t copy_ns = 0, nothing_ns = 0;
		const uint64_t alone =
			take_turns(NULL, bytes, turns, &nothing_ns);
		const uint64_t beside =
			take_turns(ways[way].copy, bytes, turns, &copy_ns);

		figure_take(own, (double)copy_ns / turns / RUN_PAGES);
		figure_take(others, ((double)beside - (double)alone) / turns /
					    RUN_PAGES);
	}
}

/**
 * bench_copy - what a page costs that is copied for a device
 * @options: --quick, --json
 *
 * Return: exit code.
 */
int bench_copy(const struct options *options)
{
	const unsigned int repeats = options->quick ? 2 : MAX_REPEATS;
	const unsigned int turns = options->quick ? 4 : 64;

	source = map(SOURCE_BYTES);
	staging = map(STAGING_PAGES * PAGE);
	hot = map(workloads[NR_WORKLOADS - 1].bytes);
	report_begin(options, "copy", NULL);
	for (unsigned int w = 0; w < NR_WORKLOADS; w++)
		for (unsigned int i = 0; i < NR_WAYS; i++)
			measure(i, w, repeats, turns);
	for (unsigned int i = 0; i < 2; i++) {
		struct figure *figure =
			report_add("ns/page", "%s, then hashed", ways[i].name);

		for (unsigned int r = 0; r < repeats; r++)
			figure_take(figure, time_hashing(ways[i].copy));
	}
	report_end();
	munmap(source, SOURCE_BYTES);
	munmap(staging, STAGING_PAGES * PAGE);
	munmap(hot, workloads[NR_WORKLOADS - 1].bytes);
	return 0;
}
