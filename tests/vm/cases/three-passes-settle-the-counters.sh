#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# also: other-kernels
# limit: 300
#
# As tests of KSM expect it: rewritten memory is merged, and counted exactly,
# when full_scans has grown by three; with the device as well.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

phases() {
	put run 2
	put max_page_sharing 100000
	full_speed
	"$programs/phases" || exit 1
}

load
phases
start_daemon
phases
stop_daemon
unload
