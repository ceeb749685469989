// SPDX-License-Identifier: GPL-2.0-only
/*
 * status_print.c - a status for people, and for programs
 */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include "status.h"
#include "text.h"

static void print_rate(const struct gksm_status_file *file,
		       const struct gksm_status *before, unsigned int seconds,
		       FILE *out)
{
	const struct gksm_status_file *old =
		gksm_status_get(before, file->name);

	if (old && old->is_number && file->is_number &&
	    old->number != file->number)
		fprintf(out, "  %+10" PRId64 "/s",
			(int64_t)(file->number - old->number) /
				(int64_t)seconds);
	else
		fprintf(out, "  %12s", "");
}

static void print_bytes(const char *name, int64_t bytes, FILE *out)
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB",
					     "TiB" };
	double value = (double)bytes;
	size_t unit = 0;

	while (fabs(value) >= 1024 &&
	       unit + 1 < sizeof(units) / sizeof(*units)) {
		value /= 1024;
		unit++;
	}
	fprintf(out, "%-24s %20.*f %s\n", name, unit ? 1 : 0, value,
		units[unit]);
}

static void print_process(const char *name, const struct gksm_process *process,
			  FILE *out)
{
	if (process->pid)
		fprintf(out,
			"%-24s %20u pid, %" PRIu64 ".%03" PRIu64
			" s of processor time\n",
			name, process->pid, process->cpu_ms / 1000,
			process->cpu_ms % 1000);
	else
		fprintf(out, "%-24s %20s\n", name, "not running");
}

/* Of a daemon that is not there, the line above says so. */
static void print_figures(const struct gksm_figures *figures, FILE *out)
{
	if (figures->err == -EPERM)
		fputs("  its statistics are for root and group gksm\n", out);
	else if (figures->err && figures->err != -ENOENT)
		fputs("  does not answer\n", out);
	for (size_t i = 0; i < figures->nr; i++)
		fprintf(out, "  %-22s %20s\n", figures->figure[i].key,
			figures->figure[i].value);
}

static void print_derived(const struct gksm_status *status, FILE *out)
{
	struct gksm_derived derived;

	gksm_status_derive(status, &derived);
	if (derived.has_saved)
		print_bytes("memory saved", (int64_t)derived.saved_bytes, out);
	if (derived.has_profit)
		print_bytes("profit", derived.profit_bytes, out);
	if (derived.has_ratio)
		fprintf(out, "%-24s %20.2f sites saved a merged page\n",
			"sharing ratio", derived.ratio);
	if (derived.has_offloaded)
		fprintf(out, "%-24s %20.1f %% of the hashes\n", "offloaded",
			derived.offloaded_percent);
}

/**
 * gksm_status_print - a table for people
 * @status:  what to print
 * @before:  an earlier status to give changes a second, or NULL
 * @seconds: time between the two
 * @out:     where to
 */
void gksm_status_print(const struct gksm_status *status,
		       const struct gksm_status *before, unsigned int seconds,
		       FILE *out)
{
	for (size_t i = 0; i < status->nr_files; i++) {
		const struct gksm_status_file *file = &status->files[i];

		fprintf(out, "%-24s %20s %-9s", file->name,
			*file->value ? file->value : "?",
			file->field ? file->field->unit : "");
		if (before)
			print_rate(file, before, seconds, out);
		fprintf(out, "  %s\n", file->field ? file->field->meaning : "");
	}
	fputc('\n', out);
	print_derived(status, out);
	print_process("gksmd", &status->daemon, out);
	print_figures(&status->figures, out);
	print_process("gksm_scan", &status->kthread, out);
	if (status->ksmd_runs)
		fputs("in-kernel ksmd runs too: both scan the same memory\n",
		      out);
}

static json_t *process_to_json(const struct gksm_process *process)
{
	if (!process->pid)
		return json_null();
	return json_pack("{s:i, s:f}", "pid", (int)process->pid, "cpu_seconds",
			 (double)process->cpu_ms / 1000);
}

static json_t *value_to_json(const char *value)
{
	int64_t number;

	/* JSON's reader may know no larger integer. */
	if (!gksm_text_to_s64(value, &number))
		return json_integer(number);
	return *value ? json_string(value) : json_null();
}

static json_t *figures_to_json(const struct gksm_figures *figures)
{
	json_t *object;

	if (figures->err)
		return json_null();
	object = json_object();
	for (size_t i = 0; i < figures->nr; i++)
		json_object_set_new(object, figures->figure[i].key,
				    value_to_json(figures->figure[i].value));
	return object;
}

static json_t *derived_to_json(const struct gksm_status *status)
{
	struct gksm_derived derived;
	json_t *object = json_object();

	gksm_status_derive(status, &derived);
	if (derived.has_saved)
		json_object_set_new(
			object, "saved_bytes",
			json_integer((json_int_t)derived.saved_bytes));
	if (derived.has_profit)
		json_object_set_new(object, "profit_bytes",
				    json_integer(derived.profit_bytes));
	if (derived.has_ratio)
		json_object_set_new(object, "sharing_ratio",
				    json_real(derived.ratio));
	if (derived.has_offloaded)
		json_object_set_new(object, "offloaded_percent",
				    json_real(derived.offloaded_percent));
	return object;
}

/**
 * gksm_status_print_json - an object for programs
 * @status:   what to print
 * @one_line: no line breaks inside
 * @out:      where to
 *
 * Returns 0 or -ENOMEM.
 */
int gksm_status_print_json(const struct gksm_status *status, bool one_line,
			   FILE *out)
{
	json_t *files = json_object();
	json_t *root;
	char *text;

	for (size_t i = 0; i < status->nr_files; i++)
		json_object_set_new(files, status->files[i].name,
				    value_to_json(status->files[i].value));
	root = json_pack("{s:o, s:o, s:o, s:o, s:o, s:b}", "files", files,
			 "derived", derived_to_json(status), "gksmd",
			 process_to_json(&status->daemon), "statistics",
			 figures_to_json(&status->figures), "gksm_scan",
			 process_to_json(&status->kthread), "ksmd_runs",
			 (int)status->ksmd_runs);
	text = json_dumps(root, one_line ? JSON_COMPACT : JSON_INDENT(2));
	json_decref(root);
	if (!text)
		return -ENOMEM;
	fprintf(out, "%s\n", text);
	free(text);
	return 0;
}
