#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# limit: 240
#
# At full speed, with every page read in every pass, module and daemon together
# use what cpu_budget_percent says, over any ten seconds, and not much less.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

# Nanoseconds of processor time, of the thread and of all threads of gksmd.
used_ns() {
	cat "/proc/$scanner/schedstat" ${daemon_pid:+/proc/$daemon_pid/task/*/schedstat} |
		awk '{ ns += $1 } END { printf "%.0f", ns }'
}

# check_budget PERCENT WHAT
check_budget() {
	put cpu_budget_percent "$1"
	sleep 3
	for _ in 1 2; do
		begin_ns=$(date +%s%N)
		before=$(used_ns)
		sleep 10
		used=$(($(used_ns) - before))
		took=$(($(date +%s%N) - begin_ns))
		permille=$((used * 1000 / took))
		echo "$2: $permille of 1000 ns, budget $1 %"
		[ $permille -le $(($1 * 11)) ] || die "the budget does not hold"
		[ $permille -ge $(($1 * 5)) ] || die "the budget is not used"
	done
}

load
scanner=$(pgrep -x gksm_scan)
full_speed
put incremental_passes 1
start_tenants -a 4 -b 2
check_budget 20 "the module alone"
put cpu_budget_percent 0
start_daemon
await 60 "the device is used" above pages_hashed_offload 10000
check_budget 30 "with a daemon"
verify_tenants
stop_daemon
end_tenants
unload
