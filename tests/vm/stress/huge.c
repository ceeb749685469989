// SPDX-License-Identifier: GPL-2.0-only
/*
 * huge.c - huge pages form and are split again while their parts are merged
 */
#define _GNU_SOURCE
#include "actor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define HUGE_BYTES (2UL << 20)
#define NR_HUGE 2
#define NR_PAGES (NR_HUGE * HUGE_BYTES / PAGE_BYTES)

/* A book whose memory may have huge pages. */
static void open_aligned(struct book *book, struct actor *actor)
{
	char *all = pages_map(NR_PAGES + HUGE_BYTES / PAGE_BYTES);
	const uintptr_t start =
		((uintptr_t)all + HUGE_BYTES - 1) & ~(HUGE_BYTES - 1);
	const size_t before = start - (uintptr_t)all;

	if (before)
		munmap(all, before);
	munmap((char *)start + NR_HUGE * HUGE_BYTES, HUGE_BYTES - before);
	book->actor = actor;
	book->pages = (char *)start;
	book->nr = NR_PAGES;
	book->ids = calloc(NR_PAGES, sizeof(*book->ids));
	must(actor, book->ids, "calloc");
	must(actor, !madvise(book->pages, NR_PAGES * PAGE_BYTES, MADV_HUGEPAGE),
	     "MADV_HUGEPAGE");
	pages_opt_in(book->pages, NR_PAGES);
	actor->doing = "mmap";
	for (size_t i = 0; i < NR_PAGES; i++)
		book_write(book, i);
}

static void forget_some(struct book *book)
{
	const size_t first = dice(book->actor, NR_PAGES);
	size_t nr = 1 + dice(book->actor, 64);

	if (nr > NR_PAGES - first)
		nr = NR_PAGES - first;
	book->actor->doing = "MADV_DONTNEED";
	must(book->actor,
	     !madvise(book_page(book, first), nr * PAGE_BYTES, MADV_DONTNEED),
	     "MADV_DONTNEED");
	memset(&book->ids[first], 0, nr * sizeof(*book->ids));
}

/* Half of one huge page's area: what is there is split. */
static void protect_some(struct book *book)
{
	char *half = book_page(book, dice(book->actor, 2 * NR_HUGE) *
					     (HUGE_BYTES / 2 / PAGE_BYTES));

	book->actor->doing = "mprotect";
	must(book->actor, !mprotect(half, HUGE_BYTES / 2, PROT_READ),
	     "mprotect");
	book_check_all(book);
	must(book->actor,
	     !mprotect(half, HUGE_BYTES / 2, PROT_READ | PROT_WRITE),
	     "mprotect");
}

void act_huge(struct actor *actor)
{
	struct book book = { .writes = 0 };

	while (goes_on(actor)) {
		const uint64_t end_ms = now_ms() + 2000 + dice(actor, 4000);

		open_aligned(&book, actor);
		while (now_ms() < end_ms && goes_on(actor)) {
			switch (dice(actor, 4)) {
			case 0:
				forget_some(&book);
				break;
			case 1:
				protect_some(&book);
				break;
			default:
				actor->doing = "writing";
				for (size_t n = 0; n < 64; n++)
					book_write(&book,
						   dice(actor, NR_PAGES));
			}
			rest(actor, 200);
			book_check_all(&book);
		}
		book_close(&book);
	}
	printf("huge: %llu writes\n", (unsigned long long)book.writes);
}
