// SPDX-License-Identifier: GPL-2.0-only
/*
 * jail.c - a file system of one directory
 *
 * The daemon opens files while it starts, reads its configuration again at
 * SIGHUP, and opens nothing in between. So its root directory becomes the one
 * of the configuration: at the end of the start, when its own threads have
 * lost their capabilities long ago. The way out is that of Chromium's
 * sandbox: a child that shares the root directory with us (CLONE_FS), and
 * nothing else, keeps CAP_SYS_CHROOT and uses it when it is told to.
 */
#include <cap-ng.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "jail.h"

static int close_jail(const char *dir)
{
	if (chroot(dir) < 0 || chdir("/") < 0)
		return errno;
	return 0;
}

/* Ends with us: then there is nothing more to read. */
static _Noreturn void keep(int fd, const char *dir)
{
	char byte;

	/* The library still has the parent's number in mind. */
	capng_setpid(getpid());
	capng_clear(CAPNG_SELECT_BOTH);
	if (capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED,
			 CAP_SYS_CHROOT) ||
	    capng_apply(CAPNG_SELECT_CAPS))
		_exit(EPERM);
	if (read(fd, &byte, 1) != 1)
		_exit(0);
	_exit(close_jail(dir));
}

/**
 * gksm_jail_prepare - start the keeper, while there is CAP_SYS_CHROOT
 * @jail: out
 * @dir:  what is to be the root directory
 *
 * The keeper has a copy of all memory: there must be nothing in it yet.
 *
 * Context: the only thread.
 * Returns 0 or -errno.
 */
int gksm_jail_prepare(struct gksm_jail *jail, const char *dir)
{
	int pair[2];
	int err = 0;

	*jail = (struct gksm_jail){ .fd = -1 };
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	/* As fork(), but for the root directory; it goes on with our stack. */
	jail->keeper = (pid_t)syscall(SYS_clone, CLONE_FS | SIGCHLD, NULL, NULL,
				      NULL, NULL);
	if (jail->keeper < 0)
		err = -errno;
	if (!jail->keeper) {
		close(pair[0]);
		keep(pair[1], dir);
	}
	close(pair[1]);
	if (err) {
		close(pair[0]);
		jail->keeper = 0;
		return err;
	}
	jail->fd = pair[0];
	return 0;
}

static int wait_for(struct gksm_jail *jail)
{
	int status = 0;
	pid_t ended;

	close(jail->fd);
	do {
		ended = waitpid(jail->keeper, &status, 0);
	} while (ended < 0 && errno == EINTR);
	*jail = (struct gksm_jail){ .fd = -1 };
	if (ended < 0)
		return -errno;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -ECHILD;
}

/**
 * gksm_jail_close - go to jail, all threads at once
 * @jail: prepared; it is used up
 *
 * Nothing outside the directory can be opened any more by its name. Returns 0
 * or -errno.
 */
int gksm_jail_close(struct gksm_jail *jail)
{
	const ssize_t sent = send(jail->fd, "", 1, MSG_NOSIGNAL);
	const int err = wait_for(jail);

	return err || sent == 1 ? err : -ECHILD;
}

/**
 * gksm_jail_forget - let the keeper go
 * @jail: prepared, or all zero, or used up
 */
void gksm_jail_forget(struct gksm_jail *jail)
{
	if (jail->keeper)
		wait_for(jail);
}
