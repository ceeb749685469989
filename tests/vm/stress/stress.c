// SPDX-License-Identifier: GPL-2.0-only
/*
 * stress.c - everything at once
 *
 * Starts all actors, or those that are named, and waits for them. Whatever
 * random numbers they use follow from one seed, which is printed. The first
 * actor that finds anything wrong ends the test.
 */
#define _GNU_SOURCE
#include "actor.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* What an actor may take beyond its time before it counts as stuck. */
#define GRACE_S 120

static void run_writers(struct actor *actor);
static void run_churn(struct actor *actor);
static void run_kvmguest(struct actor *actor);

/* clang-format off */
static const struct {
	const char *name;
	void (*act)(struct actor *actor);
} table[] = {
	{ "writers", run_writers },	/* threads, also with a hot TLB entry */
	{ "churn", run_churn },		/* mmap, mremap, madvise and so on */
	{ "forks", act_forks },		/* fork, exec, exit */
	{ "huge", act_huge },		/* huge pages */
	{ "kvmguest", run_kvmguest },	/* a KVM guest */
	{ "direct", act_direct },	/* O_DIRECT */
	{ "uring", act_uring },		/* registered buffers of io_uring */
	{ "splice", act_splice },	/* vmsplice */
	{ "remote", act_remote },	/* process_vm_writev, /proc/PID/mem */
	{ "numa", act_numa },		/* move_pages, migrate_pages */
	{ "reclaim", act_reclaim },	/* swapping out, compaction */
	{ "pressure", act_pressure },	/* not enough memory */
	{ "oom", act_oom },		/* a cgroup that is too small */
	{ "hotplug", act_hotplug },	/* CPUs */
};
/* clang-format on */

#define NR_ACTORS (sizeof(table) / sizeof(table[0]))

_Static_assert(NR_ACTORS <= MAX_ACTORS, "MAX_ACTORS is too small");

static char programs[PATH_MAX - 32];

/* Becomes one of the programs that other cases use by themselves. */
static void run_program(struct actor *actor, const char *name, char **options)
{
	const uint64_t left_ms = actor->end_ms - now_ms();
	char path[PATH_MAX], seconds[24], seed[24];
	char *argv[16] = { path, "-s", seconds, "-S", seed };
	size_t argc = 5;

	while (*options)
		argv[argc++] = *options++;
	snprintf(path, sizeof(path), "%s/%s", programs, name);
	snprintf(seconds, sizeof(seconds), "%llu",
		 (unsigned long long)left_ms / 1000);
	snprintf(seed, sizeof(seed), "%llu",
		 (unsigned long long)actor->rng >> 32);
	execv(path, argv);
	must(actor, false, path);
}

static void run_writers(struct actor *actor)
{
	run_program(actor, "writers",
		    (char *[]){ "-t", "2", "-n", "256", "-m", "0", NULL });
}

static void run_churn(struct actor *actor)
{
	run_program(actor, "churn", (char *[]){ "-p", "2", NULL });
}

static void run_kvmguest(struct actor *actor)
{
	if (access("/dev/kvm", R_OK | W_OK))
		leave(actor, "no /dev/kvm");
	run_program(actor, "kvmguest", (char *[]){ "-c", "2", NULL });
}

static void start(struct actor *actor, size_t i)
{
	pid_t pid = fork();

	if (pid < 0)
		fail("fork: %s", strerror(errno));
	if (pid) {
		actor->peers[i] = pid;
		return;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setpgid(0, 0);
	actor->name = table[i].name;
	actor->rng = mix(actor->rng + i + 1);
	actor->doing = "its beginning";
	table[i].act(actor);
	fflush(stdout);
	_exit(0);
}

/* An actor and whatever it has started. */
static void kill_all(const pid_t *peers)
{
	for (size_t i = 0; i < NR_ACTORS; i++)
		if (peers[i])
			kill(-peers[i], SIGKILL);
}

static void reap(const struct actor *actor)
{
	int status;
	pid_t pid = waitpid(-1, &status, WNOHANG);

	if (!pid) {
		if (now_ms() > actor->end_ms + GRACE_S * 1000ULL) {
			for (size_t i = 0; i < NR_ACTORS; i++)
				if (actor->peers[i])
					fprintf(stderr, "stuck: %s\n",
						table[i].name);
			kill_all(actor->peers);
			fail("actors do not end");
		}
		sleep_ms(100);
		return;
	}
	for (size_t i = 0; i < NR_ACTORS; i++) {
		if (actor->peers[i] != pid)
			continue;
		actor->peers[i] = 0;
		if (!status || WEXITSTATUS(status) == 4)
			return;
		kill_all(actor->peers);
		fail("%s ended with status %#x", table[i].name, status);
	}
}

static bool wanted(const char *name, int nr, char **names)
{
	for (int i = 0; i < nr; i++)
		if (!strcmp(names[i], name))
			return true;
	return !nr;
}

int main(int argc, char **argv)
{
	struct actor actor = { .rng = (uint64_t)time(NULL) };
	unsigned long seconds = 60;
	int option, i;

	while ((option = getopt(argc, argv, "s:S:d:g:")) != -1) {
		if (option == 's')
			seconds = parse_number(optarg, 's');
		else if (option == 'S')
			actor.rng = parse_number(optarg, 'S');
		else if (option == 'd')
			actor.disk = optarg;
		else if (option == 'g')
			actor.cgroup = optarg;
		else
			fail("usage: stress [-s SECONDS] [-S SEED] [-d DISK] [-g CGROUP] [ACTOR...]");
	}
	/* The other programs lie beside this one. */
	if (readlink("/proc/self/exe", programs, sizeof(programs) - 1) < 0)
		fail("/proc/self/exe: %s", strerror(errno));
	*strrchr(programs, '/') = '\0';
	printf("stress: seed %llu\n", (unsigned long long)actor.rng);
	fflush(stdout);
	actor.peers =
		mmap(NULL, MAX_ACTORS * sizeof(*actor.peers),
		     PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (actor.peers == MAP_FAILED)
		fail("mmap: %s", strerror(errno));
	actor.end_ms = now_ms() + seconds * 1000ULL;
	for (i = 0; i < (int)NR_ACTORS; i++)
		if (wanted(table[i].name, argc - optind, argv + optind))
			start(&actor, (size_t)i);
	for (i = 0; i < (int)NR_ACTORS;) {
		if (actor.peers[i])
			reap(&actor);
		else
			i++;
	}
	return 0;
}
