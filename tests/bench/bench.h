/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bench.h - gksm-bench: how fast is the engine, with no module?
 */
#ifndef GKSM_BENCH_H
#define GKSM_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "gksm_gpu.h"

#define PAGE ((size_t)4096)

/**
 * struct options - what was asked for
 * @device:	which device, as gksm_gpu_options.device
 * @upload:	as gksm_gpu_options.upload
 * @quick:	small sizes and few repetitions: to see that it runs
 * @json:	JSON instead of a table
 * @shape:	as gksm_gpu_options.shape
 * @files:	file, or folder of files, whose pages are a mix
 * @plot:	scale and e2e: file to plot to, .svg or .png, or NULL
 * @max_bits:	largest index of scale, as a power of two
 * @resident_bits: pages in the index while engine measures, likewise
 * @batch_pages: pages of a batch
 * @page_bits:	e2e: 2^page_bits pages are deduplicated; least first
 * @nr_sizes:	how many @page_bits there are
 * @daemon:	e2e: command that starts the daemon, or NULL
 * @guest:	e2e: the memory is a KVM guest's
 */
struct options {
	const char *device;
	bool upload;
	bool quick;
	bool json;
	const char *shape;
	const char *files;
	const char *plot;
	unsigned int max_bits;
	unsigned int resident_bits;
	unsigned int batch_pages;
	unsigned int page_bits[4];
	unsigned int nr_sizes;
	const char *daemon;
	bool guest;
};

/* report.c */
#define MAX_REPEATS 15

/**
 * struct figure - one thing that was measured, several times
 * @what:    what
 * @unit:    of what
 * @values:  each time
 * @nr:	     how often
 */
struct figure {
	char what[80];
	const char *unit;
	double values[MAX_REPEATS];
	unsigned int nr;
};

void report_begin(const struct options *options, const char *command,
		  const struct gksm_gpu_info *device);
struct figure *report_add(const char *unit, const char *what, ...)
	__attribute__((format(printf, 2, 3)));
void figure_take(struct figure *figure, double value);
double figure_median(const struct figure *figure);
double figure_min(const struct figure *figure);
void report_ratio(const char *what, double value, double target, bool at_most);
void report_end(void);

/* run.c */
#define NR_BATCHES 4

/**
 * struct run - an engine with page memory
 * @gpu:	 the engine
 * @pages:	 NR_BATCHES * batch_pages pages
 * @batch_pages: pages of a batch
 */
struct run {
	struct gksm_gpu *gpu;
	uint8_t *pages;
	unsigned int batch_pages;
};

uint64_t now_ns(void);
uint64_t cpu_ns(void);
uint64_t scatter(uint64_t number);
int run_open(struct run *run, const struct options *options);
void run_close(struct run *run);
size_t run_nr_pages(const struct run *run);
struct gksm_gpu_batch run_wait(struct run *run);
void run_known(struct run *run, uint64_t nr, uint64_t first_name,
	       uint64_t found[6]);
void fail(const char *what, const char *why) __attribute__((noreturn));

/* mix.c */
#define NR_MIXES 5

const char *mix_name(unsigned int mix);
void mix_fill(struct run *run, unsigned int mix, const char *files);
void mix_seed(struct run *run, uint64_t seed);
void mix_count_duplicates(struct run *run, uint64_t *nr_there,
			  uint64_t *nr_found, uint64_t *nr_false);

/* pipeline.c */

/**
 * struct pipeline - all stages of a page
 * @wall:      at once, by the wall; median
 * @cpu:       at once, processor time; least value
 * @apart_cpu: one after the other, processor time; least value
 * @slowest:   the slowest stage alone, by the wall; median; 0: pages are not
 *	       uploaded
 */
struct pipeline {
	double wall, cpu, apart_cpu, slowest;
};

void measure_pipeline(struct run *run, unsigned int repeats, const char *mix,
		      struct pipeline *times);

/* plot.c */
FILE *plot_begin(const char *path, unsigned int width, unsigned int height);
void plot_end(FILE *gnuplot);

int bench_copy(const struct options *options);
int bench_e2e(const struct options *options);
int bench_devices(const struct options *options);
int bench_engine(const struct options *options);
int bench_scale(const struct options *options);

#endif /* GKSM_BENCH_H */
