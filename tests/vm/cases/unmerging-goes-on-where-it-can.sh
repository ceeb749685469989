#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# limit: 120
# expects: invoked oom-killer|Out of memory and no killable processes|Call Trace:$
#
# A process whose group is at its limit, and that nobody may kill, cannot have
# its pages back: run=2 says so, and all others have theirs.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

group=/sys/fs/cgroup/small
echo +memory > /sys/fs/cgroup/cgroup.subtree_control
mkdir -p $group || die "no memory groups"

# merged PID...: how many of their pages are.
merged() {
	"$programs/frames" "$@" > /tmp/frames || die "frames: exit status $?"
	read -r _ _ _ merged _ < /tmp/frames
	echo "$merged"
}

load
full_speed
start_tenants
pids=$(ask pids)
"$programs/settle" "$gksm" || exit 1
# The first one that is looked at is the one that cannot.
first=$(echo "$pids" | tr ' ' '\n' | sort -n | head -n 1)
others=$(echo "$pids" | tr ' ' '\n' | grep -vx "$first")
echo "$first" > $group/cgroup.procs
echo -1000 > "/proc/$first/oom_score_adj"
echo 0 > $group/memory.max
[ "$(merged "$first")" -gt 100 ] || die "it has $(merged "$first") merged pages"
# shellcheck disable=SC2086 # several processes
[ "$(merged $others)" -gt 100 ] || die "they have $(merged $others) merged pages"
"$gksmctl" unmerge 2> /tmp/unmerge && die "it had room"
grep -q 'Cannot allocate memory' /tmp/unmerge || die "$(cat /tmp/unmerge)"
echo max > $group/memory.max
[ "$(merged "$first")" -gt 0 ] || die "it had room after all"
# shellcheck disable=SC2086
[ "$(merged $others)" -eq 0 ] || die "they still have $(merged $others) merged pages"
counter_is run 0 || die "run is $(get run)"
verify_tenants
"$gksmctl" unmerge || die "unmerge: exit status $?"
[ "$(merged "$first")" -eq 0 ] || die "$(merged "$first") pages are still merged"
verify_tenants
end_tenants
rmdir $group
unload
