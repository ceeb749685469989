// SPDX-License-Identifier: GPL-2.0-only
/*
 * scale.c - the index from 2^16 pages on: time and memory a page
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"

#define MIN_BITS 16

/* Of one size; nanoseconds and bytes a page. */
struct point {
	unsigned int bits;
	double fill, confirm, find, bytes, peak;
};

/* A few may find no room, and of hashes 49 bits count. */
static void check_found(const uint64_t found[6], enum gksm_gpu_found expected,
			uint64_t nr, const char *what)
{
	const uint64_t nr_wrong = nr - found[expected];

	if (nr_wrong)
		fprintf(stderr,
			"gksm-bench: %s: %" PRIu64 " of %" PRIu64
			" pages were not found as they should be\n",
			what, nr_wrong, nr);
	if (nr_wrong > nr / 100000)
		exit(1);
}

static double time_known(struct run *run, uint64_t nr, uint64_t first_name,
			 enum gksm_gpu_found expected, const char *what)
{
	uint64_t found[6] = { 0 };
	const uint64_t start = now_ns();

	run_known(run, nr, first_name, found);
	check_found(found, expected, nr, what);
	return (double)(now_ns() - start) / (double)nr;
}

static void measure(const struct options *options, unsigned int bits,
		    struct point *point)
{
	const unsigned int repeats = options->quick ? 1 : 3;
	const uint64_t nr = UINT64_C(1) << bits;
	struct figure *confirm, *find, *fill;
	struct gksm_gpu_index index;
	struct run run;

	run_open(&run, options);
	fill = report_add("ns/page", "2^%u pages: fill, growing", bits);
	confirm = report_add("ns/page", "2^%u pages: confirm", bits);
	find = report_add("ns/page", "2^%u pages: find the twin", bits);
	figure_take(fill,
		    time_known(&run, nr, 1, GKSM_GPU_FOUND_UNIQUE, "fill"));
	for (unsigned int r = 0; r < repeats; r++) {
		figure_take(confirm,
			    time_known(&run, nr, 1, GKSM_GPU_FOUND_UNIQUE,
				       "confirm"));
	}
	gksm_gpu_get_index(run.gpu, &index);
	figure_take(report_add("bytes/page", "2^%u pages: index", bits),
		    (double)index.bytes / (double)nr);
	figure_take(report_add("bytes/page", "2^%u pages: index, peak", bits),
		    (double)index.peak_bytes / (double)nr);
	/* Others with the same hashes; an entry is kept of each, too. */
	figure_take(find, time_known(&run, nr, 1 + (UINT64_C(1) << 40),
				     GKSM_GPU_FOUND_ALIKE, "find"));
	*point = (struct point){
		.bits = bits,
		.fill = figure_median(fill),
		.confirm = figure_min(confirm),
		.find = figure_median(find),
		.bytes = (double)index.bytes / (double)nr,
		.peak = (double)index.peak_bytes / (double)nr,
	};
	run_close(&run);
}

static void plot(const char *path, const struct point *points, unsigned int nr)
{
	FILE *gnuplot = plot_begin(path, 900, 600);

	fprintf(gnuplot,
		"set logscale x 2\nset xlabel 'pages'\n"
		"set ylabel 'ns a page'\nset y2label 'bytes a page'\n"
		"set format x '2^{%%L}'\nset yrange [0:]\nset y2range [0:36]\n"
		"set y2tics\nset key top left\n"
		"plot '-' using 1:2 with linespoints title 'fill', "
		"'-' using 1:2 with linespoints title 'confirm', "
		"'-' using 1:2 with linespoints title 'find a twin', "
		"'-' using 1:2 axes x1y2 with linespoints title 'bytes'\n");
	for (unsigned int series = 0; series < 4; series++) {
		for (unsigned int i = 0; i < nr; i++) {
			const struct point *p = &points[i];
			const double values[] = { p->fill, p->confirm, p->find,
						  p->bytes };

			fprintf(gnuplot, "%" PRIu64 " %g\n",
				UINT64_C(1) << p->bits, values[series]);
		}
		fprintf(gnuplot, "e\n");
	}
	plot_end(gnuplot);
}

static const struct point *find_point(const struct point *points,
				      unsigned int nr, unsigned int bits)
{
	for (unsigned int i = 0; i < nr; i++) {
		if (points[i].bits == bits)
			return &points[i];
	}
	return NULL;
}

static void report_ratios(const struct point *points, unsigned int nr)
{
	const struct point *small = find_point(points, nr, 18);
	const struct point *large = find_point(points, nr, 24);
	double bytes = 0, peak = 0;

	if (!large && nr)
		large = &points[nr - 1];
	/* Below 2^18 the index has its least size. */
	for (unsigned int i = 0; i < nr; i++) {
		if (points[i].bits < 19)
			continue;
		bytes = points[i].bytes > bytes ? points[i].bytes : bytes;
		peak = points[i].peak > peak ? points[i].peak : peak;
	}
	if (small && large)
		report_ratio("confirming a page, largest (or 2^24) to 2^18",
			     large->confirm / small->confirm, 1.5, true);
	report_ratio("bytes a page, from 2^19 on", bytes, 16, true);
	report_ratio("bytes a page while growing, from 2^19 on", peak, 32,
		     true);
}

/**
 * bench_scale - the index at every size
 * @options: as asked for
 *
 * Return: exit code.
 */
int bench_scale(const struct options *options)
{
	struct point points[32];
	unsigned int nr = 0;
	struct run run;

	run_open(&run, options);
	report_begin(options, "scale", gksm_gpu_get_info(run.gpu));
	run_close(&run);
	for (unsigned int bits = MIN_BITS; bits <= options->max_bits; bits++)
		measure(options, bits, &points[nr++]);
	report_ratios(points, nr);
	report_end();
	if (options->plot)
		plot(options->plot, points, nr);
	return 0;
}
