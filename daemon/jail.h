/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * jail.h - a file system of one directory
 */
#ifndef GKSM_JAIL_H
#define GKSM_JAIL_H

#include <sys/types.h>

/**
 * struct gksm_jail - a jail that is ready to be closed
 * @keeper: process that can close it, 0: there is none
 * @fd:	    a byte on it closes the jail, its end opens the keeper's hand
 */
struct gksm_jail {
	pid_t keeper;
	int fd;
};

int gksm_jail_prepare(struct gksm_jail *jail, const char *dir);
int gksm_jail_close(struct gksm_jail *jail);
void gksm_jail_forget(struct gksm_jail *jail);

#endif /* GKSM_JAIL_H */
