#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# also: other-kernels
# limit: 300
#
# What is merged against a brute-force count, hashed by gksmd on PoCL.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

load
put max_page_sharing 100000 # or equal pages have several frames
full_speed
start_daemon
"$programs/opportunity" -k "$gksm" || exit 1
above pages_hashed_offload 0 || die "the daemon had nothing to do"
stop_daemon
unload
