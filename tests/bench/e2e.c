// SPDX-License-Identifier: GPL-2.0-only
/*
 * e2e.c - what deduplication costs a machine: ksmd, the module alone, and the
 * module with a daemon, one after the other on the same memory
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "e2e.h"

/* In one go, so that settings can be changed in between. */
#define PAGES_TO_SCAN 4096
#define GROUP 4
#define STEADY_PASSES 4
#define REPEATS 3
/*
 * Beside a co-runner all have the same settings, with which reading each page
 * takes a second. Pages that the module only looks at count for less: it makes
 * more passes then.
 */
#define PACE_STEPS 50
#define PACE_SLEEP_MS 20
#define WINDOWS 5
#define WINDOW_MS 2000
#define QUICK_WINDOW_MS 300

static const char *const state_names[] = { "idle", "a tenth rewritten" };

static char *memory;
static size_t nr_pages;
static uint64_t next_content = 1ULL << 40;
static unsigned int window_ms;
static bool has_guest;
static char label[16]; /* before each figure, if there are several sizes */

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

/* While the co-runner runs, a hundredth at a time, ten times a second. */
static void rewrite_hundredth(void)
{
	static size_t turn;

	for (size_t i = turn++ % 100; i < nr_pages; i += 100)
		fill(i, next_content++);
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
		figures[p] = report_add("ns a page", "%s%s: %s, %s", label,
					scanner->name, what, parts[p]);
}

static void measure_merging(const struct scanner *scanner,
			    struct outcome *outcome)
{
	struct figure *time = report_add("s", "%s%s: until 95 %% are merged",
					 label, scanner->name);
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
	outcome->merge_cpu = (double)(cost.kernel + cost.daemon + cost.device) /
			     (double)nr_pages;
	figure_take(time, outcome->merge_s);
	add_costs(costs, cost, (double)nr_pages);
}

/* So many passes, several times; between them what @meanwhile does. */
static void time_passes(const struct scanner *scanner, const char *what,
			void (*meanwhile)(unsigned int turn),
			struct figure *costs[3])
{
	unsigned int turn = 0;

	new_costs(costs, scanner, what);
	for (unsigned int r = 0; r < REPEATS; r++) {
		const struct cost before = get_cost(scanner);
		const long scans = read_file(scanner->dir, "full_scans");
		long passes;

		for (unsigned int p = 0; p < STEADY_PASSES; p++) {
			if (meanwhile)
				meanwhile(turn++);
			await_scans(scanner, 1);
		}
		passes = read_file(scanner->dir, "full_scans") - scans;
		add_costs(costs, cost_since(scanner, before),
			  (double)nr_pages * (double)passes);
	}
}

static void measure_passes(const struct scanner *scanner, unsigned int state,
			   struct outcome *outcome)
{
	struct figure *costs[3];

	time_passes(scanner, state_names[state],
		    state == BUSY ? rewrite_tenth : NULL, costs);
	outcome->pass[state] = figure_min(costs[0]) + figure_min(costs[1]);
}

/* What a pass costs that reads every page, as ksmd's do. */
static void measure_reread(const struct scanner *scanner,
			   struct outcome *outcome)
{
	struct figure *costs[3];

	if (strcmp(scanner->dir, KSM) == 0)
		return;
	write_file(scanner->dir, "smart_scan", 0);
	await_scans(scanner, 1);
	time_passes(scanner, "idle, all read again", NULL, costs);
	outcome->reread = figure_min(costs[0]) + figure_min(costs[1]) +
			  figure_min(costs[2]);
	write_file(scanner->dir, "smart_scan", 1);
	await_scans(scanner, 1);
}

/* Of all windows in which somebody scans, or nobody. */
struct latencies {
	struct figure *p50, *p99, *most;
};

static struct latencies new_latencies(const char *who, unsigned int state)
{
	struct latencies all;

	all.p50 = report_add("us", "%s%s: co-runner, %s, p50", label, who,
			     state_names[state]);
	all.p99 = report_add("us", "%s%s: co-runner, %s, p99", label, who,
			     state_names[state]);
	all.most = report_add("us", "%s%s: co-runner, %s, max", label, who,
			      state_names[state]);
	return all;
}

/* Returns the least p99: what is left when others do not interfere. */
static double take_latencies(const struct latencies *all, unsigned int state)
{
	double least = 0;

	for (unsigned int w = 0; w < WINDOWS; w++) {
		const struct latency latency = corun_measure(
			window_ms, state == BUSY ? rewrite_hundredth : NULL);

		figure_take(all->p50, latency.p50);
		figure_take(all->p99, latency.p99);
		figure_take(all->most, latency.most);
		if (!w || latency.p99 < least)
			least = latency.p99;
	}
	return least;
}

static void set_speed(const struct scanner *scanner, bool full)
{
	write_file(scanner->dir, "pages_to_scan",
		   full ? PAGES_TO_SCAN : (long)(nr_pages / PACE_STEPS));
	write_file(scanner->dir, "sleep_millisecs", full ? 0 : PACE_SLEEP_MS);
}

static void measure_corun(const struct scanner *scanner, unsigned int state,
			  struct outcome *outcome)
{
	const struct latencies all = new_latencies(scanner->name, state);
	struct figure *passes =
		report_add("a second", "%s%s: co-runner, %s, passes", label,
			   scanner->name, state_names[state]);
	const long scans = read_file(scanner->dir, "full_scans");
	const uint64_t begin = now_ns();

