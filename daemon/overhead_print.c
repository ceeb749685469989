// SPDX-License-Identifier: GPL-2.0-only
/*
 * overhead_print.c - what merging costs, for people and for programs
 */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>

#include "overhead.h"

static const struct category {
	const char *key;
	const char *title;
	enum gksm_cost_kind first;
	enum gksm_cost_kind last;
} categories[] = {
	{ "scan_and_merge", "scan and merge", GKSM_COST_SCAN,
	  GKSM_COST_DAEMON },
	{ "mmu_notification", "MMU notification", GKSM_COST_MERGE_CALLS,
	  GKSM_COST_SCAN_FLUSHES },
	{ "cow_breaks", "copy on write, estimated", GKSM_COST_BREAKS,
	  GKSM_COST_BREAKS },
};

static const struct part {
	const char *key;
	const char *title;
	const char *unit;
} parts[GKSM_NR_COSTS] = {
	[GKSM_COST_SCAN] = { "scan", "scanning", "entries" },
	[GKSM_COST_MERGE] = { "merge", "merging", "tries" },
	[GKSM_COST_DAEMON] = { "daemon", "gksmd", "batches" },
	[GKSM_COST_MERGE_CALLS] = { "merge_notifiers", "notifiers, for merging",
				    "calls" },
	[GKSM_COST_SCAN_CALLS] = { "scan_notifiers", "notifiers, for scanning",
				   "calls" },
	[GKSM_COST_MERGE_FLUSHES] = { "merge_flushes", "TLB, for merging",
				      "flushes" },
	[GKSM_COST_SCAN_FLUSHES] = { "scan_flushes", "TLB, for scanning",
				     "flushes" },
	[GKSM_COST_BREAKS] = { "breaks", "merged pages written", "copies" },
};

#define NR_CATEGORIES (sizeof(categories) / sizeof(*categories))

static void print_time(const struct gksm_overhead *overhead, uint64_t cpu_ns,
		       FILE *out)
{
	fprintf(out, " %14.6f s %12.4f %%\n", (double)cpu_ns / 1e9,
		gksm_overhead_percent(overhead, cpu_ns));
}

static void print_sum(const struct gksm_overhead *overhead, const char *title,
		      enum gksm_cost_kind first, enum gksm_cost_kind last,
		      FILE *out)
{
	fprintf(out, "%-26s %22s", title, "");
	print_time(overhead, gksm_overhead_sum(overhead, first, last), out);
}

static void print_category(const struct gksm_overhead *overhead,
			   const struct category *category, FILE *out)
{
	print_sum(overhead, category->title, category->first, category->last,
		  out);
	for (unsigned int i = category->first; i <= category->last; i++) {
		fprintf(out, "  %-24s %14" PRIu64 " %-7s", parts[i].title,
			overhead->cost[i].events, parts[i].unit);
		print_time(overhead, overhead->cost[i].cpu_ns, out);
	}
}

/**
 * gksm_overhead_print - a table for people
 * @overhead: computed
 * @out:      where to
 */
void gksm_overhead_print(const struct gksm_overhead *overhead, FILE *out)
{
	const double seconds = (double)overhead->wall_ns / 1e9;

	if (overhead->since_load)
		fprintf(out, "since the module was loaded, %.3f s ago\n\n",
			seconds);
	else
		fprintf(out, "in %.3f s\n\n", seconds);
	fprintf(out, "%-26s %22s %16s %14s\n", "", "events        ",
		"processor time", "of one CPU");
	for (size_t i = 0; i < NR_CATEGORIES; i++)
		print_category(overhead, &categories[i], out);
	print_sum(overhead, "all of it", 0, GKSM_NR_COSTS - 1, out);
	fprintf(out,
		"\nestimated: %" PRIu64 " copies x %.3f us, what a copy on "
		"write costs gksmctl here\n",
		overhead->cost[GKSM_COST_BREAKS].events,
		(double)overhead->copy_ns / 1e3);
}

static json_t *time_to_json(const struct gksm_overhead *overhead,
			    uint64_t cpu_ns)
{
	return json_pack("{s:I, s:f}", "cpu_ns", (json_int_t)cpu_ns,
			 "cpu_percent",
			 gksm_overhead_percent(overhead, cpu_ns));
}

static json_t *category_to_json(const struct gksm_overhead *overhead,
				const struct category *category)
{
	json_t *object = time_to_json(
		overhead,
		gksm_overhead_sum(overhead, category->first, category->last));

	for (unsigned int i = category->first; i <= category->last; i++) {
		const struct gksm_cost *cost = &overhead->cost[i];
		json_t *part = time_to_json(overhead, cost->cpu_ns);

		json_object_set_new(part, "events",
				    json_integer((json_int_t)cost->events));
		json_object_set_new(part, "unit", json_string(parts[i].unit));
		json_object_set_new(object, parts[i].key, part);
	}
	return object;
}

/**
 * gksm_overhead_print_json - an object for programs
 * @overhead: computed
 * @out:      where to
 *
 * Returns 0 or -ENOMEM.
 */
int gksm_overhead_print_json(const struct gksm_overhead *overhead, FILE *out)
{
	json_t *root =
		json_pack("{s:b, s:I, s:I}", "since_load",
			  (int)overhead->since_load, "wall_ns",
			  (json_int_t)overhead->wall_ns, "estimated_copy_ns",
			  (json_int_t)overhead->copy_ns);
	char *text;

	for (size_t i = 0; i < NR_CATEGORIES; i++)
		json_object_set_new(root, categories[i].key,
				    category_to_json(overhead, &categories[i]));
	json_object_set_new(root, "total",
			    time_to_json(overhead,
					 gksm_overhead_sum(overhead, 0,
							   GKSM_NR_COSTS - 1)));
	text = json_dumps(root, JSON_INDENT(2));
	json_decref(root);
	if (!text)
		return -ENOMEM;
	fprintf(out, "%s\n", text);
	free(text);
	return 0;
}
