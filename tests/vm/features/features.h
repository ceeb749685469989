/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * features.h - what else the kernel does with memory, on merged pages
 *
 * A test is one line of the table in docs/ksm.md. It runs in a process of its
 * own, knows what each of its pages has to hold, and looks at page tables and
 * counters; it fails by fail(). The same test runs against the kernel's own
 * KSM, where it expects what that does: what differs is said with
 * by_kernel().
 */
#ifndef FEATURES_H
#define FEATURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../programs/vmtest.h"

#define HUGE_BYTES (2UL << 20)
#define HUGE_PAGES (HUGE_BYTES / PAGE_BYTES)
#define LIMIT_S 60

/* Bits of /proc/PID/pagemap and of /proc/kpageflags. */
#define PAGEMAP_PRESENT (1ULL << 63)
#define PAGEMAP_SWAPPED (1ULL << 62)
#define PAGEMAP_UFFD_WP (1ULL << 57)
#define PAGEMAP_SOFT_DIRTY (1ULL << 55)
#define KPF_SWAPCACHE (1ULL << 13)
#define KPF_HWPOISON (1ULL << 19)
#define KPF_KSM (1ULL << 21)

/* The directory that the counters are in. */
extern const char *ksm;
/* A block device whose content nobody needs, or NULL. */
extern const char *disk;
/* Does the kernel's own KSM merge here? */
bool by_kernel(void);
/* Is the kernel this one or a later one? */
bool kernel_since(unsigned int major, unsigned int minor);

struct feature {
	const char *name;
	void (*test)(void);
};

struct topic {
	const char *name;
	const struct feature *features; /* the last one has no name */
};

/* One file each. */
extern const struct topic huge_topic;
extern const struct topic deceived_topic;
extern const struct topic numa_topic;
extern const struct topic memcg_topic;
extern const struct topic mlock_topic;
extern const struct topic uffd_topic;
extern const struct topic process_topic;
extern const struct topic area_topic;
extern const struct topic swap_topic;
extern const struct topic offline_topic;
extern const struct topic poison_topic;
extern const struct topic access_topic;

/* This cannot be tested here: says why, and ends the test. */
void skip(const char *format, ...)
	__attribute__((noreturn, format(printf, 1, 2)));
/* fail() with the message, unless @ok. */
void expect(bool ok, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* fail() with errno, unless @ok. */
void must(bool ok, const char *what);

/**
 * struct area - memory, and what each page of it has to hold
 * @pages: the first page
 * @nr:	   how many
 * @ids:   contents, as for page_fill()
 */
struct area {
	char *pages;
	size_t nr;
	uint64_t *ids;
};

/* Small pages, with contents that nobody else has; may be merged. */
void area_make(struct area *area, size_t nr);
/* The same contents as another one. */
void area_make_twin(struct area *area, const struct area *of);
/* Not mapped yet: what area_make() does is done step by step. */
void area_reserve(struct area *area, size_t nr);
void area_fill(struct area *area);
void area_fill_twin(struct area *area, const struct area *of);
void area_opt_in(const struct area *area);
void area_unmap(struct area *area);
char *area_page(const struct area *area, size_t i);
/* Writes contents that nobody else has. */
void area_write(struct area *area, size_t i);
/* What somebody else has written there, or the kernel: 0 is zeros. */
void area_written(struct area *area, size_t i, uint64_t id);
/* Contents that nobody else has. */
uint64_t new_id(void);
void area_check(const struct area *area, const char *when);
/* The page frames; an array that is to be freed. */
uint64_t *area_frames(const struct area *area);
/* What /proc/self/pagemap says of a page. */
uint64_t pagemap_of(const void *page);
/* What /proc/kpageflags says of a page frame. */
uint64_t flags_of(uint64_t pfn);
/* How many pages have no page frame. */
size_t area_absent(const struct area *area);
/* How many pages have the frame of the page at the same place in the other. */
size_t area_shared(const struct area *area, const struct area *other);

/* Merges until nothing changes any more, then stops. */
void merge_all(void);
/* The same, for two areas with the same contents. */
void merge_twins(const struct area *one, const struct area *other);
/* Two areas that are merged with each other, and nothing else is. */
void make_merged(struct area *one, struct area *other, size_t nr);
/* What the counters have to be after merge_all(). */
void expect_counts(const char *when, long shared, long sharing);
/* All pages of one share a frame with those of the other; both are right. */
void expect_merged(const char *when, const struct area *one,
		   const struct area *other);
/* None does. */
void expect_apart(const char *when, const struct area *one,
		  const struct area *other);
/* Does nobody but these frames' owners use them: are they what they were? */
void expect_frames(const char *when, const struct area *area,
		   const uint64_t *frames);

/* A line into a file; false if that failed, with errno set. */
bool put_line(const char *path, const char *line);
/* A number out of a file, or -1; @key, if not NULL, is what it comes after. */
long get_number(const char *path, const char *key);

#endif /* FEATURES_H */
