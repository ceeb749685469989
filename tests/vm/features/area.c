// SPDX-License-Identifier: GPL-2.0-only
/*
 * area.c - memory whose contents are known, and what the kernel says of it
 */
#define _GNU_SOURCE
#include "features.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void skip(const char *format, ...)
{
	va_list args;

	printf("skipped: ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	exit(4);
}

void expect(bool ok, const char *format, ...)
{
	char message[256];
	va_list args;

	if (ok)
		return;
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	fail("%s", message);
}

void must(bool ok, const char *what)
{
	if (!ok)
		fail("%s: %s", what, strerror(errno));
}

uint64_t new_id(void)
{
	static uint64_t last;

	return ((uint64_t)getpid() << 32) + ++last;
}

char *area_page(const struct area *area, size_t i)
{
	return area->pages + i * PAGE_BYTES;
}

void area_reserve(struct area *area, size_t nr)
{
	area->nr = nr;
	area->pages = pages_map(nr);
	area->ids = calloc(nr, sizeof(*area->ids));
	must(area->ids, "calloc");
	must(!madvise(area->pages, nr * PAGE_BYTES, MADV_NOHUGEPAGE),
	     "MADV_NOHUGEPAGE");
}

void area_written(struct area *area, size_t i, uint64_t id)
{
	area->ids[i] = id;
}

void area_write(struct area *area, size_t i)
{
	area_written(area, i, new_id());
	page_fill(area_page(area, i), area->ids[i]);
}

void area_fill(struct area *area)
{
	for (size_t i = 0; i < area->nr; i++)
		area_write(area, i);
}

void area_fill_twin(struct area *area, const struct area *of)
{
	for (size_t i = 0; i < area->nr; i++) {
		area_written(area, i, of->ids[i]);
		page_fill(area_page(area, i), area->ids[i]);
	}
}

void area_opt_in(const struct area *area)
{
	pages_opt_in(area->pages, area->nr);
}

void area_make(struct area *area, size_t nr)
{
	area_reserve(area, nr);
	area_fill(area);
	area_opt_in(area);
}

void area_make_twin(struct area *area, const struct area *of)
{
	area_reserve(area, of->nr);
	area_fill_twin(area, of);
	area_opt_in(area);
}

void area_unmap(struct area *area)
{
	must(!munmap(area->pages, area->nr * PAGE_BYTES), "munmap");
	free(area->ids);
	*area = (struct area){ 0 };
}

void area_check(const struct area *area, const char *when)
{
	for (size_t i = 0; i < area->nr; i++) {
		int word = page_differs(area_page(area, i), area->ids[i]);

		if (word >= 0)
			fail("%s: page %zu of process %d is wrong from word %d on",
			     when, i, (int)getpid(), word);
	}
}

uint64_t *area_frames(const struct area *area)
{
	uint64_t *pfns = calloc(area->nr, sizeof(*pfns));

	must(pfns, "calloc");
	pages_frames(getpid(), (uintptr_t)area->pages, area->nr, pfns);
	return pfns;
}

/* The 64-bit number at a place of a file of the kernel. */
static uint64_t number_at(const char *path, uint64_t place)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint64_t value;

	must(fd >= 0, path);
	must(pread(fd, &value, 8, (off_t)(place * 8)) == 8, path);
	close(fd);
	return value;
}

uint64_t pagemap_of(const void *page)
{
	return number_at("/proc/self/pagemap", (uintptr_t)page / PAGE_BYTES);
}

uint64_t flags_of(uint64_t pfn)
{
	return number_at("/proc/kpageflags", pfn);
}

size_t area_absent(const struct area *area)
{
	uint64_t *frames = area_frames(area);
	size_t absent = 0;

	for (size_t i = 0; i < area->nr; i++)
		absent += !frames[i];
	free(frames);
	return absent;
}

size_t area_shared(const struct area *area, const struct area *other)
{
	uint64_t *mine = area_frames(area), *others = area_frames(other);
	size_t shared = 0;

	for (size_t i = 0; i < area->nr; i++)
		shared += mine[i] && mine[i] == others[i];
	free(mine);
	free(others);
	return shared;
}

void expect_frames(const char *when, const struct area *area,
		   const uint64_t *frames)
{
	uint64_t *now = area_frames(area);

	for (size_t i = 0; i < area->nr; i++)
		expect(now[i] == frames[i], "%s: page %zu has another frame",
		       when, i);
	free(now);
}

void merge_all(void)
{
	ksm_write(ksm, "run", 1);
	ksm_await_passes(ksm, 2);
	ksm_settle(ksm, LIMIT_S);
	ksm_write(ksm, "run", 0);
}

void expect_counts(const char *when, long shared, long sharing)
{
	const long have_shared = ksm_read(ksm, "pages_shared");
	const long have_sharing = ksm_read(ksm, "pages_sharing");

	expect(have_shared == shared && have_sharing == sharing,
	       "%s: %ld pages shared, %ld sharing, not %ld and %ld", when,
	       have_shared, have_sharing, shared, sharing);
}

void expect_merged(const char *when, const struct area *one,
		   const struct area *other)
{
	const size_t shared = area_shared(one, other);
	uint64_t *frames = area_frames(one);

	expect(shared == one->nr, "%s: %zu of %zu pages are merged", when,
	       shared, one->nr);
	for (size_t i = 0; i < one->nr; i++)
		expect(flags_of(frames[i]) & KPF_KSM,
		       "%s: page %zu is not called KSM", when, i);
	free(frames);
	area_check(one, when);
	area_check(other, when);
}

void expect_apart(const char *when, const struct area *one,
		  const struct area *other)
{
	const size_t shared = area_shared(one, other);

	expect(!shared, "%s: %zu of %zu pages are merged", when, shared,
	       one->nr);
	area_check(one, when);
	area_check(other, when);
}

void merge_twins(const struct area *one, const struct area *other)
{
	unsigned int tries = 0;

	/* ksmd leaves pages for later now and then. */
	do {
		merge_all();
	} while (by_kernel() && area_shared(one, other) < one->nr &&
		 ++tries < 10);
}

void make_merged(struct area *one, struct area *other, size_t nr)
{
	area_make(one, nr);
	area_make_twin(other, one);
	merge_twins(one, other);
	expect_merged("at first", one, other);
	expect_counts("at first", (long)nr, (long)nr);
}

bool put_line(const char *path, const char *line)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int error;
	bool ok;

	if (fd < 0)
		return false;
	ok = write(fd, line, strlen(line)) == (ssize_t)strlen(line);
	error = errno;
	close(fd);
	errno = error;
	return ok;
}

long get_number(const char *path, const char *key)
{
	FILE *file = fopen(path, "re");
	const size_t length = key ? strlen(key) : 0;
	char line[256];
	long value = -1;

	while (file && value < 0 && fgets(line, sizeof(line), file))
		if (!key || !strncmp(line, key, length))
			value = strtol(line + length, NULL, 10);
	if (file)
		fclose(file);
	return value;
}
