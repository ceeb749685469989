// SPDX-License-Identifier: GPL-2.0-only
/*
 * restarts.c - gksmd is killed and stopped at random moments
 *
 *   restarts [-k DIR] [-n ROUNDS] [-l SECONDS] [-s SEED] -- GKSMD...
 *
 * Each round starts gksmd if it does not run, lets a random time pass and
 * then does one of
 *
 *   strike  SIGKILL while it starts
 *   kill    SIGKILL while it works
 *   stop    SIGSTOP while it works; when the module has gone on without it,
 *	     and after a random time, SIGCONT
 *
 * Two processes rewrite their pages all the time, from few different contents,
 * and check each page before they write it. After each round all pages must
 * be right, and merging must have gone on.
 *
 * Ends after ROUNDS, or with the first round that ends after SECONDS, whichever
 * comes first. Prints how long things took:
 *
 *   restart   from SIGKILL to the first batch that the next gksmd completes
 *   fallback  from SIGSTOP to the first pages that the module hashes itself
 *   resume    from SIGCONT to the first completed batch
 */
#define _GNU_SOURCE
#include "vmtest.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NR_PROCESSES 2
#define NR_PAGES 3072
#define NR_CONTENTS 64
/* One page is written each so often: most rest long enough to be merged. */
#define WRITE_MS 2
#define LIMIT_S 120
#define WORK_MS 200

enum action {
	STRIKE,
	KILL,
	STOP,
	NR_ACTIONS
};

/* A stop needs no new start, which takes longest. */
static const enum action dice[] = { STRIKE, KILL, STOP, STOP };

/**
 * struct times - how long one thing took, each time
 * @name: what
 * @ms:	  milliseconds
 * @nr:	  how many
 */
struct times {
	const char *name;
	uint64_t *ms;
	size_t nr;
};

static const char *ksm = "/sys/kernel/mm/gksm";
static char **command;
static uint64_t rng;
static pid_t daemon_pid;
static uint64_t killed_ms;
static uint64_t start_ms = 1000; /* how long the last start took */
static unsigned long done[NR_ACTIONS];
static struct times restart = { .name = "restart" },
		    fallback = { .name = "fallback" },
		    resume = { .name = "resume" };

static void note(struct times *times, uint64_t begin_ms)
{
	times->ms = realloc(times->ms, (times->nr + 1) * sizeof(*times->ms));
	if (!times->ms)
		fail("out of memory");
	times->ms[times->nr++] = now_ms() - begin_ms;
}

