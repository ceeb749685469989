// SPDX-License-Identifier: GPL-2.0-only
/*
 * abifuzz_calls.c - one random call of /dev/gksm, and what it may answer
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <gksm_abi.h>

#include "abifuzz.h"
#include "vmtest.h"

const char *const call_names[NR_CALLS] = {
	"QUERY",       "SETUP", "NEXT", "COMPLETE",
	"other ioctl", "mmap",	"poll", "read/write",
};

/* What the ABI allows each call to say; 0 ends a list. */
static const int allowed[NR_CALLS][12] = {
	[CALL_QUERY] = { EFAULT, E2BIG, EOPNOTSUPP, EINVAL },
	[CALL_SETUP] = { EFAULT, E2BIG, EOPNOTSUPP, EPROTO, EALREADY, EINVAL,
			 ENOMEM },
	[CALL_NEXT] = { EFAULT, E2BIG, EOPNOTSUPP, ENOTCONN, EINVAL, EAGAIN,
			EBADMSG },
	[CALL_COMPLETE] = { EFAULT, E2BIG, EOPNOTSUPP, ENOTCONN, EINVAL, ESTALE,
			    EBADMSG },
	[CALL_OTHER_IOCTL] = { ENOTTY },
	/* The last three are the kernel's own, before the module is asked. */
	[CALL_MMAP] = { ENOTCONN, EINVAL, EACCES, ENOMEM, EOVERFLOW, EPERM,
			EEXIST },
	[CALL_POLL] = { 0 },
	[CALL_READ_WRITE] = { EINVAL, ESPIPE, EFAULT },
};

int device = -1;

static uint64_t draw(struct thread *t, uint64_t below)
{
	return rng_next(&t->state) % below;
}

/* Numbers at which something may change, or any number. */
static uint64_t odd_number(struct thread *t)
{
	static const uint64_t edges[] = {
		0,	    1,
		2,	    15,
		16,	    17,
		63,	    64,
		65,	    4095,
		4096,	    4097,
		65535,	    65536,
		65537,	    262143,
		262144,	    262145,
		INT32_MAX,  (uint64_t)INT32_MAX + 1,
		UINT32_MAX, (uint64_t)UINT32_MAX + 1,
		INT64_MAX,  UINT64_MAX,
	};

	if (draw(t, 4))
		return edges[draw(t, sizeof(edges) / sizeof(*edges))];
	return rng_next(&t->state);
}

static void note(struct thread *t, enum call call, int result)
{
	int error = result < 0 ? errno : 0;
	int i;

	t->counts[call][error < ERRNOS ? error : ERRNOS - 1]++;
	if (!error)
		return;
	for (i = 0; allowed[call][i]; i++)
		if (allowed[call][i] == error)
			return;
	fail("%s failed with %s, which the ABI does not document for it",
	     call_names[call], strerror(error));
}

/* Where an argument of @size bytes goes: whole, cut off, or nowhere. */
static void *place(struct thread *t, const void *arg, size_t size)
{
	char *at = t->page + PAGE_BYTES - size;

	switch (draw(t, 24)) {
	case 0:
		return NULL;
	case 1:
		return (void *)0xffff888000000000UL;
	case 2:
		memcpy(at, arg, size);
		return t->page + PAGE_BYTES - draw(t, size + 1);
	default:
		memcpy(at, arg, size);
		return at;
	}
}

/* The header and the tail of a struct: mostly right, so that calls get far. */
static void spoil(struct thread *t, void *arg, size_t size, size_t room)
{
	uint32_t *header = arg;
	char *tail = (char *)arg + size;

	header[0] = size;
	if (!draw(t, 8))
		header[0] = draw(t, 2) ? odd_number(t) : draw(t, room);
	if (!draw(t, 16))
		header[1] = odd_number(t);
	if (!draw(t, 16))
		tail[draw(t, room - size)] = 1;
	if (!draw(t, 16))
		((char *)arg)[draw(t, size)] = rng_next(&t->state);
}

static int call_ioctl(struct thread *t, unsigned long number, void *arg,
		      size_t size, size_t room)
{
	void *at;
	int result;

	spoil(t, arg, size, room);
	at = place(t, arg, room);
	result = ioctl(device, number, at);
	if (!result)
		memcpy(arg, at, size);
	return result;
}

static void call_query(struct thread *t)
{
	union {
		struct gksm_query arg;
		char room[96];
	} u = {};
	int result;

	result = call_ioctl(t, GKSM_IOC_QUERY, &u, sizeof(u.arg), sizeof(u));
	note(t, CALL_QUERY, result);
	if (!result &&
	    (u.arg.abi != GKSM_ABI_VERSION || u.arg.page_size != PAGE_BYTES))
		fail("QUERY says ABI %u, page size %u", u.arg.abi,
		     u.arg.page_size);
}

static void call_setup(struct thread *t)
{
	union {
		struct gksm_setup arg;
		char room[96];
	} u = { .arg = { .abi = GKSM_ABI_VERSION,
			 .nr_batches = 1 + draw(t, 4),
			 .batch_slots = 16 + draw(t, 64) } };

	if (!draw(t, 3))
		u.arg.nr_batches = odd_number(t);
	if (!draw(t, 3))
		u.arg.batch_slots = odd_number(t);
	/* A gigabyte of staging is allowed, but takes long. */
	if ((uint64_t)u.arg.nr_batches * u.arg.batch_slots > 8192 &&
	    draw(t, 64))
		u.arg.batch_slots = 16;
	note(t, CALL_SETUP,
	     call_ioctl(t, GKSM_IOC_SETUP, &u, sizeof(u.arg), sizeof(u)));
}