	set_speed(scanner, false);
	outcome->p99[state] = take_latencies(&all, state);
	figure_take(passes,
		    (double)(read_file(scanner->dir, "full_scans") - scans) *
			    1e9 / (double)(now_ns() - begin));
	set_speed(scanner, true);
}

/*
 * Each page that is merged into another one frees a page; what is missing of
 * that in the machine's free memory is the price.
 */
static void measure_footprint(const struct scanner *scanner,
			      struct footprint before, struct outcome *outcome)
{
	const bool is_ksm = strcmp(scanner->dir, KSM) == 0;
	struct figure *own, *slabs, *missing;

	own = is_ksm ? NULL :
		       report_add("bytes a page", "%s%s: metadata, as it says",
				  label, scanner->name);
	slabs = report_add("bytes a page", "%s%s: metadata, slab caches", label,
			   scanner->name);
	missing = report_add("bytes a page", "%s%s: memory that is missing",
			     label, scanner->name);
	for (unsigned int r = 0; r < REPEATS; r++) {
		struct footprint now;
		double freed;

		await_scans(scanner, 1);
		now = footprint_get(scanner);
		freed = (double)read_file(scanner->dir, "pages_sharing") *
			(double)PAGE;
		if (own)
			figure_take(own,
				    (double)read_file(GKSM, "metadata_bytes") /
					    (double)nr_pages);
		figure_take(slabs,
			    (now.slabs - before.slabs) / (double)nr_pages);
		figure_take(missing, (freed - (now.free - before.free)) /
					     (double)nr_pages);
	}
	outcome->metadata = figure_median(own ? own : slabs);
	outcome->missing = figure_median(missing);
}

static void measure(const struct scanner *scanner,
		    const struct latencies *nobody, struct outcome *outcome)
{
	struct footprint before;

	fill_all();
	for (unsigned int state = 0; state < NR_STATES; state++)
		outcome->nobody[state] = take_latencies(&nobody[state], state);
	fill_all();
	set_speed(scanner, true);
	before = footprint_get(scanner);
	measure_merging(scanner, outcome);
	if (has_guest)
		guest_touch();
	await_scans(scanner, 4);
	measure_passes(scanner, IDLE, outcome);
	measure_reread(scanner, outcome);
	measure_footprint(scanner, before, outcome);
	measure_corun(scanner, IDLE, outcome);
	measure_passes(scanner, BUSY, outcome);
	measure_corun(scanner, BUSY, outcome);
	write_file(scanner->dir, "run", 2);
	write_file(scanner->dir, "run", 0);
}

static void map_memory(void)
{
	memory = mmap(NULL, nr_pages * PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED ||
	    madvise(memory, nr_pages * PAGE, MADV_NOHUGEPAGE) ||
	    madvise(memory, nr_pages * PAGE, MADV_MERGEABLE))
		fail("cannot map memory", strerror(errno));
	if (has_guest)
		guest_open(memory, nr_pages);
}

static void unmap_memory(void)
{
	if (has_guest)
		guest_close();
	munmap(memory, nr_pages * PAGE);
}

static void measure_size(struct size *size, struct scanner *scanners,
			 const char *command)
{
	struct latencies nobody[NR_STATES];
	pid_t daemon;

	nr_pages = (size_t)1 << size->bits;
	map_memory();
	for (unsigned int state = 0; state < NR_STATES; state++)
		nobody[state] = new_latencies("nobody", state);
	for (unsigned int i = 0; i < BY_GKSMD; i++)
		measure(&scanners[i], nobody, &size->outcomes[i]);
	if (command) {
		daemon = start_daemon(command);
		scanners[BY_GKSMD].daemon = find_process("gksmd");
		measure(&scanners[BY_GKSMD], nobody, &size->outcomes[BY_GKSMD]);
		kill(scanners[BY_GKSMD].daemon, SIGTERM);
		waitpid(daemon, NULL, 0);
	}
	for (unsigned int state = 0; state < NR_STATES; state++)
		size->nobody[state] = figure_min(nobody[state].p99);
	unmap_memory();
}

/**
 * bench_e2e - measure ksmd, the module, and the module with a daemon
 * @options: --pages, --daemon and --guest
 *
 * As root, with the module loaded and nothing else to deduplicate.
 *
 * Return: exit code.
 */
int bench_e2e(const struct options *options)
{
	const pid_t ksmd = find_process("ksmd"),
		    own = find_process("gksm_scan");
	struct scanner scanners[NR_SCANNERS] = {
		[BY_KSMD] = { .name = "ksmd", .dir = KSM, .thread = ksmd },
		[BY_GKSM] = { .name = "gksm", .dir = GKSM, .thread = own },
		[BY_GKSMD] = { .name = "gksm+gksmd",
			       .dir = GKSM,
			       .thread = own },
	};
	struct size sizes[MAX_SIZES] = { 0 };

	if (!ksmd || !own)
		fail("e2e",
		     "ksmd or the module gksm is not there; try: modprobe gksm");
	has_guest = options->guest;
	window_ms = options->quick ? QUICK_WINDOW_MS : WINDOW_MS;
	corun_start();
	report_begin(options, "e2e", NULL);
	for (unsigned int s = 0; s < options->nr_sizes; s++) {
		sizes[s].bits = options->page_bits[s];
		if (options->nr_sizes > 1)
			snprintf(label, sizeof(label), "2^%u ", sizes[s].bits);
		measure_size(&sizes[s], scanners, options->daemon);
	}
	corun_stop();
	e2e_report(sizes, options->nr_sizes, options->daemon, options->guest);
	report_end();
	if (options->plot)
		e2e_plot(options->plot, sizes, options->nr_sizes,
			 options->daemon);
	return 0;
}
