#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# limit: 300
# also: other-kernels
#
# Idle pages are read once in a rotation, and not more often; a page that
# somebody writes is noticed, whatever way it is written.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

load
full_speed
"$programs/touched" idle || exit 1
"$programs/touched" ways || exit 1
above sweep_flushes 0 || die "nothing was flushed"
start_daemon
"$programs/touched" idle || exit 1
"$programs/touched" ways || exit 1
above pages_skipped 100000 || die "only $(get pages_skipped) pages were passed over"
print_counters
stop_daemon
unload