static int compare(const void *a, const void *b)
{
	const uint64_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

static void print_times(const struct times *times)
{
	if (!times->nr)
		fail("no %s was measured", times->name);
	qsort(times->ms, times->nr, sizeof(*times->ms), compare);
	printf("; %s median %llu ms, max %llu ms", times->name,
	       (unsigned long long)times->ms[times->nr / 2],
	       (unsigned long long)times->ms[times->nr - 1]);
}

static uint64_t draw(uint64_t below)
{
	return rng_next(&rng) % below;
}

/* The processes. */

static void check(const char *pages, const uint64_t *ids, size_t i)
{
	int word = page_differs(pages + i * PAGE_BYTES, ids[i]);

	if (word >= 0)
		fail("LOST WRITE: process %d, page %zu, word %d", (int)getpid(),
		     i, word);
}

static void serve(int socket, void *arg)
{
	uint64_t *ids = calloc(NR_PAGES, sizeof(*ids));
	char *pages = pages_map(NR_PAGES);
	uint64_t question, state = *(uint64_t *)arg;

	if (!ids)
		fail("out of memory");
	pages_opt_in(pages, NR_PAGES);
	for (size_t i = 0; i < NR_PAGES; i++) {
		ids[i] = 1 + i % NR_CONTENTS;
		page_fill(pages + i * PAGE_BYTES, ids[i]);
	}
	while (true) {
		if (worker_poll(socket, WRITE_MS, &question)) {
			for (size_t i = 0; i < NR_PAGES; i++)
				check(pages, ids, i);
			worker_answer(socket, 0);
		} else {
			size_t i = rng_next(&state) % NR_PAGES;

			check(pages, ids, i);
			ids[i] = 1 + rng_next(&state) % NR_CONTENTS;
			page_fill(pages + i * PAGE_BYTES, ids[i]);
		}
	}
}

static void verify(struct worker *workers)
{
	for (int i = 0; i < NR_PROCESSES; i++)
		worker_ask(&workers[i], 0, LIMIT_S);
}

/* The daemon. */

static void daemon_start(void)
{
	daemon_pid = fork();
	if (daemon_pid < 0)
		fail("fork: %s", strerror(errno));
	if (!daemon_pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execv(command[0], command);
		fail("cannot run %s: %s", command[0], strerror(errno));
	}
}

static void daemon_signal(int signal)
{
	if (kill(daemon_pid, signal))
		fail("cannot signal gksmd: %s", strerror(errno));
}

/* It may end, or stop, by our hand alone. */
static void daemon_is_alive(void)
{
	int status;

	if (waitpid(daemon_pid, &status, WNOHANG))
		fail("gksmd ended by itself, with status %#x", status);
}

/* Waits until the counter has grown. */
static void await_growth(const char *counter, long before)
{
	const uint64_t end_ms = now_ms() + LIMIT_S * 1000ULL;

	while (ksm_read(ksm, counter) <= before) {
		if (daemon_pid)
			daemon_is_alive();
		if (now_ms() > end_ms)
			fail("%s is %ld for %d s", counter, before, LIMIT_S);
		usleep(500);
	}
}

static void daemon_kill(void)
{
	const uint64_t begin_ms = now_ms();
	int status;

	daemon_signal(SIGKILL);
	if (waitpid(daemon_pid, &status, 0) != daemon_pid ||
	    !WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
		fail("gksmd was not killed: status %#x", status);
	daemon_pid = 0;
	killed_ms = begin_ms;
}

static void await_work(void)
{
	await_growth("batches_completed", ksm_read(ksm, "batches_completed"));
	if (killed_ms) {
		note(&restart, killed_ms);
		start_ms = 1 + now_ms() - killed_ms;
	}
	killed_ms = 0;
	usleep((useconds_t)draw(WORK_MS * 1000));
}

static void daemon_stop(void)
{
	uint64_t begin_ms = now_ms();
	long completed, hashed;
	int status;

	daemon_signal(SIGSTOP);
	if (waitpid(daemon_pid, &status, WUNTRACED) != daemon_pid ||
	    !WIFSTOPPED(status))
		fail("gksmd did not stop: status %#x", status);
	completed = ksm_read(ksm, "batches_completed");
	hashed = ksm_read(ksm, "pages_hashed_kernel");
	await_growth("pages_hashed_kernel", hashed);
	note(&fallback, begin_ms);
	usleep((useconds_t)draw(WORK_MS * 1000));
	if (ksm_read(ksm, "batches_completed") != completed)
		fail("a stopped gksmd completes batches");
	begin_ms = now_ms();
	daemon_signal(SIGCONT);
	await_growth("batches_completed", completed);
	note(&resume, begin_ms);
}

static void play_round(struct worker *workers)
{
	const long merged = ksm_read(ksm, "pages_merged");
	const enum action action = dice[draw(sizeof(dice) / sizeof(*dice))];

	if (!daemon_pid)
		daemon_start();
	switch (action) {
	case STRIKE:
		usleep((useconds_t)draw(start_ms * 1000));
		daemon_kill();
		break;
	case KILL:
		await_work();
		daemon_kill();
		break;
	default:
		await_work();
		daemon_stop();
		break;
	}
	done[action]++;
	await_growth("pages_merged", merged);
	verify(workers);
}

int main(int argc, char **argv)
{
	const uint64_t begin_ms = now_ms();
	unsigned long rounds = 0, seconds = 0, round;
	struct worker workers[NR_PROCESSES];
	uint64_t seed = (uint64_t)time(NULL);
	int option;

	while ((option = getopt(argc, argv, "k:n:l:s:")) != -1) {
		if (option == 'k')
			ksm = optarg;
		else if (option == 'n')
			rounds = parse_number(optarg, 'n');
		else if (option == 'l')
			seconds = parse_number(optarg, 'l');
		else if (option == 's')
			seed = parse_number(optarg, 's');
	}
	command = argv + optind;
	if (!*command || !(rounds || seconds))
		fail("usage: restarts [-k DIR] -n ROUNDS | -l SECONDS [-s SEED] -- GKSMD...");
	printf("restarts: seed %llu\n", (unsigned long long)seed);
	rng = seed;
	for (int i = 0; i < NR_PROCESSES; i++) {
		uint64_t state = rng_next(&rng);

		worker_start(&workers[i], serve, &state);
	}
	for (round = 0; (!rounds || round < rounds) &&
			(!seconds || now_ms() - begin_ms < seconds * 1000ULL);
	     round++) {
		play_round(workers);
		if (round % 100 == 99)
			printf("restarts: %lu rounds\n", round + 1);
		fflush(stdout);
	}
	if (daemon_pid)
		daemon_kill();
	verify(workers);
	printf("restarts: %lu killed starting, %lu working, %lu stopped",
	       done[STRIKE], done[KILL], done[STOP]);
	print_times(&restart);
	print_times(&fallback);
	print_times(&resume);
	printf("; %ld pages merged\n", ksm_read(ksm, "pages_merged"));
	for (int i = 0; i < NR_PROCESSES; i++)
		worker_end(&workers[i]);
	return 0;
}
