// SPDX-License-Identifier: GPL-2.0-only
/*
 * tenants.c - processes that stand for guests of one host
 *
 *   tenants [-a N] [-b N] FILE...
 *
 * N tenants (-a, default 4) run system A, N others (-b, default 2) system B.
 * A has the first two thirds of the files in its memory, B the last two
 * thirds. Each also has pages of zeros, pages of its own, and pages that keep
 * changing. Every second tenant opts in by prctl() where the kernel can do
 * that, the others page range by page range.
 *
 * Commands come on standard input, one a line, and each is answered by a line:
 *
 *   pids    their process ids
 *   verify  each tenant compares every byte with what it has to be
 *   break   each tenant writes one page in sixteen
 *   exit    the end
 */
#define _GNU_SOURCE
#include "vmtest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define PR_SET_MEMORY_MERGE_NR 67 /* PR_SET_MEMORY_MERGE, Linux 6.4 */

#define MAX_TENANTS 32
#define MAX_FILES 64
#define NR_ZERO 512
#define NR_OWN 512
#define NR_CHANGING 64
#define CHANGE_MS 20
#define BREAK_EVERY 16
#define LIMIT_S 300

enum question {
	ASK_FILL,
	ASK_VERIFY,
	ASK_BREAK
};

/**
 * struct file - a file whose bytes are in the memory of tenants
 * @bytes:  mapping of the file
 * @length: its length
 * @nr:	    pages of it, the last one padded with zeros
 */
struct file {
	const char *bytes;
	size_t length;
	size_t nr;
};

/**
 * struct tenant - a process and its memory
 * @number: which
 * @first:  first of its files
 * @last:   behind the last of its files
 * @pages:  its memory: files, zero, own and changing pages
 * @nr:	    pages
 * @round:  of the changing pages
 * @broken: one page in BREAK_EVERY was written
 */
struct tenant {
	struct worker worker;
	uint64_t number;
	size_t first;
	size_t last;
	char *pages;
	size_t nr;
	uint64_t round;
	bool broken;
};

static struct file files[MAX_FILES];
static size_t nr_files;
static struct tenant tenants[MAX_TENANTS];
static size_t nr_tenants;

static void open_file(const char *path)
{
	struct file *file = &files[nr_files];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;

	if (nr_files == MAX_FILES)
		fail("more than %d files", MAX_FILES);
	if (fd < 0 || fstat(fd, &status))
		fail("cannot open %s: %s", path, strerror(errno));
	file->length = (size_t)status.st_size;
	file->nr = (file->length + PAGE_BYTES - 1) / PAGE_BYTES;
	file->bytes = mmap(NULL, file->length, PROT_READ, MAP_SHARED, fd, 0);
	if (file->bytes == MAP_FAILED)
		fail("cannot map %s: %s", path, strerror(errno));
	close(fd);
	nr_files++;
}

/* What a page behind the files has to hold, as for page_fill(). */
static uint64_t id_of(const struct tenant *tenant, size_t behind)
{
	if (behind < NR_ZERO)
		return 0;
	behind += tenant->number << 32;
	if ((uint32_t)behind < NR_ZERO + NR_OWN)
		return behind;
	return behind + (1ULL << 60) + (tenant->round << 20);
}

static uint64_t broken_id(const struct tenant *tenant, size_t i)
{
	return (1ULL << 61) + (tenant->number << 32) + i;
}

/* The number of bytes of @file in its page @i. */
static size_t page_length(const struct file *file, size_t i)
{
	return i + 1 < file->nr ? PAGE_BYTES : file->length - i * PAGE_BYTES;
}

static void fill(struct tenant *tenant)
{
	char *to = tenant->pages;

	for (size_t f = tenant->first; f < tenant->last; f++) {
		memcpy(to, files[f].bytes, files[f].length);
		to += files[f].nr * PAGE_BYTES;
	}
	for (size_t i = 0; i < NR_ZERO + NR_OWN + NR_CHANGING; i++)
		page_fill(to + i * PAGE_BYTES, id_of(tenant, i));
}

static void change(struct tenant *tenant)
{
	const size_t behind = NR_ZERO + NR_OWN;
	const size_t start = tenant->nr - NR_CHANGING;

	tenant->round = (tenant->round + 1) % 1024;
	for (size_t i = 0; i < NR_CHANGING; i++)
		if (!tenant->broken || (start + i) % BREAK_EVERY)
			page_fill(tenant->pages + (start + i) * PAGE_BYTES,
				  id_of(tenant, behind + i));
}

static void break_pages(struct tenant *tenant)
{
	tenant->broken = true;
	for (size_t i = 0; i < tenant->nr; i += BREAK_EVERY)
		page_fill(tenant->pages + i * PAGE_BYTES, broken_id(tenant, i));
}

