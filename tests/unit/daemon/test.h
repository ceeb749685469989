/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test.h - cmocka, in the order of headers that it needs
 */
#ifndef GKSM_TEST_H
#define GKSM_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif /* GKSM_TEST_H */
