// SPDX-License-Identifier: GPL-2.0-only
/*
 * filter.c - the system calls that are left after start-up
 *
 * An allow-list, for all threads at once. Three tables: what the main loop,
 * the C twin and the threads of PoCL need; calls of which only some arguments
 * are needed; and what drivers of GPUs need besides, which are written for
 * programs that may do everything.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "filter.h"
#include "gksm_abi.h"

/* Arguments do not matter: they name memory, or descriptors that are open. */
static const int always[] = {
	/* batches, signals, the service manager, the log */
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(read),
	SCMP_SYS(write),
	SCMP_SYS(writev),
	SCMP_SYS(pread64),
	SCMP_SYS(pwrite64),
	SCMP_SYS(lseek),
	SCMP_SYS(ftruncate),
	SCMP_SYS(fstat),
	SCMP_SYS(newfstatat), /* what the C library makes of fstat() */
	SCMP_SYS(close),
	/* the control socket, which listens already */
	SCMP_SYS(accept4),
	SCMP_SYS(recvfrom),
	SCMP_SYS(sendto),
	/* memory, threads, time */
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(futex),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(rseq),
	SCMP_SYS(gettid),
	SCMP_SYS(getpid),
	SCMP_SYS(sched_yield),
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(membarrier),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(nanosleep),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(getrandom),
	SCMP_SYS(eventfd2), /* of the twin, when it takes over */
	/* signals, and the end */
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
};

/*
 * What drivers of GPUs do after start-up, as far as it is known: commands are
 * ioctls of their own, buffers are mapped from their device, and shaders or
 * caches come from files. No new program, no other process, no network.
 */
static const int relaxed[] = {
	SCMP_SYS(ioctl),
	SCMP_SYS(mmap),
	SCMP_SYS(mprotect),
	SCMP_SYS(mlock),
	SCMP_SYS(munlock),
	SCMP_SYS(mbind),
	SCMP_SYS(get_mempolicy),
	SCMP_SYS(set_mempolicy),
	SCMP_SYS(memfd_create),
	SCMP_SYS(open),
	SCMP_SYS(openat),
	SCMP_SYS(stat),
	SCMP_SYS(lstat),
	SCMP_SYS(statx),
	SCMP_SYS(statfs),
	SCMP_SYS(fstatfs),
	SCMP_SYS(access),
	SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2),
	SCMP_SYS(readlink),
	SCMP_SYS(readlinkat),
	SCMP_SYS(getdents64),
	SCMP_SYS(getcwd),
	SCMP_SYS(mkdir),
	SCMP_SYS(unlink),
	SCMP_SYS(rename),
	SCMP_SYS(flock),
	SCMP_SYS(fcntl),
	SCMP_SYS(dup),
	SCMP_SYS(dup2),
	SCMP_SYS(dup3),
	SCMP_SYS(pipe2),
	SCMP_SYS(epoll_create1),
	SCMP_SYS(epoll_ctl),
	SCMP_SYS(epoll_wait),
	SCMP_SYS(epoll_pwait),
	SCMP_SYS(select),
	SCMP_SYS(pselect6),
	SCMP_SYS(timerfd_create),
	SCMP_SYS(timerfd_settime),
	SCMP_SYS(clock_getres),
	SCMP_SYS(sched_setaffinity),
	SCMP_SYS(sched_getparam),
	SCMP_SYS(sched_getscheduler),
	SCMP_SYS(kcmp),
	SCMP_SYS(sysinfo),
	SCMP_SYS(uname),
	SCMP_SYS(getuid),
	SCMP_SYS(geteuid),
	SCMP_SYS(getgid),
	SCMP_SYS(getegid),
	SCMP_SYS(getppid),
	SCMP_SYS(getrusage),
	SCMP_SYS(getcpu),
	SCMP_SYS(rt_sigtimedwait),
};

/**
 * struct rule - a call of which one argument decides
 * @call: the call
 * @test: the argument and what it has to be
 */
struct rule {
	int call;
	struct scmp_arg_cmp test;
};

#define IF_EQUAL(argument, value) \
	SCMP_CMP64(argument, SCMP_CMP_EQ, (scmp_datum_t)(value))
#define IF_MASKED(argument, mask, value)                               \
	SCMP_CMP64(argument, SCMP_CMP_MASKED_EQ, (scmp_datum_t)(mask), \
		   (scmp_datum_t)(value))

