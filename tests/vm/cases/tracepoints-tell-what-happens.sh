#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# limit: 300
# also: other-kernels
#
# The tracepoints: as many events as the counters say, and what is in them.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

tracing=/sys/kernel/tracing

# nr EVENT [TEXT]: how often.
nr() {
	grep -c " gksm_$1: .*${2-}" /tmp/trace
}

# is WHAT NUMBER NUMBER
is() {
	echo "$1: $2"
	[ "$2" -eq "$3" ] || die "$1: $2 in the trace, $3 counted"
}

# some EVENT [TEXT]
some() {
	echo "$1: $(nr "$@")"
	[ "$(nr "$@")" -gt 0 ] || die "no gksm_$1 ${2-}"
}

[ -d $tracing/events ] || mount -t tracefs none $tracing || die "no tracefs"
load
[ -d $tracing/events/gksm ] || die "no events/gksm"
echo 32768 > $tracing/buffer_size_kb
echo > $tracing/trace
echo 1 > $tracing/events/gksm/enable

put use_zero_pages 1
put max_page_sharing 100
full_speed
start_tenants
"$programs/settle" "$gksm" || exit 1
start_daemon
await 60 "the device is used" above pages_hashed_offload 10000
put advisor_mode scan-time
put advisor_min_pages_to_scan 100000
await_passes 3
put advisor_mode none
# It does not answer: a batch times out. With pages in it, not only with those
# that are as they were: all are read in each pass.
put incremental_passes 1
await_passes 1
kill -STOP "$daemon_pid"
await 60 "a batch has timed out" above batches_timed_out 0
kill -CONT "$daemon_pid"
stop_daemon
put run 0
put run 2
end_tenants
put run 1
await 60 "the slots are gone" counter_is mms 0
await 60 "the merged pages are gone" counter_is pages_shared 0
put run 0
echo 0 > $tracing/events/gksm/enable
cat $tracing/trace > /tmp/trace
! grep -q 'LOST' /tmp/trace || die "events were lost"

is "passes" "$(nr stop_scan)" "$(get full_scans)"
some start_scan 'seq 1 mms'
is "merges" $(($(nr merge_one_page) + $(nr merge_with_ksm_page))) \
	"$(get merge_tries)"
is "merged" $(($(nr merge_one_page ' done') + $(nr merge_with_ksm_page ' done'))) \
	$(($(get pages_merged) + $(get zero_pages_merged)))
is "merged pages gone" "$(nr remove_ksm_page)" "$(get stable_nodes_created)"
is "unmerged" "$(nr unmerge)" \
	$(($(get pages_unmerged) + $(get zero_pages_unmerged)))
is "offered" "$(nr batch_filled)" "$(get batches_submitted)"
is "completed" "$(nr batch_completed)" "$(get batches_completed)"
is "timed out" "$(nr batch_timed_out)" "$(get batches_timed_out)"
is "address spaces" "$(nr enter)" "$(nr exit)"
some enter
some batch_fell_back
some advisor
unload
[ ! -d $tracing/events/gksm ] || die "events/gksm is still there"
