#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# gksmd.sh - the whole of gksmd on a device in user space
#
# fake_dev.c hands out batches with every kind of slot and checks each answer;
# here its counts are compared.

here=$(dirname "$(readlink -f "$0")")
# shellcheck source=lib.sh
. "$here/lib.sh"

make_sysfs "$dir/sysfs"
make_ksm "$dir/ksm" 0

export GKSM_FAKE_DEV=/fake/gksm GKSM_FAKE_REPORT=$dir/report
args=(--dev /fake/gksm --sysfs "$dir/sysfs" --ksm-dir "$dir/ksm"
	--config "$dir/gksmd.conf")

f() {
	local knobs=$1
	shift
	rm -f "$dir/report"
	env GKSM_FAKE="$knobs" LD_PRELOAD="$GKSM_PRELOAD" \
		timeout 30 "$GKSMD" "${args[@]}" "$@"
}

# counted NAME TEXT...: is every TEXT in the report, and no answer wrong?
counted() {
	local name=$1 text
	shift
	for text in wrong=0 unknown=0 dumpable=0 "$@"; do
		nr_checks=$((nr_checks + 1))
		grep -qw -- "$text" "$dir/report" ||
			fail "$name" "no $text in: $(cat "$dir/report")"
	done
}

conf() {
	printf '%s\n' '[daemon]' "socket = $dir/control" '[engine]' \
		"cache_dir = $dir/cache" "$@" >"$dir/gksmd.conf"
}

cpu=$("$GKSMD" --list-devices | awk '$2 == "cpu" { print $1; exit }')
mkdir "$dir/cache"
conf

# --- every answer is right, on the twin and on OpenCL
for device in twin ${cpu:+"$cpu"}; do
	check "answers_$device" 0 'ready: 4 batches of 64 pages' \
		f batches=40 --device "$device" --batch-slots 64
	counted "answers_$device" taken=40 completed=40
	check "one_batch_$device" 0 'ready: 1 batches' \
		f batches=5 --device "$device" --batches 1 --batch-slots 16
	counted "one_batch_$device" taken=5 completed=5
	# Batches that the module took back: others use their place meanwhile.
	check "late_$device" 0 '13 batches late' \
		f late=3,batches=40 --device "$device" --batch-slots 64
	counted "late_$device" taken=40 completed=27 late=13
done
check many_slots 0 'ready: 2 batches of 1024 pages' \
	f batches=4 --batches 2 --batch-slots 1024
counted many_slots completed=4
# The size of batches is measured; what the module says, and what was asked
# for, are limits.
for device in twin ${cpu:+"$cpu"}; do
	check "auto_slots_$device" 0 \
		'batches of [0-9]+ pages: [0-9.]+ million pages a second' \
		f batches=4 --device "$device"
	counted "auto_slots_$device" completed=4
	slots=$(sed -n 's/.*ready: 4 batches of \([0-9]*\) pages.*/\1/p' "$dir/err")
	nr_checks=$((nr_checks + 1))
	case $slots in
	256 | 512 | 1024 | 2048 | 4096) ;;
	*) fail "auto_slots_$device" "$(cat "$dir/err")" ;;
	esac
	nr_checks=$((nr_checks + 1))
	grep -q " batches of $slots pages: " "$dir/err" ||
		fail "auto_slots_$device" "$(cat "$dir/err")"
	check "few_slots_$device" 0 'ready: 4 batches of 100 pages' \
		f batches=4,max_slots=100 --device "$device" --batch-slots auto
	counted "few_slots_$device" completed=4
	# So little time that no size is right: the least one.
	check "no_time_$device" 0 'ready: 64 batches of 256 pages' \
		f batches=4,deadline=4 --device "$device" --batches 64
done
conf 'batch_slots = auto' 'batches = 1'
check auto_in_file 0 'ready: 1 batches of' f batches=2 --device twin
check number_over_auto 0 'ready: 1 batches of 32 pages' \
	f batches=2 --device twin --batch-slots 32
conf
check quiet 0 '' f batches=2 --device twin --quiet

# --- a device that fails loses no batch
if [ -n "$cpu" ]; then
	check cl_fails 0 'going on without it' f cl_fail=9 --batch-slots 64
	counted cl_fails taken=20 late=0
	nr_checks=$((nr_checks + 1))
	awk -F '[= ]' '$4 + $6 != $2 || !$6 { exit 1 }' "$dir/report" ||
		fail cl_fails "$(cat "$dir/report")"
	check cl_fails_by_name 5 'Try: --device auto' \
		f cl_fail=9 --batch-slots 64 --device "$cpu"
	counted cl_fails_by_name
	nr_checks=$((nr_checks + 1))
	awk -F '[= ]' '$4 + $6 != $2 || !$6 { exit 1 }' "$dir/report" ||
		fail cl_fails_by_name "$(cat "$dir/report")"
	check cl_fails_at_once 0 'using device .* twin' \
		f cl_fail=1 --batch-slots 64
	counted cl_fails_at_once taken=20
