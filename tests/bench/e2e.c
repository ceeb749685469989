// SPDX-License-Identifier: GPL-2.0-only
/*
 * e2e.c - what deduplication costs a machine: ksmd, the module alone, and the
 * module with a daemon, one after the other on the same memory
 *
 * Processor time is that of the scanner's threads (schedstat): the kernel
 * thread, the daemon's main thread, and the threads that its OpenCL driver
 * computes with, apart.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

#define KSM "/sys/kernel/mm/ksm"
#define GKSM "/sys/kernel/mm/gksm"
/* In one go, so that settings can be changed in between. */
#define PAGES_TO_SCAN 4096
#define GROUP 4
#define STEADY_PASSES 4
#define REPEATS 3
#define LIMIT_S 600

/**
 * struct scanner - who deduplicates
 * @name:   as printed
 * @dir:    its files, with KSM's names
 * @thread: its kernel thread
 * @daemon: its daemon, 0: none
 */
struct scanner {
	const char *name;
	const char *dir;
	pid_t thread;
	pid_t daemon;
};

/* Processor time so far, in ns. */
struct cost {
	uint64_t kernel;
	uint64_t daemon;
	uint64_t device;
};

static char *memory;
static size_t nr_pages;
static uint64_t next_content = 1ULL << 40;

static long read_file(const char *dir, const char *name)
{
	char path[256], text[64] = "";
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	if (got < 0)
		fail(path, strerror(errno));
	return strtol(text, NULL, 10);
}

static void write_file(const char *dir, const char *name, long value)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || dprintf(fd, "%ld", value) < 0)
		fail(path, strerror(errno));
	close(fd);
}

static uint64_t task_ns(const char *path)
{
	uint64_t ns = 0;
	FILE *file = fopen(path, "re");

	if (file && fscanf(file, "%" SCNu64, &ns) != 1)
		ns = 0;
	if (file)
		fclose(file);
	return ns;
}

/* The process with this name, or 0. */
static pid_t find_process(const char *name)
{
	DIR *proc = opendir("/proc");
	const struct dirent *entry;
	pid_t found = 0;

	while (proc && !found && (entry = readdir(proc))) {
		char path[300], comm[64] = "";
		FILE *file;

		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		file = fopen(path, "re");
		if (file && fscanf(file, "%63s", comm) == 1 &&
		    strcmp(comm, name) == 0)
			found = (pid_t)strtol(entry->d_name, NULL, 10);
		if (file)
			fclose(file);
	}
	if (proc)
		closedir(proc);
	return found;
}

static struct cost get_cost(const struct scanner *scanner)
{
	const struct dirent *entry;
	struct cost cost = { 0 };
	char path[320];
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%d/schedstat", scanner->thread);
	cost.kernel = task_ns(path);
	if (!scanner->daemon)
		return cost;
	snprintf(path, sizeof(path), "/proc/%d/task", scanner->daemon);
	tasks = opendir(path);
	while (tasks && (entry = readdir(tasks))) {
		const pid_t tid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (!tid)
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%d/schedstat",
			 scanner->daemon, tid);
		if (tid == scanner->daemon)
			cost.daemon += task_ns(path);
		else
			cost.device += task_ns(path);
	}
	if (tasks)
		closedir(tasks);
	return cost;
}

static struct cost cost_since(const struct scanner *scanner, struct cost before)
{
	struct cost now = get_cost(scanner);

	now.kernel -= before.kernel;
	now.daemon -= before.daemon;
	now.device -= before.device;
	return now;
}

static void fill(size_t page, uint64_t content)
{
	uint64_t *words = (uint64_t *)(memory + page * PAGE);

	for (unsigned int w = 0; w < PAGE / sizeof(*words); w++)
		words[w] = scatter(content << 10 | w);
}

/* Half of the pages in groups of GROUP equal ones, all of it mixed up. */
static void fill_all(void)
{
	for (size_t i = 0; i < nr_pages; i++)
		fill(i * 40503 % nr_pages,
		     i < nr_pages / 2 ? i / GROUP : nr_pages + i);
}

/* Pages that nobody needs to have when all is merged. */
static long to_be_saved(void)
{
	return (long)(nr_pages / 2 / GROUP * (GROUP - 1));
}

