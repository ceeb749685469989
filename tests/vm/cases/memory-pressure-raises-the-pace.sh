#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# limit: 240
# vm: --swap 512M
#
# While tasks are stalled on memory, more is scanned, by what pressure_boost
# says, with and without a budget; afterwards it is as before. A kernel that
# does not tell of pressure (--append psi=0) refuses.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

group=/sys/fs/cgroup/small

takes_its_values() {
	for value in -1 x '' 1001 4294967296; do
		if echo "$value" > $gksm/pressure_boost 2> /dev/null; then
			die "pressure_boost takes '$value'"
		fi
	done
	counter_is pressure_boost 0 || die "pressure_boost is not 0 at first"
	counter_is pressure_boosted 0 || die "pressure_boosted without a boost"
}

refused_without_psi() {
	put pressure_boost 0
	# The shell's own echo does not say which error it was.
	/bin/echo 100 2> /tmp/refused > $gksm/pressure_boost &&
		die "pressure_boost is taken, although nothing tells of pressure"
	grep -qi 'not supported' /tmp/refused || die "$(cat /tmp/refused)"
	dmesg | grep 'gksm: pressure_boost needs' || die "no word in the log"
	counter_is pressure_boost 0 || die "pressure_boost is not 0"
}

sleeps() {
	awk '/^voluntary/ { print $2 }' "/proc/$scanner/status"
}

# pace SECONDS: pages visited between two sleeps, however fast the machine is.
pace() {
	pace_before=$(get pages_scanned)
	sleeps_before=$(sleeps)
	sleep "$1"
	echo $((($(get pages_scanned) - pace_before) / ($(sleeps) - sleeps_before)))
}

# permille_used: by the thread, over ten seconds.
permille_used() {
	used=$(awk '{ printf "%.0f", $1 }' "/proc/$scanner/schedstat")
	begin_ns=$(date +%s%N)
	sleep 10
	used=$(($(awk '{ printf "%.0f", $1 }' "/proc/$scanner/schedstat") - used))
	echo $((used * 1000 / ($(date +%s%N) - begin_ns)))
}

# A buffer that is written again and again, and does not fit.
be_short() {
	echo 0 > $group/cgroup.procs
	exec dd if=/dev/zero of=/dev/null bs=48M 2> /dev/null
}

slow_down() {
	put pages_to_scan 100
	put sleep_millisecs 20
}

load
scanner=$(pgrep -x gksm_scan)
takes_its_values
if [ ! -e /proc/pressure/memory ]; then
	refused_without_psi
	unload
	exit 0
fi

echo +memory > /sys/fs/cgroup/cgroup.subtree_control
mkdir -p $group || die "no memory groups"
echo 24M > $group/memory.high

# What is merged costs less to scan: merge first.
put incremental_passes 1
full_speed
start_tenants
"$programs/settle" "$gksm" || exit 1
slow_down
put pressure_boost 400
before=$(pace 5)
counter_is pressure_boosted 0 || die "boosted, and memory is not short"

be_short &
short_pid=$!
be_short &
other_pid=$!
await 40 "the boost is in force" counter_is pressure_boosted 1
during=$(pace 5)
cat /proc/pressure/memory
counter_is pressure_boosted 1 || die "not boosted any more"
echo "pages between two sleeps: $before, under pressure $during"
[ "$during" -ge $((before * 2)) ] || die "the pace was not raised"

# A budget that is used up is raised as well: 10 % to 50 %.
put sleep_millisecs 0
put pages_to_scan 10000
put cpu_budget_percent 10
sleep 3
raised=$(permille_used)
counter_is pressure_boosted 1 || die "not boosted any more"

kill $short_pid $other_pid
wait $short_pid $other_pid 2> /dev/null
await 40 "the boost has ended" counter_is pressure_boosted 0
sleep 5
budget=$(permille_used)
echo "budget of 10 %: $budget permille used, under pressure $raised"
[ "$budget" -le 120 ] || die "the budget does not hold"
[ "$raised" -gt 150 ] || die "the budget was not raised"
[ "$raised" -le 550 ] || die "the raised budget does not hold"

put cpu_budget_percent 0
slow_down
after=$(pace 5)
echo "pages between two sleeps afterwards: $after"
[ "$after" -le $((before * 3 / 2)) ] || die "the pace was not lowered"

put pressure_boost 0
verify_tenants
end_tenants
unload
