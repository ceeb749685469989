// SPDX-License-Identifier: GPL-2.0-only
/*
 * writers.c - threads that write while their pages are merged
 *
 * A merge that loses a write is the worst that can happen, so this program
 * makes writes meet merges. Each thread owns pages of few different contents.
 * It works on a few neighbouring pages for some time, while the others rest
 * long enough to be merged, and then turns to others, which are merged or
 * being merged at that moment. Every write is preceded by a check of the
 * whole page and followed by one of what was written. In between comes a
 * tight loop that keeps the TLB entry of one page hot: only such a writer
 * shows that a flush is missing. And pages that were just written are read in a
 * tight loop until they have been merged: only such a reader shows that a page
 * is put to other use while somebody still has a translation of it.
 *
 * The pages of every other thread lie far apart: those are merged in another
 * way than neighbours are.
 */
#define _GNU_SOURCE
#include "vmtest.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAX_THREADS 64
/* Neighbouring pages that are written at a time, and for how long. */
#define WINDOW_PAGES 32
#define WINDOW_MS 60
/* Rounds of the tight loop. */
#define HOT_ROUNDS 20000
/* From one page of a thread to its next, where they lie far apart. */
#define FAR_APART 37
/* How many different contents there are. */
#define NR_CONTENTS 6

static const char *ksm = "/sys/kernel/mm/gksm";
static size_t pages_per_thread = 512;
static uint64_t seed;
static atomic_bool stop;

/**
 * struct writer - one thread and what it believes its pages to hold
 * @number: which thread
 * @memory: its part of the memory
 * @gap:    from one of its pages there to the next, in pages
 * @ids:    content of each page
 * @rng:    state of its random sequence
 * @writes: pages written
 * @hot:    rounds of the tight loop
 * @reads:  words read in the other one
 */
struct writer {
	pthread_t thread;
	unsigned int number;
	char *memory;
	size_t gap;
	uint64_t *ids;
	uint64_t rng;
	uint64_t writes;
	uint64_t hot;
	uint64_t reads;
};

static void *page_of(const struct writer *writer, size_t i)
{
	return writer->memory + i * writer->gap * PAGE_BYTES;
}

static void check(const struct writer *writer, size_t i, const char *when)
{
	const uint64_t *page = page_of(writer, i);
	int word = page_differs(page, writer->ids[i]);

	if (word >= 0)
		fail("LOST WRITE: thread %u, page %zu, word %d, content %llu: "
		     "found %#llx %s",
		     writer->number, i, word,
		     (unsigned long long)writer->ids[i],
		     (unsigned long long)page[word], when);
}

/* Another content, one that many pages have. */
static void rewrite(struct writer *writer, size_t i)
{
	check(writer, i, "before writing");
	writer->ids[i] = rng_next(&writer->rng) % NR_CONTENTS;
	page_fill(page_of(writer, i), writer->ids[i]);
	check(writer, i, "after writing");
	writer->writes++;
}

/* One word of a page changes, is read, and becomes what it was. */
static void touch(struct writer *writer, size_t i)
{
	volatile uint64_t *page = page_of(writer, i);
	const unsigned int w = rng_next(&writer->rng) % PAGE_WORDS;
	const uint64_t was = page[w];

	page[w] = ~was;
	if (page[w] != ~was)
		fail("LOST WRITE: thread %u, page %zu, word %u: found %#llx, "
		     "wrote %#llx",
		     writer->number, i, w, (unsigned long long)page[w],
		     (unsigned long long)~was);
	page[w] = was;
	check(writer, i, "after a touch");
	writer->writes++;
}

/* Counts in one word, as fast as possible, and misses no number. */
static void count_hot(struct writer *writer, size_t i)
{
	volatile uint64_t *page = page_of(writer, i);
	const unsigned int w = rng_next(&writer->rng) % PAGE_WORDS;
	const uint64_t was = page[w];

	for (uint64_t n = 0; n < HOT_ROUNDS; n++) {
		/* Even rounds leave the content that others have. */
		page[w] = n & 1 ? was + n : was;
		if (page[w] != (n & 1 ? was + n : was))
			fail("LOST WRITE: thread %u, page %zu, word %u, "
			     "hot round %llu: found %#llx",
			     writer->number, i, w, (unsigned long long)n,
			     (unsigned long long)page[w]);
	}
	page[w] = was;
	check(writer, i, "after the hot loop");
	writer->hot += HOT_ROUNDS;
}

/* Pages at rest are read, while they become others, and hold what they did. */
static void read_hot(struct writer *writer, size_t first)
{
	const uint64_t end_ms = now_ms() + WINDOW_MS;
	const unsigned int w = rng_next(&writer->rng) % PAGE_WORDS;
	const volatile uint64_t *words[WINDOW_PAGES];
	uint64_t were[WINDOW_PAGES];

	for (size_t i = 0; i < WINDOW_PAGES; i++) {
		words[i] = (const uint64_t *)page_of(writer, first + i) + w;
		were[i] = *words[i];
	}
	while (now_ms() < end_ms && !stop) {
		for (size_t n = 0; n < 64 * (size_t)WINDOW_PAGES; n++) {
			const size_t i = n % WINDOW_PAGES;
			const uint64_t is = *words[i];

			if (is != were[i])
				fail("FOREIGN BYTES: thread %u, page %zu, "
				     "word %u: read %#llx, was %#llx",
				     writer->number, first + i, w,
				     (unsigned long long)is,
				     (unsigned long long)were[i]);
		}
		writer->reads += 64 * (size_t)WINDOW_PAGES;
	}
}

