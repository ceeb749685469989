#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# limit: 300
#
# Two processes, all pages the same, hashed by gksmd on PoCL.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

load
put pages_to_scan 100000
put sleep_millisecs 0
start_daemon
"$programs/twoprocs" -k "$gksm" || exit 1
above pages_hashed_offload 30000 || die "the daemon had nothing to do"
counter_is offload active || die "offload is $(get offload)"
stop_daemon
counter_is offload none || die "offload is $(get offload) without a daemon"
unload
