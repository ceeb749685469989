# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# case.sh - what the cases share
#
# Sourced by every case, inside the VM. A case ends with exit status 0 (pass),
# 1 (fail) or 4 (skip); whatever it loaded or started is undone at its end.
set -u

gksm=/sys/kernel/mm/gksm
# Also for the cases that source this file.
# shellcheck disable=SC2034
ksm=/sys/kernel/mm/ksm
programs=$GKSM_BUILD/tests/vm
# shellcheck disable=SC2034
gksmctl=$GKSM_BUILD/daemon/gksmctl
gksmd=$GKSM_BUILD/daemon/gksmd
gksmd_log=/tmp/gksmd.log
daemon_pid=

# Of a case before.
rm -f $gksmd_log

# A case may turn huge pages off; the next one finds them as they were.
thp=/sys/kernel/mm/transparent_hugepage/enabled
thp_before=$(sed -n 's/.*\[\(.*\)\].*/\1/p' $thp)

# Messages get out even from where output is thrown away.
exec 9>&1

die() {
	echo "$*" >&9
	exit 1
}

skip() {
	echo "skipped: $*"
	exit 4
}

# await SECONDS WHAT COMMAND...: tries the command until it succeeds. A slow
# kernel (tests/vm/run --slowness) has more time.
await() {
	await_s=$1
	await_what=$2
	shift 2
	await_s=$((await_s * GKSM_SLOWNESS))
	await_end=$(($(date +%s) + await_s))
	until "$@" > /dev/null 2>&1; do
		if [ "$(date +%s)" -ge $await_end ]; then
			die "not after $await_s s: $await_what"
		fi
		sleep 0.1
	done
}

# soak SHORT LONG: how many seconds to go on: LONG if SOAK is "long", as CI says.
soak() {
	if [ "${SOAK-}" = long ]; then
		echo "$2"
	else
		echo "$1"
	fi
}

get() {
	cat "$gksm/$1"
}

put() {
	echo "$2" > "$gksm/$1" || die "cannot write $2 to $gksm/$1"
}

# above NAME VALUE: has the counter passed the value?
above() {
	[ "$(get "$1")" -gt "$2" ]
}

counter_is() {
	[ "$(get "$1")" = "$2" ]
}

