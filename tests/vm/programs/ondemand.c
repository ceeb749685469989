// SPDX-License-Identifier: GPL-2.0-only
/*
 * ondemand.c - who shares what, and what comes of merging one process now
 *
 *   ondemand top          passes have merged what they can: look at it
 *   ondemand still        run is 0, and has been since the module was loaded
 *   ondemand within       a pass has stopped within the first process
 *   ondemand stopped PID  gksmd, of that number, is held while it has batches
 *   ondemand large MIB    is one process of so much, until it is killed
 *
 * Processes that are forks of one another have the same pages in common, pairs
 * of their own, pages of zeros, and pages that keep changing. What the module
 * says of each is compared with the page tables: a page is merged if another
 * page of somebody's has its frame, and zero if that is the zero page.
 */
#define _GNU_SOURCE
#include "vmtest.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define NR_WORKERS 3
#define TABLE_PAGES 512
/* Less than a page table maps: the next process begins in the same one. */
#define NR_SMALL 400
#define NR_LARGE 1500
#define NR_COMMON 100
#define NR_PAIRED 100
#define NR_ZERO 60
#define NR_CHANGING 40
#define CHANGE_MS 5
#define BREAK_EVERY 7
#define LIMIT_S 100

enum question {
	ASK_FILL,
	ASK_VERIFY,
	ASK_BREAK,
	ASK_REWRITE
};

struct memory {
	unsigned int number;
	char *pages;
	uint64_t round;
	bool broken;
	bool rewritten;
};

/* What the module says of a process. */
struct line {
	long processes;
	long scanned;
	long merged;
	long zero;
};

static const char *const ksm = "/sys/kernel/mm/gksm";
static size_t nr_pages = NR_LARGE;
static struct memory memories[NR_WORKERS];
static struct worker workers[NR_WORKERS];
static uint64_t zero_frame;

static bool is_changing(size_t i)
{
	return i >= nr_pages - NR_CHANGING;
}

/* Of a pair both or none, so that nobody is left alone on a merged page. */
static bool is_broken(size_t i)
{
	return i / 2 % BREAK_EVERY == 0 && !is_changing(i);
}

static uint64_t id_of(const struct memory *memory, size_t i)
{
	const uint64_t own = (memory->number + 1ULL) << 32;

	if (is_changing(i))
		return (memory->round << 52) + own + i;
	if (memory->broken && is_broken(i))
		return (1ULL << 50) + own + i;
	/* The same of all who have rewritten. */
	if (memory->rewritten)
		return (1ULL << 51) + i;
	if (i < NR_COMMON)
		return 1 + i;
	if (i < NR_COMMON + NR_PAIRED)
		return own + (i & ~1UL);
	if (i < NR_COMMON + NR_PAIRED + NR_ZERO)
		return 0;
	return own + i;
}

static void write_pages(const struct memory *memory, bool (*wanted)(size_t i))
{
	for (size_t i = 0; i < nr_pages; i++)
		if (wanted(i))
			page_fill(memory->pages + i * PAGE_BYTES,
				  id_of(memory, i));
}

static bool is_any(size_t i)
{
	return i < nr_pages;
}

static void verify(const struct memory *memory)
{
	for (size_t i = 0; i < nr_pages; i++)
		if (page_differs(memory->pages + i * PAGE_BYTES,
				 id_of(memory, i)) >= 0)
			fail("LOST WRITE: process %u, page %zu", memory->number,
			     i);
}

static void serve(int socket, void *arg)
{
	struct memory *memory = arg;
	bool filled = false;
	uint64_t question;

	while (true) {
		if (!worker_poll(socket, CHANGE_MS, &question)) {
			memory->round = (memory->round + 1) % 1024;
			if (filled)
				write_pages(memory, is_changing);
			continue;
		}
		if (question == ASK_VERIFY) {
			verify(memory);
		} else {
			memory->broken |= question == ASK_BREAK;
			memory->rewritten |= question == ASK_REWRITE;
			write_pages(memory,
				    question == ASK_BREAK ? is_broken : is_any);
			filled = true;
		}
		worker_answer(socket, 0);
	}
}

