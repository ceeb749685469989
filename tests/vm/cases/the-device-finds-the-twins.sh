#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# limit: 300
#
# With a device that knows all pages, one without a twin needs no place in the
# unstable tree, and twins are found in whatever batches they are.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

few_nodes() {
	[ "$(get unstable_nodes)" -lt $((nodes / 50)) ]
}

load
full_speed
start_tenants
await 60 "pages are merged" above pages_sharing 1000
await_passes 3
nodes=$(get unstable_nodes)
sharing=$(get pages_sharing)
[ "$nodes" -gt 1000 ] || die "only $nodes pages without a twin"

start_daemon
await 60 "the device knows the pages" few_nodes
echo "unstable nodes: $nodes without, $(get unstable_nodes) with the device;" \
	"unshared: $(get pages_unshared)"
above pages_unshared $((nodes / 2)) || die "$(get pages_unshared) unshared"

put run 2
counter_is pages_sharing 0 || die "still $(get pages_sharing) sharing"
put run 1
await 120 "as many are merged again" above pages_sharing $((sharing * 98 / 100))
above twins_named 0 || die "the device has named no twin"
echo "twins named by the device: $(get twins_named)"
verify_tenants
stop_daemon
end_tenants
unload
