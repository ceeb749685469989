#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# also: other-kernels
# limit: 180
#
# run=2, by way of gksmctl, and merging again afterwards; and while a large owner
# of merged pages is exiting, in whose page tables nobody may look any more.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

load
full_speed
start_tenants
"$programs/settle" "$gksm" || exit 1
[ "$(merged_pages)" -gt 1000 ] || die "too little was merged"
"$gksmctl" unmerge || die "gksmctl unmerge: exit status $?"
counter_is pages_shared 0 || die "pages_shared is $(get pages_shared)"
counter_is pages_sharing 0 || die "pages_sharing is $(get pages_sharing)"
[ "$(merged_pages)" -eq 0 ] || die "$(merged_pages) pages are still merged"
verify_tenants
put run 1
await 60 "merging begins again" above pages_sharing 1000
verify_tenants
end_tenants

# It gets little of a CPU that it shares, so that its exit takes a second.
slow_down() {
	renice -n 19 -p "$1" > /tmp/slow.out || die "renice: $?"
	taskset -pc 1 "$1" >> /tmp/slow.out || die "taskset: $?"
	taskset -c 1 timeout 20 sh -c 'while :; do :; done' &
	hog_pid=$!
}

put run 2
for delay in 0.1 0.2 0.3 0.4; do
	put run 0
	"$programs/ondemand" large 160 > /tmp/large.out &
	large_pid=$!
	await 60 "it is large" grep -q large /tmp/large.out
	"$gksmctl" merge --pid "$large_pid" > /tmp/demand.out ||
		die "$(cat /tmp/demand.out)"
	above pages_sharing 10000 || die "pages_sharing: $(get pages_sharing)"
	slow_down "$large_pid"
	kill -KILL "$large_pid"
	sleep "$delay"
	begin_ns=$(date +%s%N)
	put run 2
	echo "run=2 took $((($(date +%s%N) - begin_ns) / 1000000)) ms"
	counter_is pages_shared 0 || die "pages_shared is $(get pages_shared)"
	kill "$hog_pid"
	wait "$hog_pid" "$large_pid" 2> /dev/null
done
unload
