// SPDX-License-Identifier: GPL-2.0-only
/*
 * fake_intruder.c - what somebody would try who got hold of gksmd
 *
 * Runs in the daemon's own process, in its main loop. Calls are made without
 * the C library, which might not make them at all.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/prctl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fake_intruder.h"

static const char path[] = "/etc/passwd";
static const char *const nothing[] = { NULL };
static char page[8192] __attribute__((aligned(4096)));

/**
 * struct attempt - one call
 * @name:      for the message
 * @number:    which call
 * @arguments: its arguments
 */
struct attempt {
	const char *name;
	long number;
	long arguments[6];
};

#define P(pointer) ((long)(pointer))

static const struct attempt attempts[] = {
	{ "open to write", SYS_openat, { AT_FDCWD, P(path), O_WRONLY } },
	{ "open to append", SYS_openat, { AT_FDCWD, P(path), O_RDWR } },
	{ "open a file", SYS_openat, { AT_FDCWD, P(path), O_RDONLY } },
	{ "open above",
	  SYS_openat,
	  { AT_FDCWD, P("../../../etc/passwd"), O_RDONLY } },
	{ "create a file",
	  SYS_openat,
	  { AT_FDCWD, P("intruder"), O_WRONLY | O_CREAT, 0600 } },
	{ "open a place", SYS_openat, { AT_FDCWD, P("/"), O_PATH } },
	{ "openat2", SYS_openat2, { AT_FDCWD, P(path), P(page), 24 } },
	{ "internet socket", SYS_socket, { AF_INET, SOCK_STREAM, 0 } },
	{ "unix socket", SYS_socket, { AF_UNIX, SOCK_STREAM, 0 } },
	{ "netlink socket", SYS_socket, { AF_NETLINK, SOCK_RAW, 0 } },
	{ "execve", SYS_execve, { P("/bin/true"), P(nothing), P(nothing) } },
	{ "fork", SYS_clone, { SIGCHLD } },
	{ "user namespace", SYS_clone, { CLONE_NEWUSER | SIGCHLD } },
	{ "unshare", SYS_unshare, { CLONE_NEWUSER } },
	{ "clone3", SYS_clone3, { P(page), 64 } },
	{ "trace", SYS_ptrace, { PTRACE_ATTACH, 1 } },
	{ "read memory", SYS_process_vm_readv, { 1, P(page), 1, P(page), 1 } },
	{ "signal init", SYS_kill, { 1, 0 } },
	{ "signal a thread", SYS_tgkill, { 1, 1, 0 } },
	{ "become root", SYS_setresuid, { 0, 0, 0 } },
	{ "chroot", SYS_chroot, { P("/") } },
	{ "mount", SYS_mount, { P("/"), P("/"), P("bind"), 0, 0 } },
	{ "code from data",
	  SYS_mprotect,
	  { P(page), 4096, PROT_READ | PROT_EXEC } },
	{ "new code",
	  SYS_mmap,
	  { 0, 4096, PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
	    0 } },
	{ "allow dumps", SYS_prctl, { PR_SET_DUMPABLE, 1 } },
	{ "remove a file", SYS_unlinkat, { AT_FDCWD, P("intruder"), 0 } },
	{ "bpf", SYS_bpf, { 0, P(page), 64 } },
	{ "perf", SYS_perf_event_open, { P(page), 0, -1, -1, 0 } },
	{ "io_uring", SYS_io_uring_setup, { 4, P(page) } },
	{ "keys", SYS_keyctl, { 0, 0 } },
	{ "load a module", SYS_init_module, { P(page), 1, P("") } },
	{ "the terminal's ioctl", SYS_ioctl, { 2, 0x5412, P("x") } },
	{ "userfaultfd", SYS_userfaultfd, { 0 } },
};

static int try(const struct attempt *attempt)
{
	const long *a = attempt->arguments;

	errno = 0;
	if (syscall(attempt->number, a[0], a[1], a[2], a[3], a[4], a[5]) >= 0)
		return 0;
	return errno;
}

/**
 * fake_intruder_try - try everything
 *
 * Returns how many calls did something, after a message for each. What is
 * refused by the filter is EPERM; ENOSYS sends the C library to an older call;
 * a file that is not there is ENOENT.
 */
unsigned int fake_intruder_try(void)
{
	const size_t nr = sizeof(attempts) / sizeof(*attempts);
	unsigned int nr_done = 0;

	for (size_t i = 0; i < nr; i++) {
		const int err = try(&attempts[i]);

		if (err == EPERM || err == ENOSYS || err == ENOENT)
			continue;
		nr_done++;
		fprintf(stderr, "fake_dev: intruder: %s: %s\n",
			attempts[i].name, strerror(err));
	}
	return nr_done;
}