print_counters() {
	(cd $gksm && grep -sH . ./*) | sed -n 's|^\./\(.*\):\(.*\)|\1=\2|p' |
		grep -v '=0$' | tr '\n' ' '
	echo
}

# Counters obey "tries = hits + misses" (kmod/stats.h). Two looks may have a
# merge between them, so the scanner rests meanwhile.
check_counters() {
	check_run=$(get run)
	put run 0
	hits=$(($(get pages_merged) + $(get zero_pages_merged)))
	for file in "$gksm"/merges_refused_*; do
		hits=$((hits + $(cat "$file")))
	done
	tries=$(get merge_tries)
	[ "$tries" -eq "$hits" ] ||
		die "merge_tries is $tries, but hits and refusals are $hits"
	put run "$check_run"
}

load() {
	insmod "$GKSM_BUILD/kmod/gksm.ko" || die "cannot load the module"
	[ -d $gksm ] || die "the module has no $gksm"
	# A slow kernel makes a slow daemon.
	put batch_deadline_ms $((1000 * GKSM_SLOWNESS))
	await 10 "/dev/gksm is there" test -c /dev/gksm
}

is_loaded() {
	grep -q '^gksm ' /proc/modules
}

unload() {
	check_counters
	rmmod gksm || die "cannot unload the module"
	[ ! -e $gksm ] || die "$gksm is still there"
	[ ! -e /dev/gksm ] || die "/dev/gksm is still there"
}

# load_kvm: true if there is /dev/kvm afterwards.
load_kvm() {
	modprobe -d "$GKSM_KERNEL" kvm-amd 2> /dev/null ||
		modprobe -d "$GKSM_KERNEL" kvm-intel 2> /dev/null
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		[ ! -c /dev/kvm ] || return 0
		sleep 0.2
	done
	return 1
}

# off_first_cpu COMMAND...: becomes it, kept where KVM works in an emulated VM
# (docs/testing.md, "KVM in an emulated VM").
off_first_cpu() {
	exec taskset -c "1-$(($(nproc --all) - 1))" "$@"
}

# make_disk: $disk, in memory. Requests to it end later, on another thread.
make_disk() {
	modprobe -d "$GKSM_KERNEL" loop 2> /dev/null
	truncate -s 2M /tmp/disk
	disk=$(losetup -f --show /tmp/disk) || die "no loop device"
}

drop_disk() {
	losetup -d "$disk"
	rm -f /tmp/disk
}

full_speed() {
	put pages_to_scan 100000
	put sleep_millisecs 0
	put run 1
}

# await_passes N: as many whole passes from now on.
await_passes() {
	await 120 "$1 passes" above full_scans $(($(get full_scans) + $1))
}

# launch_daemon [OPTION]...: gksmd on PoCL, not yet ready. Its batches are of one
# size in every run, whatever would be measured.
launch_daemon() {
	cat > /tmp/gksmd.conf <<-END
	[engine]
	cache_dir = $GKSM_CACHE/gksm
	batch_slots = 1024
	END
	"$gksmd" --config /tmp/gksmd.conf --device portable "$@" \
		> $gksmd_log 2>&1 &
	daemon_pid=$!
}

# start_daemon [OPTION]...: the same, ready and at work.
start_daemon() {
	launch_daemon "$@"
	await 600 "gksmd is ready" daemon_is_ready
}

daemon_is_ready() {
	if ! kill -0 "$daemon_pid"; then
		cat $gksmd_log >&9
		die "gksmd is gone"
	fi
	grep -q 'ready:' $gksmd_log
}

# stop_daemon: as an administrator does; it must leave cleanly.
stop_daemon() {
	kill -TERM "$daemon_pid"
	wait "$daemon_pid" || die "gksmd: exit status $?: $(cat $gksmd_log)"
	daemon_pid=
}

# kill_daemon: without warning.
kill_daemon() {
	kill -KILL "$daemon_pid"
	wait "$daemon_pid"
	daemon_pid=
}

# start_tenants [OPTION]...: long-lived processes whose content is known.
start_tenants() {
	rm -f /tmp/tenants.in
	mkfifo /tmp/tenants.in
	find /usr/bin /usr/lib/x86_64-linux-gnu -maxdepth 1 -type f \
		-size +256k -size -1500k 2> /dev/null | sort |
		head -n 12 > /tmp/files
	# shellcheck disable=SC2046 # several files
	"$programs/tenants" "$@" $(cat /tmp/files) < /tmp/tenants.in \
		> /tmp/tenants.out 2>&1 &
	tenants_pid=$!
	exec 7> /tmp/tenants.in
	await 120 "tenants are filled" grep -q '^filled' /tmp/tenants.out
}

# ask COMMAND: prints the tenants' answer.
ask() {
	ask_lines=$(wc -l < /tmp/tenants.out)
	echo "$1" >&7
	await 200 "tenants answer '$1'" tenants_answered
	tail -n +$((ask_lines + 1)) /tmp/tenants.out
}

tenants_answered() {
	if ! kill -0 "$tenants_pid"; then
		cat /tmp/tenants.out >&9
		die "the tenants are gone"
	fi
	[ "$(wc -l < /tmp/tenants.out)" -gt "$ask_lines" ]
}

verify_tenants() {
	ask verify | grep '^verified' || die "$(cat /tmp/tenants.out)"
}

end_tenants() {
	echo exit >&7
	exec 7>&-
	wait "$tenants_pid" || die "$(cat /tmp/tenants.out)"
}

# merged_pages: pages of the tenants that map a merged frame.
merged_pages() {
	# shellcheck disable=SC2046 # several process ids
	"$programs/frames" $(ask pids) | awk '{ print $4 }'
}

# put_aside N: so many huge pages of memory, for cases that use up the rest; 0
# fetches them back.
put_aside() {
	echo "$1" > /proc/sys/vm/nr_hugepages
}

at_exit() {
	status=$?
	trap - EXIT
	put_aside 0
	[ ! "$thp_before" ] || echo "$thp_before" > $thp
	[ "$daemon_pid" ] && kill -KILL "$daemon_pid" 2> /dev/null
	if [ $status -ne 0 ] && [ $status -ne 4 ] && is_loaded; then
		print_counters
		[ -e $gksmd_log ] && tail -n 20 $gksmd_log
	fi
	if is_loaded; then
		wait "$daemon_pid" 2> /dev/null
		rmmod gksm || status=1
	fi
	exit $status
}
trap at_exit EXIT
