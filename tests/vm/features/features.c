// SPDX-License-Identifier: GPL-2.0-only
/*
 * features.c - what else the kernel does with memory, on merged pages
 *
 *   features [-k DIR] [-d DISK] TOPIC...
 *
 * Exit status 1 if a test failed, 4 if all were skipped.
 */
#define _GNU_SOURCE
#include "features.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

const char *ksm = "/sys/kernel/mm/gksm";
const char *disk;

static const struct topic *const topics[] = {
	&huge_topic,  &deceived_topic, &numa_topic,    &memcg_topic,
	&mlock_topic, &uffd_topic,     &process_topic, &area_topic,
	&swap_topic,  &offline_topic,  &poison_topic,  &access_topic,
};

#define NR_TOPICS (sizeof(topics) / sizeof(topics[0]))

static unsigned int passed, failed;

bool by_kernel(void)
{
	return !strstr(ksm, "gksm");
}

bool kernel_since(unsigned int major, unsigned int minor)
{
	struct utsname name;
	unsigned int have_major, have_minor;

	if (uname(&name) ||
	    sscanf(name.release, "%u.%u", &have_major, &have_minor) != 2)
		fail("which kernel is this?");
	return have_major > major ||
	       (have_major == major && have_minor >= minor);
}

/* When a test has ended nothing is left of it, as soon as anybody looks. */
static bool is_clean(void)
{
	const uint64_t end_ms = now_ms() + 10000;

	do {
		ksm_write(ksm, "run", 1);
		sleep_ms(20);
		ksm_write(ksm, "run", 0);
		if (!ksm_read(ksm, "pages_shared") &&
		    !ksm_read(ksm, "pages_sharing"))
			return true;
	} while (now_ms() < end_ms);
	printf("left: %ld pages shared, %ld sharing\n",
	       ksm_read(ksm, "pages_shared"), ksm_read(ksm, "pages_sharing"));
	return false;
}

/* Of the kernel: one with all its checks takes longer. */
static unsigned int slowness(void)
{
	const char *text = getenv("GKSM_SLOWNESS");

	return text ? (unsigned int)parse_number(text, 's') : 1;
}

static void run(const struct topic *topic, const struct feature *feature)
{
	const uint64_t begin_ms = now_ms();
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	must(pid >= 0, "fork");
	if (!pid) {
		alarm(LIMIT_S * slowness());
		feature->test();
		exit(0);
	}
	must(waitpid(pid, &status, 0) == pid, "waitpid");
	if (!status && !is_clean())
		status = 1;
	printf("%s: %s: %s (%llu ms)\n", topic->name, feature->name,
	       !status			? "ok" :
	       WEXITSTATUS(status) == 4 ? "skipped" :
					  "FAILED",
	       (unsigned long long)(now_ms() - begin_ms));
	if (!status)
		passed++;
	else if (!WIFEXITED(status) || WEXITSTATUS(status) != 4)
		failed++;
	if (WIFSIGNALED(status))
		printf("%s: %s: signal %d\n", topic->name, feature->name,
		       WTERMSIG(status));
}

static void run_topic(const char *name)
{
	for (size_t t = 0; t < NR_TOPICS; t++) {
		if (strcmp(topics[t]->name, name))
			continue;
		for (const struct feature *feature = topics[t]->features;
		     feature->name; feature++)
			run(topics[t], feature);
		return;
	}
	fail("there is no topic %s", name);
}

int main(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "k:d:")) != -1) {
		if (option == 'k')
			ksm = optarg;
		else if (option == 'd')
			disk = optarg;
		else
			fail("usage: features [-k DIR] [-d DISK] TOPIC...");
	}
	ksm_write(ksm, "run", 0);
	ksm_write(ksm, "pages_to_scan", 100000);
	ksm_write(ksm, "sleep_millisecs", 0);
	if (by_kernel() && ksm_read(ksm, "smart_scan") > 0)
		ksm_write(ksm, "smart_scan", 0);
	for (; argv[optind]; optind++)
		run_topic(argv[optind]);
	printf("features: %u passed, %u failed\n", passed, failed);
	if (failed)
		return 1;
	return passed ? 0 : 4;
}
