#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# also: other-kernels
# limit: 120
#
# Two processes, all pages the same, hashed in the kernel.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

load
put pages_to_scan 100000
put sleep_millisecs 0
"$programs/twoprocs" -k "$gksm" || exit 1
counter_is pages_hashed_offload 0 || die "who was the daemon?"
unload
