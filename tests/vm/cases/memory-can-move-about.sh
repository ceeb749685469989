#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# also: other-kernels
# limit: 120
#
# fork, exit, munmap, mremap, mprotect, madvise and writes around the page
# tables, at random, while everything is merged.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

load
full_speed
"$programs/churn" -s 40 || exit 1
above pages_merged 1000 || die "only $(get pages_merged) pages were merged"
unload
