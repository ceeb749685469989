#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# limit: 300
# also: other-kernels
#
# KSM's counters are exact: with and without chains of merged pages, with and
# without the device, and in /proc/PID/ksm_merging_pages.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

# counts LIMIT
counts() {
	put run 2
	put max_page_sharing "$1"
	full_speed
	"$programs/groups" -k "$gksm" counts "$1" || exit 1
}

load
counts 256
counts 100
counts 100000
start_daemon
counts 256
stop_daemon
unload