static void ask_all(enum question question)
{
	for (unsigned int w = 0; w < NR_WORKERS; w++)
		worker_ask(&workers[w], question, LIMIT_S);
}

/* A page that was only read is the zero page. */
static uint64_t find_zero_frame(void)
{
	volatile char *page = pages_map(1);
	uint64_t frame;

	(void)*page;
	pages_frames(getpid(), (uintptr_t)page, 1, &frame);
	return frame;
}

/* From the first page that a page table maps. */
static char *map_aligned(void)
{
	const uintptr_t bytes = TABLE_PAGES * PAGE_BYTES;
	const uintptr_t start =
		(uintptr_t)pages_map(nr_pages + TABLE_PAGES) + bytes - 1;

	return (char *)(start / bytes * bytes);
}

static void start_workers(void)
{
	zero_frame = find_zero_frame();
	for (unsigned int w = 0; w < NR_WORKERS; w++) {
		memories[w].number = w;
		memories[w].pages = w ? memories[0].pages : map_aligned();
		if (!w)
			pages_opt_in(memories[0].pages, nr_pages);
		worker_start(&workers[w], serve, &memories[w]);
	}
	ask_all(ASK_FILL);
}

static void end_workers(void)
{
	ask_all(ASK_VERIFY);
	for (unsigned int w = 0; w < NR_WORKERS; w++)
		worker_end(&workers[w]);
}

/* Returns whether there is a line; fails if there are two. */
static bool read_line(pid_t pid, struct line *line)
{
	FILE *file = fopen("/proc/gksminfo", "re");
	char text[512];
	int found = 0;

	if (!file)
		fail("cannot open /proc/gksminfo: %s", strerror(errno));
	while (fgets(text, sizeof(text), file)) {
		struct line now;
		int who;

		if (sscanf(text, "%d %*u %ld %*u %ld %ld %ld", &who,
			   &now.processes, &now.scanned, &now.merged,
			   &now.zero) == 5 &&
		    who == pid) {
			*line = now;
			found++;
		}
	}
	fclose(file);
	if (found > 1)
		fail("process %d has %d lines", (int)pid, found);
	return found;
}

static long merging_pages(pid_t pid)
{
	char dir[32];

	snprintf(dir, sizeof(dir), "/proc/%d", (int)pid);
	return ksm_read(dir, "ksm_merging_pages");
}

