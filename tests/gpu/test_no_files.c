// SPDX-License-Identifier: GPL-2.0-only
/*
 * After bind a program may give up its rights: neither the engine nor the
 * driver looks at a file, or starts a program, until the engine is closed.
 *
 * Each target has a process of its own, started before any driver has
 * threads, which dies of the first call that it has given up.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"

static const int given_up[] = {
	__NR_open,	 __NR_openat, __NR_access,     __NR_faccessat,
	__NR_faccessat2, __NR_stat,   __NR_lstat,      __NR_newfstatat,
	__NR_statx,	 __NR_mkdir,  __NR_unlink,     __NR_rename,
	__NR_readlink,	 __NR_execve, __NR_getdents64, __NR_socket,
};

#define NR_GIVEN_UP (sizeof(given_up) / sizeof(*given_up))
/* Loads the number; two for each call; allows the others. */
#define NR_STEPS (2 * NR_GIVEN_UP + 2)

static void give_up_files(void)
{
	struct sock_filter steps[NR_STEPS];
	const struct sock_fprog program = { .len = NR_STEPS, .filter = steps };
	struct sock_filter *step = steps;

	*step++ = (struct sock_filter)BPF_STMT(
		BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < NR_GIVEN_UP; i++) {
		*step++ = (struct sock_filter)BPF_JUMP(
			BPF_JMP | BPF_JEQ | BPF_K, given_up[i], 0, 1);
		*step++ = (struct sock_filter)BPF_STMT(
			BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
	}
	*step = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
					     SECCOMP_RET_ALLOW);
	assert_int_equal(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	assert_int_equal(syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER,
				 SECCOMP_FILTER_FLAG_TSYNC, &program),
			 0);
}

/* Launches of growing size, as PoCL looks again at each larger one. */
static void work_without_files(void)
{
	static const unsigned int sizes[] = { 1, 64, 65, 300, 2000, 2 };
	struct gksm_gpu_pair pairs[3000] = { { 0, 1 } };
	uint8_t equal[3000];
	struct pages pages;
	struct gksm_gpu *gpu = open_bound(&pages, 2, 2000);
	struct gksm_gpu_batch done;

	give_up_files();
	fill_random(pages.ours, pages.bytes);
	for (unsigned int i = 0; i < 12; i++) {
		done = run_batch(gpu, i % 2, sizes[i / 2]);
		check_batch_results(gpu, &pages, 2000, &done);
	}
	assert_int_equal(gksm_gpu_compare(gpu, 1, pairs, 2, equal), 0);
	assert_int_equal(gksm_gpu_compare(gpu, 1, pairs, 3000, equal), 0);
	close_bound(gpu, &pages);
}

static int run_child(unsigned int number)
{
	if (number >= find_targets())
		return EXIT_SKIPPED;
	use_target(number);
	printf("no files, %s\n", target.name);
	fflush(stdout);
	work_without_files();
	return 0;
}

int main(void)
{
	unsigned int number = 0;

	for (;; number++) {
		const pid_t child = fork();
		int status;

		if (!child)
			_exit(run_child(number));
		if (child < 0 || waitpid(child, &status, 0) != child)
			return EXIT_FAILURE;
		if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SKIPPED)
			break;
		if (status) {
			printf("ended with status %#x (0x1f: looked at a file)\n",
			       status);
			return EXIT_FAILURE;
		}
	}
	return number > 1 ? EXIT_SUCCESS : EXIT_SKIPPED;
}
