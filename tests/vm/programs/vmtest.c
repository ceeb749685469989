// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmtest.c - what the programs that run in the test VM have in common
 */
#define _GNU_SOURCE
#include "vmtest.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGEMAP_PRESENT (1ULL << 63)
#define PAGEMAP_PFN_MASK ((1ULL << 55) - 1)

void fail(const char *format, ...)
{
	va_list args;

	fflush(stdout);
	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void sleep_ms(unsigned int ms)
{
	usleep(ms * 1000);
}

unsigned long parse_number(const char *text, char option)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || end == text || *end)
		fail("-%c needs a number, not '%s'", option, text);
	return value;
}

uint64_t mix(uint64_t x)
{
	x ^= x >> 30;
	x *= 0xbf58476d1ce4e5b9ULL;
	x ^= x >> 27;
	x *= 0x94d049bb133111ebULL;
	x ^= x >> 31;
	return x;
}

uint64_t rng_next(uint64_t *state)
{
	*state += 0x9e3779b97f4a7c15ULL;
	return mix(*state);
}

void page_fill(void *page, uint64_t id)
{
	uint64_t *word = page;
	uint64_t state = mix(id);

	for (unsigned int i = 0; i < PAGE_WORDS; i++)
		word[i] = id ? rng_next(&state) : 0;
}

int page_differs(const void *page, uint64_t id)
{
	const uint64_t *word = page;
	uint64_t state = mix(id);

	for (unsigned int i = 0; i < PAGE_WORDS; i++)
		if (word[i] != (id ? rng_next(&state) : 0))
			return (int)i;
	return -1;
}

void *pages_map(size_t nr_pages)
{
	void *start = mmap(NULL, nr_pages * PAGE_BYTES, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (start == MAP_FAILED)
		fail("cannot map %zu pages: %s", nr_pages, strerror(errno));
	return start;
}

void pages_opt_in(void *start, size_t nr_pages)
{
	if (madvise(start, nr_pages * PAGE_BYTES, MADV_MERGEABLE))
		fail("madvise(MADV_MERGEABLE): %s", strerror(errno));
}

/* Opens a file of @pid's /proc directory. */
static int open_proc(pid_t pid, const char *name)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fail("cannot open %s: %s", path, strerror(errno));
	return fd;
}

/* Reads all of @bytes at @offset, piece by piece if need be. */
static void read_at(int fd, void *to, size_t bytes, off_t offset)
{
	while (bytes) {
		ssize_t got = pread(fd, to, bytes, offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			fail("short read at offset %#llx: %s",
			     (unsigned long long)offset,
			     got ? strerror(errno) : "end of file");
		to = (char *)to + got;
		bytes -= (size_t)got;
		offset += got;
	}
}

void pages_frames(pid_t pid, uintptr_t start, size_t nr_pages, uint64_t *pfns)
{
	int fd = open_proc(pid, "pagemap");

	read_at(fd, pfns, nr_pages * 8, (off_t)(start / PAGE_BYTES * 8));
	close(fd);
	for (size_t i = 0; i < nr_pages; i++)
		pfns[i] = pfns[i] & PAGEMAP_PRESENT ?
				  pfns[i] & PAGEMAP_PFN_MASK :
				  0;
}

void pages_copy(pid_t pid, uintptr_t start, size_t nr_pages, void *to)
{
	int fd = open_proc(pid, "mem");

	read_at(fd, to, nr_pages * PAGE_BYTES, (off_t)start);
	close(fd);
}

long ksm_read(const char *dir, const char *name)
{
	char path[PATH_MAX];
	long value;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "re");
	if (!file)
		return -1;
	if (fscanf(file, "%ld", &value) != 1)
		value = -1;
	fclose(file);
	return value;
}

void ksm_write(const char *dir, const char *name, long value)
{
	char path[PATH_MAX];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "we");
	if (!file)
		fail("cannot open %s: %s", path, strerror(errno));
	fprintf(file, "%ld\n", value);
	if (fclose(file))
		fail("cannot write %ld to %s: %s", value, path,
		     strerror(errno));
}

#define PASSES_LIMIT_MS 120000

void ksm_await_full_scans(const char *dir, long more, unsigned int nap_ms)
{
	const long end = ksm_read(dir, "full_scans") + more;
	const uint64_t limit_ms = now_ms() + PASSES_LIMIT_MS;

	while (ksm_read(dir, "full_scans") < end) {
		if (now_ms() > limit_ms)
			fail("%ld passes take more than %d ms", more,
			     PASSES_LIMIT_MS);
		if (nap_ms)
			sleep_ms(nap_ms);
	}
}

