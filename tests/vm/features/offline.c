// SPDX-License-Identifier: GPL-2.0-only
/*
 * offline.c - memory that is moved: compaction, and blocks that are taken away
 */
#define _GNU_SOURCE
#include "features.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NR_PAGES 128
#define NR_MANY 16384
#define MAX_BLOCKS 256

static void compacted(void)
{
	struct area one, other, gaps;
	uint64_t *frames;

	make_merged(&one, &other, NR_PAGES);
	frames = area_frames(&one);
	area_make(&gaps, NR_MANY);
	for (int n = 0; n < 5; n++) {
		must(put_line("/proc/sys/vm/compact_memory", "1"),
		     "compact_memory");
		if (!by_kernel())
			expect_frames("compacted", &one, frames);
		expect_merged("compacted", &one, &other);
		area_check(&gaps, "compacted");
	}
	merge_all();
	expect_counts("compacted", NR_PAGES, NR_PAGES);
}

static void block_path(char *path, size_t size, size_t block, const char *file)
{
	snprintf(path, size, "/sys/devices/system/memory/memory%zu/%s", block,
		 file);
}

static bool block_reads(size_t block, const char *file, const char *text)
{
	char path[96], line[64] = "";
	int fd;

	block_path(path, sizeof(path), block, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (read(fd, line, sizeof(line) - 1) < 0)
		line[0] = 0;
	close(fd);
	return !strncmp(line, text, strlen(text));
}

/* 0 or an errno. */
static int set_state(size_t block, const char *state)
{
	char path[96];

	block_path(path, sizeof(path), block, "state");
	return put_line(path, state) ? 0 : errno;
}

static size_t pages_of_block(void)
{
	FILE *file = fopen("/sys/devices/system/memory/block_size_bytes", "re");
	unsigned long bytes = 0;

	if (!file || fscanf(file, "%lx", &bytes) != 1)
		skip("no memory blocks");
	fclose(file);
	return bytes / PAGE_BYTES;
}

/* How many pages lie in each block? */
static void count_blocks(const struct area *area, size_t *counts)
{
	const size_t size = pages_of_block();
	uint64_t *frames = area_frames(area);

	memset(counts, 0, MAX_BLOCKS * sizeof(*counts));
	for (size_t i = 0; i < area->nr; i++)
		if (frames[i] && frames[i] / size < MAX_BLOCKS)
			counts[frames[i] / size]++;
	free(frames);
}

/*
 * Tries to take each block away in which there are pages of the area. Returns
 * how many went, and came back.
 */
static size_t take_blocks(const struct area *area, const size_t *counts,
			  size_t *tried)
{
	size_t went = 0;

	*tried = 0;
	for (size_t block = 0; block < MAX_BLOCKS; block++) {
		int error;

		if (!counts[block])
			continue;
		error = set_state(block, "offline");
		/* A block with holes never goes. */
		*tried += error != EINVAL;
		printf("block %zu with %zu pages: %s\n", block, counts[block],
		       error ? strerror(error) : "offline");
		area_check(area, "a block was asked for");
		if (error)
			expect(error == EBUSY || error == EINVAL, "%s",
			       strerror(error));
		else
			must(!set_state(block, "online"), "online");
		went += !error;
	}
	return went;
}

/* The block of a merged page stays until the page is given back. */
static void block_of_merged_pages(void)
{
	size_t counts[MAX_BLOCKS], tried, went;
	struct area one, other;

	make_merged(&one, &other, NR_MANY);
	count_blocks(&one, counts);
	went = take_blocks(&one, counts, &tried);
	printf("merged: %zu of %zu blocks went\n", went, tried);
	expect_merged("blocks were asked for", &one, &other);
	if (!tried)
		skip("all are in a block with holes");
	if (by_kernel() && !went)
		skip("the blocks have other memory that cannot move");
	expect(by_kernel() ? went : !went, "%zu of %zu blocks went", went,
	       tried);
	if (by_kernel())
		return;
	ksm_write(ksm, "run", 2);
	ksm_write(ksm, "run", 0);
	expect_counts("given back", 0, 0);
	went = take_blocks(&one, counts, &tried);
	printf("given back: %zu of %zu blocks went\n", went, tried);
	area_check(&one, "offline");
	area_check(&other, "offline");
	if (!went)
		skip("the blocks have other memory that cannot move");
}

/* The highest block that can be taken away comes back as movable memory. */
static size_t make_movable(void)
{
	for (size_t block = MAX_BLOCKS; block--;) {
		if (!block_reads(block, "state", "online") ||
		    set_state(block, "offline"))
			continue;
		if (!set_state(block, "online_movable"))
			return block;
		must(!set_state(block, "online"), "online");
	}
	skip("no block can be taken away");
}

static size_t in_block(const struct area *area, size_t block)
{
	size_t counts[MAX_BLOCKS];

	count_blocks(area, counts);
	return counts[block];
}

/* Movable memory has no merged pages, so that it can be taken away. */
static void movable_memory(void)
{
	struct area one, other;
	size_t block;

	pages_of_block();
	block = make_movable();
	expect(block_reads(block, "valid_zones", "Movable"), "not movable");
	area_make(&one, NR_MANY / 4);
	area_make_twin(&other, &one);
	printf("block %zu: %zu of %zu pages\n", block,
	       in_block(&one, block) + in_block(&other, block),
	       one.nr + other.nr);
	if (!in_block(&one, block) || !in_block(&other, block)) {
		must(!set_state(block, "offline"), "offline");
		must(!set_state(block, "online"), "online");
		skip("that block is of another node");
	}
	merge_all();
	expect_merged("movable", &one, &other);
	printf("block %zu: %zu of %zu merged pages\n", block,
	       in_block(&one, block), one.nr);
	expect(by_kernel() == !!in_block(&one, block),
	       "%zu merged pages are in movable memory", in_block(&one, block));
	must(!set_state(block, "offline"), "offline");
	expect_merged("offline", &one, &other);
	must(!set_state(block, "online"), "online");
	expect_merged("online", &one, &other);
}

static const struct feature features[] = {
	{ "compaction", compacted },
	{ "movable memory has no merged pages", movable_memory },
	{ "a memory block with merged pages", block_of_merged_pages },
	{ NULL, NULL },
};

const struct topic offline_topic = { "offline", features };
