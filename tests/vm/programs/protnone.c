// SPDX-License-Identifier: GPL-2.0-only
/*
 * protnone.c - memory that its owner may not touch now is merged all the same
 *
 *   protnone [DIR]
 *
 * An area of small pages, one of huge pages, and one that loses its access when
 * it is merged; all without access (PROT_NONE) when merging is undone. One page
 * of each is written through /proc/PID/mem while it is merged.
 */
#define _GNU_SOURCE
#include "vmtest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#define NR_PAGES 1024 /* two of each content */
#define HUGE_BYTES (2UL << 20)
#define LIMIT_S 60

static const char *ksm = "/sys/kernel/mm/gksm";

static char *area_map(int huge_advice)
{
	const size_t bytes = NR_PAGES * PAGE_BYTES;
	uintptr_t start =
		(uintptr_t)pages_map(NR_PAGES + HUGE_BYTES / PAGE_BYTES);
	char *area = (char *)((start + HUGE_BYTES - 1) & ~(HUGE_BYTES - 1));

	if (madvise(area, bytes, huge_advice))
		fail("cannot choose the size of pages");
	for (size_t i = 0; i < NR_PAGES; i++)
		page_fill(area + i * PAGE_BYTES, 1 + i / 2);
	pages_opt_in(area, NR_PAGES);
	return area;
}

static void protect(char *area, int protection)
{
	if (mprotect(area, NR_PAGES * PAGE_BYTES, protection))
		fail("cannot change the protection");
}

static size_t nr_merged(const char *area)
{
	size_t merged = 0;

	for (size_t i = 0; i < NR_PAGES; i += 2)
		merged += pages_are_one(area + i * PAGE_BYTES,
					area + (i + 1) * PAGE_BYTES);
	return 2 * merged;
}

static void trace_and_write(pid_t owner, char *page, uint64_t id)
{
	char path[64], bytes[PAGE_BYTES];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", owner);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (ptrace(PTRACE_SEIZE, owner, NULL, NULL))
		fail("cannot trace: %s", strerror(errno));
	page_fill(bytes, id);
	if (pwrite(fd, bytes, sizeof(bytes), (off_t)(uintptr_t)page) !=
	    sizeof(bytes))
		fail("cannot write to %s: %s", path, strerror(errno));
}

/* As a debugger does: some kernels let nobody else. */
static void write_through_mem(char *page, uint64_t id)
{
	const pid_t owner = getpid(), tracer = fork();
	int status;

	if (tracer < 0)
		fail("cannot fork");
	if (tracer == 0) {
		trace_and_write(owner, page, id);
		_exit(0);
	}
	if (waitpid(tracer, &status, 0) != tracer || status)
		fail("nothing was written");
}

static void verify(char *area)
{
	protect(area, PROT_READ);
	for (size_t i = 1; i < NR_PAGES; i++)
		if (page_differs(area + i * PAGE_BYTES, 1 + i / 2) >= 0)
			fail("page %zu is wrong", i);
	if (page_differs(area, 7777) >= 0)
		fail("the page that was written is wrong");
}

int main(int argc, char **argv)
{
	char *areas[] = { area_map(MADV_NOHUGEPAGE), area_map(MADV_HUGEPAGE),
			  area_map(MADV_NOHUGEPAGE) };
	const size_t nr = sizeof(areas) / sizeof(areas[0]);

	if (argc > 1)
		ksm = argv[1];
	protect(areas[0], PROT_NONE);
	protect(areas[1], PROT_NONE);
	ksm_write(ksm, "run", 1);
	ksm_settle(ksm, LIMIT_S);
	ksm_write(ksm, "run", 0);
	protect(areas[2], PROT_NONE);
	for (size_t i = 0; i < nr; i++) {
		printf("protnone: area %zu: %zu of %d pages are merged\n", i,
		       nr_merged(areas[i]), NR_PAGES);
		if (nr_merged(areas[i]) != NR_PAGES)
			fail("not all");
		write_through_mem(areas[i], 7777);
		if (nr_merged(areas[i]) != NR_PAGES - 2)
			fail("the page that was written is still merged");
	}
	ksm_write(ksm, "run", 2);
	for (size_t i = 0; i < nr; i++) {
		if (nr_merged(areas[i]))
			fail("area %zu: %zu pages are still merged", i,
			     nr_merged(areas[i]));
		verify(areas[i]);
	}
	if (ksm_read(ksm, "pages_shared"))
		fail("pages_shared is %ld", ksm_read(ksm, "pages_shared"));
	ksm_write(ksm, "run", 0);
	return 0;
}
