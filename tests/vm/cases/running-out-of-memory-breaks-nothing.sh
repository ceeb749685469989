#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# limit: 900
# expects: \] ([^g]|g[^k]|gksmd|gksmctl)[^ ]* invoked oom-killer|Out of memory: Killed process [0-9]+ \(hog\)|emory cgroup out of memory: Killed process [0-9]+ \((hog|gksmd)\)|oom-kill:constraint=[^ ]*,task=(hog|gksmd),|Out of memory and no killable processes|Call Trace:$
#
# Memory of a group and of the whole machine runs out, again and again, while
# everything is merged at full speed. Only whom the case means to be killed is,
# and never for the sake of a merge: the scan thread asks nobody to die.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

# Not below the case's own group, in which there are processes.
group=/sys/fs/cgroup/small
echo +memory > /sys/fs/cgroup/cgroup.subtree_control
mkdir -p $group || die "no memory groups"

# killed_hog [IN]: a hog that opted in; IN is the group that limits it.
killed_hog() {
	(
		[ $# -eq 0 ] || echo 0 > "$1/cgroup.procs"
		exec "$programs/hog" -m -o 1000
	)
	[ $? -eq 137 ] || die "the hog was not killed"
}

group_kills() {
	sed -n 's/^oom_kill //p' $group/memory.events
}

# Under emulation it compacts for minutes, and the kernel calls it locked up.
echo 0 > /proc/sys/vm/compaction_proactiveness
load
full_speed
start_tenants
for pid in $tenants_pid $(ask pids); do
	echo -900 > "/proc/$pid/oom_score_adj"
done
"$programs/settle" "$gksm" || exit 1

# Several at once, so that each is in another stage of its life.
echo 48M > $group/memory.max
for _ in 1 2 3; do
	killed_hog $group &
	other=$!
	killed_hog $group
	wait $other || exit 1
done
[ "$(group_kills)" -ge 6 ] || die "only $(group_kills) hogs were killed"
verify_tenants
check_counters

put_aside 600
killed_hog
verify_tenants
check_counters

put_aside 0

# gksmd, with its batches.
echo max > $group/memory.max
echo 0 > $group/cgroup.procs
start_daemon
echo 0 > /sys/fs/cgroup/case/cgroup.procs
await 60 "the daemon works" above pages_hashed_offload 0
echo 1M > $group/memory.max
wait "$daemon_pid"
status=$?
daemon_pid=
[ $status -eq 137 ] || die "gksmd: exit status $status, not killed"
await 10 "the session is over" counter_is offload none
counter_is staging_bytes 0 || die "staging_bytes is $(get staging_bytes)"
await_passes 2
verify_tenants
start_daemon
hashed=$(get pages_hashed_offload)
await 60 "the next daemon works" above pages_hashed_offload "$hashed"
stop_daemon
ask break
verify_tenants
end_tenants
rmdir $group
unload
