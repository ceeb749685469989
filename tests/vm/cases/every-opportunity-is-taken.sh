#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# limit: 120
#
# What is merged against a brute-force count, hashed in the kernel.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

load
put max_page_sharing 100000 # or equal pages have several frames
full_speed
"$programs/opportunity" -k "$gksm" || exit 1
unload
