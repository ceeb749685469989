// SPDX-License-Identifier: GPL-2.0-only
/*
 * hog.c - takes memory
 *
 *   hog [-m] [-o SCORE] [-l MIB] [-u FILE]
 *
 *   -m  opts it in: one page in eight has one of few contents
 *   -o  oom_score_adj: 1000 makes it the first to be killed
 *   -l  so much at most (default: no limit)
 *   -u  stops, and ends, when the number in FILE has grown
 *
 * Says so when it has what it wanted, and waits to be killed.
 */
#define _GNU_SOURCE
#include "vmtest.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define STEP_PAGES 256
#define PAGES_PER_MIB 256
#define NR_CONTENTS 32

static void set_score(const char *score)
{
	int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	const size_t length = strlen(score);

	if (file < 0 || write(file, score, length) != (ssize_t)length)
		fail("cannot set oom_score_adj to %s", score);
	close(file);
}

static long number_in(const char *path)
{
	FILE *file = fopen(path, "re");
	long value;

	if (!file || fscanf(file, "%ld", &value) != 1)
		fail("no number in %s", path);
	fclose(file);
	return value;
}

static void fill(char *page, size_t i)
{
	uint64_t *words = (uint64_t *)page;

	if (i % 8 == 0) {
		page_fill(page, 1 + i / 8 % NR_CONTENTS);
		return;
	}
	/* Quickly, but different. */
	memset(page, (int)i, PAGE_BYTES);
	words[0] = i;
}

int main(int argc, char **argv)
{
	bool opt_in = false;
	const char *until = NULL;
	unsigned long limit_mib = 0;
	size_t nr = 0;
	long before = 0;
	int option;

	while ((option = getopt(argc, argv, "mo:l:u:")) != -1) {
		if (option == 'm')
			opt_in = true;
		else if (option == 'o')
			set_score(optarg);
		else if (option == 'l')
			limit_mib = parse_number(optarg, 'l');
		else if (option == 'u')
			until = optarg;
		else
			fail("usage: hog [-m] [-o SCORE] [-l MIB] [-u FILE]");
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (until)
		before = number_in(until);
	while (!limit_mib || nr < limit_mib * PAGES_PER_MIB) {
		char *step = pages_map(STEP_PAGES);

		if (opt_in)
			pages_opt_in(step, STEP_PAGES);
		for (size_t i = 0; i < STEP_PAGES; i++)
			fill(step + i * PAGE_BYTES, nr + i);
		nr += STEP_PAGES;
		if (until && number_in(until) > before)
			break;
	}
	printf("hog: %zu MiB\n", nr / PAGES_PER_MIB);
	fflush(stdout);
	while (!until)
		pause();
	return 0;
}
