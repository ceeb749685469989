/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * abifuzz.h - random calls of /dev/gksm
 */
#ifndef ABIFUZZ_H
#define ABIFUZZ_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#define ERRNOS 140
#define MAPPINGS 6

enum call {
	CALL_QUERY,
	CALL_SETUP,
	CALL_NEXT,
	CALL_COMPLETE,
	CALL_OTHER_IOCTL,
	CALL_MMAP,
	CALL_POLL,
	CALL_READ_WRITE,
	NR_CALLS
};

/**
 * struct thread - one caller
 * @state:    of its random sequence
 * @left:     calls to make
 * @counts:   [call][errno, 0: success]
 * @page:     two pages, the second without access: arguments end there
 * @map:      live mappings, @length of each
 * @batches:  identifiers seen, for stale and repeated answers
 */
struct thread {
	pthread_t id;
	uint64_t state;
	uint64_t left;
	uint64_t counts[NR_CALLS][ERRNOS];
	char *page;
	void *map[MAPPINGS];
	size_t length[MAPPINGS];
	uint64_t batches[4];
};

extern int device;
extern const char *const call_names[NR_CALLS];

/* One call. */
void call_something(struct thread *t);
/* Unmap what calls have mapped. */
void unmap_all(struct thread *t);

#endif /* ABIFUZZ_H */
