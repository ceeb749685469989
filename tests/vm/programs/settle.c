// SPDX-License-Identifier: GPL-2.0-only
/*
 * settle.c - waits until merging has settled
 *
 *   settle [DIR [SECONDS]]
 *
 * Prints how long that took; fails if it does not happen in time.
 */
#include "vmtest.h"

#include <stdio.h>

int main(int argc, char **argv)
{
	const char *ksm = argc > 1 ? argv[1] : "/sys/kernel/mm/gksm";
	const unsigned long limit_s =
		argc > 2 ? parse_number(argv[2], 's') : 60;

	printf("settled after %llu ms, pages_sharing %ld\n",
	       (unsigned long long)ksm_settle(ksm, (unsigned int)limit_s),
	       ksm_read(ksm, "pages_sharing"));
	return 0;
}
