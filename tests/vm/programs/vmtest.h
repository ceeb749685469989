/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vmtest.h - what the programs that run in the test VM have in common
 *
 * The programs do not know whose work they look at: the directory of a sysfs
 * interface with KSM's file names is an argument, so that the kernel's own
 * ksmd can stand in for the module when a program is to be tried out.
 */
#ifndef VMTEST_H
#define VMTEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PAGE_BYTES 4096
#define PAGE_WORDS (PAGE_BYTES / 8)

/* Prints the program's name and the message, and exits with status 1. */
void fail(const char *format, ...)
	__attribute__((noreturn, format(printf, 1, 2)));

uint64_t now_ms(void);
void sleep_ms(unsigned int ms);
/* The number in @text, or fail() with the name of the option. */
unsigned long parse_number(const char *text, char option);

/* A bijection that looks random (splitmix64's finalizer). */
uint64_t mix(uint64_t x);
/* The next number of a cheap random sequence; @state starts anywhere. */
uint64_t rng_next(uint64_t *state);

/* Pages of different ids differ nearly everywhere; id 0 is the zero page. */
void page_fill(void *page, uint64_t id);
/* The first word that is not what page_fill() wrote, or -1. */
int page_differs(const void *page, uint64_t id);

/* Anonymous private memory, not yet touched. */
void *pages_map(size_t nr_pages);
void pages_opt_in(void *start, size_t nr_pages);
/*
 * pfns[i] is the page frame behind the i-th page of @pid from @start, 0 where
 * there is none. Needs root.
 */
void pages_frames(pid_t pid, uintptr_t start, size_t nr_pages, uint64_t *pfns);
/* Copies the bytes of another process. */
void pages_copy(pid_t pid, uintptr_t start, size_t nr_pages, void *to);

/* The number in a file of KSM's interface, or -1 where there is none. */
long ksm_read(const char *dir, const char *name);
void ksm_write(const char *dir, const char *name, long value);
/*
 * Waits until three passes have left pages_sharing as it was; fails after
 * @limit_s. Returns how long that took, in milliseconds.
 */
uint64_t ksm_settle(const char *dir, unsigned int limit_s);

/*
 * Waits until full_scans has grown by @more, to which the pass counts that is
 * under way; looks every @nap_ms, 0: without a pause.
 */
void ksm_await_full_scans(const char *dir, long more, unsigned int nap_ms);
/* Waits until so many whole passes have begun and ended. */
void ksm_await_passes(const char *dir, long passes);
/* Pages of which the content was read since the module was loaded. */
long ksm_pages_read(const char *dir);
/* Is there one page frame behind two pages of this process? */
bool pages_are_one(const void *a, const void *b);

/* A number of /proc/meminfo, in KiB. */
long meminfo_kib(const char *name);
/* Free memory with what lingers in per-CPU lists, in KiB. */
long memory_free_kib(void);

/**
 * struct worker - a process that answers questions
 * @pid:    the process
 * @socket: a question is one 64-bit number, and so is its answer
 */
struct worker {
	pid_t pid;
	int socket;
};

/* Forks; @serve runs in the new process, which ends when it returns. */
void worker_start(struct worker *worker, void (*serve)(int socket, void *arg),
		  void *arg);
/* Asks and waits for the answer; fails if none comes within @limit_s. */
uint64_t worker_ask(struct worker *worker, uint64_t question,
		    unsigned int limit_s);
/* In the worker: true if a question came within @wait_ms. Exits on EOF. */
bool worker_poll(int socket, int wait_ms, uint64_t *question);
void worker_answer(int socket, uint64_t answer);
/* Lets the worker see EOF, and waits for a clean end. */
void worker_end(struct worker *worker);

#endif /* VMTEST_H */