static void call_next(struct thread *t)
{
	union {
		struct gksm_next arg;
		char room[96];
	} u = {};
	int result;

	result = call_ioctl(t, GKSM_IOC_NEXT, &u, sizeof(u.arg), sizeof(u));
	note(t, CALL_NEXT, result);
	if (result)
		return;
	if (!u.arg.batch || !u.arg.nr_slots || u.arg.nr_pages > u.arg.nr_slots)
		fail("NEXT gave batch %llu with %u slots and %u pages",
		     u.arg.batch, u.arg.nr_slots, u.arg.nr_pages);
	t->batches[draw(t, 4)] = u.arg.batch;
}

static void call_complete(struct thread *t)
{
	union {
		struct gksm_complete arg;
		char room[96];
	} u = { .arg = { .batch = t->batches[draw(t, 4)],
			 .nr_slots = draw(t, 80) } };
	int result;

	if (!draw(t, 4))
		u.arg.batch = odd_number(t);
	if (!draw(t, 4))
		u.arg.nr_slots = odd_number(t);
	result = call_ioctl(t, GKSM_IOC_COMPLETE, &u, sizeof(u.arg), sizeof(u));
	note(t, CALL_COMPLETE, result);
	if (!result && u.arg.accepted > u.arg.nr_slots)
		fail("COMPLETE accepted %u of %u", u.arg.accepted,
		     u.arg.nr_slots);
}

static void call_other(struct thread *t)
{
	unsigned long number = odd_number(t);

	if (draw(t, 2))
		number = (GKSM_IOC_QUERY & ~0xffUL) | draw(t, 256);
	/* Not the four, nor what the kernel answers for every file. */
	if ((number & ~3UL) == GKSM_IOC_QUERY || (number >> 8 & 0xff) == 'T' ||
	    (number >> 8 & 0xff) == 'f' || (number >> 8 & 0xff) == 'X' ||
	    (number & 0xffff) < 16)
		return;
	note(t, CALL_OTHER_IOCTL, ioctl(device, number, t->page));
}

/* Read a page of a mapping; writing is left to those that allow it. */
static void touch(struct thread *t, int i, int protection)
{
	volatile char *bytes = t->map[i];
	size_t at = draw(t, t->length[i]);

	if (protection & PROT_READ)
		(void)bytes[at];
	if (protection & PROT_WRITE)
		bytes[at] = rng_next(&t->state);
}

static void call_mmap(struct thread *t)
{
	static const uint64_t offsets[] = { GKSM_MMAP_STAGING, GKSM_MMAP_SLOTS,
					    GKSM_MMAP_RESULTS };
	uint64_t offset = offsets[draw(t, 3)];
	size_t length = PAGE_BYTES * (1 + draw(t, 320));
	int protection = draw(t, 8), i = draw(t, MAPPINGS);
	int flags = draw(t, 8) ? MAP_SHARED : MAP_PRIVATE;
	void *map;

	if (!draw(t, 8))
		offset = odd_number(t) & ~(uint64_t)(PAGE_BYTES - 1);
	if (!draw(t, 8))
		length = odd_number(t);
	if (t->map[i]) {
		munmap(t->map[i], t->length[i]);
		t->map[i] = NULL;
	}
	map = mmap(NULL, length, protection, flags, device, offset);
	note(t, CALL_MMAP, map == MAP_FAILED ? -1 : 0);
	if (map == MAP_FAILED)
		return;
	if ((protection & PROT_EXEC) ||
	    ((protection & PROT_WRITE) && offset != GKSM_MMAP_RESULTS))
		fail("mmap of %#lx allowed protection %d", offset, protection);
	if (offset != GKSM_MMAP_RESULTS &&
	    !mprotect(map, length, PROT_READ | PROT_WRITE))
		fail("mprotect made %#lx writable", offset);
	t->map[i] = map;
	t->length[i] = length;
	touch(t, i, protection);
}

static void call_poll(struct thread *t)
{
	struct pollfd fd = { .fd = device, .events = rng_next(&t->state) };

	note(t, CALL_POLL, poll(&fd, 1, draw(t, 32) ? 0 : 1) < 0 ? -1 : 0);
}

static void call_read_write(struct thread *t)
{
	ssize_t result;

	if (draw(t, 2))
		result = read(device, t->page, draw(t, PAGE_BYTES));
	else
		result = write(device, t->page, draw(t, PAGE_BYTES));
	note(t, CALL_READ_WRITE, result < 0 ? -1 : 0);
}

void call_something(struct thread *t)
{
	static void (*const calls[])(struct thread * t) = {
		call_query, call_setup,	   call_next,	  call_next,
		call_next,  call_complete, call_complete, call_complete,
		call_other, call_mmap,	   call_poll,	  call_read_write,
	};

	calls[draw(t, sizeof(calls) / sizeof(*calls))](t);
}

void unmap_all(struct thread *t)
{
	int i;

	for (i = 0; i < MAPPINGS; i++) {
		if (t->map[i])
			munmap(t->map[i], t->length[i]);
		t->map[i] = NULL;
	}
}
