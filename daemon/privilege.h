/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * privilege.h - rights that are given up before any driver is loaded
 */
#ifndef GKSM_PRIVILEGE_H
#define GKSM_PRIVILEGE_H

#include <stdbool.h>
#include <sys/types.h>

/* Who gksmd becomes, and who may read from its socket; made by packaging. */
#define GKSM_USER "gksm"
#define GKSM_GROUP "gksm"

/**
 * struct gksm_identity - who to become
 * @name: name for messages and for the list of groups; "": stay
 * @uid:  valid if @name is not ""
 * @gid:  likewise, the user's group
 */
struct gksm_identity {
	char name[256];
	uid_t uid;
	gid_t gid;
};

int gksm_identity_find(struct gksm_identity *identity, const char *user);
bool gksm_privilege_may_chroot(void);
int gksm_privilege_drop(const struct gksm_identity *identity);
int gksm_privilege_check(void);

#endif /* GKSM_PRIVILEGE_H */