/* Every tenth page has other content, which no other page has. */
static void rewrite_tenth(unsigned int turn)
{
	for (size_t i = turn % 10; i < nr_pages; i += 10)
		fill(i, next_content++);
}

static void wait_us(unsigned int us)
{
	const struct timespec time = { .tv_nsec = us * 1000L };

	nanosleep(&time, NULL);
}

static void await_scans(const struct scanner *scanner, long scans)
{
	const long end = read_file(scanner->dir, "full_scans") + scans;
	const uint64_t limit = now_ns() + LIMIT_S * 1000000000ULL;

	while (read_file(scanner->dir, "full_scans") < end) {
		if (now_ns() > limit)
			fail(scanner->name, "no pass in time");
		wait_us(500);
	}
}

static void add_costs(struct figure *const figures[3], struct cost cost,
		      double pages)
{
	figure_take(figures[0], (double)cost.kernel / pages);
	figure_take(figures[1], (double)cost.daemon / pages);
	figure_take(figures[2], (double)cost.device / pages);
}

static void new_costs(struct figure *figures[3], const struct scanner *scanner,
		      const char *what)
{
	static const char *const parts[] = { "kernel", "daemon", "device" };

	for (unsigned int p = 0; p < 3; p++)
		figures[p] = report_add("ns a page", "%s: %s, %s",
					scanner->name, what, parts[p]);
}

/**
 * struct outcome - what ratios are made of
 * @idle:    ns a page and pass, kernel and daemon, nothing touched
 * @busy:    a tenth rewritten
 * @merge_cpu: ns of processor time until 95 % were merged, all of it
 * @merge_s: seconds until then
 */
struct outcome {
	double idle;
	double busy;
	double merge_cpu;
	double merge_s;
};

static void measure_merging(const struct scanner *scanner,
			    struct outcome *outcome)
{
	struct figure *time =
		report_add("s", "%s: until 95 %% are merged", scanner->name);
	struct figure *costs[3];
	const struct cost before = get_cost(scanner);
	const uint64_t begin = now_ns();
	struct cost cost;

	new_costs(costs, scanner, "to 95 %");
	write_file(scanner->dir, "run", 1);
	while (read_file(scanner->dir, "pages_sharing") <
	       to_be_saved() * 95 / 100) {
		if (now_ns() - begin > LIMIT_S * 1000000000ULL)
			fail(scanner->name, "does not merge in time");
		wait_us(500);
	}
	outcome->merge_s = (double)(now_ns() - begin) / 1e9;
	cost = cost_since(scanner, before);
	outcome->merge_cpu = (double)(cost.kernel + cost.daemon + cost.device);
	figure_take(time, outcome->merge_s);
	add_costs(costs, cost, (double)nr_pages);
}

static void measure_idle(const struct scanner *scanner, struct outcome *outcome)
{
	struct figure *costs[3];

	new_costs(costs, scanner, "idle");
	await_scans(scanner, 4);
	for (unsigned int r = 0; r < REPEATS; r++) {
		const struct cost before = get_cost(scanner);
		const long scans = read_file(scanner->dir, "full_scans");
		long passes;

		await_scans(scanner, STEADY_PASSES);
		passes = read_file(scanner->dir, "full_scans") - scans;
		add_costs(costs, cost_since(scanner, before),
			  (double)nr_pages * (double)passes);
	}
	outcome->idle = figure_min(costs[0]) + figure_min(costs[1]);
}

static void measure_busy(const struct scanner *scanner, struct outcome *outcome)
{
	struct figure *costs[3];
	unsigned int turn = 0;

	new_costs(costs, scanner, "a tenth rewritten");
	for (unsigned int r = 0; r < REPEATS; r++) {
		const struct cost before = get_cost(scanner);
		const long scans = read_file(scanner->dir, "full_scans");
		long passes;

		for (unsigned int p = 0; p < STEADY_PASSES; p++) {
			rewrite_tenth(turn++);
			await_scans(scanner, 1);
		}
		passes = read_file(scanner->dir, "full_scans") - scans;
		add_costs(costs, cost_since(scanner, before),
			  (double)nr_pages * (double)passes);
	}
	outcome->busy = figure_min(costs[0]) + figure_min(costs[1]);
}

static struct outcome measure(const struct scanner *scanner)
{
	struct outcome outcome;
	struct figure *metadata;

