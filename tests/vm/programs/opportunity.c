// SPDX-License-Identifier: GPL-2.0-only
/*
 * opportunity.c - is everything merged that can be, and nothing else?
 *
 * Processes hold pages of mixed content. When merging has settled, their
 * memory is read and the duplicates are counted by brute force, sorting all
 * pages by their bytes; the page tables tell which pages share a frame. All
 * pages of one content that did not change must share one frame, and no two
 * pages of different content may.
 */
#define _GNU_SOURCE
#include "vmtest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_PROCESSES 16
#define LIMIT_S 300
/* Milliseconds between two writes to each page that keeps changing. */
#define CHANGE_MS 10
/* One page in so many is written at the end. */
#define BREAK_EVERY 7

enum question {
	ASK_FILL,
	ASK_VERIFY,
	ASK_BREAK
};

/* What a page holds; the share of each kind is in kind_of(). */
enum kind {
	KIND_ACROSS, /* one of a few contents known to all processes */
	KIND_WITHIN, /* one of a few contents of this process */
	KIND_UNIQUE,
	KIND_ZERO,
	KIND_LAST_BYTE, /* the same for all but for the last byte */
	KIND_CHANGING,
};

/**
 * struct spot - one page of one process, as found when merging has settled
 * @bytes:    copy of its content
 * @pfn:      frame behind it
 * @changing: its process keeps writing it
 */
struct spot {
	const char *bytes;
	uint64_t pfn;
	bool changing;
};

static size_t nr_pages = 2048;
static unsigned long nr_processes = 4;

struct memory {
	unsigned int process;
	char *pages;
	uint64_t round;
	bool broken;
};

static enum kind kind_of(unsigned int process, size_t i)
{
	const uint64_t dice = mix(process * 1000003ULL + i + 1) % 100;

	if (dice < 35)
		return KIND_ACROSS;
	if (dice < 45)
		return KIND_WITHIN;
	if (dice < 70)
		return KIND_UNIQUE;
	if (dice < 80)
		return KIND_ZERO;
	if (dice < 90)
		return KIND_LAST_BYTE;
	return KIND_CHANGING;
}

/* The id for page_fill(); the last byte is not part of it. */
static uint64_t id_of(const struct memory *memory, size_t i)
{
	const uint64_t own = (memory->process + 1ULL) << 32;

	if (memory->broken && i % BREAK_EVERY == 0)
		return (1ULL << 50) + own + i;
	switch (kind_of(memory->process, i)) {
	case KIND_ACROSS:
		return 1 + mix(i) % 256;
	case KIND_WITHIN:
		return (1ULL << 48) + own + i % 16;
	case KIND_ZERO:
		return 0;
	case KIND_LAST_BYTE:
		return 1ULL << 49;
	case KIND_CHANGING:
		return (memory->round << 52) + own + i;
	case KIND_UNIQUE:
		break;
	}
	return own + i;
}

static bool has_own_last_byte(const struct memory *memory, size_t i)
{
	return kind_of(memory->process, i) == KIND_LAST_BYTE &&
	       !(memory->broken && i % BREAK_EVERY == 0);
}

static void write_page(const struct memory *memory, size_t i)
{
	char *page = memory->pages + i * PAGE_BYTES;

	page_fill(page, id_of(memory, i));
	if (has_own_last_byte(memory, i))
		page[PAGE_BYTES - 1] = (char)mix(i);
}

static void verify(const struct memory *memory)
{
	char expected[PAGE_BYTES] __attribute__((aligned(8)));

	for (size_t i = 0; i < nr_pages; i++) {
		page_fill(expected, id_of(memory, i));
		if (has_own_last_byte(memory, i))
			expected[PAGE_BYTES - 1] = (char)mix(i);
		if (memcmp(expected, memory->pages + i * PAGE_BYTES,
			   PAGE_BYTES))
			fail("process %u: page %zu is not what was written",
			     memory->process, i);
	}
}

static void change(struct memory *memory)
{
	memory->round = (memory->round + 1) % 2048;
	for (size_t i = 0; i < nr_pages; i++)
		if (kind_of(memory->process, i) == KIND_CHANGING)
			write_page(memory, i);
}

static void serve(int socket, void *arg)
{
	struct memory *memory = arg;
	bool filled = false;
	uint64_t question;

	while (true) {
		if (!worker_poll(socket, CHANGE_MS, &question)) {
			if (filled && !memory->broken)
				change(memory);
			continue;
		}
		if (question == ASK_VERIFY) {
			verify(memory);
		} else {
			filled = true;
			memory->broken = question == ASK_BREAK;
			for (size_t i = 0; i < nr_pages; i++)
				if (!memory->broken || i % BREAK_EVERY == 0)
					write_page(memory, i);
		}
		worker_answer(socket, 0);
	}
}

static int by_content(const void *a, const void *b)
{
	const struct spot *left = a, *right = b;

	return memcmp(left->bytes, right->bytes, PAGE_BYTES);
}

static int by_frame(const void *a, const void *b)
{
	const struct spot *left = a, *right = b;

	return (left->pfn > right->pfn) - (left->pfn < right->pfn);
}

