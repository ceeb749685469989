#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# limit: 480
#
# All of the machine's memory is searched for what gksmd was given to hash,
# after it was killed, on PoCL, and after it has ended, on the twin.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

# search DEVICE [OPTION]
search() {
	device=$1
	shift
	"$programs/residue" -k "$gksm" "$@" -- "$gksmd" \
		--config /tmp/gksmd.conf --device "$device" 2> $gksmd_log ||
		die "$device $*: $(tail -n 5 $gksmd_log)"
}

[ -e /proc/kcore ] || skip "the kernel has no /proc/kcore"
load
full_speed
# Every page goes through staging memory in every pass.
put incremental_passes 1
# Writes the configuration, and compiles what has to be compiled.
start_daemon
stop_daemon
search portable -9
search twin
unload