	fill_all();
	write_file(scanner->dir, "sleep_millisecs", 0);
	write_file(scanner->dir, "pages_to_scan", PAGES_TO_SCAN);
	measure_merging(scanner, &outcome);
	measure_idle(scanner, &outcome);
	if (strcmp(scanner->dir, GKSM) == 0) {
		metadata = report_add("bytes a page", "%s: metadata",
				      scanner->name);
		figure_take(metadata,
			    (double)read_file(GKSM, "metadata_bytes") /
				    (double)nr_pages);
	}
	measure_busy(scanner, &outcome);
	write_file(scanner->dir, "run", 2);
	write_file(scanner->dir, "run", 0);
	return outcome;
}

static pid_t start_daemon(const struct options *options)
{
	const uint64_t limit = now_ns() + LIMIT_S * 1000000000ULL;
	pid_t pid = fork();

	if (pid < 0)
		fail("fork", strerror(errno));
	if (!pid) {
		execl("/bin/sh", "sh", "-c", options->daemon, (char *)NULL);
		_exit(127);
	}
	while (!(read_file(GKSM, "staging_bytes") > 0)) {
		if (now_ns() > limit || waitpid(pid, NULL, WNOHANG))
			fail(options->daemon, "does not start");
		wait_us(10000);
	}
	return pid;
}

static void print_ratios(const struct outcome *ksmd, const struct outcome *own,
			 const struct outcome *offload)
{
	report_ratio("ksmd / gksm, idle pass", ksmd->idle / own->idle, 100,
		     false);
	report_ratio("ksmd / gksm, a tenth rewritten", ksmd->busy / own->busy,
		     10, false);
	report_ratio("gksm / ksmd, CPU to 95 %",
		     own->merge_cpu / ksmd->merge_cpu, 0.25, true);
	report_ratio("gksm / ksmd, time to 95 %", own->merge_s / ksmd->merge_s,
		     0.5, true);
	if (!offload)
		return;
	report_ratio("ksmd / gksm+gksmd, idle pass", ksmd->idle / offload->idle,
		     100, false);
	report_ratio("ksmd / gksm+gksmd, a tenth rewritten",
		     ksmd->busy / offload->busy, 10, false);
	report_ratio("gksm+gksmd / ksmd, CPU to 95 %",
		     offload->merge_cpu / ksmd->merge_cpu, 0.25, true);
	report_ratio("gksm+gksmd / ksmd, time to 95 %",
		     offload->merge_s / ksmd->merge_s, 0.5, true);
}

/**
 * bench_e2e - measure ksmd, the module, and the module with a daemon
 * @options: --pages and --daemon
 *
 * As root, with the module loaded and nothing else to deduplicate.
 *
 * Return: exit code.
 */
int bench_e2e(const struct options *options)
{
	const struct gksm_gpu_info device = { .name = "this machine",
					      .platform = "end to end",
					      .driver = "-" };
	struct scanner ksmd = { .name = "ksmd", .dir = KSM };
	struct scanner own = { .name = "gksm", .dir = GKSM };
	struct scanner offload = { .name = "gksm+gksmd", .dir = GKSM };
	struct outcome outcomes[3];
	pid_t daemon = 0;

	ksmd.thread = find_process("ksmd");
	own.thread = offload.thread = find_process("gksm_scan");
	if (!ksmd.thread || !own.thread)
		fail("e2e",
		     "ksmd or the module gksm is not there; try: modprobe gksm");
	nr_pages = (size_t)1 << options->page_bits;
	memory = mmap(NULL, nr_pages * PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED ||
	    madvise(memory, nr_pages * PAGE, MADV_NOHUGEPAGE) ||
	    madvise(memory, nr_pages * PAGE, MADV_MERGEABLE))
		fail("cannot map memory", strerror(errno));
	report_begin(options, "e2e", &device);
	outcomes[0] = measure(&ksmd);
	outcomes[1] = measure(&own);
	if (options->daemon) {
		daemon = start_daemon(options);
		offload.daemon = find_process("gksmd");
		outcomes[2] = measure(&offload);
	}
	print_ratios(&outcomes[0], &outcomes[1], daemon ? &outcomes[2] : NULL);
	report_end();
	if (offload.daemon)
		kill(offload.daemon, SIGTERM);
	if (daemon)
		waitpid(daemon, NULL, 0);
	return 0;
}
