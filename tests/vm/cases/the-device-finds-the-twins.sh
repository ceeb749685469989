#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# limit: 300
#
# With a device that knows all pages, one without a twin needs no place in the
# unstable tree, and is passed over while nobody touches it; twins are found in
# whatever batches they are. Without a device few of them need one (sightings).
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

few_nodes() {
	[ "$(get unstable_nodes)" -lt $((unshared / 50)) ]
}

load
full_speed
start_tenants
await 60 "pages are merged" above pages_sharing 1000
await_passes 3
nodes=$(get unstable_nodes)
unshared=$(get pages_unshared)
sharing=$(get pages_sharing)
[ "$unshared" -gt 1000 ] || die "only $unshared pages without a twin"
[ "$nodes" -lt $((unshared / 5)) ] ||
	die "$nodes of $unshared pages without a twin wait for one"

start_daemon
await 60 "the device knows the pages" few_nodes
echo "unstable nodes: $nodes without, $(get unstable_nodes) with the device;" \
	"unshared: $(get pages_unshared)"
above pages_unshared $((unshared / 2)) || die "$(get pages_unshared) unshared"

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
