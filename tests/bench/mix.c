// SPDX-License-Identifier: GPL-2.0-only
/*
 * mix.c - what pages hold while they are measured, and which of them are equal
 */
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xxhash.h>

#include "bench.h"

/* Names of the pages; those of entries without content are below. */
#define FIRST_NAME (UINT64_C(1) << 50)

static void fill_unique(uint8_t *page, uint64_t number)
{
	uint64_t *words = (uint64_t *)page;

	for (unsigned int w = 0; w < PAGE / sizeof(*words); w++)
		words[w] = scatter(number << 10 | w);
}

static void fill_groups(uint8_t *page, uint64_t number)
{
	fill_unique(page, number / 8);
}

static void fill_zero(uint8_t *page, uint64_t number)
{
	(void)number;
	memset(page, 0, PAGE);
}

static void fill_last_bytes(uint8_t *page, uint64_t number)
{
	memset(page, 7, PAGE);
	memcpy(page + PAGE - sizeof(number), &number, sizeof(number));
}

/* The last one is made of files. */
static const struct {
	const char *name;
	void (*fill)(uint8_t *page, uint64_t number);
} mixes[NR_MIXES] = {
	{ "unique", fill_unique }, { "groups of 8", fill_groups },
	{ "zero", fill_zero },	   { "last bytes differ", fill_last_bytes },
	{ "files", NULL },
};

/* nftw() has no argument for what it calls. */
static struct {
	struct run *run;
	size_t nr_pages;
	size_t nr_files;
} reading;

/* The pages of a file, as the page cache has them: the last is padded. */
static int read_file(const char *path, const struct stat *st, int type,
		     struct FTW *ftw)
{
	const size_t room = run_nr_pages(reading.run);
	ssize_t got = 0;
	int fd;

	(void)ftw;
	if (type != FTW_F || !S_ISREG(st->st_mode) || !st->st_size)
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	reading.nr_files++;
	while (reading.nr_pages < room) {
		uint8_t *page = reading.run->pages + reading.nr_pages * PAGE;

		memset(page, 0, PAGE);
		got = read(fd, page, PAGE);
		if (got <= 0)
			break;
		reading.nr_pages++;
	}
	close(fd);
	return reading.nr_pages == room;
}

/* As many as there are, over and over if there are few. */
static void fill_files(struct run *run, const char *files)
{
	const size_t room = run_nr_pages(run);

	reading.run = run;
	reading.nr_pages = 0;
	reading.nr_files = 0;
	if (nftw(files, read_file, 16, FTW_PHYS) < 0 || !reading.nr_pages)
		fail("cannot read files", files);
	fprintf(stderr, "gksm-bench: %zu pages of %zu files in %s\n",
		reading.nr_pages, reading.nr_files, files);
	for (size_t p = reading.nr_pages; p < room; p++)
		memcpy(run->pages + p * PAGE,
		       run->pages + p % reading.nr_pages * PAGE, PAGE);
}

/**
 * mix_name - what a mix is called
 * @mix: which
 *
 * Return: its name.
 */
const char *mix_name(unsigned int mix)
{
	return mixes[mix].name;
}

/**
 * mix_fill - give all pages their contents and names
 * @run:   opened
 * @mix:   which mix
 * @files: where files are, for the mix that is made of them
 */
void mix_fill(struct run *run, unsigned int mix, const char *files)
{
	for (size_t p = 0; p < run_nr_pages(run); p++) {
		const size_t batch = p / run->batch_pages;

		if (mixes[mix].fill)
			mixes[mix].fill(run->pages + p * PAGE, p);
		gksm_gpu_names(run->gpu,
			       (unsigned int)batch)[p % run->batch_pages] =
			FIRST_NAME + p;
	}
	if (!mixes[mix].fill)
		fill_files(run, files);
}

/**
 * mix_seed - give all pages a seed
 * @run:  opened
 * @seed: the seed
 */
void mix_seed(struct run *run, uint64_t seed)
{
	for (unsigned int b = 0; b < NR_BATCHES; b++) {
		uint64_t *seeds = gksm_gpu_seeds(run->gpu, b);

		for (unsigned int i = 0; i < run->batch_pages; i++)
			seeds[i] = seed;
	}
}

/**
 * struct known - a page by its contents
 * @hash:   of them, with no seed
 * @number: which page
 */
struct known {
	uint64_t hash;
	size_t number;
};

static int by_hash(const void *a, const void *b)
{
	const struct known *one = a, *two = b;

	return (one->hash > two->hash) - (one->hash < two->hash);
}

static bool are_equal(const struct run *run, size_t a, size_t b)
{
	return a != b &&
	       memcmp(run->pages + a * PAGE, run->pages + b * PAGE, PAGE) == 0;
}

/* For each page: is there another one with the same bytes? */
static bool *find_equals(const struct run *run)
{
	const size_t nr = run_nr_pages(run);
	struct known *known = calloc(nr, sizeof(*known));
	bool *has_equal = calloc(nr, sizeof(*has_equal));

	if (!known || !has_equal)
		fail("cannot compare all pages", "out of memory");
	for (size_t p = 0; p < nr; p++)
		known[p] =
			(struct known){ XXH64(run->pages + p * PAGE, PAGE, 0),
					p };
	qsort(known, nr, sizeof(*known), by_hash);
	for (size_t k = 1; k < nr; k++) {
		if (!are_equal(run, known[k - 1].number, known[k].number))
			continue;
		has_equal[known[k - 1].number] = true;
		has_equal[known[k].number] = true;
	}
	free(known);
	return has_equal;
}

/* A page of ours that the engine names as a twin, or none of ours. */
static size_t get_twin(const struct run *run, const struct gksm_gpu_batch *done,
		       unsigned int i)
{
	const uint64_t number = done->twins[i] - FIRST_NAME;

	return number < run_nr_pages(run) ? number : SIZE_MAX;
}

/**
 * mix_count_duplicates - does the engine find those that there are?
 * @run:      opened; the seed is one that it has not had yet
 * @nr_there: in and out: pages of which there is another one, zero pages apart
 * @nr_found: in and out: of these, how many the engine finds an equal page of
 * @nr_false: in and out: pages for which it finds one that is not equal
 *
 * When every page was named once, as far as they are not zero.
 */
void mix_count_duplicates(struct run *run, uint64_t *nr_there,
			  uint64_t *nr_found, uint64_t *nr_false)
{
	bool *has_equal = find_equals(run);

	for (unsigned int n = 0; n < 2 * NR_BATCHES; n++) {
		const unsigned int b = n % NR_BATCHES;
		struct gksm_gpu_batch done;

		if (gksm_gpu_search(run->gpu, b, run->batch_pages, 0))
			fail("cannot search", gksm_gpu_error(run->gpu));
		done = run_wait(run);
		for (unsigned int i = 0;
		     n >= NR_BATCHES && i < run->batch_pages; i++) {
			const size_t p = (size_t)b * run->batch_pages + i;
			const size_t twin = get_twin(run, &done, i);

			if (done.zeros[i])
				continue;
			*nr_there += has_equal[p];
			if (!done.twins[i])
				continue;
			if (twin != SIZE_MAX && are_equal(run, p, twin))
				(*nr_found)++;
			else
				(*nr_false)++;
		}
	}
	free(has_equal);
}
