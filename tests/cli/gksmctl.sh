#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# gksmctl.sh - gksmctl on directories that look like the module's

here=$(dirname "$(readlink -f "$0")")
# shellcheck source=lib.sh
. "$here/lib.sh"

make_sysfs "$dir/sysfs"
make_ksm "$dir/ksm" 0
mkdir -p "$dir/proc/17/fd" "$dir/proc/18" "$dir/proc/19/fd" "$dir/proc/20"
echo '17 (gksmd) S 1 17 17 0 -1 4194560 1 0 0 0 500 500 0 0' >"$dir/proc/17/stat"
echo '18 (gksm_scan) S 2 0 0 0 -1 4194560 1 0 0 0 1 1 0 0' >"$dir/proc/18/stat"
echo '19 (gksmd) S 1 17 17 0 -1 4194560 1 0 0 0 100 25 0 0' >"$dir/proc/19/stat"
echo '20 (gksm_scan) I 2 0 0 0 -1 2129984 0 0 0 0 0 300 0 0' >"$dir/proc/20/stat"
ln -s /dev/null "$dir/proc/17/fd/0"
ln -s /dev/gksm "$dir/proc/19/fd/3"
hz=$(getconf CLK_TCK)

c() {
	"$GKSMCTL" --sysfs "$dir/sysfs" --ksm-dir "$dir/ksm" \
		--proc "$dir/proc" "$@"
}

# json_has NAME TEXT: is TEXT in the last output, blanks aside?
json_has() {
	nr_checks=$((nr_checks + 1))
	tr -d ' \n' <"$dir/out" | grep -qF -- "$2" ||
		fail "$1" "no $2 in:" "$(cat "$dir/out")"
}

# --- status
check status 0 '' c status
prints status_unit '^pages_sharing +300 pages +further sites'
prints status_setting '^sleep_millisecs +20 ms '
prints status_word '^offload +active '
prints status_glob '^merges_refused_busy +30 merges +refused for this reason'
prints status_unknown '^from_the_future +17 *$'
prints status_saved '^memory saved +1\.2 MiB$'
prints status_profit '^profit +-4\.0 KiB$'
prints status_ratio '^sharing ratio +3\.00 sites'
prints status_offloaded '^offloaded +75\.0 % of the hashes$'
prints status_daemon "^gksmd +19 pid, $((125 / hz)).$(printf '%03d' $((125 * 1000 / hz % 1000))) s"
prints status_thread '^gksm_scan +20 pid, '
nr_checks=$((nr_checks + 1))
grep -q ksmd "$dir/out" && grep -q 'ksmd runs too' "$dir/out" &&
	fail status_without_ksmd "$(cat "$dir/out")"
check status_order 0 '' c status
nr_checks=$((nr_checks + 1))
[ "$(head -n 1 "$dir/out" | cut -d ' ' -f 1)" = run ] ||
	fail status_order "$(head -n 1 "$dir/out")"

check status_json 0 '' c status --json
json_has json_number '"pages_shared":100,'
json_has json_word '"offload":"active"'
json_has json_unknown '"from_the_future":17'
json_has json_saved '"saved_bytes":1228800'
json_has json_profit '"profit_bytes":-4096'
json_has json_daemon '"gksmd":{"pid":19,'
json_has json_thread '"gksm_scan":{"pid":20,'
json_has json_negative '"general_profit":-4096'
json_has json_ksmd '"ksmd_runs":false'

# Files may be missing, strange, or not for us.
make_ksm "$dir/ksm" 1
rm "$dir/sysfs/general_profit"
check status_old 0 "" c status --json
json_has json_own_profit '"profit_bytes":1429504'
rm "$dir/sysfs/pages_sharing" "$dir/sysfs/offload"
printf 'a "quoted" \\ value\n' >"$dir/sysfs/strange"
echo 18446744073709551615 >"$dir/sysfs/max_shared_pages"
mkdir "$dir/sysfs/directory"
check status_odd 0 '' c status
prints status_ksmd 'in-kernel ksmd runs too'
prints status_strange '^strange +a "quoted" \\ value'
check status_odd_json 0 '' c status --json
json_has json_escaped '"strange":"a\"quoted\"\\value"'
json_has json_large '"max_shared_pages":"18446744073709551615"'
json_has json_no_derived '"derived":{"offloaded_percent":75.0}'
json_has json_ksmd_runs '"ksmd_runs":true'
make_ksm "$dir/ksm" 0

