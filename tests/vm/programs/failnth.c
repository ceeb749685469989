// SPDX-License-Identifier: GPL-2.0-only
/*
 * failnth - make every allocation of the module fail, one after the other
 *
 * The kernel's fault injection lets the nth allocation of a task fail, or copy
 * from or to user space (/proc/TID/fail-nth). Each job below is done with
 * n = 1, 2, 3... until n is more than it makes, so that each has failed once:
 *
 *	load	  what the module does when it is loaded. It counts by itself
 *		  (its parameter load_fault), because the kernel's own loader
 *		  warns when allocations of its own fail
 *	session	  open, SETUP, mmap of the three areas, close
 *	calls	  QUERY, NEXT, COMPLETE
 *	thread	  the scan thread: one allocation fails, then the scan goes on
 *		  for a while; the memory that it scans belongs to others, who
 *		  verify it
 *	unmerge	  run = 2, then run = 1
 *
 * A job may fail, with a sensible errno, and must leave nothing behind: the
 * same job has to succeed right after without a fault.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <gksm_abi.h>

#include "vmtest.h"

#define MAX_N 20000

static const char *module_path;
static unsigned long injected;

/*
 * What controls the faults of a task stays open: opening it allocates, and
 * those allocations are not the ones that are to fail.
 */
static int open_fail_nth(const char *task)
{
	char path[300];
	int file;

	snprintf(path, sizeof(path), "/proc/%s/fail-nth", task);
	file = open(path, O_RDWR | O_CLOEXEC);
	if (file < 0)
		fail("cannot open %s: %s", path, strerror(errno));
	return file;
}

/*
 * Which allocation or copy of the task fails; 0: none. A fault that is still to
 * come may hit this write, and has come then.
 */
static void set_fail_nth(int file, unsigned int n)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%u", n);

	if (pwrite(file, text, length, 0) != length &&
	    (errno != EFAULT || pwrite(file, text, length, 0) != length))
		fail("cannot write to fail-nth: %s", strerror(errno));
}

/*
 * What is left of the count: 0 says that the fault has happened. If it happens
 * while the count is copied to us, it has not happened before.
 */
static unsigned int get_fail_nth(int file)
{
	char text[16] = "";

	if (pread(file, text, sizeof(text) - 1, 0) >= 0)
		return strtoul(text, NULL, 10);
	if (errno != EFAULT)
		fail("cannot read fail-nth: %s", strerror(errno));
	return 1;
}

static int load(const char *parameters)
{
	int file = open(module_path, O_RDONLY | O_CLOEXEC);
	int error;

	if (file < 0)
		return -errno;
	error = syscall(SYS_finit_module, file, parameters, 0) ? -errno : 0;
	close(file);
	return error;
}

static int unload(void)
{
	return syscall(SYS_delete_module, "gksm", O_NONBLOCK) ? -errno : 0;
}

static int map_areas(int device, const struct gksm_setup *setup)
{
	const struct {
		size_t bytes;
		off_t offset;
	} areas[] = {
		{ setup->staging_bytes, GKSM_MMAP_STAGING },
		{ setup->slots_bytes, GKSM_MMAP_SLOTS },
		{ setup->results_bytes, GKSM_MMAP_RESULTS },
	};
	unsigned int i;

	for (i = 0; i < 3; i++) {
		void *map = mmap(NULL, areas[i].bytes, PROT_READ, MAP_SHARED,
				 device, areas[i].offset);

		if (map == MAP_FAILED)
			return -errno;
		/* It allocates as well, and the fault may hit it. */
		if (munmap(map, areas[i].bytes) && munmap(map, areas[i].bytes))
			fail("munmap: %s", strerror(errno));
	}
	return 0;
}

static int job_session(void)
{
	struct gksm_setup setup = {
		.size = sizeof(setup),
		.abi = GKSM_ABI_VERSION,
		.nr_batches = 2,
		.batch_slots = 16,
	};
	int device = open(GKSM_DEVICE_PATH, O_RDWR | O_CLOEXEC), error;

	if (device < 0)
		return -errno;
	error = ioctl(device, GKSM_IOC_SETUP, &setup) ? -errno : 0;
	if (!error)
		error = map_areas(device, &setup);
	close(device);
	return error;
}

static int job_calls(void)
{
	struct gksm_query query = { .size = sizeof(query) };
	struct gksm_setup setup = {
		.size = sizeof(setup),
		.abi = GKSM_ABI_VERSION,
		.nr_batches = 1,
		.batch_slots = 16,
	};
	struct gksm_next next = { .size = sizeof(next) };
	struct gksm_complete complete = { .size = sizeof(complete) };
	int device = open(GKSM_DEVICE_PATH, O_RDWR | O_CLOEXEC), error = 0;

	if (device < 0)
		return -errno;
	if (ioctl(device, GKSM_IOC_QUERY, &query) ||
	    ioctl(device, GKSM_IOC_SETUP, &setup))
		error = -errno;
	if (!error && ioctl(device, GKSM_IOC_NEXT, &next) && errno != EAGAIN)
		error = -errno;
	complete.batch = next.batch;
	if (!error && ioctl(device, GKSM_IOC_COMPLETE, &complete) &&
	    errno != ESTALE)
		error = -errno;
	close(device);
	return error;
}

