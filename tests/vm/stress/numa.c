// SPDX-License-Identifier: GPL-2.0-only
/*
 * numa.c - pages move between nodes
 *
 * Its own, one by one, by move_pages(), and those of other actors, all at
 * once, by migrate_pages().
 */
#define _GNU_SOURCE
#include "actor.h"

#include <errno.h>
#include <linux/mempolicy.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NR_PAGES 256

static uint64_t move_own(struct book *book)
{
	int nodes[NR_PAGES], status[NR_PAGES];
	void *pages[NR_PAGES];
	uint64_t moved = 0;

	for (size_t i = 0; i < NR_PAGES; i++) {
		pages[i] = book_page(book, i);
		nodes[i] = (int)dice(book->actor, 2);
		status[i] = -EAGAIN;
	}
	book->actor->doing = "move_pages";
	must(book->actor,
	     syscall(SYS_move_pages, 0, NR_PAGES, pages, nodes, status,
		     MPOL_MF_MOVE) >= 0,
	     "move_pages");
	for (size_t i = 0; i < NR_PAGES; i++)
		moved += status[i] == nodes[i];
	return moved;
}

/* The process may have ended; pages that cannot be moved stay. */
static void move_others(struct actor *actor)
{
	const pid_t pid = actor->peers[dice(actor, MAX_ACTORS)];
	const unsigned long from = 1 + dice(actor, 2), to = 3 - from;

	if (!pid)
		return;
	must(actor,
	     syscall(SYS_migrate_pages, pid, 8 * sizeof(from), &from, &to) >=
			     0 ||
		     errno == ESRCH,
	     "migrate_pages");
}

void act_numa(struct actor *actor)
{
	uint64_t moved = 0;
	struct book book;

	if (access("/sys/devices/system/node/node1", F_OK))
		leave(actor, "one node only");
	book_open(&book, actor, NR_PAGES);
	while (goes_on(actor)) {
		moved += move_own(&book);
		book_check_all(&book);
		move_others(actor);
		actor->doing = "writing";
		for (size_t n = 0; n < 32; n++)
			book_write(&book, dice(actor, NR_PAGES));
		rest(actor, 200);
		book_check_all(&book);
	}
	book_close(&book);
	printf("numa: %llu writes, %llu page moves\n",
	       (unsigned long long)book.writes, (unsigned long long)moved);
}