mkdir "$dir/empty" "$dir/no_proc"
check status_empty 0 '' "$GKSMCTL" --sysfs "$dir/empty" --proc "$dir/no_proc" status
prints status_no_daemon '^gksmd +not running$'
check status_empty_json 0 '' \
	"$GKSMCTL" --sysfs "$dir/empty" --proc "$dir/no_proc" --json status
json_has json_no_daemon '"gksmd":null'

# --- status --watch: changes a second, one line of JSON each
(sleep 0.5 && echo 4500 >"$dir/sysfs/pages_scanned") &
check watch 124 '' timeout 2.5 "$GKSMCTL" --sysfs "$dir/sysfs" status --watch
prints watch_rate '^pages_scanned +4500 pages +\+500/s '
wait
check watch_json 124 '' \
	timeout 2.5 "$GKSMCTL" --sysfs "$dir/sysfs" status --watch 1 --json
nr_checks=$((nr_checks + 1))
[ "$(grep -c '^{.*}$' "$dir/out")" -ge 2 ] || fail watch_json "$(cat "$dir/out")"

# --- overhead: what it costs, since the module was loaded and from now on
mkdir "$dir/cost"
for file in tlb_flushes_cpu_ns=1000000 notifier_calls_cpu_ns=2000000 \
	merge_cpu_ns=10000000 sweep_flushes_cpu_ns=3000000 \
	notifier_questions_cpu_ns=4000000 scan_cpu_ns=100000000 \
	daemon_cpu_ns=50000000 pages_scanned=1 merge_tries=2 \
	batches_completed=3 notifier_calls=4 notifier_questions=5 \
	tlb_flushes=6 sweep_flushes=7 cow_breaks=8 uptime_ns=1000000000; do
	echo "${file#*=}" >"$dir/cost/${file%=*}"
done
o() {
	"$GKSMCTL" --sysfs "$dir/cost" overhead "$@"
}
check overhead 0 '' o
prints overhead_since '^since the module was loaded, 1\.000 s ago$'
prints overhead_scan '^  scanning +1 entries +0\.083000 s +8\.3000 %$'
prints overhead_merge '^  merging +2 tries +0\.007000 s '
prints overhead_daemon '^  gksmd +3 batches +0\.050000 s '
prints overhead_first '^scan and merge +0\.140000 s +14\.0000 %$'
prints overhead_calls '^  notifiers, for merging +4 calls +0\.002000 s '
prints overhead_questions '^  notifiers, for scanning +5 calls +0\.004000 s '
prints overhead_flushes '^  TLB, for merging +6 flushes +0\.001000 s '
prints overhead_sweeps '^  TLB, for scanning +7 flushes +0\.003000 s '
prints overhead_second '^MMU notification +0\.010000 s '
prints overhead_third '^copy on write, estimated +0\.[0-9]+ s '
prints overhead_estimate '^estimated: 8 copies x [0-9]+\.[0-9]+ us, '
check overhead_json 0 '' o --json
json_has overhead_json '"since_load":true,"wall_ns":1000000000,'
json_has overhead_json_copies '"events":8,"unit":"copies"'
(sleep 0.6 && echo 2500000000 >"$dir/cost/uptime_ns" &&
	echo 5 >"$dir/cost/tlb_flushes" && echo 58 >"$dir/cost/cow_breaks") &
check overhead_interval 0 '' o --interval 1
wait
prints overhead_interval '^in 1\.500 s$'
prints overhead_interval_copies '^  merged pages written +50 copies '
prints overhead_not_back '^  TLB, for merging +0 flushes '
check overhead_reloaded 1 'the module was loaded again meanwhile' \
	o --interval 1

# --- top: who shares how much
make_info "$dir/proc/gksminfo" '21 0 1 0 500 60 0 8192 small' \
	'22 1000 2 7 9000 4000 96 16384 a\040guest' \
	'23 0 1 0 10 0 0 4096 \033[2J'
check top 0 '' c top
prints top_heading '^ +PID +UID +MERGED +ZERO +SCANNED +META/KiB +PROFIT/KiB +COMMAND$'
prints top_first '^ +22 +1000 +4000 +96 +9000 +16 +16368  a guest \(one of 2\)$'
prints top_second '^ +21 +0 +60 +0 +500 +8 +232  small$'
prints top_negative '^ +23 +0 +0 +0 +10 +4 +-4  .033\[2J$'
nr_checks=$((nr_checks + 1))
[ "$(sed -n 2p "$dir/out" | awk '{ print $1 }')" = 22 ] ||
	fail top_order "$(cat "$dir/out")"
check top_lines 0 '' c top --lines 1
prints top_lines '^and 2 more$'
check top_pid 0 '' c top --pid 21
nr_checks=$((nr_checks + 1))
[ "$(wc -l <"$dir/out")" -eq 2 ] || fail top_pid "$(cat "$dir/out")"
check top_unknown_pid 1 'nothing is known of process 24: is it there' \
	c top --pid 24