static struct spot *collect(struct worker *workers, struct memory *memories)
{
	struct spot *spots = calloc(nr_processes * nr_pages, sizeof(*spots));
	uint64_t *pfns = calloc(nr_pages, sizeof(*pfns));

	if (!spots || !pfns)
		fail("out of memory");
	for (unsigned int p = 0; p < nr_processes; p++) {
		const uintptr_t start = (uintptr_t)memories[p].pages;
		char *copy = pages_map(nr_pages);

		pages_frames(workers[p].pid, start, nr_pages, pfns);
		pages_copy(workers[p].pid, start, nr_pages, copy);
		for (size_t i = 0; i < nr_pages; i++)
			spots[p * nr_pages + i] = (struct spot){
				.bytes = copy + i * PAGE_BYTES,
				.pfn = pfns[i],
				.changing = kind_of(p, i) == KIND_CHANGING,
			};
	}
	free(pfns);
	return spots;
}

/* Fails if two pages of different content, or a changing one, share a frame. */
static void check_nothing_else(struct spot *spots, size_t nr)
{
	size_t wrong = 0;

	qsort(spots, nr, sizeof(*spots), by_frame);
	for (size_t i = 1; i < nr; i++) {
		const struct spot *left = &spots[i - 1], *right = &spots[i];

		if (!left->pfn || left->pfn != right->pfn)
			continue;
		if (left->changing || right->changing ||
		    memcmp(left->bytes, right->bytes, PAGE_BYTES))
			wrong++;
	}
	printf("opportunity: %zu pages share a frame that they should not\n",
	       wrong);
	if (wrong)
		fail("pages of different content share a frame");
}

/* Frames of the @nr spots, which have one content. */
static size_t count_frames(struct spot *spots, size_t nr)
{
	size_t frames = 1;

	qsort(spots, nr, sizeof(*spots), by_frame);
	for (size_t i = 1; i < nr; i++)
		frames += spots[i].pfn != spots[i - 1].pfn;
	return frames;
}

/* Fails unless every content that did not change has one frame. */
static void check_everything(struct spot *spots, size_t nr, size_t max_sharing)
{
	size_t duplicates = 0, missed = 0, still = 0;
	size_t first, last;

	/* What changes has been read at another time than its frame. */
	for (size_t i = 0; i < nr; i++)
		if (!spots[i].changing)
			spots[still++] = spots[i];
	qsort(spots, still, sizeof(*spots), by_content);
	for (first = 0; first < still; first = last) {
		for (last = first + 1; last < still; last++)
			if (by_content(&spots[first], &spots[last]))
				break;
		/* The last of a full chain has no page to share with. */
		missed += count_frames(&spots[first], last - first) - 1;
		if (max_sharing)
			missed -= (last - first - 1) / max_sharing;
		duplicates += last - first - 1;
	}
	printf("opportunity: %zu of %zu duplicates merged (%zu pages)\n",
	       duplicates - missed, duplicates, nr);
	if (missed || !duplicates)
		fail("%zu duplicates were not merged", missed);
}

static void ask_all(struct worker *workers, enum question question)
{
	for (unsigned int p = 0; p < nr_processes; p++)
		worker_ask(&workers[p], question, LIMIT_S);
}

int main(int argc, char **argv)
{
	const char *ksm = "/sys/kernel/mm/gksm";
	struct memory memories[MAX_PROCESSES] = { 0 };
	struct worker workers[MAX_PROCESSES];
	size_t max_sharing = 0;
	struct spot *spots;
	int option;

	while ((option = getopt(argc, argv, "k:n:p:m:")) != -1) {
		if (option == 'k')
			ksm = optarg;
		else if (option == 'n')
			nr_pages = parse_number(optarg, 'n');
		else if (option == 'p')
			nr_processes = parse_number(optarg, 'p');
		else if (option == 'm')
			max_sharing = parse_number(optarg, 'm');
		else
			fail("usage: opportunity [-k DIR] [-n PAGES] "
			     "[-p PROCESSES] [-m MAX_SHARING]");
	}
	if (nr_processes < 1 || nr_processes > MAX_PROCESSES)
		fail("-p must be between 1 and %d", MAX_PROCESSES);
	for (unsigned int p = 0; p < nr_processes; p++) {
		memories[p].process = p;
		memories[p].pages = pages_map(nr_pages);
		pages_opt_in(memories[p].pages, nr_pages);
		worker_start(&workers[p], serve, &memories[p]);
	}
	ask_all(workers, ASK_FILL);
	printf("opportunity: settled after %llu ms\n",
	       (unsigned long long)ksm_settle(ksm, LIMIT_S));
	spots = collect(workers, memories);
	check_nothing_else(spots, nr_processes * nr_pages);
	check_everything(spots, nr_processes * nr_pages, max_sharing);
	ask_all(workers, ASK_VERIFY);
	ask_all(workers, ASK_BREAK);
	ask_all(workers, ASK_VERIFY);
	for (unsigned int p = 0; p < nr_processes; p++)
		worker_end(&workers[p]);
	printf("opportunity: every page is what its process wrote\n");
	return 0;
}
