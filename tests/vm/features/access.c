// SPDX-License-Identifier: GPL-2.0-only
/*
 * access.c - who reads and writes merged pages by other ways
 */
#define _GNU_SOURCE
#include "features.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define NR_PAGES 64
#define BYTES ((size_t)NR_PAGES * PAGE_BYTES)

/* One page was written by somebody: it has a copy, all others are as before. */
static void expect_one_copied(const char *when, const struct area *one,
			      const struct area *other)
{
	area_check(one, when);
	area_check(other, when);
	expect(area_shared(one, other) == NR_PAGES - 1,
	       "%s: %zu pages are merged", when, area_shared(one, other));
}

static void write_by_proc_mem(void)
{
	char page[PAGE_BYTES] __attribute__((aligned(8)));
	int fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	struct area one, other;
	off_t place;

	must(fd >= 0, "/proc/self/mem");
	make_merged(&one, &other, NR_PAGES);
	/* Also where the owner himself may not write. */
	must(!mprotect(one.pages, BYTES, PROT_READ), "mprotect");
	area_written(&one, 3, new_id());
	page_fill(page, one.ids[3]);
	place = (off_t)(uintptr_t)area_page(&one, 3);
	if (pwrite(fd, page, PAGE_BYTES, place) != PAGE_BYTES) {
		/* Some kernels let nobody do that any more. */
		printf("read-only memory: %s\n", strerror(errno));
		area_check(&other, "refused");
		must(!mprotect(one.pages, BYTES, PROT_READ | PROT_WRITE),
		     "mprotect");
		must(pwrite(fd, page, PAGE_BYTES, place) == PAGE_BYTES,
		     "write");
	}
	close(fd);
	expect_one_copied("/proc/self/mem", &one, &other);
}

static void serve(int socket, void *arg)
{
	struct area *areas = arg;
	uint64_t question;

	while (worker_poll(socket, -1, &question)) {
		areas[0].ids[3] = question;
		area_check(&areas[0], "in the child");
		area_check(&areas[1], "in the child");
		worker_answer(socket, 0);
	}
}

static void write_by_process_vm_writev(void)
{
	char page[PAGE_BYTES] __attribute__((aligned(8)));
	const struct iovec from = { page, PAGE_BYTES };
	struct area areas[2];
	struct worker child;
	struct iovec to;
	uint64_t id;

	make_merged(&areas[0], &areas[1], NR_PAGES);
	worker_start(&child, serve, areas);
	id = new_id();
	page_fill(page, id);
	to = (struct iovec){ area_page(&areas[0], 3), PAGE_BYTES };
	must(process_vm_writev(child.pid, &from, 1, &to, 1, 0) == PAGE_BYTES,
	     "process_vm_writev");
	worker_ask(&child, id, LIMIT_S);
	expect_merged("process_vm_writev", &areas[0], &areas[1]);
	worker_end(&child);
}

/* A debugger sets a word of another process. */
static void write_by_ptrace(void)
{
	char page[PAGE_BYTES] __attribute__((aligned(8)));
	struct area areas[2];
	struct worker child;
	int status;
	uint64_t id;

	make_merged(&areas[0], &areas[1], NR_PAGES);
	worker_start(&child, serve, areas);
	id = new_id();
	page_fill(page, id);
	must(!ptrace(PTRACE_ATTACH, child.pid, NULL, NULL), "PTRACE_ATTACH");
	must(waitpid(child.pid, &status, 0) == child.pid, "waitpid");
	for (size_t word = 0; word < PAGE_WORDS; word++) {
		uint64_t value;

		memcpy(&value, page + word * 8, 8);
		must(!ptrace(PTRACE_POKEDATA, child.pid,
			     area_page(&areas[0], 3) + word * 8, value),
		     "PTRACE_POKEDATA");
	}
	must(!ptrace(PTRACE_DETACH, child.pid, NULL, NULL), "PTRACE_DETACH");
	worker_ask(&child, id, LIMIT_S);
	expect_merged("ptrace", &areas[0], &areas[1]);
	worker_end(&child);
}

static int open_disk(void)
{
	int fd = disk ? open(disk, O_RDWR | O_DIRECT | O_CLOEXEC) : -1;

	if (fd < 0)
		skip("no disk for O_DIRECT");
	return fd;
}

/*
 * I/O into a merged page copies it. I/O from one pins it, on kernels that pin
 * (6.3 and later), and pages with sharers are copied for that as well.
 */
static void direct_io(void)
{
	int fd = open_disk();
	struct area one, other;

	make_merged(&one, &other, NR_PAGES);
	must(pwrite(fd, one.pages, BYTES, 0) == (ssize_t)BYTES, "write");
	printf("O_DIRECT: %zu of %d are still merged\n",
	       area_shared(&one, &other), NR_PAGES);
	if (kernel_since(6, 3))
		expect_apart("written to a disk", &one, &other);
	else
		expect_merged("written to a disk", &one, &other);
	merge_all();
	expect_merged("written to a disk", &one, &other);
	area_written(&one, 5, one.ids[3]);
	must(pread(fd, area_page(&one, 5), PAGE_BYTES, 3L * PAGE_BYTES) ==
		     PAGE_BYTES,
	     "read");
	close(fd);
	expect_one_copied("read from a disk", &one, &other);
	merge_all();
	/* Page 5 has page 3's content now, and one more sharer. */
	expect(pages_are_one(area_page(&one, 5), area_page(&one, 3)),
	       "what was read is not merged");
	expect(ksm_read(ksm, "pages_sharing") == NR_PAGES, "%ld sharing",
	       ksm_read(ksm, "pages_sharing"));
	area_check(&one, "merged again");
	area_check(&other, "merged again");
}

