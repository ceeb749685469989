// SPDX-License-Identifier: GPL-2.0-only
/*
 * ctl_merge.c - gksmctl merge
 *
 * The module answers the write when all is done. What that was is the
 * difference between its tables before and after.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ctl.h"
#include "log.h"
#include "sysfs.h"
#include "top.h"

/**
 * struct merge - what came of it
 * @before: the process's line before; all zero: there was none
 * @after:  its line now
 * @ms:	    how long it took
 * @is_all: nothing was left out
 */
struct merge {
	struct gksm_top_process before;
	struct gksm_top_process after;
	uint64_t ms;
	bool is_all;
};

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static int read_line(const struct gksm_ctl *ctl,
		     struct gksm_top_process *process, bool *found)
{
	const struct gksm_top_process *line;
	struct gksm_top top;
	int err = gksm_top_read(ctl->proc_dir, ctl->sysfs_dir, &top);

	if (!err) {
		line = gksm_top_find(&top, ctl->pid);
		*found = line;
		*process = line ? *line : (struct gksm_top_process){ 0 };
	}
	gksm_top_free(&top);
	return err;
}

/* Why it was not done, or not all of it: -ENOSPC and -ENOMEM. */
static int explain(const struct gksm_ctl *ctl, int err)
{
	switch (-err) {
	case 0:
		return 0;
	case ESRCH:
		gksm_error("there is no process %u, or not any more", ctl->pid);
		return err;
	case ENODATA:
		gksm_error("process %u has not opted in: see MADV_MERGEABLE in "
			   "madvise(2), and PR_SET_MEMORY_MERGE in prctl(2)",
			   ctl->pid);
		return err;
	case EBUSY:
		gksm_error("run is 2: pages are given back, and stay so. Try: "
			   "gksmctl set run 0");
		return -ECANCELED;
	case ENOSPC:
		gksm_error("not all is merged: there are max_shared_pages "
			   "merged pages");
		return err;
	case ENOMEM:
		gksm_error("not all is merged: memory is short, or "
			   "max_metadata_kib is reached");
		return err;
	case EAGAIN:
		gksm_error("settings were changed meanwhile. Try again");
		return err;
	case EINTR:
		gksm_error("interrupted; what is merged stays merged");
		return err;
	case ENODEV:
		gksm_error("the module is being unloaded");
		return err;
	case ENOENT:
		gksm_error("this module merges nothing on demand: it is older "
			   "than gksmctl");
		return -EPROTO;
	case EPERM:
	case EACCES:
		gksm_error("only root may have a process merged. Try: sudo");
		return err;
	default:
		gksm_error("cannot write %u to %s/merge_pid: %s", ctl->pid,
			   ctl->sysfs_dir, strerror(-err));
		return -ECANCELED;
	}
}

static int write_pid(const struct gksm_ctl *ctl)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", ctl->pid);
	return gksm_sysfs_write(ctl->sysfs_dir, "merge_pid", text);
}

static int64_t grown(uint64_t after, uint64_t before)
{
	return (int64_t)after - (int64_t)before;
}

static void print_text(const struct merge *merge)
{
	const struct gksm_top_process *after = &merge->after;
	const struct gksm_top_process *before = &merge->before;

	printf("process %" PRIu32 " (%s), in %" PRIu64 ".%03" PRIu64 " s\n",
	       after->pid, after->name, merge->ms / 1000, merge->ms % 1000);
	printf("%-12s %12" PRIu64 " pages\n", "scanned", after->scanned);
	printf("%-12s %12" PRIu64 " pages, %+" PRId64 "\n", "merged",
	       after->merged, grown(after->merged, before->merged));
	printf("%-12s %12" PRIu64 " pages, %+" PRId64 "\n", "zero", after->zero,
	       grown(after->zero, before->zero));
	printf("%-12s %12" PRIu64 " KiB, %+" PRId64 "\n", "saved",
	       gksm_top_saved(after) / 1024,
	       grown(gksm_top_saved(after), gksm_top_saved(before)) / 1024);
	printf("%-12s %12" PRId64 " KiB\n", "profit",
	       after->profit_bytes / 1024);
}

/* Numbers alone: a name may need quoting, and the caller knows whom he meant. */
static void print_json(const struct merge *merge)
{
	const struct gksm_top_process *after = &merge->after;
	const struct gksm_top_process *before = &merge->before;

	printf("{\"pid\": %" PRIu32 ", \"took_ms\": %" PRIu64
	       ", \"complete\": %s, \"scanned\": %" PRIu64
	       ", \"merged\": %" PRIu64 ", \"merged_now\": %" PRId64
	       ", \"zero\": %" PRIu64 ", \"zero_now\": %" PRId64
	       ", \"saved_bytes\": %" PRIu64 ", \"saved_bytes_now\": %" PRId64
	       ", \"metadata_bytes\": %" PRIu64 ", \"profit_bytes\": %" PRId64
	       "}\n",
	       after->pid, merge->ms, merge->is_all ? "true" : "false",
	       after->scanned, after->merged,
	       grown(after->merged, before->merged), after->zero,
	       grown(after->zero, before->zero), gksm_top_saved(after),
	       grown(gksm_top_saved(after), gksm_top_saved(before)),
	       after->metadata_bytes, after->profit_bytes);
}

static int merge_now(const struct gksm_ctl *ctl)
{
	struct merge merge;
	bool found;
	uint64_t begun_ms;
	int err = read_line(ctl, &merge.before, &found), failed;

	if (err)
		return err;
	begun_ms = now_ms();
	failed = write_pid(ctl);
	merge.ms = now_ms() - begun_ms;
	merge.is_all = !failed;
	failed = explain(ctl, failed);
	if (failed && failed != -ENOSPC && failed != -ENOMEM)
		return failed;
	err = read_line(ctl, &merge.after, &found);
	if (err)
		return err;
	if (!found)
		return explain(ctl, -ESRCH);
	if (ctl->json)
		print_json(&merge);
	else
		print_text(&merge);
	return failed;
}

/**
 * gksm_ctl_merge - have one process merged now
 * @ctl:  options; @ctl->pid says which
 * @argc: number of operands, 0
 * @argv: operands
 *
 * Returns 0 or -errno after a message.
 */
int gksm_ctl_merge(const struct gksm_ctl *ctl, int argc, char **argv)
{
	int err;

	if (argc || !ctl->pid) {
		gksm_error("%s%s%susage: gksmctl merge --pid PID",
			   argc ? "unexpected argument \"" : "",
			   argc ? argv[0] : "", argc ? "\"; " : "");
		return -EINVAL;
	}
	/* It counts in the same place. */
	err = gksm_sysfs_refuse_ksmd(ctl->ksm_dir);
	return err ? err : merge_now(ctl);
}
