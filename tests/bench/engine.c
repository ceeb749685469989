// SPDX-License-Identifier: GPL-2.0-only
/*
 * engine.c - what a page costs at each stage, and on the way through all
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xxhash.h>

#include "bench.h"

static volatile uint64_t sink;

/* Of the pages' hashes: they are found again only with the seed they had. */
static uint64_t next_seed = 42;

/* One core: hash all pages with libxxhash, read them, copy them. */
static uint64_t hash_on_core(struct run *run)
{
	const uint64_t start = now_ns();

	for (size_t p = 0; p < run_nr_pages(run); p++)
		sink += XXH64(run->pages + p * PAGE, PAGE, next_seed);
	return now_ns() - start;
}

static uint64_t read_on_core(struct run *run)
{
	const uint64_t *words = (const uint64_t *)run->pages;
	const size_t nr = run_nr_pages(run) * PAGE / sizeof(*words);
	const uint64_t start = now_ns();
	uint64_t sums[8] = { 0 };

	/* Ahead of the hardware, which stops at the end of each page. */
	for (size_t w = 0; w < nr; w += 8) {
		__builtin_prefetch(words + w + 4 * PAGE / sizeof(*words));
		for (unsigned int lane = 0; lane < 8; lane++)
			sums[lane] ^= words[w + lane];
	}
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

/*
 * The figures of one mix that ratios are made of. Of wall time the least is
 * what is left of a busy machine's noise; of processor time, whose clock in a
 * virtual machine errs to both sides, the median.
 */
struct times {
	double core, hash, search, core_cpu, hash_cpu, search_cpu, new_cpu;
	struct pipeline pipeline;
};

static double per_page(const struct run *run, uint64_t ns)
{
	return (double)ns / (double)run_nr_pages(run);
}

static void measure_mix(struct run *run, const char *mix, unsigned int repeats,
			struct times *times)
{
	struct figure *core, *hash, *search, *core_cpu, *hash_cpu;
	struct figure *search_cpu, *new_cpu, *compare;

	core = report_add("ns/page", "%s: libxxhash, one core", mix);
	hash = report_add("ns/page", "%s: hash", mix);
	search = report_add("ns/page", "%s: hash and search", mix);
	core_cpu = report_add("cpu ns/page", "%s: libxxhash", mix);
	hash_cpu = report_add("cpu ns/page", "%s: hash", mix);
	search_cpu = report_add("cpu ns/page", "%s: hash and search", mix);
	new_cpu = report_add("cpu ns/page", "%s: the same, pages are new", mix);
	compare = report_add("ns/pair", "%s: compare", mix);
	/* Turn by turn, so that what else the machine does hits all alike. */
	for (unsigned int r = 0; r < repeats; r++) {
		uint64_t start;

		/* With another seed each page has a hash that nobody knows. */
		mix_seed(run, next_seed++);
		start = cpu_ns();
		figure_take(core, per_page(run, hash_on_core(run)));
		figure_take(core_cpu, per_page(run, cpu_ns() - start));
		start = cpu_ns();
		figure_take(hash, per_page(run, go_over(run, false)));
		figure_take(hash_cpu, per_page(run, cpu_ns() - start));
		start = cpu_ns();
		go_over(run, true);
		figure_take(new_cpu, per_page(run, cpu_ns() - start));
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
		.core_cpu = figure_median(core_cpu),
		.hash_cpu = figure_median(hash_cpu),
		.search_cpu = figure_median(search_cpu),
		.new_cpu = figure_median(new_cpu),
	};
	measure_pipeline(run, repeats, mix, &times->pipeline);
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

static void report_ratios(const struct times *times)
{
	const double cores = (double)sysconf(_SC_NPROCESSORS_ONLN);

	report_ratio("hash, against libxxhash on as many cores",
		     times->core / cores / times->hash, 0.9, false);
	report_ratio("hash, against libxxhash, by processor time",
		     times->core_cpu / times->hash_cpu, 0.9, false);
	report_ratio("hash and search, against hash, by processor time",
		     times->search_cpu / times->hash_cpu, 1.5, true);
	report_ratio("the same, pages are new",
		     times->new_cpu / times->hash_cpu, 1.5, true);
	report_ratio("hash and search, against libxxhash, by processor time",
		     times->search_cpu / times->core_cpu, 1.5, true);
	report_ratio("processor time of the pipeline, against its stages",
		     times->pipeline.cpu / times->pipeline.apart_cpu, 1.1,
		     true);
	if (times->pipeline.slowest > 0)
		report_ratio("the pipeline, against its slowest stage alone",
			     times->pipeline.wall / times->pipeline.slowest,
			     1.15, true);
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
	uint64_t nr_there = 0, nr_found = 0, nr_false = 0;
	struct times times[NR_MIXES];
	uint64_t found[6] = { 0 };
	struct run run;

	run_open(&run, options);
	report_begin(options, "engine", gksm_gpu_get_info(run.gpu));
	mix_fill(&run, 0, NULL);
	mix_seed(&run, next_seed++);
	hash_on_core(&run);
	measure_memory(&run, repeats);
	run_known(&run, UINT64_C(1) << options->resident_bits, 1, found);
	for (unsigned int m = 0; m < NR_MIXES; m++) {
		mix_fill(&run, m, options->files);
		measure_mix(&run, mix_name(m), repeats, &times[m]);
		mix_seed(&run, next_seed++);
		mix_count_duplicates(&run, &nr_there, &nr_found, &nr_false);
	}
	report_ratios(&times[0]);
	report_ratio("duplicates found, of those there are",
		     nr_there ? (double)nr_found / (double)nr_there : 0, 1,
		     false);
	report_ratio("pages taken for duplicates that are none",
		     (double)nr_false, 0, true);
	report_end();
	run_close(&run);
	return 0;
}
