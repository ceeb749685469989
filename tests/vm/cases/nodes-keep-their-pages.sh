#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# limit: 240
# vm: --numa 2
#
# merge_across_nodes, as in KSM.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

nodes() {
	put run 2
	put merge_across_nodes "$1"
	full_speed
	"$programs/groups" -k "$gksm" nodes "$1" || exit 1
}

[ -d /sys/devices/system/node/node1 ] || die "there is one node only"
load
counter_is merge_across_nodes 1 || die "merge_across_nodes is not 1 at first"
nodes 1
nodes 0
start_daemon
nodes 0
stop_daemon
unload
