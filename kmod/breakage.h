/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GKSM_BREAKAGE_H
#define GKSM_BREAKAGE_H

/*
 * A test-only build leaves one guard out, to show that a test sees its
 * absence: make ... GKSM_CFLAGS=-DGKSM_BREAK=4.
 * Never load such a module on a machine that matters; it says so itself.
 */
#ifndef GKSM_BREAK
#define GKSM_BREAK 0
#endif

/* clang-format off */
#define GKSM_BREAK_NOTIFIER 1	/* do not tell secondary MMUs */
#define GKSM_BREAK_PIN 2	/* do not look for other references */
#define GKSM_BREAK_COMPARE 4	/* do not compare under protection */
#define GKSM_BREAK_FLUSH 8	/* do not flush what was taken away */
#define GKSM_BREAK_WIPE 16	/* do not clear what a session had */
#define GKSM_BREAK_RANDOM 32	/* take merged pages in order */
#define GKSM_BREAK_SWEEP 64	/* do not flush what becomes clean */
#define GKSM_BREAK_LAST_FLUSH 128 /* scattered: do not flush what was replaced */
#define GKSM_BREAK_RECHECK 256	/* scattered: do not look again before it is */
/* clang-format on */

#define gksm_breaks(guard) ((GKSM_BREAK) & (guard))

#endif /* GKSM_BREAKAGE_H */
