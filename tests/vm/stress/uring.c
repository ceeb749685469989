// SPDX-License-Identifier: GPL-2.0-only
/*
 * uring.c - registered buffers of io_uring in memory that may be merged
 *
 * The kernel holds registered pages for long and writes them behind the back
 * of the page tables. Between two registrations they are merged.
 */
#define _GNU_SOURCE
#include "actor.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define NR_PAGES 64
#define DEPTH 8
#define ROUNDS 20

/**
 * struct ring - an io_uring, without liburing
 * @fd:	      of io_uring_setup()
 * @sq_tail:  of the submission queue
 * @sq_array: which entry is in which of its slots
 * @cq_head:  of the completion queue
 * @cq_tail:  ditto
 * @mask:     of both: the completion queue is made as long
 * @sqes:     entries
 * @cqes:     ditto
 */
struct ring {
	int fd;
	unsigned int *sq_tail, *sq_array;
	unsigned int *cq_head, *cq_tail;
	unsigned int mask;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
};

/* What one request does. */
struct request {
	bool is_read;
	size_t page;
	size_t block;
};

static uint64_t on_disk[DISK_BLOCKS];

static void *map_ring(struct actor *actor, int fd, size_t bytes, off_t what)
{
	void *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_POPULATE, fd, what);

	must(actor, map != MAP_FAILED, "mmap of io_uring");
	return map;
}

static void ring_open(struct ring *ring, struct actor *actor)
{
	struct io_uring_params params = { .flags = IORING_SETUP_CQSIZE,
					  .cq_entries = DEPTH };
	char *sq, *cq;

	ring->fd = (int)syscall(SYS_io_uring_setup, DEPTH, &params);
	if (ring->fd < 0 && (errno == ENOSYS || errno == EPERM))
		leave(actor, "no io_uring");
	must(actor, ring->fd >= 0, "io_uring_setup");
	sq = map_ring(actor, ring->fd, params.sq_off.array + DEPTH * 4,
		      IORING_OFF_SQ_RING);
	cq = map_ring(actor, ring->fd,
		      params.cq_off.cqes + DEPTH * sizeof(*ring->cqes),
		      IORING_OFF_CQ_RING);
	ring->sqes = map_ring(actor, ring->fd, DEPTH * sizeof(*ring->sqes),
			      IORING_OFF_SQES);
	ring->sq_tail = (void *)(sq + params.sq_off.tail);
	ring->sq_array = (void *)(sq + params.sq_off.array);
	ring->cq_head = (void *)(cq + params.cq_off.head);
	ring->cq_tail = (void *)(cq + params.cq_off.tail);
	ring->cqes = (void *)(cq + params.cq_off.cqes);
	ring->mask = DEPTH - 1;
}

/* Hands in @nr requests; request i is remembered by its number. */
static void submit(struct ring *ring, const struct book *book, int disk,
		   const struct request *requests, unsigned int nr)
{
	unsigned int tail = *ring->sq_tail;

	for (unsigned int i = 0; i < nr; i++) {
		const unsigned int slot = (tail + i) & ring->mask;

		ring->sq_array[slot] = slot;
		ring->sqes[slot] = (struct io_uring_sqe){
			.opcode = requests[i].is_read ? IORING_OP_READ_FIXED :
							IORING_OP_WRITE_FIXED,
			.fd = disk,
			.addr = (uintptr_t)book_page(book, requests[i].page),
			.len = PAGE_BYTES,
			.off = (URING_BLOCK + requests[i].block) * PAGE_BYTES,
			.user_data = i,
		};
	}
	__atomic_store_n(ring->sq_tail, tail + nr, __ATOMIC_RELEASE);
	must(book->actor,
	     syscall(SYS_io_uring_enter, ring->fd, nr, 0, 0, NULL, 0) == nr,
	     "io_uring_enter");
}

