/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What every test of the module's logic includes first.
 */
#ifndef GKSM_TEST_H
#define GKSM_TEST_H

/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include <linux/random.h>
#include <linux/slab.h>
#include <linux/types.h>

/* A number from 0 to @below - 1. */
static inline unsigned int random_below(unsigned int below)
{
	return (get_random_u64() >> 32) * below >> 32;
}

#endif /* GKSM_TEST_H */
