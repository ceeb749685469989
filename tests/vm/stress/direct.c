// SPDX-License-Identifier: GPL-2.0-only
/*
 * direct.c - O_DIRECT from and into memory that is being merged
 *
 * The device writes a page that nobody's page tables write. Were a merge to
 * overlook the reference that the device holds, the process would be left
 * with what was there before.
 */
#define _GNU_SOURCE
#include "actor.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NR_PAGES 64
#define MAX_RUN 16

static uint64_t on_disk[DISK_BLOCKS];

static off_t block_offset(size_t block)
{
	return (off_t)((DIRECT_BLOCK + block) * PAGE_BYTES);
}

static void write_out(struct book *book, int disk, size_t i, size_t block,
		      size_t nr)
{
	const size_t bytes = nr * PAGE_BYTES;

	book->actor->doing = "an O_DIRECT write";
	must(book->actor,
	     pwrite(disk, book_page(book, i), bytes, block_offset(block)) ==
		     (ssize_t)bytes,
	     "pwrite");
	for (size_t n = 0; n < nr; n++) {
		book_check(book, i + n);
		on_disk[block + n] = book->ids[i + n];
	}
}

static void read_in(struct book *book, int disk, size_t i, size_t block,
		    size_t nr)
{
	const size_t bytes = nr * PAGE_BYTES;

	book->actor->doing = "an O_DIRECT read";
	must(book->actor,
	     pread(disk, book_page(book, i), bytes, block_offset(block)) ==
		     (ssize_t)bytes,
	     "pread");
	for (size_t n = 0; n < nr; n++)
		book_written(book, i + n, on_disk[block + n]);
}

static void fill_disk(struct book *book, int disk)
{
	for (size_t block = 0; block + NR_PAGES <= DISK_BLOCKS;
	     block += NR_PAGES) {
		for (size_t i = 0; i < NR_PAGES; i++)
			book_write(book, i);
		write_out(book, disk, 0, block, NR_PAGES);
	}
}

void act_direct(struct actor *actor)
{
	struct book book;
	uint64_t reads = 0;
	int disk;

	if (!actor->disk)
		leave(actor, "no disk");
	disk = open(actor->disk, O_RDWR | O_DIRECT | O_CLOEXEC);
	must(actor, disk >= 0, actor->disk);
	book_open(&book, actor, NR_PAGES);
	fill_disk(&book, disk);
	while (goes_on(actor)) {
		const size_t nr = 1 + dice(actor, MAX_RUN);
		const size_t i = dice(actor, NR_PAGES - nr);
		const size_t block = dice(actor, DISK_BLOCKS - nr);

		if (dice(actor, 3)) {
			read_in(&book, disk, i, block, nr);
			reads += nr;
		} else {
			write_out(&book, disk, i, block, nr);
		}
		if (!dice(actor, 4))
			book_write(&book, dice(actor, NR_PAGES));
		if (!dice(actor, 16))
			rest(actor, 100);
		book_check_all(&book);
	}
	book_close(&book);
	printf("direct: %llu writes, %llu direct reads\n",
	       (unsigned long long)book.writes, (unsigned long long)reads);
}
