// SPDX-License-Identifier: GPL-2.0-only
/*
 * field.c - what is known about the files of /sys/kernel/mm/gksm
 *
 * The one table behind gksmctl's status and set and gksmd.conf's [scan].
 * The files whose names in-kernel KSM uses have KSM's meanings.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "field.h"
#include "text.h"

#define SETTING(name_, unit_, min_, max_, meaning_)                      \
	{                                                                \
		.name = (name_), .unit = (unit_), .meaning = (meaning_), \
		.writable = true, .min = (min_), .max = (max_),          \
	}
#define FIGURE(name_, unit_, meaning_)                                   \
	{                                                                \
		.name = (name_), .unit = (unit_), .meaning = (meaning_), \
	}

static const char *const advisors[] = { "none", "scan-time", NULL };
static const char *const domains[] = { "global", "uid", "cgroup", NULL };

const struct gksm_field gksm_fields[] = {
	SETTING("run", "", 0, 2,
		"0: stopped, 1: scanning, 2: unmerge and stop"),
	SETTING("pages_to_scan", "pages", 0, UINT_MAX,
		"scanned before each sleep"),
	SETTING("sleep_millisecs", "ms", 0, UINT_MAX, "sleep between scans"),
	SETTING("use_zero_pages", "", 0, 1,
		"1: merge empty pages with the kernel's zero page"),
	SETTING("smart_scan", "", 0, 1, "0: read every page in every pass"),
	SETTING("merge_across_nodes", "", 0, 1,
		"0: merge pages of one NUMA node only"),
	SETTING("max_page_sharing", "sites", 2, INT_MAX,
		"that share one merged page"),
	SETTING("stable_node_chains_prune_millisecs", "ms", 0, UINT_MAX,
		"between two looks at stable_node_chains"),
	{
		.name = "merge_domain",
		.unit = "",
		.meaning =
			"whose pages may be merged: all, a user's, a group's",
		.writable = true,
		.max = 2,
		.words = domains,
	},
	SETTING("merge_domain_depth", "levels", 0, INT_MAX,
		"below the root is the group that counts, 0: the last"),
	SETTING("cpu_budget_percent", "%", 0, 100000,
		"of one CPU, for module and daemon, 0: no limit"),
	SETTING("incremental_passes", "passes", 1, 65536,
		"read untouched pages again once in so many"),
	SETTING("batch_deadline_ms", "ms", 10, 60000,
		"a batch may be with the daemon for this long"),
	SETTING("max_shared_pages", "pages", 0, ULONG_MAX,
		"limit of pages_shared, 0: none"),
	SETTING("max_metadata_kib", "KiB", 0, ULONG_MAX,
		"limit of hashes and candidates, 0: none"),
	SETTING("pressure_boost", "%", 0, 1000,
		"more pages and budget while memory is short, 0: none"),
	SETTING("advisor_max_cpu", "%", 0, ULONG_MAX,
		"of a CPU, for the module's thread, if the advisor is on"),
	SETTING("advisor_min_pages_to_scan", "pages", 0, ULONG_MAX,
		"least and first pages_to_scan of the advisor"),
	SETTING("advisor_max_pages_to_scan", "pages", 0, ULONG_MAX,
		"most pages_to_scan of the advisor"),
	SETTING("advisor_target_scan_time", "s", 1, ULONG_MAX,
		"how long a pass should take, if the advisor is on"),
	{
		.name = "advisor_mode",
		.unit = "",
		.meaning = "scan-time: pages_to_scan follows a target",
		.writable = true,
		.max = 1,
		.words = advisors,
	},
	FIGURE("offload", "",
	       "daemon: none, active, stalled, or revoked after a wrong hash"),
	FIGURE("abi_version", "", "ABI of /dev/gksm"),
	FIGURE("pressure_boosted", "",
	       "1: memory is short, pressure_boost is in force"),
	FIGURE("mms", "processes", "address spaces that opted in"),
	FIGURE("full_scans", "scans", "passes over all mergeable memory"),
	FIGURE("generations", "rounds", "every page was named to the daemon"),
	FIGURE("pages_scanned", "pages", "looked at, once in each pass"),
	FIGURE("pages_skipped", "pages", "not touched, and passed over"),
	FIGURE("pages_kept", "pages", "not touched, and not read again"),
	FIGURE("pages_shared", "pages", "merged pages in use"),
	FIGURE("pages_sharing", "pages", "further sites that share them"),
	FIGURE("stable_node_chains", "chains",
	       "contents with several merged pages"),
	FIGURE("stable_node_dups", "pages", "merged pages of these"),
	FIGURE("merge_domains", "domains", "that have mms now"),
	FIGURE("pages_unshared", "pages", "unchanged, without a twin"),
	FIGURE("pages_volatile", "pages", "changed since the pass before"),
	FIGURE("unstable_nodes", "pages", "unshared, and in the unstable tree"),
	FIGURE("ksm_zero_pages", "pages", "of zeros, merged with the kernel's"),
	FIGURE("general_profit", "bytes", "saved, less metadata_bytes"),
	FIGURE("pages_hashed_offload", "pages",
	       "hashed by the daemon's device"),
	FIGURE("pages_hashed_kernel", "pages", "hashed by the module itself"),
	FIGURE("device_duplicates", "pages", "that the daemon saw a twin of"),
	FIGURE("twins_named", "pages", "merged with the twin that it named"),
	FIGURE("hashes_checked", "hashes", "of the daemon's, computed again"),
	FIGURE("results_invalid", "results", "against a rule of the ABI"),
	FIGURE("sessions", "sessions", "a daemon opened the device"),
	FIGURE("batches_submitted", "batches", "offered to the daemon"),
	FIGURE("batches_completed", "batches", "answered in time"),
	FIGURE("batches_timed_out", "batches", "taken back at their deadline"),
	FIGURE("batches_rejected", "batches",
	       "with a wrong hash in the answer"),
	FIGURE("batches_abandoned", "batches", "taken back: closed or stopped"),
	FIGURE("merge_tries", "merges", "begun: merged, or refused"),
	FIGURE("pages_merged", "pages", "merged with another page"),
	FIGURE("zero_pages_merged", "pages", "merged with the zero page"),
	FIGURE("merges_refused_*", "merges", "refused for this reason"),
	FIGURE("merges_undone", "merges", "undone, as the twin was refused"),
	FIGURE("huge_pages_split", "pages", "huge pages split for a merge"),
	FIGURE("pages_unmerged", "pages", "unmerged by run = 2"),
	FIGURE("zero_pages_unmerged", "pages", "of the zero page, likewise"),
	FIGURE("stable_nodes_created", "pages", "merged pages made"),
	FIGURE("stable_nodes_refused", "pages",
	       "merged pages not made: limit or memory"),
	FIGURE("pages_reclaimed", "pages", "given back when memory was short"),
	FIGURE("runs", "runs", "page table holds with a merge tried"),
	FIGURE("tlb_flushes", "flushes", "issued for merging"),
	FIGURE("notifier_calls", "calls", "MMU notifiers told of a merge"),
	FIGURE("sweep_flushes", "flushes", "issued to see what is touched"),
	FIGURE("notifier_questions", "calls", "asked what guests touched"),
	FIGURE("cow_breaks", "copies", "of merged pages, ksmd's included"),
	FIGURE("scan_cpu_ns", "ns",
	       "processor time of the module's thread, and of merge"),
	FIGURE("merge_cpu_ns", "ns", "of this, trying to merge"),
	FIGURE("tlb_flushes_cpu_ns", "ns", "of this, tlb_flushes"),
	FIGURE("notifier_calls_cpu_ns", "ns", "of merging, notifier_calls"),
	FIGURE("sweep_flushes_cpu_ns", "ns", "of the thread, sweep_flushes"),
	FIGURE("notifier_questions_cpu_ns", "ns",
	       "of the thread, notifier_questions"),
	FIGURE("daemon_cpu_ns", "ns", "processor time of daemons' sessions"),
	FIGURE("uptime_ns", "ns", "since the module was loaded"),
	FIGURE("metadata_bytes", "bytes", "memory of the module's books"),
	FIGURE("staging_bytes", "bytes", "memory of the batches"),
};
const size_t gksm_nr_fields = sizeof(gksm_fields) / sizeof(gksm_fields[0]);

static bool matches(const char *pattern, const char *name)
{
	const size_t len = strlen(pattern);

	if (pattern[len - 1] == '*')
		return strncmp(pattern, name, len - 1) == 0;
	return strcmp(pattern, name) == 0;
}

/**
 * gksm_field_find - index of a file in gksm_fields[]
 * @name: file name
 *
 * Returns gksm_nr_fields if nothing is known about it.
 */
