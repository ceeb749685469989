#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# confine.sh - what gksmd has given up when it takes its first batch

here=$(dirname "$(readlink -f "$0")")
# shellcheck source=lib.sh
. "$here/lib.sh"

make_sysfs "$dir/sysfs"
make_ksm "$dir/ksm" 0
mkdir "$dir/cache" "$dir/conf"

export GKSM_FAKE_DEV=/fake/gksm GKSM_FAKE_REPORT=$dir/report
args=(--dev /fake/gksm --sysfs "$dir/sysfs" --ksm-dir "$dir/ksm"
	--config "$dir/conf/gksmd.conf")

f() {
	local knobs=$1
	shift
	rm -f "$dir/report"
	(cd "$dir" && ulimit -c unlimited &&
		env GKSM_FAKE="$knobs" LD_PRELOAD="$GKSM_PRELOAD" \
			timeout 60 "$GKSMD" "${args[@]}" "$@")
}

reports() {
	local name=$1 text
	shift
	for text in "$@"; do
		nr_checks=$((nr_checks + 1))
		grep -qw -- "$text" "$dir/report" ||
			fail "$name" "no $text in: $(cat "$dir/report")" \
				"$(cat "$dir/err")"
	done
}

conf() {
	printf '%s\n' '[engine]' "cache_dir = $dir/cache" \
		'[daemon]' "socket = $dir/control" "$@" >"$dir/conf/gksmd.conf"
}

conf
cpu=$("$GKSMD" --list-devices | awk '$2 == "cpu" { print $1; exit }')
[ -z "${ASAN:-}" ] || cpu=
# Without root there is little to give up: only the filter can be seen.
is_root=$([ "$(id -u)" -eq 0 ] && echo 1)

# --- thousands of batches need nothing that the filter would kill for
for device in twin ${cpu:+"$cpu"}; do
	conf 'seccomp = kill'
	check "kills_nobody_$device" 0 'stopping' \
		f late=7,batches=4000 --device "$device" --batch-slots 16
	reports "kills_nobody_$device" taken=4000 wrong=0 unknown=0 dumpable=0
	conf
	check "intruder_$device" 0 'stopping' \
		f intrude=3,batches=9 --device "$device" --batch-slots 16
	reports "intruder_$device" completed=9 intrusions=0
done

# --- a refused call is the end, if that is asked for
conf 'seccomp = kill'
# What bash prints when it sees the end of it.
check kill 159 'Bad system call' f intrude=3,batches=9 --device twin --quiet
# The intruder is no idle threat: what a driver may, it can do.
conf 'seccomp = relaxed'
check relaxed 0 'intruder: open a file: Success' \
	f intrude=3,batches=9 --device twin
nr_checks=$((nr_checks + 1))
grep -q 'intruder: .*\(socket\|fork\|execve\|chroot\)' "$dir/err" &&
	fail relaxed "$(cat "$dir/err")"
conf 'seccomp = log'
check log 0 'system calls: all, logged' f batches=9 --device twin --verbose
conf 'seccomp = off'
check off 0 'system calls: all$' f batches=9 --device twin --verbose
conf
check no_confine 0 'all privileges are kept' \
	f batches=9 --device twin --no-confine
conf 'user = no-such-user'
check no_user 2 'there is no user "no-such-user"' f batches=1 --device twin

# --- a device that fails after the start gives way to the twin
if [ -n "$cpu" ]; then
	conf
	check replaced 0 'using device .* twin' f cl_fail=9 --batch-slots 64
	reports replaced wrong=0 late=0
fi

# --- no core
check core_control 134 '' bash -c \
	"cd '$dir'; ulimit -c unlimited; kill -ABRT \$\$"
has_cores=$(find "$dir" -maxdepth 1 -name 'core*')
rm -f "$dir"/core*
conf
check crash 134 'Aborted *\(' f crash=2,batches=9 --device twin --quiet
nr_checks=$((nr_checks + 1))
[ -z "$(find "$dir" -maxdepth 1 -name 'core*')" ] || fail core "there is one"
[ -n "$has_cores" ] || echo "confine: cores do not come here anyway" >&2

# sees PID NAME VALUE: does every thread have this line in its status?
sees() {
	local task
	for task in /proc/"$1"/task/*/status; do
		nr_checks=$((nr_checks + 1))
		grep -q "^$2:[[:space:]]*$3\([[:space:]]\|\$\)" "$task" ||
			fail "status_$2" "$task: $(grep "^$2:" "$task")"
	done
}

# start [COMMAND...]: gksmd with the configuration, in the background
start() {
	: >"$dir/log"
	env GKSM_FAKE="${knobs:-batches=0}" LD_PRELOAD="$GKSM_PRELOAD" \
		"$@" "$GKSMD" "${args[@]}" --device "${cpu:-twin}" \
		--batch-slots 16 --verbose 2>"$dir/log" &
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

# --- a driver does not keep it from dying
for signal in ABRT SEGV QUIT; do
	start
	status=0
	kill -$signal "$pid"
	for _ in {1..100}; do
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.1
	done
	kill -KILL "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null || status=$?
	nr_checks=$((nr_checks + 1))
	[ "$status" -eq $((128 + $(kill -l $signal))) ] ||
		fail "dies_of_$signal" "exit $status"
done

# --- every thread, also the driver's, as the kernel sees it
for user in root nobody; do
	[ -n "$is_root" ] || break
	# The driver's files belong to whom it will be.
	chown -R "$user" "$dir/cache" "$POCL_CACHE_DIR"
	conf "user = $user"
	if start setpriv --bounding-set \
		-all,+sys_admin,+setuid,+setgid,+setpcap,+sys_chroot; then
		for set in CapInh CapPrm CapEff CapBnd CapAmb; do
			sees "$pid" "$set" 0000000000000000
		done
		sees "$pid" NoNewPrivs 1
		sees "$pid" Seccomp 2
		sees "$pid" Uid "$(id -u "$user")"
		sees "$pid" Gid "$(id -g "$user")"
		nr_checks=$((nr_checks + 1))
		[ "$(find /proc/"$pid"/task -mindepth 1 -maxdepth 1 | wc -l)" -ge 2 ] ||
			fail threads "only one"
		nr_checks=$((nr_checks + 1))
		[ -z "$(pgrep -P "$pid")" ] || fail keeper "still there"
		root=$(readlink "/proc/$pid/root" 2>/dev/null) || root=
		nr_checks=$((nr_checks + 1))
		case $root in
		'' | "$dir/conf") ;;
		*) fail root_directory "$root" ;;
		esac
		# SIGHUP works from within, also over a new file.
		conf "user = $user" '[scan]' 'pages_to_scan = 4321'
		mv "$dir/conf/gksmd.conf" "$dir/conf/new"
		mv "$dir/conf/new" "$dir/conf/gksmd.conf"
		kill -HUP "$pid"
		wait_for hup "$dir/log" 'configuration read again'
		holds hup "$dir/sysfs/pages_to_scan" 4321
		stop
	fi
done

finish
