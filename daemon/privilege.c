// SPDX-License-Identifier: GPL-2.0-only
/*
 * privilege.c - rights that are given up before any driver is loaded
 *
 * Capabilities and users belong to threads. A driver starts threads as soon
 * as it is opened, so what it must not have is gone before: its compiler, its
 * threads and everything that it loads never have a capability.
 */
#include <cap-ng.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "log.h"
#include "privilege.h"

/**
 * gksm_identity_find - who the configuration wants gksmd to become
 * @identity: out
 * @user:     a user's name; "": GKSM_USER, if there is one and we are root
 *
 * Returns 0, or -EINVAL or -EPERM after a message.
 */
int gksm_identity_find(struct gksm_identity *identity, const char *user)
{
	const char *name = *user ? user : GKSM_USER;
	const struct passwd *entry;

	*identity = (struct gksm_identity){ 0 };
	if (!*user && geteuid() != 0)
		return 0;
	entry = getpwnam(name);
	if (!entry && !*user) {
		gksm_debug("there is no user %s: staying who I am", name);
		return 0;
	}
	if (!entry) {
		gksm_error("there is no user \"%s\". Try: systemd-sysusers, or "
			   "user = root",
			   name);
		return -EINVAL;
	}
	if (entry->pw_uid == geteuid())
		return 0;
	if (geteuid() != 0) {
		gksm_error("only root can become user %s", name);
		return -EPERM;
	}
	snprintf(identity->name, sizeof(identity->name), "%s", name);
	identity->uid = entry->pw_uid;
	identity->gid = entry->pw_gid;
	return 0;
}

/**
 * gksm_privilege_may_chroot - whether there is CAP_SYS_CHROOT
 */
bool gksm_privilege_may_chroot(void)
{
	return !capng_get_caps_process() &&
	       capng_have_capability(CAPNG_EFFECTIVE, CAP_SYS_CHROOT);
}

static int become(const struct gksm_identity *identity)
{
	if (!*identity->name)
		return 0;
	/* With the user's groups: GPUs belong to one of them. */
	if (initgroups(identity->name, identity->gid) < 0 ||
	    setresgid(identity->gid, identity->gid, identity->gid) < 0 ||
	    setresuid(identity->uid, identity->uid, identity->uid) < 0)
		return -errno;
	return 0;
}

/* Only who has CAP_SETPCAP may lower it; without it, it is of no use. */
static void empty_bounding_set(void)
{
	if (capng_get_caps_process() ||
	    !capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP))
		return;
	capng_clear(CAPNG_SELECT_BOUNDS);
	capng_apply(CAPNG_SELECT_BOUNDS);
}

/* Effective, permitted and inheritable ones, and with them the ambient. */
static int drop_capabilities(void)
{
	int err;

	capng_clear(CAPNG_SELECT_CAPS | CAPNG_SELECT_AMBIENT);
	err = capng_apply(CAPNG_SELECT_CAPS | CAPNG_SELECT_AMBIENT);
	if (err) {
		gksm_error("cannot drop capabilities: libcap-ng says %d", err);
		return -EPERM;
	}
	return 0;
}

/* Also forbids ptrace(), and /proc/self/mem, to whoever is the same user. */
static int forbid_dumps(void)
{
	const struct rlimit none = { 0 };

	if (setrlimit(RLIMIT_CORE, &none) < 0 || prctl(PR_SET_DUMPABLE, 0) < 0)
		return -errno;
	return 0;
}

/* Drivers pin the staging memory, and lose the right to exceed the limit. */
static void raise_pin_limit(void)
{
	const struct rlimit infinite = { RLIM_INFINITY, RLIM_INFINITY };

	if (setrlimit(RLIMIT_MEMLOCK, &infinite) < 0)
		gksm_debug("cannot raise the limit of pinned memory: %s",
			   strerror(errno));
}

/**
 * gksm_privilege_drop - become an ordinary process that cannot be dumped
 * @identity: who to be; root without capabilities if it stays root
 *
 * Context: the only thread.
 * Returns 0, or -ECANCELED after a message.
 */
int gksm_privilege_drop(const struct gksm_identity *identity)
{
	int err;

	raise_pin_limit();
	empty_bounding_set();
	err = become(identity);
	if (err) {
		gksm_error("cannot become user %s: %s", identity->name,
			   strerror(-err));
		return -ECANCELED;
	}
	if (drop_capabilities())
		return -ECANCELED;
	err = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
	/* After the change of users, which resets it. */
	if (!err)
		err = forbid_dumps();
	if (err) {
		gksm_error("cannot give up privileges: %s", strerror(-err));
		return -ECANCELED;
	}
	return gksm_privilege_check();
}

/**
 * gksm_privilege_check - see that nothing is left of them
 *
 * Returns 0, or -ECANCELED after a message.
 */
int gksm_privilege_check(void)
{
	if (capng_get_caps_process() ||
	    capng_have_capabilities(CAPNG_SELECT_CAPS) != CAPNG_NONE) {
		gksm_error("capabilities are left that should be gone");
		return -ECANCELED;
	}
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1 ||
	    prctl(PR_GET_DUMPABLE) != 0) {
		gksm_error("privileges can still be gained");
		return -ECANCELED;
	}
	return 0;
}