static void work_in_window(struct writer *writer)
{
	const size_t first =
		rng_next(&writer->rng) % (pages_per_thread - WINDOW_PAGES + 1);
	const uint64_t end_ms = now_ms() + WINDOW_MS;

	count_hot(writer, first + rng_next(&writer->rng) % WINDOW_PAGES);
	while (now_ms() < end_ms && !stop) {
		const uint64_t dice = rng_next(&writer->rng);
		const size_t i = first + (dice >> 8) % WINDOW_PAGES;

		if (dice & 1)
			rewrite(writer, i);
		else
			touch(writer, i);
	}
	if (rng_next(&writer->rng) & 1)
		read_hot(writer, first);
}

static void *write_pages(void *arg)
{
	struct writer *writer = arg;

	for (size_t i = 0; i < pages_per_thread; i++) {
		writer->ids[i] = rng_next(&writer->rng) % NR_CONTENTS;
		page_fill(page_of(writer, i), writer->ids[i]);
	}
	while (!stop)
		work_in_window(writer);
	for (size_t i = 0; i < pages_per_thread; i++)
		check(writer, i, "at the end");
	return NULL;
}

static void start_writer(struct writer *writer, unsigned int number)
{
	writer->number = number;
	writer->rng = seed + number;
	writer->gap = number & 1 ? FAR_APART : 1;
	writer->memory = pages_map(pages_per_thread * writer->gap);
	pages_opt_in(writer->memory, pages_per_thread * writer->gap);
	/* Huge pages would fill the gaps. */
	if (writer->gap > 1 &&
	    madvise(writer->memory, pages_per_thread * writer->gap * PAGE_BYTES,
		    MADV_NOHUGEPAGE))
		fail("no MADV_NOHUGEPAGE");
	writer->ids = calloc(pages_per_thread, sizeof(*writer->ids));
	if (!writer->ids)
		fail("out of memory");
	if (pthread_create(&writer->thread, NULL, write_pages, writer))
		fail("cannot start a thread");
}

/*
 * Merges that happened meanwhile: by the module's own counter, or at least as
 * many as pages_sharing went up between two looks.
 */
static long watch(unsigned long seconds)
{
	const uint64_t end_ms = now_ms() + seconds * 1000ULL;
	const long counted = ksm_read(ksm, "pages_merged");
	long last = ksm_read(ksm, "pages_sharing");
	long seen = 0;

	if (last < 0)
		fail("cannot read %s: is the module loaded?", ksm);
	while (now_ms() < end_ms) {
		long sharing = ksm_read(ksm, "pages_sharing");

		if (sharing > last)
			seen += sharing - last;
		last = sharing;
		sleep_ms(5);
	}
	return counted < 0 ? seen : ksm_read(ksm, "pages_merged") - counted;
}

int main(int argc, char **argv)
{
	unsigned long nr_threads = 4, seconds = 120, min_merges = 1000;
	struct writer writers[MAX_THREADS] = { 0 };
	uint64_t writes = 0, hot = 0, reads = 0;
	long merges = 0;
	int option;

	while ((option = getopt(argc, argv, "k:n:t:s:m:S:")) != -1) {
		if (option == 'k')
			ksm = optarg;
		else if (option == 'n')
			pages_per_thread = parse_number(optarg, 'n');
		else if (option == 't')
			nr_threads = parse_number(optarg, 't');
		else if (option == 's')
			seconds = parse_number(optarg, 's');
		else if (option == 'm')
			min_merges = parse_number(optarg, 'm');
		else if (option == 'S')
			seed = mix(parse_number(optarg, 'S'));
		else
			fail("usage: writers [-k DIR] [-n PAGES] [-t THREADS] "
			     "[-s SECONDS] [-m MIN_MERGES] [-S SEED]");
	}
	if (nr_threads < 1 || nr_threads > MAX_THREADS ||
	    pages_per_thread < WINDOW_PAGES)
		fail("1 to %d threads with at least %d pages each", MAX_THREADS,
		     WINDOW_PAGES);
	for (unsigned int t = 0; t < nr_threads; t++)
		start_writer(&writers[t], t);
	/* Without a minimum nothing is asked of the module, not even to stay. */
	if (min_merges)
		merges = watch(seconds);
	else
		sleep((unsigned int)seconds);
	stop = true;
	for (unsigned int t = 0; t < nr_threads; t++) {
		pthread_join(writers[t].thread, NULL);
		writes += writers[t].writes;
		hot += writers[t].hot;
		reads += writers[t].reads;
	}
	printf("writers: %llu writes, %llu hot rounds, %llu hot reads",
	       (unsigned long long)writes, (unsigned long long)hot,
	       (unsigned long long)reads);
	if (min_merges)
		printf(", %ld merges", merges);
	putchar('\n');
	if (merges < (long)min_merges)
		fail("only %ld merges: this has shown nothing", merges);
	return 0;
}
