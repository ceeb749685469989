// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_top.c - what gksmctl reads of /proc/gksminfo
 */
#include <errno.h>

#include "fuzz.h"
#include "log.h"
#include "top.h"

static void check_name(const char *name)
{
	must(memchr(name, '\0', GKSM_TOP_MAX_NAME));
	for (; *name; name++)
		must(*name >= ' ' && *name <= '~');
}

static void check_process(const struct gksm_top_process *process)
{
	must(process->pid && process->pid <= INT32_MAX);
	must(process->processes);
	must(process->profit_bytes == (int64_t)gksm_top_saved(process) -
					      (int64_t)process->metadata_bytes);
	check_name(process->name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gksm_top top;
	int err;

	gksm_log_open("fuzz", (enum gksm_log_level) - 1);
	err = gksm_top_parse((const char *)data, size, &top);
	must(!err || err == -EPROTO || err == -EBADMSG);
	for (size_t i = 0; !err && i < top.nr; i++) {
		const struct gksm_top_process *process = &top.process[i];

		check_process(process);
		must(gksm_top_find(&top, process->pid));
		must(!i || process[-1].profit_bytes >= process->profit_bytes);
	}
	gksm_top_free(&top);
	return 0;
}
