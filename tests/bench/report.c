// SPDX-License-Identifier: GPL-2.0-only
/*
 * report.c - what was measured, as a table or as JSON
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "bench.h"

#define MAX_FIGURES 512

static struct {
	bool json;
	struct figure figures[MAX_FIGURES];
	unsigned int nr;
	bool had_ratio;
} report;

static void get_processor(char *name, size_t room)
{
	FILE *file = fopen("/proc/cpuinfo", "re");
	char line[256];

	snprintf(name, room, "unknown processor");
	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "model name : %127[^\n]", name) == 1)
			break;
	}
	if (file)
		fclose(file);
}

/* So that figures of a busy machine are not taken for more than they are. */
static double get_load(void)
{
	double load = 0;

	return getloadavg(&load, 1) == 1 ? load : -1;
}

/* The device, where there is one. */
static void begin_device(const struct gksm_gpu_info *device)
{
	if (report.json)
		printf(", \"device\": \"%s\", \"platform\": \"%s\", \"driver\": \"%s\", \"shape\": \"%s\", \"shapes\": \"%s\"",
		       device->name, device->platform, device->driver,
		       device->shape, device->shape_log);
	else
		printf(" on %s (%s, driver %s)\nshape %s; %s", device->name,
		       device->platform, device->driver,
		       *device->shape ? device->shape : "none",
		       *device->shape_log ? device->shape_log : "not measured");
}

/**
 * report_begin - say what is measured, and on what
 * @options: the format
 * @command: what
 * @device:  on what, or NULL: on the machine as it is
 */
void report_begin(const struct options *options, const char *command,
		  const struct gksm_gpu_info *device)
{
	const long cores = sysconf(_SC_NPROCESSORS_ONLN);
	char processor[128];
	struct utsname os;

	report.json = options->json;
	report.nr = 0;
	get_processor(processor, sizeof(processor));
	uname(&os);
	printf(report.json ? "{\"command\": \"%s\"" : "%s", command);
	if (device)
		begin_device(device);
	if (report.json)
		printf(", \"processor\": \"%s\", \"cores\": %ld, \"load\": %.2f, \"kernel\": \"%s\",\n",
		       processor, cores, get_load(), os.release);
	else
		printf("\n%s, %ld cores, load %.1f before, Linux %s\n\n%-60s %10s %10s %10s\n",
		       processor, cores, get_load(), os.release, "", "median",
		       "least", "most");
}

/**
 * report_add - a figure to be measured
 * @unit: of what
 * @what: what it is
 *
 * Return: the figure, without values.
 */
struct figure *report_add(const char *unit, const char *what, ...)
{
	struct figure *figure = &report.figures[report.nr++];
	va_list args;

	if (report.nr > MAX_FIGURES)
		abort();
	*figure = (struct figure){ .unit = unit };
	va_start(args, what);
	vsnprintf(figure->what, sizeof(figure->what), what, args);
	va_end(args);
	return figure;
}

static int by_value(const void *a, const void *b)
{
	const double one = *(const double *)a, two = *(const double *)b;

	return (one > two) - (one < two);
}

/**
 * figure_take - one more value; they are kept in order
 * @figure: the figure
 * @value:  the value
 */
void figure_take(struct figure *figure, double value)
{
	if (figure->nr == MAX_REPEATS)
		abort();
	figure->values[figure->nr++] = value;
	qsort(figure->values, figure->nr, sizeof(value), by_value);
}

/**
 * figure_median - the value in the middle
 * @figure: with values
 *
 * Return: the value.
 */
double figure_median(const struct figure *figure)
{
	return figure->values[figure->nr / 2];
}

/**
 * figure_min - the least value: what is left when others do not interfere
 * @figure: with values
 *
 * Return: the value.
 */
double figure_min(const struct figure *figure)
{
	return figure->values[0];
}

static void print_figures(void)
{
	for (unsigned int i = 0; i < report.nr; i++) {
		const struct figure *figure = &report.figures[i];
		const double median = figure_median(figure);
		const double most = figure->values[figure->nr - 1];

		if (report.json)
			printf("%s{\"what\": \"%s\", \"unit\": \"%s\", \"median\": %.4g, \"least\": %.4g, \"most\": %.4g, \"repeats\": %u}",
			       i ? ",\n  " : " \"figures\": [\n  ",
			       figure->what, figure->unit, median,
			       figure_min(figure), most, figure->nr);
		else
			printf("%-46s %13s %10.4g %10.4g %10.4g\n",
			       figure->what, figure->unit, median,
			       figure_min(figure), most);
	}
	printf(report.json ? "],\n \"ratios\": [" : "\n");
	report.nr = 0;
}

static void print_target(double value, double target, bool at_most)
{
	const bool met = at_most ? value <= target : value >= target;

	if (report.json)
		printf(", \"target\": %.4g, \"met\": %s", target,
		       met ? "true" : "false");
	else
		printf("  (%s %.4g: %s)", at_most ? "at most" : "at least",
		       target, met ? "met" : "missed");
}

/**
 * report_ratio - two figures of this run, and what their ratio should be
 * @what:    which
 * @value:   the ratio
 * @target:  what is wanted, or NAN: nothing is
 * @at_most: that or less; otherwise that or more
 *
 * After all figures.
 */
void report_ratio(const char *what, double value, double target, bool at_most)
{
	if (report.nr)
		print_figures();
	if (report.json)
		printf("%s\n  {\"what\": \"%s\", \"value\": %.4g",
		       report.had_ratio ? "," : "", what, value);
	else
		printf("%-60s %8.3f", what, value);
	if (!isnan(target))
		print_target(value, target, at_most);
	printf(report.json ? "}" : "\n");
	report.had_ratio = true;
}

/**
 * report_end - print what is left
 */
void report_end(void)
{
	if (report.nr)
		print_figures();
	if (report.json)
		printf("]}\n");
	report.had_ratio = false;
}
