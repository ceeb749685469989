#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# limit: 300
#
# With the scan-time advisor a pass takes as long as it should, whichever way
# that is; limits of the thread's CPU count more. Its files take what KSM's do.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

# refuses FILE VALUE...
refuses() {
	file=$1
	shift
	before=$(get "$file")
	for value in "$@"; do
		if echo "$value" > "$gksm/$file" 2> /dev/null; then
			die "$file takes '$value'"
		fi
	done
	counter_is "$file" "$before" || die "$file was $before, is $(get "$file")"
}

# takes FILE VALUE...
takes() {
	file=$1
	shift
	for value in "$@"; do
		put "$file" "$value"
		counter_is "$file" "$value" || die "$file shows $(get "$file")"
	done
}

files_are_those_of_ksm() {
	counter_is advisor_mode '[none] scan-time' || die "advisor_mode"
	counter_is advisor_max_cpu 70 || die "advisor_max_cpu"
	counter_is advisor_min_pages_to_scan 500 || die "advisor_min..."
	counter_is advisor_max_pages_to_scan 30000 || die "advisor_max..."
	counter_is advisor_target_scan_time 200 || die "advisor_target..."
	for file in advisor_max_cpu advisor_min_pages_to_scan \
		advisor_max_pages_to_scan advisor_target_scan_time; do
		refuses "$file" -1 x '' 1.5 0x10 18446744073709551616
		takes "$file" 1 18446744073709551615
	done
	takes advisor_max_cpu 0 70
	takes advisor_min_pages_to_scan 0 500
	takes advisor_max_pages_to_scan 0 30000
	refuses advisor_target_scan_time 0
	takes advisor_target_scan_time 200
	refuses advisor_mode '' 0 1 scan scan-times '[none]'

	put pages_to_scan 777
	put advisor_mode none
	counter_is pages_to_scan 777 || die "none, again, changed pages_to_scan"
	put advisor_mode scan-time
	counter_is advisor_mode 'none [scan-time]' || die "advisor_mode"
	counter_is pages_to_scan 500 || die "it begins with $(get pages_to_scan)"
	refuses pages_to_scan 100 500
	put advisor_mode none
	counter_is pages_to_scan 100 || die "it leaves $(get pages_to_scan)"
	takes pages_to_scan 777 100
}

used_ns() {
	awk '{ printf "%.0f", $1 }' "/proc/$scanner/schedstat"
}

# await_ends N: of so many passes.
await_ends() {
	await 120 "the end of $1 passes" above full_scans \
		$(($(get full_scans) + $1 - 1))
}

# measure PASSES: how many milliseconds each takes, and the thread's permille
# of a CPU.
measure() {
	await_ends 1
	begin_ns=$(date +%s%N)
	before=$(used_ns)
	await_ends "$1"
	took=$(($(date +%s%N) - begin_ns))
	pass_ms=$((took / $1 / 1000000))
	permille=$((($(used_ns) - before) * 1000 / took))
}

# is_met SECONDS: to a factor of two.
is_met() {
	echo "target $1 s: a pass takes $pass_ms ms, $permille permille," \
		"$(get pages_to_scan) pages_to_scan"
	[ $pass_ms -le $(($1 * 2000)) ] || die "a pass takes too long"
	[ $pass_ms -ge $(($1 * 500)) ] || die "a pass is over too soon"
}

load
scanner=$(pgrep -x gksm_scan)
files_are_those_of_ksm

# Every pass is alike, and long.
put incremental_passes 1
put sleep_millisecs 100
start_tenants -a 4 -b 2
put run 1
await_ends 2
measure 1
echo "at the default: a pass takes $pass_ms ms"
[ $pass_ms -gt 2000 ] || die "the target would be met without an advisor"

put advisor_target_scan_time 1
put advisor_min_pages_to_scan 100
put advisor_mode scan-time
put advisor_min_pages_to_scan 10
await_ends 4
measure 3
is_met 1
put advisor_target_scan_time 3
await_ends 4
measure 1
is_met 3

# The budget is above the advisor.
put sleep_millisecs 0
put cpu_budget_percent 10
sleep 3
before=$(used_ns)
begin_ns=$(date +%s%N)
sleep 10
permille=$((($(used_ns) - before) * 1000 / ($(date +%s%N) - begin_ns)))
echo "with a budget of 10 %: $permille permille"
[ $permille -le 120 ] || die "the budget does not hold"
[ $permille -ge 50 ] || die "the budget is not used"

# No CPU at all is one page between two sleeps, below the least; but where
# nobody sleeps, the limit has no effect.
put advisor_max_cpu 0
await_ends 2
[ "$(get pages_to_scan)" -ge 10 ] || die "limited, although it does not sleep"
put sleep_millisecs 20
await 60 "advisor_max_cpu limits" counter_is pages_to_scan 1

put cpu_budget_percent 0
put advisor_mode none
counter_is pages_to_scan 100 || die "it leaves $(get pages_to_scan)"
verify_tenants
end_tenants
unload
