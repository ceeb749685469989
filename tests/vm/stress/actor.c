// SPDX-License-Identifier: GPL-2.0-only
/*
 * actor.c - what the actors of the stress test have in common
 */
#define _GNU_SOURCE
#include "actor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

bool goes_on(const struct actor *actor)
{
	return now_ms() < actor->end_ms;
}

size_t dice(struct actor *actor, size_t sides)
{
	return rng_next(&actor->rng) % sides;
}

void rest(struct actor *actor, unsigned int ms)
{
	actor->doing = "a rest";
	sleep_ms((unsigned int)dice(actor, ms + 1));
}

void must(const struct actor *actor, bool ok, const char *what)
{
	if (!ok)
		fail("%s: %s: %s", actor->name, what, strerror(errno));
}

void leave(const struct actor *actor, const char *why)
{
	printf("%s: skipped: %s\n", actor->name, why);
	exit(4);
}

bool put_line(const char *path, const char *line)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok;
	int err;

	if (fd < 0)
		return false;
	ok = write(fd, line, strlen(line)) == (ssize_t)strlen(line);
	err = errno;
	close(fd);
	errno = err;
	return ok;
}

void book_open(struct book *book, struct actor *actor, size_t nr)
{
	book->actor = actor;
	book->pages = pages_map(nr);
	book->nr = nr;
	book->ids = calloc(nr, sizeof(*book->ids));
	book->writes = 0;
	must(actor, book->ids, "calloc");
	pages_opt_in(book->pages, nr);
	for (size_t i = 0; i < nr; i++)
		book_write(book, i);
}

void book_close(struct book *book)
{
	book_check_all(book);
	munmap(book->pages, book->nr * PAGE_BYTES);
	free(book->ids);
}

char *book_page(const struct book *book, size_t i)
{
	return book->pages + i * PAGE_BYTES;
}

void book_check(const struct book *book, size_t i)
{
	const uint64_t *page = (void *)book_page(book, i);
	const int word = page_differs(page, book->ids[i]);

	if (word >= 0)
		fail("LOST WRITE: %s, process %d, page %zu, word %d, content %llu: found %#llx after %s",
		     book->actor->name, (int)getpid(), i, word,
		     (unsigned long long)book->ids[i],
		     (unsigned long long)page[word], book->actor->doing);
}

void book_check_all(const struct book *book)
{
	for (size_t i = 0; i < book->nr; i++)
		book_check(book, i);
}

uint64_t book_content(const struct book *book)
{
	return dice(book->actor, NR_CONTENTS);
}

void book_write(struct book *book, size_t i)
{
	book_check(book, i);
	book->ids[i] = book_content(book);
	page_fill(book_page(book, i), book->ids[i]);
	book_check(book, i);
	book->writes++;
}

void book_written(struct book *book, size_t i, uint64_t id)
{
	book->ids[i] = id;
	book_check(book, i);
	book->writes++;
}