/* A thread, and nothing else that clone() can make. */
#define THREAD_FLAGS (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND)
#define CLONE_MASK                                                     \
	(THREAD_FLAGS | CLONE_THREAD | CLONE_NEWNS | CLONE_NEWCGROUP | \
	 CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |  \
	 CLONE_NEWNET)

static const struct rule guarded[] = {
	{ SCMP_SYS(clone),
	  IF_MASKED(0, CLONE_MASK, THREAD_FLAGS | CLONE_THREAD) },
	{ SCMP_SYS(prctl), IF_EQUAL(0, PR_SET_NAME) },
	{ SCMP_SYS(getsockopt), IF_EQUAL(1, SOL_SOCKET) },
};

/* No memory becomes code that was not. */
static const struct rule data_only[] = {
	{ SCMP_SYS(mmap), IF_MASKED(2, PROT_EXEC, 0) },
	{ SCMP_SYS(mprotect), IF_MASKED(2, PROT_EXEC, 0) },
};

static int allow_all(scmp_filter_ctx ctx, const int *calls, size_t nr)
{
	int err = 0;

	for (size_t i = 0; !err && i < nr; i++)
		err = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, calls[i], 0);
	return err;
}

static int allow_some(scmp_filter_ctx ctx, const struct rule *rules, size_t nr)
{
	int err = 0;

	for (size_t i = 0; !err && i < nr; i++)
		err = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, rules[i].call, 1,
				       rules[i].test);
	return err;
}

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* What abort() needs: a signal to ourselves alone. */
static int allow_own_signals(scmp_filter_ctx ctx)
{
	return seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
				IF_EQUAL(0, getpid()));
}

static int allow_device(scmp_filter_ctx ctx, int fd)
{
	static const unsigned long requests[] = { GKSM_IOC_NEXT,
						  GKSM_IOC_COMPLETE };
	int err = 0;

	for (size_t i = 0; !err && i < 2; i++)
		err = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 2,
				       IF_EQUAL(0, fd),
				       IF_EQUAL(1, requests[i]));
	return err;
}

/* To read, and neither to write nor to create nor to hold a place. */
static int allow_open(scmp_filter_ctx ctx)
{
	return seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
				IF_MASKED(2,
					  O_ACCMODE | O_CREAT | O_TRUNC |
						  O_PATH | O_DIRECTORY,
					  O_RDONLY));
}

static int fill_strict(scmp_filter_ctx ctx, const struct gksm_filter *filter)
{
	int err = allow_some(ctx, data_only, COUNT(data_only));

	if (!err)
		err = allow_device(ctx, filter->device_fd);
	if (!err && filter->may_open)
		err = allow_open(ctx);
	return err;
}

static int fill(scmp_filter_ctx ctx, const struct gksm_filter *filter)
{
	int err;

	/* For all threads, or for none; -errno of the kernel's own. */
	err = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1);
	if (!err)
		err = allow_all(ctx, always, COUNT(always));
	if (!err)
		err = allow_some(ctx, guarded, COUNT(guarded));
	if (!err)
		err = allow_own_signals(ctx);
	/* Its flags are in memory, where no filter sees them: take clone(). */
	if (!err && filter->mode != GKSM_FILTER_LOG)
		err = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS),
				       SCMP_SYS(clone3), 0);
	if (err)
		return err;
	if (filter->is_strict)
		return fill_strict(ctx, filter);
	return allow_all(ctx, relaxed, COUNT(relaxed));
}

static uint32_t action_of(enum gksm_filter_mode mode)
{
	switch (mode) {
	case GKSM_FILTER_LOG:
		return SCMP_ACT_LOG;
	case GKSM_FILTER_KILL:
		return SCMP_ACT_KILL_PROCESS;
	default:
		return SCMP_ACT_ERRNO(EPERM);
	}
}

/**
 * gksm_filter_load - from here on only what is needed can be called
 * @filter: what is needed
 *
 * Needs no privilege once "no new privileges" is set. Returns 0 or -errno.
 */
int gksm_filter_load(const struct gksm_filter *filter)
{
	scmp_filter_ctx ctx;
	int err;

	if (filter->mode == GKSM_FILTER_OFF)
		return 0;
	ctx = seccomp_init(action_of(filter->mode));
	if (!ctx)
		return -ENOMEM;
	err = fill(ctx, filter);
	if (!err)
		err = seccomp_load(ctx);
	seccomp_release(ctx);
	return err;
}
