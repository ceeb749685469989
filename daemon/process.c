// SPDX-License-Identifier: GPL-2.0-only
/*
 * process.c - the daemon and the kernel thread, as /proc shows them
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "process.h"
#include "sysfs.h"

/* PF_KTHREAD of the kernel's <linux/sched.h>; field 9 of proc(5)'s stat. */
#define FLAG_KERNEL_THREAD 0x00200000U

/**
 * gksm_process_parse - read a line of /proc/PID/stat
 * @stat:      the line
 * @name:      name the process has to have
 * @is_kernel: whether it has to be a thread of the kernel's, which no user
 *	       can imitate
 * @process:   out
 *
 * Returns 0, or -ESRCH if it is another process.
 */
int gksm_process_parse(const char *stat, const char *name, bool is_kernel,
		       struct gksm_process *process)
{
	const size_t len = strlen(name);
	const char *open = strchr(stat, '(');
	const char *close = strrchr(stat, ')');
	uint64_t user, system;
	unsigned int pid, flags;

	if (!open || !close || (size_t)(close - open) != len + 1 ||
	    strncmp(open + 1, name, len) != 0)
		return -ESRCH;
	/* NOLINTNEXTLINE(cert-err34-c): the kernel wrote it */
	if (sscanf(stat, "%u", &pid) != 1 ||
	    /* NOLINTNEXTLINE(cert-err34-c) */
	    sscanf(close + 1,
		   " %*c %*d %*d %*d %*d %*d %u %*u %*u %*u %*u %" SCNu64
		   " %" SCNu64,
		   &flags, &user, &system) != 3)
		return -ESRCH;
	if (is_kernel != !!(flags & FLAG_KERNEL_THREAD))
		return -ESRCH;
	process->pid = pid;
	process->cpu_ms =
		(user + system) * 1000 / (uint64_t)sysconf(_SC_CLK_TCK);
	return 0;
}

/* True too if that cannot be seen, which is the rule for all but root. */
static bool may_hold(const char *proc_dir, const char *pid, const char *device)
{
	char path[PATH_MAX], target[PATH_MAX];
	const struct dirent *entry;
	bool holds = false;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/%s/fd", proc_dir, pid);
	dir = opendir(path);
	if (!dir)
		return true;
	while (!holds && (entry = readdir(dir))) {
		ssize_t size = readlinkat(dirfd(dir), entry->d_name, target,
					  sizeof(target) - 1);

		if (size < 0)
			continue;
		target[size] = '\0';
		holds = strcmp(target, device) == 0;
	}
	closedir(dir);
	return holds;
}

/**
 * gksm_process_find - search for a process
 * @proc_dir: /proc
 * @name:     its name
 * @device:   file it holds open, as far as that can be seen; NULL: search for
 *	      a kernel thread instead
 * @process:  out; @pid is 0 if there is none
 */
void gksm_process_find(const char *proc_dir, const char *name,
		       const char *device, struct gksm_process *process)
{
	const struct dirent *entry;
	DIR *dir = opendir(proc_dir);

	*process = (struct gksm_process){ 0 };
	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		char file[NAME_MAX + sizeof("/stat")], stat[512];

		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		snprintf(file, sizeof(file), "%s/stat", entry->d_name);
		if (gksm_sysfs_read(proc_dir, file, stat, sizeof(stat)) ||
		    gksm_process_parse(stat, name, !device, process))
			continue;
		if (!device || may_hold(proc_dir, entry->d_name, device))
			break;
		*process = (struct gksm_process){ 0 };
	}
	closedir(dir);
}
