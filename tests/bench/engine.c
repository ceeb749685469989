// SPDX-License-Identifier: GPL-2.0-only
/*
 * engine.c - what a page costs at each stage, and on the way through all
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xxhash.h>

#include "bench.h"

#define SEED 42

static volatile uint64_t sink;

/**
 * struct mix - contents of pages
 * @name: what it is called
 * @fill: writes a page; @number is the page's
 */
struct mix {
	const char *name;
	void (*fill)(uint8_t *page, uint64_t number);
};

static void fill_unique(uint8_t *page, uint64_t number)
{
	uint64_t *words = (uint64_t *)page;

	for (unsigned int w = 0; w < PAGE / sizeof(*words); w++)
		words[w] = scatter(number << 10 | w);
}

static void fill_groups(uint8_t *page, uint64_t number)
{
	fill_unique(page, number / 8);
}

static void fill_zero(uint8_t *page, uint64_t number)
{
	(void)number;
	memset(page, 0, PAGE);
}

static void fill_last_bytes(uint8_t *page, uint64_t number)
{
	memset(page, 7, PAGE);
	memcpy(page + PAGE - sizeof(number), &number, sizeof(number));
}

static const struct mix mixes[] = {
	{ "unique", fill_unique },
	{ "groups of 8", fill_groups },
	{ "zero", fill_zero },
	{ "last bytes differ", fill_last_bytes },
};

#define NR_MIXES (sizeof(mixes) / sizeof(*mixes))

static void fill_pages(struct run *run, const struct mix *mix)
{
	for (size_t p = 0; p < run_nr_pages(run); p++) {
		const size_t batch = p / run->batch_pages;
		const size_t at = p % run->batch_pages;

		mix->fill(run->pages + p * PAGE, p);
		gksm_gpu_seeds(run->gpu, (unsigned int)batch)[at] = SEED;
		gksm_gpu_names(run->gpu, (unsigned int)batch)[at] =
			(UINT64_C(1) << 50) + p;
	}
}

/* One core: hash all pages with libxxhash, read them, copy them. */
static uint64_t hash_on_core(struct run *run)
{
	const uint64_t start = now_ns();

	for (size_t p = 0; p < run_nr_pages(run); p++)
		sink += XXH64(run->pages + p * PAGE, PAGE, SEED);
	return now_ns() - start;
}

static uint64_t read_on_core(struct run *run)
{
	const uint64_t *words = (const uint64_t *)run->pages;
	const size_t nr = run_nr_pages(run) * PAGE / sizeof(*words);
	const uint64_t start = now_ns();
	uint64_t sums[8] = { 0 };

	for (size_t w = 0; w < nr; w += 8)
		for (unsigned int lane = 0; lane < 8; lane++)
			sums[lane] ^= words[w + lane];
	for (unsigned int lane = 0; lane < 8; lane++)
		sink ^= sums[lane];
	return now_ns() - start;
}

static uint64_t copy_on_core(struct run *run)
{
	const size_t half = run_nr_pages(run) / 2 * PAGE;
	static uint8_t *copy;
	uint64_t start;

	if (!copy)
		copy = calloc(1, half);
	if (!copy)
		fail("cannot copy", "out of memory");
	start = now_ns();
	memcpy(copy, run->pages, half);
	memcpy(copy, run->pages + half, half);
	return now_ns() - start;
}

/* All batches once, all in flight. */
static uint64_t go_over(struct run *run, bool search)
{
	const uint64_t start = now_ns();

	for (unsigned int b = 0; b < NR_BATCHES; b++) {
		const int err =
			search ? gksm_gpu_search(run->gpu, b, run->batch_pages,
						 0) :
				 gksm_gpu_submit(run->gpu, b, run->batch_pages);

		if (err)
			fail("cannot submit", gksm_gpu_error(run->gpu));
	}
	for (unsigned int b = 0; b < NR_BATCHES; b++)
		run_wait(run);
	return now_ns() - start;
}

static uint64_t compare_pairs(struct run *run)
{
	const unsigned int nr = run->batch_pages / 2;
	struct gksm_gpu_pair *pairs = calloc(nr, sizeof(*pairs));
	uint8_t *equal = calloc(nr, 1);
	uint64_t start;

	if (!pairs || !equal)
		fail("cannot compare", "out of memory");
	for (unsigned int i = 0; i < nr; i++)
		pairs[i] = (struct gksm_gpu_pair){ i, nr + i };
	start = now_ns();
	if (gksm_gpu_compare(run->gpu, 0, pairs, nr, equal))
		fail("cannot compare", gksm_gpu_error(run->gpu));
	start = now_ns() - start;
	free(pairs);
	free(equal);
	return start;
}