size_t gksm_field_find(const char *name)
{
	size_t i = 0;

	while (i < gksm_nr_fields && !matches(gksm_fields[i].name, name))
		i++;
	return i;
}

/**
 * gksm_field_parse - read a value for a writable field, strictly
 * @field: which
 * @text:  the value
 * @value: out
 *
 * Returns 0, -EINVAL if it is no number, or no word of those that it takes,
 * -ERANGE if it is out of range.
 */
int gksm_field_parse(const struct gksm_field *field, const char *text,
		     uint64_t *value)
{
	if (!field->words)
		return gksm_text_to_u64(text, field->min, field->max, value);
	for (uint64_t i = 0; field->words[i]; i++) {
		if (strcmp(field->words[i], text) == 0) {
			*value = i;
			return 0;
		}
	}
	return -EINVAL;
}

/**
 * gksm_field_print - a value as the module takes it
 * @field: which
 * @value: what gksm_field_parse() made
 * @text:  out
 */
void gksm_field_print(const struct gksm_field *field, uint64_t value,
		      char text[GKSM_FIELD_MAX_VALUE])
{
	if (field->words)
		snprintf(text, GKSM_FIELD_MAX_VALUE, "%s", field->words[value]);
	else
		snprintf(text, GKSM_FIELD_MAX_VALUE, "%" PRIu64, value);
}

