#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# also: other-kernels
# limit: 120
#
# Pages that are far from each other are merged without a flush for each.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

load
full_speed
"$programs/sparse" "$gksm" || exit 1
above runs_scattered 10 || die "they were not far apart"
unload