static void reap(struct ring *ring, const struct book *book, unsigned int nr)
{
	while (nr) {
		unsigned int head = *ring->cq_head;

		if (head == __atomic_load_n(ring->cq_tail, __ATOMIC_ACQUIRE)) {
			long rc = syscall(SYS_io_uring_enter, ring->fd, 0, 1,
					  IORING_ENTER_GETEVENTS, NULL, 0);

			must(book->actor, rc >= 0 || errno == EINTR,
			     "io_uring_enter");
			continue;
		}
		if (ring->cqes[head & ring->mask].res != PAGE_BYTES)
			fail("uring: a request ended with %d",
			     ring->cqes[head & ring->mask].res);
		__atomic_store_n(ring->cq_head, head + 1, __ATOMIC_RELEASE);
		nr--;
	}
}

/* Up to DEPTH requests at a time, no page and no block twice. */
static void transfer(struct ring *ring, struct book *book, int disk)
{
	struct actor *actor = book->actor;
	const unsigned int nr = 1 + (unsigned int)dice(actor, DEPTH);
	const size_t page = dice(actor, NR_PAGES);
	const size_t block = dice(actor, DISK_BLOCKS);
	struct request requests[DEPTH];

	for (unsigned int i = 0; i < nr; i++)
		requests[i] = (struct request){
			.is_read = dice(actor, 2),
			.page = (page + i * 7) % NR_PAGES,
			.block = (block + i * 11) % DISK_BLOCKS,
		};
	submit(ring, book, disk, requests, nr);
	reap(ring, book, nr);
	actor->doing = "READ_FIXED and WRITE_FIXED";
	for (unsigned int i = 0; i < nr; i++) {
		struct request *request = &requests[i];

		if (request->is_read)
			book_written(book, request->page,
				     on_disk[request->block]);
		else
			on_disk[request->block] = book->ids[request->page];
	}
}

static void register_pages(struct ring *ring, struct book *book)
{
	struct iovec range = { book->pages, NR_PAGES * PAGE_BYTES };

	must(book->actor,
	     !syscall(SYS_io_uring_register, ring->fd, IORING_REGISTER_BUFFERS,
		      &range, 1),
	     "IORING_REGISTER_BUFFERS");
}

static void unregister_pages(struct ring *ring, struct book *book)
{
	must(book->actor,
	     !syscall(SYS_io_uring_register, ring->fd,
		      IORING_UNREGISTER_BUFFERS, NULL, 0),
	     "IORING_UNREGISTER_BUFFERS");
}

static void fill_disk(struct book *book, int disk)
{
	for (size_t block = 0; block < DISK_BLOCKS; block++) {
		const size_t i = block % NR_PAGES;

		book_write(book, i);
		must(book->actor,
		     pwrite(disk, book_page(book, i), PAGE_BYTES,
			    (off_t)((URING_BLOCK + block) * PAGE_BYTES)) ==
			     PAGE_BYTES,
		     "pwrite");
		on_disk[block] = book->ids[i];
	}
}

void act_uring(struct actor *actor)
{
	uint64_t registered = 0;
	struct book book;
	struct ring ring;
	int disk;

	if (!actor->disk)
		leave(actor, "no disk");
	disk = open(actor->disk, O_RDWR | O_DIRECT | O_CLOEXEC);
	must(actor, disk >= 0, actor->disk);
	ring_open(&ring, actor);
	book_open(&book, actor, NR_PAGES);
	fill_disk(&book, disk);
	while (goes_on(actor)) {
		register_pages(&ring, &book);
		registered++;
		for (unsigned int n = 0; n < ROUNDS; n++) {
			transfer(&ring, &book, disk);
			if (dice(actor, 2))
				book_write(&book, dice(actor, NR_PAGES));
			if (!dice(actor, 8))
				rest(actor, 50);
			book_check_all(&book);
		}
		unregister_pages(&ring, &book);
		rest(actor, 400);
		book_check_all(&book);
	}
	book_close(&book);
	printf("uring: %llu writes, %llu registrations\n",
	       (unsigned long long)book.writes, (unsigned long long)registered);
}
