/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A clock that a test sets, of one tick a millisecond.
 */
#ifndef SHIM_LINUX_JIFFIES_H
#define SHIM_LINUX_JIFFIES_H

extern unsigned long jiffies;

#define time_before(a, b) ((long)((a) - (b)) < 0)
#define msecs_to_jiffies(ms) ((unsigned long)(ms))

#endif /* SHIM_LINUX_JIFFIES_H */
