// SPDX-License-Identifier: GPL-2.0-only
/*
 * scanner.c - ksmd, the module and the daemon: their files, their processes and
 * their processor time
 *
 * Processor time is that of the scanner's threads (schedstat): the kernel
 * thread, the daemon's main thread, and the threads that its OpenCL driver
 * computes with, apart.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "e2e.h"

/**
 * read_file - a number that a file begins with
 * @dir:  its folder
 * @name: its name
 *
 * Return: the number.
 */
long read_file(const char *dir, const char *name)
{
	char path[256], text[64] = "";
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	if (got < 0)
		fail(path, strerror(errno));
	return strtol(text, NULL, 10);
}

/**
 * write_file - set a number
 * @dir:   folder
 * @name:  file
 * @value: to be written
 */
void write_file(const char *dir, const char *name, long value)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || dprintf(fd, "%ld", value) < 0)
		fail(path, strerror(errno));
	close(fd);
}

static uint64_t task_ns(const char *path)
{
	uint64_t ns = 0;
	FILE *file = fopen(path, "re");

	if (file && fscanf(file, "%" SCNu64, &ns) != 1)
		ns = 0;
	if (file)
		fclose(file);
	return ns;
}

/**
 * find_process - a process by its name
 * @name: the name
 *
 * Return: its number, or 0.
 */
pid_t find_process(const char *name)
{
	DIR *proc = opendir("/proc");
	const struct dirent *entry;
	pid_t found = 0;

	while (proc && !found && (entry = readdir(proc))) {
		char path[300], comm[64] = "";
		FILE *file;

		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		file = fopen(path, "re");
		if (file && fscanf(file, "%63s", comm) == 1 &&
		    strcmp(comm, name) == 0)
			found = (pid_t)strtol(entry->d_name, NULL, 10);
		if (file)
			fclose(file);
	}
	if (proc)
		closedir(proc);
	return found;
}

/**
 * get_cost - processor time of a scanner
 * @scanner: who
 *
 * Return: so far.
 */
struct cost get_cost(const struct scanner *scanner)
{
	const struct dirent *entry;
	struct cost cost = { 0 };
	char path[320];
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%d/schedstat", scanner->thread);
	cost.kernel = task_ns(path);
	if (!scanner->daemon)
		return cost;
	snprintf(path, sizeof(path), "/proc/%d/task", scanner->daemon);
	tasks = opendir(path);
	while (tasks && (entry = readdir(tasks))) {
		const pid_t tid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (!tid)
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%d/schedstat",
			 scanner->daemon, tid);
		if (tid == scanner->daemon)
			cost.daemon += task_ns(path);
		else
			cost.device += task_ns(path);
	}
	if (tasks)
		closedir(tasks);
	return cost;
}

/**
 * cost_since - processor time since some moment
 * @scanner: who
 * @before:  what get_cost() said then
 *
 * Return: since then.
 */
struct cost cost_since(const struct scanner *scanner, struct cost before)
{
	struct cost now = get_cost(scanner);

	now.kernel -= before.kernel;
	now.daemon -= before.daemon;
	now.device -= before.device;
	return now;
}

/**
 * wait_us - sleep
 * @us: how long, less than a second
 */
void wait_us(unsigned int us)
{
	const struct timespec time = { .tv_nsec = us * 1000L };

	nanosleep(&time, NULL);
}

/**
 * await_scans - sleep until so many passes have ended
 * @scanner: whose
 * @scans:   how many from now on
 */
void await_scans(const struct scanner *scanner, long scans)
{
	const long end = read_file(scanner->dir, "full_scans") + scans;
	const uint64_t limit = now_ns() + LIMIT_S * 1000000000ULL;

	while (read_file(scanner->dir, "full_scans") < end) {
		if (now_ns() > limit)
			fail(scanner->name, "no pass in time");
		wait_us(500);
	}
}

/**
 * start_daemon - start it, and wait until it is at work
 * @command: of the shell
 *
 * Return: the process.
 */
pid_t start_daemon(const char *command)
{
	const uint64_t limit = now_ns() + LIMIT_S * 1000000000ULL;
	pid_t pid = fork();

	if (pid < 0)
		fail("fork", strerror(errno));
	if (!pid) {
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	while (!(read_file(GKSM, "staging_bytes") > 0)) {
		if (now_ns() > limit || waitpid(pid, NULL, WNOHANG))
			fail(command, "does not start");
		wait_us(10000);
	}
	return pid;
}