/* The figures of one mix that ratios are made of. */
struct times {
	double core, hash, search, hash_cpu, search_cpu;
	struct pipeline pipeline;
};

static double per_page(const struct run *run, uint64_t ns)
{
	return (double)ns / (double)run_nr_pages(run);
}

static void measure_mix(struct run *run, const struct mix *mix,
			unsigned int repeats, struct times *times)
{
	struct figure *core, *hash, *search, *hash_cpu, *search_cpu, *compare;

	core = report_add("ns/page", "%s: libxxhash, one core", mix->name);
	hash = report_add("ns/page", "%s: hash", mix->name);
	search = report_add("ns/page", "%s: hash and search", mix->name);
	hash_cpu = report_add("cpu ns/page", "%s: hash", mix->name);
	search_cpu =
		report_add("cpu ns/page", "%s: hash and search", mix->name);
	compare = report_add("ns/pair", "%s: compare", mix->name);
	fill_pages(run, mix);
	go_over(run, true);
	/* Turn by turn, so that what else the machine does hits all alike. */
	for (unsigned int r = 0; r < repeats; r++) {
		uint64_t start;

		figure_take(core, per_page(run, hash_on_core(run)));
		start = cpu_ns();
		figure_take(hash, per_page(run, go_over(run, false)));
		figure_take(hash_cpu, per_page(run, cpu_ns() - start));
		start = cpu_ns();
		figure_take(search, per_page(run, go_over(run, true)));
		figure_take(search_cpu, per_page(run, cpu_ns() - start));
		figure_take(compare, (double)compare_pairs(run) /
					     (run->batch_pages / 2));
	}
	*times = (struct times){
		.core = figure_min(core),
		.hash = figure_min(hash),
		.search = figure_min(search),
		.hash_cpu = figure_min(hash_cpu),
		.search_cpu = figure_min(search_cpu),
	};
	measure_pipeline(run, repeats, mix->name, &times->pipeline);
}

static void measure_memory(struct run *run, unsigned int repeats)
{
	const double bytes = (double)(run_nr_pages(run) * PAGE);
	struct figure *reading = report_add("GB/s", "read, one core");
	struct figure *copying = report_add("GB/s", "memcpy, one core");

	for (unsigned int r = 0; r < repeats; r++) {
		figure_take(reading, bytes / (double)read_on_core(run));
		figure_take(copying, bytes / (double)copy_on_core(run));
	}
}

/**
 * bench_engine - every stage, for every mix of pages
 * @options: as asked for
 *
 * Return: exit code.
 */
int bench_engine(const struct options *options)
{
	const unsigned int repeats = options->quick ? 3 : MAX_REPEATS;
	const long cores = sysconf(_SC_NPROCESSORS_ONLN);
	struct times times[NR_MIXES];
	uint64_t found[6] = { 0 };
	struct run run;

	run_open(&run, options);
	report_begin(options, "engine", gksm_gpu_get_info(run.gpu));
	fill_pages(&run, &mixes[0]);
	hash_on_core(&run);
	measure_memory(&run, repeats);
	run_known(&run, UINT64_C(1) << options->resident_bits, 1, found);
	for (unsigned int m = 0; m < NR_MIXES; m++)
		measure_mix(&run, &mixes[m], repeats, &times[m]);
	/* Least values: what is left of a busy machine's noise. */
	report_ratio("hash, against libxxhash on as many cores",
		     times[0].core / (double)cores / times[0].hash, 0.9, false);
	report_ratio("hash and search, against hash",
		     times[0].search / times[0].hash, 1.5, true);
	report_ratio("hash, against libxxhash, by processor time",
		     times[0].core / times[0].hash_cpu, 0.9, false);
	report_ratio("hash and search, against hash, by processor time",
		     times[0].search_cpu / times[0].hash_cpu, 1.5, true);
	report_ratio("processor time of the pipeline, against its stages",
		     times[0].pipeline.cpu / times[0].pipeline.apart_cpu, 1.1,
		     true);
	if (times[0].pipeline.slowest > 0)
		report_ratio("the pipeline, against its slowest stage alone",
			     times[0].pipeline.wall / times[0].pipeline.slowest,
			     1.15, true);
	report_end();
	run_close(&run);
	return 0;
}
