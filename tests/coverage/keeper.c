// SPDX-License-Identifier: GPL-2.0-only
/*
 * keeper.c - saves the line counts of a program that may not write files
 *
 * Linked into gksmd when coverage is measured. When it ends, gksmd is another
 * user in another root directory who may not open files, so the counts are
 * written by a second process, which was made before all that and has the same
 * memory. It waits for the end of a pipe, which comes when gksmd exits and
 * also when it is killed.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define STACK_BYTES (256 * 1024)

void __gcov_dump(void);

static int to_keeper[2];
static int from_keeper[2];

static int keep(void *unused)
{
	sigset_t all;
	char end;

	(void)unused;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	close(to_keeper[1]);
	close(from_keeper[0]);
	if (read(to_keeper[0], &end, 1) >= 0)
		__gcov_dump();
	_exit(0);
}

/* Once they are written, the counts' own handler does not do it again. */
static void await_keeper(void)
{
	char end;

	close(to_keeper[1]);
	if (read(from_keeper[0], &end, 1) < 0)
		perror("coverage");
}

__attribute__((constructor)) static void start_keeper(void)
{
	char *stack = malloc(STACK_BYTES);

	if (!stack || pipe2(to_keeper, O_CLOEXEC) ||
	    pipe2(from_keeper, O_CLOEXEC) ||
	    clone(keep, stack + STACK_BYTES, CLONE_VM, NULL) < 0) {
		perror("coverage");
		abort();
	}
	close(to_keeper[0]);
	close(from_keeper[1]);
	atexit(await_keeper);
}