void ksm_await_passes(const char *dir, long passes)
{
	ksm_await_full_scans(dir, passes + 1, 2);
}

long ksm_pages_read(const char *dir)
{
	return ksm_read(dir, "pages_hashed_kernel") +
	       ksm_read(dir, "pages_hashed_offload");
}

bool pages_are_one(const void *a, const void *b)
{
	uint64_t pfn_a, pfn_b;

	pages_frames(getpid(), (uintptr_t)a, 1, &pfn_a);
	pages_frames(getpid(), (uintptr_t)b, 1, &pfn_b);
	return pfn_a && pfn_a == pfn_b;
}

uint64_t ksm_settle(const char *dir, unsigned int limit_s)
{
	const uint64_t begin_ms = now_ms();
	long sharing = -1, scans = 0;

	while (now_ms() - begin_ms < limit_s * 1000ULL) {
		long sharing_now = ksm_read(dir, "pages_sharing");
		long scans_now = ksm_read(dir, "full_scans");

		if (sharing_now < 0 || scans_now < 0)
			fail("cannot read %s: is the module loaded?", dir);
		if (sharing_now != sharing) {
			sharing = sharing_now;
			scans = scans_now;
		} else if (scans_now - scans >= 3) {
			return now_ms() - begin_ms;
		}
		sleep_ms(20);
	}
	fail("not settled after %u s: pages_sharing %ld, full_scans %ld",
	     limit_s, sharing, ksm_read(dir, "full_scans"));
}

long meminfo_kib(const char *name)
{
	FILE *file = fopen("/proc/meminfo", "re");
	const size_t length = strlen(name);
	char line[128];
	long value = -1;

	if (!file)
		fail("cannot open /proc/meminfo: %s", strerror(errno));
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, name, length) && line[length] == ':')
			value = atol(line + length + 1);
	fclose(file);
	if (value < 0)
		fail("/proc/meminfo has no %s", name);
	return value;
}

long memory_free_kib(void)
{
	FILE *file = fopen("/proc/zoneinfo", "re");
	long pages = 0;
	char line[256];

	if (!file)
		fail("cannot open /proc/zoneinfo: %s", strerror(errno));
	while (fgets(line, sizeof(line), file)) {
		long count;

		/* "count:" is the length of one CPU's list in one zone. */
		if (sscanf(line, " count: %ld", &count) == 1)
			pages += count;
	}
	fclose(file);
	return meminfo_kib("MemFree") + pages * (PAGE_BYTES / 1024);
}

void worker_start(struct worker *worker, void (*serve)(int socket, void *arg),
		  void *arg)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		fail("socketpair: %s", strerror(errno));
	fflush(stdout);
	worker->pid = fork();
	if (worker->pid < 0)
		fail("fork: %s", strerror(errno));
	if (!worker->pid) {
		close(ends[0]);
		serve(ends[1], arg);
		exit(0);
	}
	close(ends[1]);
	worker->socket = ends[0];
}

bool worker_poll(int socket, int wait_ms, uint64_t *question)
{
	struct pollfd poll_fd = { .fd = socket, .events = POLLIN };

	if (poll(&poll_fd, 1, wait_ms) <= 0)
		return false;
	if (recv(socket, question, 8, MSG_WAITALL) != 8)
		exit(0);
	return true;
}

void worker_answer(int socket, uint64_t answer)
{
	if (send(socket, &answer, 8, MSG_NOSIGNAL) != 8)
		exit(1);
}

uint64_t worker_ask(struct worker *worker, uint64_t question,
		    unsigned int limit_s)
{
	struct pollfd poll_fd = { .fd = worker->socket, .events = POLLIN };
	uint64_t answer;

	if (send(worker->socket, &question, 8, MSG_NOSIGNAL) != 8)
		fail("worker %d is gone", (int)worker->pid);
	if (poll(&poll_fd, 1, (int)limit_s * 1000) <= 0)
		fail("worker %d: no answer within %u s", (int)worker->pid,
		     limit_s);
	if (recv(worker->socket, &answer, 8, MSG_WAITALL) != 8)
		fail("worker %d is gone", (int)worker->pid);
	return answer;
}

void worker_end(struct worker *worker)
{
	int status;

	/* Later workers have inherited this end: closing it tells nobody. */
	shutdown(worker->socket, SHUT_RDWR);
	close(worker->socket);
	if (waitpid(worker->pid, &status, 0) != worker->pid || status)
		fail("worker %d ended with status %#x", (int)worker->pid,
		     status);
}
