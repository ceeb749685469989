// SPDX-License-Identifier: GPL-2.0-only
/*
 * selftest_warn.c - a module that WARNs when it is loaded
 *
 * Lets the harness prove that it notices.
 */

#include <linux/bug.h>
#include <linux/module.h>

static int __init selftest_warn_init(void)
{
	WARN(1, "selftest: a warning on purpose\n");
	return 0;
}
module_init(selftest_warn_init);

MODULE_DESCRIPTION("WARNs when loaded");
MODULE_LICENSE("GPL");