check top_json 0 '' c top --json
json_has top_json '"nr_processes":3,"processes":[{"pid":22,"uid":1000,'
json_has top_json_rest '"metadata_bytes":16384,"profit_bytes":16760832,"command":"aguest"}'
json_has top_json_name '"command":"\\033[2J"}'
check top_watch 124 '' timeout 2.5 "$GKSMCTL" --sysfs "$dir/sysfs" \
	--proc "$dir/proc" top --watch 1 --json --lines 1
nr_checks=$((nr_checks + 1))
[ "$(grep -c '^{.*}$' "$dir/out")" -ge 2 ] || fail top_watch "$(cat "$dir/out")"
echo '24 0 1 0 x 0 0 0 a' >>"$dir/proc/gksminfo"
check top_broken 1 'cannot read .*/gksminfo: Bad message' c top
echo 'gksminfo - version: 2' >"$dir/proc/gksminfo"
check top_newer 7 'install module and gksmctl of one version' c top

# --- merge: what it brought is the difference of two tables
make_info "$dir/proc/gksminfo" '22 0 1 0 9000 4000 96 16384 guest'
echo 0 >"$dir/sysfs/merge_pid"
check merge 0 '' c merge --pid 22
holds merge "$dir/sysfs/merge_pid" 22
prints merge_who '^process 22 \(guest\), in 0\.[0-9]+ s$'
prints merge_pages '^merged +4000 pages, \+0$'
prints merge_saved '^saved +16384 KiB, \+0$'
rm "$dir/sysfs/merge_pid"
mkfifo "$dir/sysfs/merge_pid"
# The table changes while the writer waits for somebody to read what it writes.
(
	sleep 0.5
	make_info "$dir/proc/gksminfo" '22 0 1 0 9000 5000 97 16384 guest'
	cat "$dir/sysfs/merge_pid" >"$dir/merged"
) &
check merge_json 0 '' c merge --json -p 22
wait
holds merge_json "$dir/merged" 22
prints merge_json '^\{"pid": 22, "took_ms": [0-9]+, "complete": true, "scanned": 9000, "merged": 5000, "merged_now": 1000, "zero": 97, "zero_now": 1, "saved_bytes": 20877312, "saved_bytes_now": 4100096, "metadata_bytes": 16384, "profit_bytes": 20860928\}$'
rm "$dir/sysfs/merge_pid"
check merge_old 7 'older than gksmctl' c merge --pid 22
echo 0 >"$dir/sysfs/merge_pid"
check merge_gone 1 'there is no process 25, or not any more' c merge --pid 25
# It says nothing, so that status does not speak of it.
chmod 200 "$dir/sysfs/merge_pid"
check status_write_only 0 '' c status
nr_checks=$((nr_checks + 1))
! grep -q merge_pid "$dir/out" || fail status_write_only "$(cat "$dir/out")"

# --- set: all or nothing
check set_one 0 '' c set run 1
holds set_one "$dir/sysfs/run" 1
check set_two 0 '' c set pages_to_scan 5000 sleep_millisecs 0
holds set_two "$dir/sysfs/pages_to_scan" 5000
holds set_two "$dir/sysfs/sleep_millisecs" 0
check set_half_wrong 2 'bad value' c set pages_to_scan 1 sleep_millisecs x
holds set_half_wrong "$dir/sysfs/pages_to_scan" 5000
echo 0 >"$dir/sysfs/new_setting"
check set_of_the_future 0 '' c set new_setting word
holds set_of_the_future "$dir/sysfs/new_setting" word

# --- unmerge: waits until nothing is shared
echo 2 >"$dir/sysfs/pages_sharing"
(
	sleep 0.3
	echo 0 >"$dir/sysfs/pages_sharing"
	echo 0 >"$dir/sysfs/pages_shared"
) &
chmod 644 "$dir/sysfs/pages_shared"
check unmerge 0 '' c unmerge
prints unmerge '^unmerged 102 pages$'
holds unmerge "$dir/sysfs/run" 2
wait
check unmerge_nothing 0 '' c unmerge --json
prints unmerge_json '^\{"unmerged_pages": 0\}$'
echo 5 >"$dir/sysfs/pages_shared"
check unmerge_stuck 1 '5 pages stay merged, unchanged for 1 s: is memory short' \
	c --timeout 1 unmerge
rm "$dir/sysfs/pages_shared"
check unmerge_blind 1 'cannot see what is merged' c unmerge

finish
