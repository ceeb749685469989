// SPDX-License-Identifier: GPL-2.0-only
/*
 * remote.c - another process writes and reads merged memory
 *
 * process_vm_writev() and /proc/PID/mem write pages by reference, not through
 * page tables. The process that owns the memory writes it as well, and each
 * looks at what the other did.
 */
#define _GNU_SOURCE
#include "actor.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/uio.h>
#include <unistd.h>

#define NR_PAGES 128
#define LIMIT_S 120

/* A question to the owner: does the page hold @was? Then write @id. */
#define QUESTION(page, was, id) ((page) << 32 | (was) << 16 | (id))

static void own(int socket, void *arg)
{
	struct book *book = arg;
	uint64_t question;

	while (true) {
		if (!worker_poll(socket, 1000, &question))
			continue;
		book->ids[question >> 32] = question >> 16 & 0xffff;
		book_check(book, question >> 32);
		book->ids[question >> 32] = question & 0xffff;
		page_fill(book_page(book, question >> 32), question & 0xffff);
		worker_answer(socket, 1);
	}
}

/* Write @id into the page of the other process, in one of two ways. */
static void write_there(struct actor *actor, pid_t pid, int mem, char *there,
			uint64_t id)
{
	char page[PAGE_BYTES] __attribute__((aligned(8)));
	struct iovec from = { page, PAGE_BYTES }, to = { there, PAGE_BYTES };

	page_fill(page, id);
	if (dice(actor, 2)) {
		actor->doing = "process_vm_writev";
		must(actor,
		     process_vm_writev(pid, &from, 1, &to, 1, 0) == PAGE_BYTES,
		     "process_vm_writev");
	} else {
		actor->doing = "a write to /proc/PID/mem";
		must(actor,
		     pwrite(mem, page, PAGE_BYTES, (off_t)(uintptr_t)there) ==
			     PAGE_BYTES,
		     "/proc/PID/mem");
	}
}

static void check_there(struct actor *actor, pid_t pid, char *there,
			uint64_t id)
{
	char page[PAGE_BYTES] __attribute__((aligned(8)));
	struct iovec to = { page, PAGE_BYTES }, from = { there, PAGE_BYTES };
	int word;

	must(actor, process_vm_readv(pid, &to, 1, &from, 1, 0) == PAGE_BYTES,
	     "process_vm_readv");
	word = page_differs(page, id);
	if (word >= 0)
		fail("LOST WRITE: remote, page %p, word %d, content %llu, after %s",
		     (void *)there, word, (unsigned long long)id, actor->doing);
}

void act_remote(struct actor *actor)
{
	struct worker owner;
	struct book book;
	char path[64];
	int mem;

	book_open(&book, actor, NR_PAGES);
	worker_start(&owner, own, &book);
	snprintf(path, sizeof(path), "/proc/%d/mem", (int)owner.pid);
	mem = open(path, O_RDWR | O_CLOEXEC);
	must(actor, mem >= 0, path);
	while (goes_on(actor)) {
		const size_t i = dice(actor, NR_PAGES);
		const uint64_t id = book_content(&book);

		check_there(actor, owner.pid, book_page(&book, i), book.ids[i]);
		if (dice(actor, 2)) {
			write_there(actor, owner.pid, mem, book_page(&book, i),
				    id);
		} else {
			actor->doing = "a write by the owner";
			worker_ask(&owner, QUESTION(i, book.ids[i], id),
				   LIMIT_S);
		}
		book.ids[i] = id;
		book.writes++;
		check_there(actor, owner.pid, book_page(&book, i), id);
		if (!dice(actor, 64))
			rest(actor, 200);
	}
	worker_end(&owner);
	printf("remote: %llu writes\n", (unsigned long long)book.writes);
}
