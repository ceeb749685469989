#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# limit: 120
#
# full_scans can be polled, and gksmctl wait says when merging has settled.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

# waits FILE OPTION...: prints what it says.
waits() {
	"$gksmctl" wait "$@" || die "gksmctl wait $*: exit status $?"
}

load
if "$gksmctl" wait --timeout 5; then
	die "it waits, although nothing is scanned"
fi
full_speed
echo "nobody opted in: $(waits --settled --timeout 60)"
start_tenants
waits --settled --timeout 100
before=$(get pages_merged)
[ "$before" -gt 1000 ] || die "settled with $before pages merged"
await_passes 5
counter_is pages_merged "$before" || die "merging goes on: $(get pages_merged)"

# A pass takes twenty seconds and more: it is not waited for.
put incremental_passes 1
put pages_to_scan 10
put sleep_millisecs 20
if "$gksmctl" wait --timeout 2; then
	die "a pass was through in 2 s"
fi

# Who polls is woken, at once: not after the second between two looks.
put sleep_millisecs 0
put pages_to_scan 100000
"$gksmctl" wait # the slow pass
put sleep_millisecs 100
begin_ns=$(date +%s%N)
waits
took_ms=$((($(date +%s%N) - begin_ns) / 1000000))
echo "two passes took $took_ms ms"
[ $took_ms -lt 1000 ] || [ "$GKSM_SLOWNESS" -gt 1 ] || die "nobody was woken"

# Unloaded while somebody polls.
put run 0
put run 1
put sleep_millisecs 60000
"$gksmctl" wait > /tmp/waited 2>&1 &
wait_pid=$!
sleep 0.5
verify_tenants
end_tenants
unload
wait $wait_pid && die "it waited for a module that is gone"
cat /tmp/waited
