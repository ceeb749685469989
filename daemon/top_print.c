// SPDX-License-Identifier: GPL-2.0-only
/*
 * top_print.c - who shares how much, for people and for programs
 */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>

#include "top.h"

static size_t nr_shown(const struct gksm_top *top, size_t lines)
{
	return lines && lines < top->nr ? lines : top->nr;
}

/**
 * gksm_top_print - a table for people
 * @top:   read
 * @lines: most processes, 0: all
 * @out:   where to
 */
void gksm_top_print(const struct gksm_top *top, size_t lines, FILE *out)
{
	const size_t nr = nr_shown(top, lines);

	fprintf(out, "%7s %10s %10s %9s %10s %9s %12s  %s\n", "PID", "UID",
		"MERGED", "ZERO", "SCANNED", "META/KiB", "PROFIT/KiB",
		"COMMAND");
	for (size_t i = 0; i < nr; i++) {
		const struct gksm_top_process *p = &top->process[i];

		fprintf(out,
			"%7" PRIu32 " %10" PRIu32 " %10" PRIu64 " %9" PRIu64
			" %10" PRIu64 " %9" PRIu64 " %12" PRId64 "  %s",
			p->pid, p->uid, p->merged, p->zero, p->scanned,
			p->metadata_bytes / 1024, p->profit_bytes / 1024,
			p->name);
		if (p->processes > 1)
			fprintf(out, " (one of %" PRIu32 ")", p->processes);
		fputc('\n', out);
	}
	if (nr < top->nr)
		fprintf(out, "and %zu more\n", top->nr - nr);
}

static json_t *process_to_json(const struct gksm_top_process *p)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s}",
			 "pid", (json_int_t)p->pid, "uid", (json_int_t)p->uid,
			 "processes", (json_int_t)p->processes, "domain",
			 (json_int_t)p->domain, "scanned",
			 (json_int_t)p->scanned, "merged",
			 (json_int_t)p->merged, "zero", (json_int_t)p->zero,
			 "metadata_bytes", (json_int_t)p->metadata_bytes,
			 "profit_bytes", (json_int_t)p->profit_bytes, "command",
			 p->name);
}

/**
 * gksm_top_print_json - an object for programs
 * @top:      read
 * @lines:    most processes, 0: all
 * @one_line: no line breaks inside
 * @out:      where to
 *
 * Returns 0 or -ENOMEM.
 */
int gksm_top_print_json(const struct gksm_top *top, size_t lines, bool one_line,
			FILE *out)
{
	const size_t nr = nr_shown(top, lines);
	json_t *processes = json_array();
	json_t *root;
	char *text;

	for (size_t i = 0; i < nr; i++)
		json_array_append_new(processes,
				      process_to_json(&top->process[i]));
	root = json_pack("{s:I, s:o}", "nr_processes", (json_int_t)top->nr,
			 "processes", processes);
	text = json_dumps(root, one_line ? JSON_COMPACT : JSON_INDENT(2));
	json_decref(root);
	if (!text)
		return -ENOMEM;
	fprintf(out, "%s\n", text);
	free(text);
	return 0;
}
