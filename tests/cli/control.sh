#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# control.sh - who may ask gksmd what, and that nobody can hold it up

here=$(dirname "$(readlink -f "$0")")
# shellcheck source=lib.sh
. "$here/lib.sh"
: "${GKSM_CLIENT:?}"
if [ "$(id -u)" -ne 0 ]; then
	echo "skipped: only root may ask for everything"
	exit 4
fi

make_sysfs "$dir/sysfs"
make_ksm "$dir/ksm" 0
mkdir "$dir/conf" "$dir/run" "$dir/proc"
chmod 755 "$dir/run"
socket=$dir/run/control
printf '%s\n' '[engine]' 'cache_dir =' 'device = twin' '[daemon]' \
	"socket = $socket" >"$dir/conf/gksmd.conf"
export GKSM_FAKE_DEV=/fake/gksm GKSM_FAKE_REPORT=$dir/report
# The build may be where only root can read.
cp "$GKSMCTL" "$dir/gksmctl"
cp "$GKSM_CLIENT" "$dir/client"
chmod 755 "$dir/gksmctl" "$dir/client"

c() { "$dir/gksmctl" --sysfs "$dir/sysfs" --ksm-dir "$dir/ksm" --proc "$dir/proc" --socket "$socket" "$@"; }
say() { "$dir/client" "$socket" "$@"; }

# start KNOBS
start() {
	: >"$dir/log"
	env GKSM_FAKE="$1" LD_PRELOAD="$GKSM_PRELOAD" "$GKSMD" \
		--dev /fake/gksm --sysfs "$dir/sysfs" --ksm-dir "$dir/ksm" \
		--config "$dir/conf/gksmd.conf" --batch-slots 16 2>"$dir/log" &
	pid=$!
	wait_for start "$dir/log" 'ready:'
}

stop() {
	local status=0
	kill -TERM "$pid"
	wait "$pid" || status=$?
	nr_checks=$((nr_checks + 1))
	[ "$status" -eq 0 ] || fail stop "exit $status" "$(cat "$dir/log")"
}

check no_daemon 3 'no gksmd answers at .*control. Try: systemctl start' c ping
check status_no_daemon 0 '' c status

# --- what root sees
start batches=0 || finish
check ping 0 '' c ping
check ping_operand 2 'usage: gksmctl ping' c ping now
check status 0 '' c status
prints status_device '^  device +twin$'
prints status_share '^  device_0 +twin, index, twin$'
prints status_percent '^  device_0_percent +0\.0$'
prints status_uptime '^  uptime_seconds +[0-9]+$'
prints status_batches '^  batches_taken +0$'
check status_json 0 '' c status --json
prints status_json '"batches_completed": 0'
check raw_status 0 '' say say 'gksm/1 status'
prints raw_daemon '^daemon device twin$'
prints raw_module '^module pages_sharing 300$'
prints raw_module_word '^module offload active$'
echo 301 >"$dir/sysfs/run"
check raw_fresh 0 '' say say 'gksm/1 status'
prints raw_fresh '^module run 301$'

# --- what root changes
check set 0 '' say say 'gksm/1 set pages_to_scan 4242'
prints set '^gksm/1 ok$'
holds set "$dir/sysfs/pages_to_scan" 4242
check set_shorter 0 '' say say 'gksm/1 set pages_to_scan 7'
holds set_shorter "$dir/sysfs/pages_to_scan" 7
while read -r code text; do
	check "refused_$code" 0 '' say say "$text"
	prints "refused_$code" "^gksm/1 error $code .+\$"
done <<'END'
key gksm/1 set colour 1
key gksm/1 set pages_shared 1
key gksm/1 set ../ksm/run 1
value gksm/1 set use_zero_pages 2
value gksm/1 set pages_to_scan -1
value gksm/1 set run 2
value gksm/1 set run 02
version gksm/2 status
version GET / HTTP/1.1
command gksm/1 stop
request gksm/1
request gksm/1 set run
request gksm/1 set run 1 2
request gksm/1 status please
request gksm/1  status
END
check junk 0 '' say junk
prints junk '^gksm/1 error request '
check long 0 '' say size 257
prints long '^gksm/1 error size '
check very_long 0 '' say size 100000
prints very_long '^gksm/1 error size '