/* What a pipe holds of a merged page does not change with a sharer's write. */
static void vmspliced(void)
{
	char page[PAGE_BYTES] __attribute__((aligned(8)));
	struct area one, other;
	struct iovec range;
	uint64_t id;
	int ends[2];

	make_merged(&one, &other, NR_PAGES);
	must(!pipe(ends), "pipe");
	id = one.ids[3];
	range = (struct iovec){ area_page(&one, 3), PAGE_BYTES };
	must(vmsplice(ends[1], &range, 1, 0) == PAGE_BYTES, "vmsplice");
	area_write(&other, 3);
	area_check(&one, "vmsplice");
	must(read(ends[0], page, PAGE_BYTES) == PAGE_BYTES, "read");
	expect(page_differs(page, id) < 0, "the pipe saw another's write");
	merge_all();
	expect_one_copied("vmsplice", &one, &other);
}

/* Looks for the area's bytes in an ELF core file. */
static void check_core(const char *path, const struct area *area)
{
	char page[PAGE_BYTES] __attribute__((aligned(8)));
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	Elf64_Ehdr header;
	size_t found = 0;

	must(fd >= 0, path);
	must(pread(fd, &header, sizeof(header), 0) == sizeof(header), path);
	for (unsigned int n = 0; n < header.e_phnum; n++) {
		Elf64_Phdr part;

		must(pread(fd, &part, sizeof(part),
			   (off_t)(header.e_phoff + n * sizeof(part))) ==
			     sizeof(part),
		     path);
		for (size_t i = 0; part.p_type == PT_LOAD && i < area->nr;
		     i++) {
			const uintptr_t addr = (uintptr_t)area_page(area, i);

			if (addr < part.p_vaddr ||
			    addr >= part.p_vaddr + part.p_filesz)
				continue;
			must(pread(fd, page, PAGE_BYTES,
				   (off_t)(part.p_offset + addr -
					   part.p_vaddr)) == PAGE_BYTES,
			     path);
			expect(page_differs(page, area->ids[i]) < 0,
			       "page %zu of the core is wrong", i);
			found++;
		}
	}
	close(fd);
	expect(found == area->nr, "the core has %zu pages", found);
}

static void dumped(void)
{
	const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	struct area one, other;
	char path[64];
	int status;
	pid_t pid;

	must(put_line("/proc/sys/kernel/core_pattern", "/tmp/core.%p"),
	     "core_pattern");
	put_line("/proc/sys/kernel/core_uses_pid", "0");
	make_merged(&one, &other, NR_PAGES);
	fflush(stdout);
	pid = fork();
	must(pid >= 0, "fork");
	if (!pid) {
		setrlimit(RLIMIT_CORE, &all);
		abort();
	}
	must(waitpid(pid, &status, 0) == pid, "waitpid");
	expect(WIFSIGNALED(status) && WCOREDUMP(status), "no core: %#x",
	       status);
	snprintf(path, sizeof(path), "/tmp/core.%d", (int)pid);
	check_core(path, &one);
	check_core(path, &other);
	unlink(path);
	expect_merged("dumped", &one, &other);
}

static size_t soft_dirty(const struct area *area, size_t first, size_t step)
{
	size_t nr = 0;

	for (size_t i = first; i < area->nr; i += step)
		nr += !!(pagemap_of(area_page(area, i)) & PAGEMAP_SOFT_DIRTY);
	return nr;
}

/* CRIU copies again what was written since it cleared the bit. */
static void soft_dirty_is_kept(void)
{
	struct area one, other;
	size_t dirty;

	area_make(&one, NR_PAGES);
	area_make_twin(&other, &one);
	must(put_line("/proc/self/clear_refs", "4"), "clear_refs");
	if (soft_dirty(&one, 0, 1))
		skip("the kernel has no soft-dirty bit");
	for (size_t i = 0; i < NR_PAGES; i += 2) {
		page_fill(area_page(&one, i), one.ids[i]);
		page_fill(area_page(&other, i), other.ids[i]);
	}
	expect(soft_dirty(&one, 0, 2) == NR_PAGES / 2, "the bit is not set");
	merge_all();
	expect_merged("merged", &one, &other);
	dirty = soft_dirty(&one, 0, 2) + soft_dirty(&other, 0, 2);
	printf("soft-dirty: %zu of %d pages that were written\n", dirty,
	       NR_PAGES);
	/* KSM keeps it for the twin that becomes the merged page. */
	expect(dirty == (by_kernel() ? NR_PAGES / 2 : NR_PAGES),
	       "%zu pages are still dirty", dirty);
	expect(!soft_dirty(&one, 1, 2) && !soft_dirty(&other, 1, 2),
	       "others became dirty");
	area_write(&other, 1);
	expect(soft_dirty(&other, 1, 2) == 1 && soft_dirty(&one, 1, 2) == 0,
	       "a copy is not dirty, or its twin is");
	area_check(&one, "written");
	area_check(&other, "written");
}

static const struct feature features[] = {
	{ "/proc/PID/mem", write_by_proc_mem },
	{ "process_vm_writev", write_by_process_vm_writev },
	{ "ptrace", write_by_ptrace },
	{ "O_DIRECT", direct_io },
	{ "vmsplice", vmspliced },
	{ "core dump", dumped },
	{ "soft-dirty", soft_dirty_is_kept },
	{ NULL, NULL },
};

const struct topic access_topic = { "access", features };
