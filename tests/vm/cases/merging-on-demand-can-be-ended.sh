#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# also: debug-kernel
# limit: 240
#
# A demand ends soon when its process is killed, when a signal comes, when all is
# unmerged, when the module goes; and it does not keep another one from its turn.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

mib=160
delays='0 0.1 0.3 0.6 1.2'
[ "$GKSM_SLOWNESS" -eq 1 ] || delays='0 0.3 1.2'

start_large() {
	"$programs/ondemand" large $mib > /tmp/large.out &
	large_pid=$!
	await 60 "it is large" grep -q large /tmp/large.out
}

end_large() {
	kill -KILL "$large_pid"
	wait "$large_pid" 2> /dev/null
}

# begin_demand DELAY: has it merged, and comes back after so long.
begin_demand() {
	"$gksmctl" --json merge --pid "$large_pid" > /tmp/demand.out 2>&1 &
	demand_pid=$!
	sleep "$1"
}

# end_demand: prints its exit status.
end_demand() {
	begin_ns=$(date +%s%N)
	wait $demand_pid
	demand_status=$?
	took_ms=$((($(date +%s%N) - begin_ns) / 1000000))
	echo "exit status $demand_status after $took_ms ms more: $(cat /tmp/demand.out)"
	[ $took_ms -lt $((3000 * GKSM_SLOWNESS)) ] || die "that is not soon"
}

# ended STATUS REGEX: it is either done, or was ended so.
ended() {
	end_demand
	[ $demand_status -eq 0 ] && return
	[ $demand_status -eq "$1" ] || die "exit status $demand_status"
	[ -z "$2" ] || grep -q "$2" /tmp/demand.out || die "no '$2'"
	nr_ended=$((nr_ended + 1))
}

each_ended() {
	echo "$1: $nr_ended ended early"
	[ $nr_ended -gt 0 ] || die "none was ended early"
	nr_ended=0
}

load
nr_ended=0
for delay in $delays; do
	start_large
	begin_demand "$delay"
	end_large
	ended 1 'no process'
done
each_ended killed

start_large
for delay in $delays; do
	begin_demand "$delay"
	kill -TERM $demand_pid 2> /dev/null
	ended 143 ''
	put run 2
	put run 0
done
each_ended signalled

for delay in $delays; do
	begin_demand "$delay"
	put run 2
	counter_is pages_shared 0 || die "pages_shared is $(get pages_shared)"
	ended 1 'run is 2'
	counter_is pages_shared 0 || die "pages_shared is $(get pages_shared)"
	put run 0
done
each_ended unmerged

# Two at once, and the table and the passes beside them.
full_speed
begin_demand 0
start_tenants
for pid in $(ask pids); do
	"$gksmctl" merge --pid "$pid" || die "exit status $?"
	"$gksmctl" top
done
end_demand
[ $demand_status -eq 0 ] || die "exit status $demand_status"
verify_tenants
end_tenants
"$programs/settle" $gksm || exit 1
# Each of so many is counted, whatever its frame is.
await_passes 2
merged=$(awk '$1 == '"$large_pid"' { print $6 }' /proc/gksminfo)
[ "$merged" -eq $((mib * 256)) ] || die "$merged are merged"
counter_is pages_shared $((mib * 128)) || die "pages_shared: $(get pages_shared)"
check_counters
end_large

for delay in $delays; do
	put run 2
	put run 0
	start_large
	begin_demand "$delay"
	rmmod gksm || die "cannot unload the module"
	ended 3 'is being unloaded\|is the module loaded'
	end_large
	load
done
each_ended unloaded
unload