# --- nobody holds it up: silent ones are dropped, quick ones wait
say idle 20 >"$dir/idle" &
idle=$!
sleep 0.2
check ping_among_idle 0 '' c ping
wait "$idle"
nr_checks=$((nr_checks + 1))
grep -qx '20 closed' "$dir/idle" || fail idle "$(cat "$dir/idle")"
check hurry 0 '' say hurry 3000
check ping_after_hurry 0 '' c ping
stop

# --- batches go on while somebody hurries
start batches=400 || finish
say hurry 2000 2>/dev/null
status=0
wait "$pid" || status=$?
nr_checks=$((nr_checks + 1))
[ "$status" -eq 0 ] || fail batches_go_on "exit $status" "$(cat "$dir/log")"
nr_checks=$((nr_checks + 1))
grep -qw 'completed=400' "$dir/report" || fail batches_go_on "$(cat "$dir/report")"

# --- a socket that is left is replaced; what is no socket, or answers, is not
nr_checks=$((nr_checks + 1))
[ -S "$socket" ] || fail left_behind "no socket"
check ping_left_behind 3 'no gksmd answers' c ping
start batches=0 && check ping_replaced 0 '' c ping
nr_checks=$((nr_checks + 1))
env GKSM_FAKE=batches=1 LD_PRELOAD="$GKSM_PRELOAD" "$GKSMD" --dev /fake/gksm \
	--sysfs "$dir/sysfs" --ksm-dir "$dir/ksm" --config "$dir/conf/gksmd.conf" \
	2>&1 | grep -q 'no control socket .*: another gksmd answers there' ||
	fail second "no message"
check ping_first 0 '' c ping
stop
rm "$socket"
echo mine >"$socket"
start batches=0 && stop
holds not_a_socket "$socket" mine
rm "$socket"

# --- everybody else
nobody=(setpriv --reuid 65534 --regid 65534)
as_nobody=("${nobody[@]}" --clear-groups --)
a() { "${who[@]}" "$dir/gksmctl" --sysfs "$dir/sysfs" --ksm-dir "$dir/ksm" --proc "$dir/proc" --socket "$socket" "$@"; }
s() { "${who[@]}" "$dir/client" "$socket" say "$1"; }

start batches=0 || finish
nr_checks=$((nr_checks + 1))
[ "$(stat -c '%a %u' "$socket")" = '600 0' ] || fail mode "$(stat "$socket")"
who=("${as_nobody[@]}")
check nobody 4 'gksmd refuses: for root and group gksm' a ping
check nobody_status 0 '' a status
prints nobody_status 'its statistics are for root and group gksm'
stop

start group=4321,batches=0 || finish
nr_checks=$((nr_checks + 1))
[ "$(stat -c '%a %u %g' "$socket")" = '660 0 4321' ] ||
	fail mode_of_group "$(stat "$socket")"
check no_member 4 'gksmd refuses' a ping
for how in member primary; do
	case $how in
	member) who=("${nobody[@]}" --groups 4321 --) ;;
	primary) who=(setpriv --reuid 65534 --regid 4321 --clear-groups --) ;;
	esac
	check "$how" 0 '' a ping
	check "${how}_status" 0 '' a status
	prints "${how}_status" '^  device +twin$'
	check "${how}_set" 0 '' s 'gksm/1 set pages_to_scan 1'
	prints "${how}_set" '^gksm/1 error permission for root$'
	holds "${how}_set" "$dir/sysfs/pages_to_scan" 7
done
# The kernel's word counts, not the file's mode.
chmod 666 "$socket"
who=("${as_nobody[@]}")
check past_the_mode 4 'gksmd refuses: for root and group gksm' a ping
for text in 'gksm/1 status' 'gksm/1 set run 1' nonsense; do
	check past_the_mode 0 '' s "$text"
	prints past_the_mode '^gksm/1 error permission '
done
stop

finish
