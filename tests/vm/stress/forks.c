// SPDX-License-Identifier: GPL-2.0-only
/*
 * forks.c - processes that come and go with shares of merged pages
 *
 * Parent, children and grandchildren write the same pages at the same time,
 * and none may see what another wrote. Half of them end by exec.
 */
#define _GNU_SOURCE
#include "actor.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define NR_PAGES 256
#define MAX_CHILDREN 4

static void write_some(struct book *book, size_t nr)
{
	for (size_t n = 0; n < nr; n++)
		book_write(book, dice(book->actor, NR_PAGES));
}

/* Some have a child of their own, and some of those have one. */
static void be_child(struct book *book)
{
	struct actor *actor = book->actor;
	unsigned int depth = 0;
	pid_t pid = 0;
	int status;

	do {
		actor->rng = mix(actor->rng + (uint64_t)getpid());
		actor->doing = "a fork";
		book_check_all(book);
		if (++depth > 2 || dice(actor, 3))
			break;
		pid = fork();
		must(actor, pid >= 0, "fork");
	} while (!pid);
	write_some(book, 16);
	rest(actor, 60);
	book_check_all(book);
	if (pid)
		must(actor, waitpid(pid, &status, 0) == pid && !status,
		     "a grandchild failed");
	if (dice(actor, 2))
		execl("/bin/true", "true", NULL);
	_exit(0);
}

void act_forks(struct actor *actor)
{
	unsigned int running = 0;
	uint64_t forks = 0;
	struct book book;
	int status;

	book_open(&book, actor, NR_PAGES);
	while (goes_on(actor)) {
		fflush(stdout);
		if (running < MAX_CHILDREN) {
			pid_t pid = fork();

			must(actor, pid >= 0, "fork");
			if (!pid)
				be_child(&book);
			running++;
			forks++;
		}
		actor->doing = "a fork";
		write_some(&book, 16);
		rest(actor, 40);
		book_check_all(&book);
		while (running &&
		       waitpid(-1, &status,
			       running == MAX_CHILDREN ? 0 : WNOHANG) > 0) {
			if (status)
				fail("forks: a child ended with status %#x",
				     status);
			running--;
		}
	}
	while (running-- && wait(&status) > 0)
		if (status)
			fail("forks: a child ended with status %#x", status);
	book_close(&book);
	printf("forks: %llu writes, %llu forks\n",
	       (unsigned long long)book.writes, (unsigned long long)forks);
}