static int compare(const void *a, const void *b)
{
	const uint64_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

static uint64_t frames[NR_WORKERS][NR_LARGE];
static uint64_t sorted[NR_WORKERS * NR_LARGE];

/* What the page tables of all say. */
static void look(void)
{
	size_t nr = 0;

	for (unsigned int w = 0; w < NR_WORKERS; w++) {
		pages_frames(workers[w].pid, (uintptr_t)memories[w].pages,
			     nr_pages, frames[w]);
		for (size_t i = 0; i < nr_pages; i++)
			sorted[nr++] = frames[w][i];
	}
	qsort(sorted, nr, sizeof(*sorted), compare);
}

static size_t nr_sorted(void)
{
	return NR_WORKERS * nr_pages;
}

static bool is_merged(uint64_t frame)
{
	const uint64_t *found =
		bsearch(&frame, sorted, nr_sorted(), sizeof(*sorted), compare);

	if (!found || !frame || frame == zero_frame)
		return false;
	return (found > sorted && found[-1] == frame) ||
	       (found + 1 < sorted + nr_sorted() && found[1] == frame);
}

/* Compares the figures of all processes with the page tables. */
static void check_lines(const char *when)
{
	look();
	for (unsigned int w = 0; w < NR_WORKERS; w++) {
		const pid_t pid = workers[w].pid;
		struct line line = { 0 };
		long merged = 0, zero = 0;

		for (size_t i = 0; i < nr_pages; i++) {
			if (is_changing(i) && is_merged(frames[w][i]))
				fail("%s: page %zu of %u changes, and is merged",
				     when, i, w);
			merged += is_merged(frames[w][i]);
			zero += frames[w][i] == zero_frame;
		}
		read_line(pid, &line);
		printf("ondemand: %s: process %u: %ld merged, %ld zero; the "
		       "table says %ld, %ld, the kernel %ld\n",
		       when, w, merged, zero, line.merged, line.zero,
		       merging_pages(pid));
		if (line.merged != merged || line.zero != zero ||
		    merging_pages(pid) != merged)
			fail("not what the page tables say");
	}
}

/* Compares the module's counters with the page tables. */
static void check_counters(const char *when)
{
	long shared = 0, mappings = 0, zero = 0;

	look();
	for (size_t i = 0; i < nr_sorted(); i++) {
		zero += sorted[i] == zero_frame;
		if (!is_merged(sorted[i]))
			continue;
		mappings++;
		shared += !i || sorted[i - 1] != sorted[i];
	}
	printf("ondemand: %s: %ld pages share %ld, %ld zero\n", when, mappings,
	       shared, zero);
	if (ksm_read(ksm, "pages_shared") != shared ||
	    ksm_read(ksm, "pages_sharing") != mappings - shared ||
	    ksm_read(ksm, "ksm_zero_pages") != zero)
		fail("the counters say %ld, %ld and %ld",
		     ksm_read(ksm, "pages_shared"),
		     ksm_read(ksm, "pages_sharing"),
		     ksm_read(ksm, "ksm_zero_pages"));
}

static void expect(unsigned int w, long merged, long zero)
{
	struct line line = { 0 };

	read_line(workers[w].pid, &line);
	if (line.merged != merged || line.zero != zero)
		fail("process %u: %ld merged, %ld zero, and not %ld, %ld", w,
		     line.merged, line.zero, merged, zero);
}

static void merge(unsigned int w)
{
	const uint64_t begun_ms = now_ms();

	ksm_write(ksm, "merge_pid", workers[w].pid);
	printf("ondemand: process %u merged in %llu ms\n", w,
	       (unsigned long long)(now_ms() - begun_ms));
}

static int sleep_for_ever(void *arg)
{
	(void)arg;
	while (pause())
		;
	return 0;
}

/* A process that has the address space of another one is no line of its own. */
static void share_mm(int socket, void *arg)
{
	static char stack[65536] __attribute__((aligned(16)));
	uint64_t question;
	pid_t pid = 0;

	(void)arg;
	while (worker_poll(socket, -1, &question)) {
		if (!pid) {
			/* With pages of its own that nobody else has. */
			memories[0].number = NR_WORKERS;
			pages_opt_in(memories[0].pages, nr_pages);
			write_pages(&memories[0], is_any);
			pid = clone(sleep_for_ever, stack + sizeof(stack),
				    CLONE_VM | SIGCHLD, NULL);
			worker_answer(socket, (uint64_t)pid);
		} else {
			kill(pid, SIGKILL);
			waitpid(pid, NULL, 0);
			worker_answer(socket, 0);
		}
	}
}

static void check_shared_mm(void)
{
	struct worker worker;
	struct line line;
	pid_t other;

	worker_start(&worker, share_mm, NULL);
	other = (pid_t)worker_ask(&worker, 0, LIMIT_S);
	ksm_await_passes(ksm, 2);
	if (!read_line(worker.pid, &line) || line.processes != 2)
		fail("two processes with one address space have no line");
	if (read_line(other, &line))
		fail("and one of them has a line of its own");
	printf("ondemand: two processes with one address space have a line\n");
	worker_ask(&worker, 0, LIMIT_S);
	worker_end(&worker);
}

static void check_top(void)
{
	nr_pages = NR_SMALL;
	start_workers();
	ksm_settle(ksm, LIMIT_S);
	check_lines("settled");
	expect(0, NR_COMMON + NR_PAIRED, NR_ZERO);
	check_shared_mm();
	/* What was merged and is written is noticed, whoever comes before. */
	ask_all(ASK_BREAK);
	ksm_await_passes(ksm, 3);
	check_lines("written");
	end_workers();
}

/* Those who were never scanned are merged with those who were, one by one. */
static void check_still(void)
{
	struct line line;

	start_workers();
	if (read_line(workers[0].pid, &line))
		fail("somebody has been scanned");
	merge(0);
	expect(0, NR_PAIRED, NR_ZERO);
	merge(1);
	expect(0, NR_COMMON + NR_PAIRED, NR_ZERO);
	expect(1, NR_COMMON + NR_PAIRED, NR_ZERO);
	merge(2);
	check_lines("merged");
	expect(2, NR_COMMON + NR_PAIRED, NR_ZERO);
	check_counters("merged");
	ask_all(ASK_VERIFY);
	ask_all(ASK_BREAK);
	for (unsigned int w = 0; w < NR_WORKERS; w++)
		merge(w);
	check_lines("written");
	check_counters("written");
	end_workers();
}

/* The pass that was stopped goes on, and is exact at its end. */
static void check_within(void)
{
	const long scans = ksm_read(ksm, "full_scans");
	const uint64_t limit_ms = now_ms() + LIMIT_S * 1000ULL;

	start_workers();
	/* As many pages as the first process has, less some. */
	ksm_write(ksm, "sleep_millisecs", 60000);
	ksm_write(ksm, "pages_to_scan", NR_COMMON + NR_PAIRED / 2);
	ksm_write(ksm, "run", 1);
	sleep_ms(1000);
	for (unsigned int w = 0; w < NR_WORKERS; w++)
		merge(w);
	if (ksm_read(ksm, "full_scans") != scans)
		fail("the pass has ended");
	check_lines("within a pass");
	expect(0, NR_COMMON + NR_PAIRED, NR_ZERO);
	/* To the end of this pass, and no further. */
	ksm_write(ksm, "run", 0);
	ksm_write(ksm, "pages_to_scan", 1000000);
	ksm_write(ksm, "run", 1);
	while (ksm_read(ksm, "full_scans") == scans) {
		if (now_ms() > limit_ms)
			fail("the pass does not end");
		sleep_ms(2);
	}
	if (ksm_read(ksm, "full_scans") != scans + 1)
		fail("that was more than a pass");
	check_lines("at its end");
	check_counters("at its end");
	end_workers();
}

/* Hashes of copies that are older than what was read on demand do not count. */
static void check_stopped(pid_t gksmd)
{
	size_t shared = 0;

	start_workers();
	kill(gksmd, SIGSTOP);
	ksm_write(ksm, "run", 1);
	/* The batches are full, and nobody takes them. */
	sleep_ms(1000);
	worker_ask(&workers[0], ASK_REWRITE, LIMIT_S);
	merge(0);
	kill(gksmd, SIGCONT);
	ksm_await_passes(ksm, 4);
	worker_ask(&workers[1], ASK_REWRITE, LIMIT_S);
	ksm_await_passes(ksm, 5);
	look();
	for (size_t i = 0; i < nr_pages - NR_CHANGING; i++)
		shared += frames[0][i] == frames[1][i];
	printf("ondemand: of %zu pages written meanwhile %zu are shared\n",
	       nr_pages - NR_CHANGING, shared);
	if (shared != nr_pages - NR_CHANGING)
		fail("others are not found any more");
	end_workers();
}

/* Every page has one twin. */
static void be_large(unsigned long mib)
{
	char *pages;

	nr_pages = (mib << 20) / PAGE_BYTES;
	pages = pages_map(nr_pages);
	pages_opt_in(pages, nr_pages);
	for (size_t i = 0; i < nr_pages; i++)
		page_fill(pages + i * PAGE_BYTES, 1 + i / 2);
	printf("large\n");
	sleep_for_ever(NULL);
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 2 && !strcmp(argv[1], "top"))
		check_top();
	else if (argc == 2 && !strcmp(argv[1], "still"))
		check_still();
	else if (argc == 2 && !strcmp(argv[1], "within"))
		check_within();
	else if (argc == 3 && !strcmp(argv[1], "stopped"))
		check_stopped((pid_t)parse_number(argv[2], 's'));
	else if (argc == 3 && !strcmp(argv[1], "large"))
		be_large(parse_number(argv[2], 'l'));
	else
		fail("usage: ondemand top|still|within|stopped PID|large MIB");
	return 0;
}
