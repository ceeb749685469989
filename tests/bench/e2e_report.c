// SPDX-License-Identifier: GPL-2.0-only
/*
 * e2e_report.c - what was measured end to end, compared and plotted
 */
#include <math.h>
#include <stdio.h>

#include "e2e.h"

static const char *const names[NR_SCANNERS] = { "ksmd", "gksm", "gksm+gksmd" };
static const char *const states[NR_STATES] = { "idle", "a tenth rewritten" };

static void ratio(unsigned int bits, const char *text, const char *who,
		  double value, double target, bool at_most)
{
	char what[96];

	snprintf(what, sizeof(what), "2^%u: %s%s", bits, who, text);
	report_ratio(what, value, target, at_most);
}

static void report_costs(const struct size *size, unsigned int own,
			 bool has_guest)
{
	const struct outcome *ksmd = &size->outcomes[BY_KSMD];
	const struct outcome *gksm = &size->outcomes[own];
	const char *who = names[own];

	ratio(size->bits, ", against ksmd's idle pass (ksmd / it)", who,
	      ksmd->pass[IDLE] / gksm->pass[IDLE], has_guest ? 50 : 100, false);
	ratio(size->bits, ", the same, a tenth rewritten", who,
	      ksmd->pass[BUSY] / gksm->pass[BUSY], 10, false);
	ratio(size->bits, " / ksmd, CPU of a pass that reads all", who,
	      gksm->reread / ksmd->pass[IDLE], 1.0 / 3, true);
	ratio(size->bits, " / ksmd, CPU to 95 %", who,
	      gksm->merge_cpu / ksmd->merge_cpu, 0.25, true);
	ratio(size->bits, " / ksmd, time to 95 %", who,
	      gksm->merge_s / ksmd->merge_s, 0.5, true);
}

/* 0.3 % of a page. */
#define METADATA_TARGET (0.003 * (double)PAGE)

static void report_beside(const struct size *size, unsigned int by)
{
	const struct outcome *outcome = &size->outcomes[by];
	const double latency = by == BY_KSMD ? NAN : 1.1;
	const double bytes = by == BY_KSMD ? NAN : METADATA_TARGET;

	ratio(size->bits, " / nobody, co-runner's p99, idle", names[by],
	      outcome->p99[IDLE] / outcome->nobody[IDLE], latency, true);
	ratio(size->bits, " / nobody, co-runner's p99, a tenth rewritten",
	      names[by], outcome->p99[BUSY] / outcome->nobody[BUSY], latency,
	      true);
	ratio(size->bits, ", bytes of metadata a page", names[by],
	      outcome->metadata, bytes, true);
	ratio(size->bits, ", bytes a page, by free memory", names[by],
	      outcome->missing, by == BY_GKSMD ? NAN : bytes, true);
}

static void report_growth(const struct size *small, const struct size *large,
			  unsigned int by)
{
	const struct outcome *before = &small->outcomes[by];
	const struct outcome *after = &large->outcomes[by];
	const double target = by == BY_KSMD ? NAN : 1.2;
	char what[96];

	for (unsigned int state = 0; state < NR_STATES; state++) {
		snprintf(what, sizeof(what), "%s, a page, 2^%u / 2^%u, %s",
			 names[by], large->bits, small->bits, states[state]);
		report_ratio(what, after->pass[state] / before->pass[state],
			     target, true);
	}
	snprintf(what, sizeof(what), "%s, a page, 2^%u / 2^%u, to 95 %%",
		 names[by], large->bits, small->bits);
	report_ratio(what, after->merge_cpu / before->merge_cpu, target, true);
}

/**
 * e2e_report - print ratios and what they should be
 * @sizes:	what was measured, least pages first
 * @nr:		how many sizes
 * @has_daemon: whether there was a daemon
 * @has_guest:	whether the memory was a guest's
 */
void e2e_report(const struct size *sizes, unsigned int nr, bool has_daemon,
		bool has_guest)
{
	const unsigned int last = has_daemon ? BY_GKSMD : BY_GKSM;

	for (unsigned int s = 0; s < nr; s++) {
		for (unsigned int by = BY_GKSM; by <= last; by++)
			report_costs(&sizes[s], by, has_guest);
		for (unsigned int by = BY_KSMD; by <= last; by++)
			report_beside(&sizes[s], by);
	}
	for (unsigned int by = BY_KSMD; nr > 1 && by <= last; by++)
		report_growth(&sizes[0], &sizes[nr - 1], by);
}

/* Nobody is grey; who scans has one colour everywhere. */
#define COLOUR(column)                                                \
	"lc rgb word('#999999 #9400d3 #009e73 #56b4e9', " column ") " \
	"title columnheader(i)"

static const char *const short_states[NR_STATES] = { "idle",
						     "a tenth\\nrewritten" };