static int write_run(const char *value)
{
	int file = open(GKSM_SYSFS_PATH "/run", O_WRONLY | O_CLOEXEC);
	int error = 0;

	if (file < 0)
		return -errno;
	if (write(file, value, 1) != 1)
		error = -errno;
	close(file);
	return error;
}

static int job_unmerge(void)
{
	int error = write_run("2");

	return error ? error : write_run("1");
}

static bool is_sensible(int error)
{
	return !error || error == -ENOMEM || error == -EFAULT ||
	       error == -EAGAIN || error == -ENOSPC;
}

/* Undo what a job that failed half-way may have left on purpose. */
static void tidy(int (*job)(void))
{
	if (job == job_unmerge)
		write_run("1");
}

static void fail_each(const char *name, int (*job)(void))
{
	unsigned int n, failed = 0, survived = 0;
	const int file = open_fail_nth("self");

	for (n = 1; n < MAX_N; n++) {
		unsigned int left;
		int error;

		set_fail_nth(file, n);
		error = job();
		left = get_fail_nth(file);
		set_fail_nth(file, 0);
		if (!is_sensible(error))
			fail("%s: %s when allocation %u failed", name,
			     strerror(-error), n);
		if (left) {
			if (error)
				fail("%s: %s without a fault", name,
				     strerror(-error));
			break;
		}
		if (error)
			failed++;
		else
			survived++;
		tidy(job);
		error = job();
		if (error)
			fail("%s: %s right after allocation %u had failed",
			     name, strerror(-error), n);
	}
	close(file);
	injected += n - 1;
	printf("%-8s %u allocations failed: %u times an error, %u times not\n",
	       name, n - 1, failed, survived);
}

/* A load that fails must leave nothing that hinders the next. */
static void fail_loading(void)
{
	unsigned int n, failed = 0, survived = 0;

	for (n = 1; n < MAX_N; n++) {
		char parameters[40];
		long left = 0;
		int error;

		snprintf(parameters, sizeof(parameters), "load_fault=%u", n);
		error = load(parameters);
		if (!error) {
			left = ksm_read("/sys/module/gksm/parameters",
					"load_fault");
			if (unload())
				fail("cannot unload: %s", strerror(errno));
		}
		if (left < 0)
			fail("gksm.ko has no parameter load_fault");
		if (left)
			break;
		if (error && error != -ENOMEM)
			fail("load: %s when allocation %u failed",
			     strerror(-error), n);
		if (error)
			failed++;
		else
			survived++;
	}
	injected += n - 1;
	printf("load     %u allocations failed: %u times an error, %u times not\n",
	       n - 1, failed, survived);
	if (!failed)
		fail("no allocation failed while the module was loaded");
}

/* The thread id of the scan thread, in @task. */
static void find_scan_thread(char *task, size_t size)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	while (proc && (entry = readdir(proc))) {
		char path[300], name[32] = "";
		FILE *file;

		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		file = fopen(path, "r");
		if (!file)
			continue;
		if (fscanf(file, "%31s", name) == 1 &&
		    !strcmp(name, "gksm_scan")) {
			snprintf(task, size, "%s", entry->d_name);
			fclose(file);
			closedir(proc);
			return;
		}
		fclose(file);
	}
	fail("there is no thread gksm_scan");
}

/* From a module that knows nothing, so that there is much to allocate. */
static void fail_thread(unsigned int most)
{
	unsigned int n, misses = 0;
	char task[280];
	int file;

	find_scan_thread(task, sizeof(task));
	file = open_fail_nth(task);
	for (n = 1; n <= most && misses < 3; n++) {
		uint64_t end = now_ms() + 3000;

		write_run("2");
		write_run("1");
		set_fail_nth(file, n);
		while (get_fail_nth(file) && now_ms() < end)
			sleep_ms(2);
		if (get_fail_nth(file))
			misses++;
		else
			injected++;
		set_fail_nth(file, 0);
	}
	close(file);
	printf("thread   %u allocations failed\n", n - 1 - misses);
}

int main(int argc, char **argv)
{
	int error;

	if (argc != 3) {
		fprintf(stderr, "usage: failnth gksm.ko THREAD_FAULTS\n");
		return 2;
	}
	module_path = argv[1];
	setvbuf(stdout, NULL, _IOLBF, 0);
	fail_loading();
	error = load("");
	if (error)
		fail("cannot load %s: %s", module_path, strerror(-error));
	ksm_write(GKSM_SYSFS_PATH, "pages_to_scan", 5000);
	ksm_write(GKSM_SYSFS_PATH, "sleep_millisecs", 1);
	write_run("1");
	fail_each("session", job_session);
	fail_each("calls", job_calls);
	fail_thread(parse_number(argv[2], 'n'));
	fail_each("unmerge", job_unmerge);
	printf("%lu faults in all\n", injected);
	return 0;
}
