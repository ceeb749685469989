#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# limit: 240
# also: other-kernels
#
# What merging costs: every copy of a merged page is counted, the processor time
# is the kernel's own, and the parts are never more than the whole.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

# used_ms PID: as /proc/PID/stat has it, in clock ticks.
used_ms() {
	sed 's/.*) //' "/proc/$1/stat" |
		awk -v hz="$(getconf CLK_TCK)" '{ print int(($12 + $13) * 1000 / hz) }'
}

ms() {
	echo $(($(get "$1") / 1000000))
}

# check_parts: the scanner rests, so that nothing changes meanwhile.
check_parts() {
	parts=$(($(get tlb_flushes_cpu_ns) + $(get notifier_calls_cpu_ns)))
	[ $parts -le "$(get merge_cpu_ns)" ] ||
		die "merging took $(get merge_cpu_ns) ns, flushes and calls in it $parts"
	parts=$(($(get merge_cpu_ns) + $(get sweep_flushes_cpu_ns) + $(get notifier_questions_cpu_ns)))
	[ $parts -le "$(get scan_cpu_ns)" ] ||
		die "the thread took $(get scan_cpu_ns) ns, what it did in that $parts"
	# A tick each for what is rounded off, and as much for who is late.
	used=$(used_ms "$scanner")
	scanned=$(ms scan_cpu_ns)
	echo "the thread: $scanned ms, in /proc $used ms; merging $(ms merge_cpu_ns) ms"
	[ "$scanned" -le $((used + 40)) ] || die "that is too much"
	[ "$scanned" -ge $((used - 40)) ] || die "that is too little"
}

all_took_time() {
	above tlb_flushes_cpu_ns 0 && above sweep_flushes_cpu_ns 0
}

# Splitting a huge page may map the zero page by itself.
echo never > /sys/kernel/mm/transparent_hugepage/enabled
load
scanner=$(pgrep -x gksm_scan)
put use_zero_pages 1
full_speed
# The scheduler's clock stands still while a tick of an emulated CPU is late, for
# as long as all merges take if its host is busy.
rounds=0
until all_took_time; do
	rounds=$((rounds + 1))
	[ $rounds -le 8 ] || die "flushes took no time"
	"$programs/breaks" || exit 1
	check_parts
done
counter_is cow_breaks $((rounds * 2000)) ||
	die "$(get cow_breaks) copies in $rounds rounds"
counter_is daemon_cpu_ns 0 || die "there was no daemon, which took time"
counter_is notifier_calls_cpu_ns 0 || die "nobody was called, which took time"

"$gksmctl" overhead > /tmp/table || die "overhead: exit status $?"
cat /tmp/table
grep -Eq "^  merged pages written +$((rounds * 2000)) copies " /tmp/table ||
	die "the table does not have $((rounds * 2000)) copies"
"$gksmctl" overhead --json > /tmp/json || die "overhead --json: exit status $?"
grep -A 9 '"cow_breaks"' /tmp/json |
	grep -q "\"events\": $((rounds * 2000))" ||
	die "$(cat /tmp/json)"

# With a daemon: its time too, which stays when it has gone.
start_daemon --device twin
put run 1
start_tenants -a 1 -b 1
await 60 "the daemon hashes" above pages_hashed_offload 1000
"$gksmctl" overhead --interval 1 || die "overhead --interval: exit status $?"
put run 0
above daemon_cpu_ns 0 || die "the daemon took no time"
before=$(ms daemon_cpu_ns)
used=$(used_ms "$daemon_pid")
echo "the daemon: $before ms, in /proc $used ms since it began"
[ "$before" -le $((used + 40)) ] || die "that is too much"
stop_daemon
[ "$(ms daemon_cpu_ns)" -ge "$before" ] || die "the daemon's time was forgotten"
check_parts
verify_tenants
end_tenants
unload