static void plot_costs(FILE *to, const struct size *size, unsigned int last)
{
	fprintf(to,
		"set title 'A pass over 2^{%u} pages'\n"
		"set ylabel 'processor time, ns a page'\n"
		"set logscale y\nset yrange [10:*]\n"
		"plot for [i=2:%u] '-' using i:xtic(1) " COLOUR("i") "\n",
		size->bits, last + 2);
	for (unsigned int by = 0; by <= last; by++) {
		fprintf(to, "state ksmd gksm gksm+gksmd\n");
		for (unsigned int state = 0; state < NR_STATES; state++) {
			fprintf(to, "\"%s\"", short_states[state]);
			for (unsigned int i = 0; i <= last; i++)
				fprintf(to, " %g",
					size->outcomes[i].pass[state]);
			fprintf(to, "\n");
		}
		fprintf(to, "\"to 95 %%\\nmerged\"");
		for (unsigned int i = 0; i <= last; i++)
			fprintf(to, " %g", size->outcomes[i].merge_cpu);
		fprintf(to, "\ne\n");
	}
	fprintf(to, "unset logscale y\n");
}

static void plot_latencies(FILE *to, const struct size *size, unsigned int last)
{
	fprintf(to,
		"set title 'A co-runner, 2^{%u} pages'\n"
		"set ylabel 'p99 of a batch, us'\nset yrange [0:*]\n"
		"plot for [i=2:%u] '-' using i:xtic(1) " COLOUR("i-1") "\n",
		size->bits, last + 3);
	for (unsigned int by = 0; by <= last + 1; by++) {
		fprintf(to, "state nobody ksmd gksm gksm+gksmd\n");
		for (unsigned int state = 0; state < NR_STATES; state++) {
			fprintf(to, "\"%s\" %g", short_states[state],
				size->nobody[state]);
			for (unsigned int i = 0; i <= last; i++)
				fprintf(to, " %g",
					size->outcomes[i].p99[state]);
			fprintf(to, "\n");
		}
		fprintf(to, "e\n");
	}
}

static void plot_metadata(FILE *to, const struct size *size, unsigned int last)
{
	fprintf(to,
		"set title 'Metadata, 2^{%u} pages'\n"
		"set ylabel 'bytes a page'\nset yrange [0:*]\n"
		"plot '-' using 2:xtic(1) lc rgb '#e69f00' title 'own count, or slabs', "
		"'-' using 2 lc rgb '#f0e442' title 'by free memory', "
		"%g with lines lc rgb '#000000' dashtype 2 title '0.3 %%'\n",
		size->bits, METADATA_TARGET);
	for (unsigned int i = 0; i <= last; i++)
		fprintf(to, "%s %g\n", names[i], size->outcomes[i].metadata);
	fprintf(to, "e\n");
	/* With a daemon it is also the daemon's. */
	for (unsigned int i = 0; i <= last; i++)
		fprintf(to, "%s %g\n", names[i],
			i == BY_GKSMD ? NAN : size->outcomes[i].missing);
	fprintf(to, "e\n");
}

static void plot_growth(FILE *to, const struct size *sizes, unsigned int nr,
			unsigned int last)
{
	fprintf(to,
		"set title 'A page of an idle pass, by size'\n"
		"set ylabel 'processor time, ns a page'\nset xlabel 'pages'\n"
		"set logscale y\nset yrange [10:*]\n"
		"set logscale x 2\nset format x '2^{%%L}'\nset xtics auto\n"
		"plot for [i=2:%u] '-' using 1:i with linespoints " COLOUR(
			"i") "\n",
		last + 2);
	for (unsigned int by = 0; by <= last; by++) {
		fprintf(to, "pages ksmd gksm gksm+gksmd\n");
		for (unsigned int s = 0; s < nr; s++) {
			fprintf(to, "%lu", 1UL << sizes[s].bits);
			for (unsigned int i = 0; i <= last; i++)
				fprintf(to, " %g",
					sizes[s].outcomes[i].pass[IDLE]);
			fprintf(to, "\n");
		}
		fprintf(to, "e\n");
	}
}

/**
 * e2e_plot - a picture of it: costs, latencies and metadata of the largest
 * size, and if there are several, costs by size
 * @path:	file to write, .svg or .png
 * @sizes:	what was measured, least pages first
 * @nr:		how many sizes
 * @has_daemon: whether there was a daemon
 */
void e2e_plot(const char *path, const struct size *sizes, unsigned int nr,
	      bool has_daemon)
{
	const unsigned int last = has_daemon ? BY_GKSMD : BY_GKSM;
	const struct size *largest = &sizes[nr - 1];
	FILE *to = plot_begin(path, 1200, 900);

	fprintf(to, "set multiplot layout 2,2\n"
		    "set style data histograms\n"
		    "set style histogram clustered gap 1\n"
		    "set style fill solid 0.8 border -1\n"
		    "set key outside bottom center horizontal samplen 1\n"
		    "set grid ytics\nset bmargin 5\n");
	plot_costs(to, largest, last);
	plot_latencies(to, largest, last);
	plot_metadata(to, largest, last);
	if (nr > 1)
		plot_growth(to, sizes, nr, last);
	fprintf(to, "unset multiplot\n");
	plot_end(to);
}