fi

# --- several devices at once: one that fails loses no batch, others go on
if [ -n "$cpu" ]; then
	export POCL_DEVICES='pthread basic'
	check several 0 'using device .*basic' \
		f hints=1,batches=60 --device all --batch-slots 64
	counted several taken=60 completed=60
	check several_auto 0 'ready: 4 batches of [0-9]+ pages' \
		f hints=1,batches=12 --device all
	counted several_auto taken=12 completed=12
	check several_late 0 'batches late' \
		f hints=1,late=3,batches=40 --device 0,1,twin --batch-slots 64
	counted several_late taken=40 completed=27 late=13
	check several_again 5 '^gksmd: device 0 is named twice' \
		f batches=1 --device 0,0
	check several_typo 5 'no device matches "nothing"' \
		f batches=1 --device 0,nothing
	# All of OpenCL; then there is nobody, unless the twin is in the list.
	check one_of_several_fails 0 'going on without it' f \
		hints=1,batches=60,cl_fail=9 --device 0,twin --batch-slots 64
	counted one_of_several_fails taken=60 completed=60 handed_back=0
	# It says nothing for ten seconds; then others do what it had.
	check one_of_several_is_silent 0 \
		'has finished nothing for 10000 ms; going on without it' f \
		hints=1,batches=60,cl_silent=5 --device 0,twin --batch-slots 64
	counted one_of_several_is_silent taken=60 completed=60 handed_back=0
	check all_fail 0 'using device .*: twin' \
		f hints=1,batches=60,cl_fail=9 --device all --batch-slots 64
	counted all_fail taken=60 late=0
	check listed_fail 5 'Try: --device auto' \
		f hints=1,cl_fail=9 --device 0,1 --batch-slots 64
	counted listed_fail
	unset POCL_DEVICES
fi

# --- the module loses its trust, or goes
check badmsg 9 'checked a hash of ours and it is wrong' f badmsg=5 --device twin
counted badmsg
check unload 3 'being unloaded' f unload=5 --device twin
counted unload

# --- settings: written at start, "run" too; without [scan] nothing is
rm "$dir/sysfs/batch_deadline_ms"
check no_settings 0 'scanning is off .* Try: gksmctl set run 1' \
	f batches=1 --device twin
holds no_settings "$dir/sysfs/run" 0
holds no_settings "$dir/sysfs/pages_to_scan" 100
conf '[scan]' 'run = 1' 'pages_to_scan = 777'
check settings 0 'ready' f batches=1 --device twin --verbose
nr_checks=$((nr_checks + 1))
grep 'writing' "$dir/err" | tail -n 1 | grep -q 'writing 1 to .*/run' ||
	fail settings_run_last "$(cat "$dir/err")"
holds settings_run "$dir/sysfs/run" 1
holds settings_pages "$dir/sysfs/pages_to_scan" 777
nr_checks=$((nr_checks + 1))
grep -q 'scanning is off' "$dir/err" && fail settings_hint "$(cat "$dir/err")"

# --- signals; who cannot change the root directory reads nothing at SIGHUP
[ "$(id -u)" -eq 0 ] || args+=(--no-confine)
env GKSM_FAKE=batches=0 LD_PRELOAD="$GKSM_PRELOAD" \
	"$GKSMD" "${args[@]}" --device twin --verbose 2>"$dir/log" &
pid=$!
if wait_for start "$dir/log" 'ready:'; then
	kill -USR1 "$pid"
	wait_for usr1 "$dir/log" 'batches: 0 taken, 0 completed, 0 late'
	conf '[scan]' 'pages_to_scan = 888'
	kill -HUP "$pid"
	wait_for hup "$dir/log" 'configuration read again'
	holds hup "$dir/sysfs/pages_to_scan" 888
	conf 'batches = 7' '[scan]' 'pages_to_scan = 999'
	kill -HUP "$pid"
	wait_for hup_engine "$dir/log" '\[engine\] or \[daemon\] changed: restart gksmd'
	wait_for hup_engine "$dir/log" 'writing 999'
	conf 'nonsense = 1' '[scan]' 'pages_to_scan = 111'
	kill -HUP "$pid"
	wait_for hup_wrong "$dir/log" 'keeping the configuration in use'
	holds hup_wrong "$dir/sysfs/pages_to_scan" 999
	kill -TERM "$pid"
fi
status=0
wait "$pid" || status=$?
nr_checks=$((nr_checks + 1))
[ "$status" -eq 0 ] || fail term "exit $status" "$(cat "$dir/log")"

finish
