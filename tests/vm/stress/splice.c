// SPDX-License-Identifier: GPL-2.0-only
/*
 * splice.c - pages that a pipe refers to, and pages that come out of one
 *
 * A page is put into a pipe by reference, while it may not be merged, and
 * written afterwards, while it may: the pipe has to see that. This is what
 * the reference check of a merge is for.
 */
#define _GNU_SOURCE
#include "actor.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#define NR_PAGES 64
#define NR_PINNED 16

/* Read what the pipe refers to and compare it with the book. */
static void look_into_pipe(struct book *book, int pipe_end, size_t first)
{
	char page[PAGE_BYTES] __attribute__((aligned(8)));

	for (size_t i = first; i < first + NR_PINNED; i++) {
		int word;

		must(book->actor,
		     read(pipe_end, page, PAGE_BYTES) == PAGE_BYTES,
		     "read from a pipe");
		word = page_differs(page, book->ids[i]);
		if (word >= 0)
			fail("LOST WRITE: splice, page %zu, word %d: the pipe does not see it",
			     i, word);
	}
}

/* The other way: what is in the pipe is copied over pages. */
static void take_from_pipe(struct book *book, const int *ends, size_t first)
{
	struct iovec range = { book_page(book, first), PAGE_BYTES };
	char page[PAGE_BYTES] __attribute__((aligned(8)));
	const uint64_t id = book_content(book);

	page_fill(page, id);
	must(book->actor, write(ends[1], page, PAGE_BYTES) == PAGE_BYTES,
	     "write to a pipe");
	book->actor->doing = "vmsplice from a pipe";
	must(book->actor, vmsplice(ends[0], &range, 1, 0) == PAGE_BYTES,
	     "vmsplice from a pipe");
	book_written(book, first, id);
}

static void pin_and_write(struct book *book, const int *ends, size_t first)
{
	struct iovec range = { book_page(book, first), NR_PINNED * PAGE_BYTES };

	must(book->actor,
	     !madvise(range.iov_base, range.iov_len, MADV_UNMERGEABLE),
	     "MADV_UNMERGEABLE");
	book->actor->doing = "MADV_UNMERGEABLE";
	for (size_t i = first; i < first + NR_PINNED; i++)
		book_write(book, i);
	must(book->actor,
	     vmsplice(ends[1], &range, 1, 0) == (ssize_t)range.iov_len,
	     "vmsplice");
	pages_opt_in(range.iov_base, NR_PINNED);
	rest(book->actor, 300);
	book->actor->doing = "vmsplice";
	for (size_t i = first; i < first + NR_PINNED; i++)
		book_write(book, i);
	look_into_pipe(book, ends[0], first);
}

void act_splice(struct actor *actor)
{
	struct book book;
	int ends[2];

	must(actor, !pipe(ends), "pipe");
	must(actor,
	     fcntl(ends[1], F_SETPIPE_SZ, 2 * NR_PINNED * PAGE_BYTES) >= 0,
	     "F_SETPIPE_SZ");
	book_open(&book, actor, NR_PAGES);
	while (goes_on(actor)) {
		const size_t first = dice(actor, NR_PAGES - NR_PINNED);

		if (dice(actor, 2))
			pin_and_write(&book, ends, first);
		else
			take_from_pipe(&book, ends, first);
		book_check_all(&book);
	}
	book_close(&book);
	printf("splice: %llu writes\n", (unsigned long long)book.writes);
}
