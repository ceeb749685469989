#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# also: other-kernels
# limit: 300
#
# merge_pid: with run = 0, within a pass, and while the daemon has batches, what
# the process shares is what the page tables say, at once and at the end of the
# pass; and who cannot be merged is told why.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

# refuses STATUS REGEX PID [COMMAND]...
refuses() {
	status=$1
	regex=$2
	pid=$3
	shift 3
	"$@" "$gksmctl" merge --pid "$pid" > /tmp/refused 2>&1
	got=$?
	cat /tmp/refused
	[ $got -eq "$status" ] || die "exit status $got instead of $status"
	grep -q "$regex" /tmp/refused || die "no '$regex'"
}

# Splitting a huge page maps the zero page by itself, since 6.12.
echo never > /sys/kernel/mm/transparent_hugepage/enabled
load
put use_zero_pages 1
"$programs/ondemand" still || exit 1
[ "$(get full_scans)" -eq 0 ] || die "there was a pass"
"$programs/ondemand" within || exit 1
put run 2
put run 0

# Who cannot be merged.
refuses 1 'no process 4194300' 4194300
refuses 1 'no process 2,' 2
refuses 1 'has not opted in' $$
refuses 4 'only root' $$ setpriv --reuid 65534 --clear-groups
for word in 0 -1 x ''; do
	if echo "$word" > $gksm/merge_pid 2> /dev/null; then
		die "merge_pid takes '$word'"
	fi
done
start_tenants
# shellcheck disable=SC2046 # several process ids
set -- $(ask pids)
put run 2
refuses 1 'run is 2' "$1"
put run 0
"$gksmctl" merge --pid "$1" || die "exit status $?"
put max_shared_pages 300
refuses 1 'not all is merged: there are max_shared_pages' "$2"
[ "$(get pages_shared)" -le 300 ] || die "pages_shared is $(get pages_shared)"
put max_shared_pages 0
"$gksmctl" merge --pid "$2" || die "exit status $?"
above pages_shared 300 || die "pages_shared is $(get pages_shared)"
put max_metadata_kib 20
refuses 1 'max_metadata_kib' "$3"
put max_metadata_kib 0
"$gksmctl" --json merge --pid "$3" || die "exit status $?"
verify_tenants
end_tenants

# While a daemon holds the device, and batches.
put use_zero_pages 0
put incremental_passes 65536
start_daemon
put batch_deadline_ms 60000
put pages_to_scan 100000
put sleep_millisecs 0
"$programs/ondemand" stopped "$daemon_pid" || exit 1
above pages_hashed_offload 1000 || die "the daemon had nothing to do"
stop_daemon
unload