/**
 * gksm_field_need - what a writable field takes, for messages
 * @field: which
 * @text:  out: "a number from 0 to 2", "none or scan-time"
 */
void gksm_field_need(const struct gksm_field *field,
		     char text[GKSM_FIELD_MAX_NEED])
{
	size_t len = 0;

	if (!field->words) {
		snprintf(text, GKSM_FIELD_MAX_NEED,
			 "a number from %" PRIu64 " to %" PRIu64, field->min,
			 field->max);
		return;
	}
	for (size_t i = 0; field->words[i] && len < GKSM_FIELD_MAX_NEED; i++)
		len += (size_t)snprintf(text + len, GKSM_FIELD_MAX_NEED - len,
					"%s%s", i ? " or " : "",
					field->words[i]);
}

/**
 * gksm_field_keys - the names of all writable fields, for messages
 * @text: out
 */
void gksm_field_keys(char text[GKSM_FIELD_MAX_KEYS])
{
	size_t len = 0;

	for (size_t i = 0;
	     i < GKSM_NR_WRITABLE_FIELDS && len < GKSM_FIELD_MAX_KEYS; i++)
		len += (size_t)snprintf(text + len, GKSM_FIELD_MAX_KEYS - len,
					"%s%s", i ? ", " : "",
					gksm_fields[i].name);
}

/**
 * gksm_field_is_unmerge - is this no setting, but the order to unmerge?
 * @field: which
 * @value: a value that it takes
 *
 * The module answers when all pages are unmerged: whoever has batches to
 * serve cannot wait for that.
 */
bool gksm_field_is_unmerge(const struct gksm_field *field, uint64_t value)
{
	return strcmp(field->name, "run") == 0 && value == 2;
}