static bool is_zero(const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (bytes[i])
			return false;
	return true;
}

static bool is_page_of(const char *page, const struct file *file, size_t i)
{
	const size_t length = page_length(file, i);

	return !memcmp(page, file->bytes + i * PAGE_BYTES, length) &&
	       is_zero(page + length, PAGE_BYTES - length);
}

static void verify(const struct tenant *tenant)
{
	size_t f = tenant->first, in_file = 0, behind = 0;

	for (size_t i = 0; i < tenant->nr; i++) {
		const char *page = tenant->pages + i * PAGE_BYTES;
		bool right;

		while (f < tenant->last && in_file == files[f].nr) {
			f++;
			in_file = 0;
		}
		if (tenant->broken && i % BREAK_EVERY == 0)
			right = page_differs(page, broken_id(tenant, i)) < 0;
		else if (f < tenant->last)
			right = is_page_of(page, &files[f], in_file);
		else
			right = page_differs(page, id_of(tenant, behind)) < 0;
		if (!right)
			fail("LOST WRITE: tenant %llu, page %zu",
			     (unsigned long long)tenant->number, i);
		if (f < tenant->last)
			in_file++;
		else
			behind++;
	}
}

static void opt_in(const struct tenant *tenant)
{
	if (tenant->number % 2 == 0 &&
	    !prctl(PR_SET_MEMORY_MERGE_NR, 1, 0, 0, 0))
		return;
	pages_opt_in(tenant->pages, tenant->nr);
}

static void serve(int socket, void *arg)
{
	struct tenant *tenant = arg;
	bool filled = false;
	uint64_t question;

	while (true) {
		if (!worker_poll(socket, CHANGE_MS, &question)) {
			if (filled)
				change(tenant);
			continue;
		}
		if (question == ASK_FILL) {
			opt_in(tenant);
			fill(tenant);
			filled = true;
		} else if (question == ASK_BREAK) {
			break_pages(tenant);
		} else {
			verify(tenant);
		}
		worker_answer(socket, 0);
	}
}

static void start_tenants(unsigned long nr, size_t first, size_t last)
{
	for (unsigned long n = 0; n < nr; n++) {
		struct tenant *tenant = &tenants[nr_tenants];

		if (nr_tenants == MAX_TENANTS)
			fail("more than %d tenants", MAX_TENANTS);
		tenant->number = ++nr_tenants;
		tenant->first = first;
		tenant->last = last;
		tenant->nr = NR_ZERO + NR_OWN + NR_CHANGING;
		for (size_t f = first; f < last; f++)
			tenant->nr += files[f].nr;
		tenant->pages = pages_map(tenant->nr);
		worker_start(&tenant->worker, serve, tenant);
		/* Nobody else needs the address range. */
		munmap(tenant->pages, tenant->nr * PAGE_BYTES);
	}
}

/* Returns the pages that all tenants have together. */
static size_t ask_all(enum question question)
{
	size_t nr = 0;

	for (size_t t = 0; t < nr_tenants; t++) {
		worker_ask(&tenants[t].worker, question, LIMIT_S);
		nr += tenants[t].nr;
	}
	return nr;
}

static void obey(const char *command)
{
	if (!strcmp(command, "pids")) {
		for (size_t t = 0; t < nr_tenants; t++)
			printf("%d%c", (int)tenants[t].worker.pid,
			       t + 1 < nr_tenants ? ' ' : '\n');
	} else if (!strcmp(command, "verify")) {
		printf("verified %zu pages\n", ask_all(ASK_VERIFY));
	} else if (!strcmp(command, "break")) {
		ask_all(ASK_BREAK);
		printf("broken\n");
	} else {
		fail("no such command: '%s'", command);
	}
}

int main(int argc, char **argv)
{
	unsigned long nr_a = 4, nr_b = 2;
	char line[64];
	int option;

	while ((option = getopt(argc, argv, "a:b:")) != -1) {
		if (option == 'a')
			nr_a = parse_number(optarg, 'a');
		else if (option == 'b')
			nr_b = parse_number(optarg, 'b');
		else
			fail("usage: tenants [-a N] [-b N] FILE...");
	}
	for (int i = optind; i < argc; i++)
		open_file(argv[i]);
	setvbuf(stdout, NULL, _IOLBF, 0);
	start_tenants(nr_a, 0, nr_files * 2 / 3);
	start_tenants(nr_b, nr_files / 3, nr_files);
	printf("filled %zu pages\n", ask_all(ASK_FILL));
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		if (!strcmp(line, "exit"))
			break;
		obey(line);
	}
	for (size_t t = 0; t < nr_tenants; t++)
		worker_end(&tenants[t].worker);
	printf("ended\n");
	return 0;
}
