#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# also: debug-kernel
# limit: 780
# vm: --smp 4 --swap 1G --numa 2
# expects: Call Trace:|invoked oom-killer|oom-kill:|[Oo]ut of memory
#
# All that can happen to memory, at once, while it is merged at full speed and
# all of it is checked: tests/vm/stress. Meanwhile daemons come, go and are
# killed, the scanner is suspended and the module is unloaded and loaded.
#
# STRESS_S: how long. STRESS_SEED: what the random numbers follow from.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

stress_s=${STRESS_S:-$(soak 100 300)}
seed=${STRESS_SEED:-$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}
group=/sys/fs/cgroup/case
merges=0 offloaded=0 reloads=0 kills=0 daemons=0 suspensions=0

# A group with limits below it must be without processes of its own.
make_groups() {
	mkdir $group/main
	while read -r pid; do
		echo "$pid" > $group/main/cgroup.procs 2> /dev/null
	done < $group/cgroup.procs
	echo +memory > /sys/fs/cgroup/cgroup.subtree_control
	echo +memory > $group/cgroup.subtree_control ||
		die "no memory controller"
}

# roll SIDES: at random, but the same for the same seed.
roll() {
	rolled=$(((rolled * 1103515245 + 12345) % 2147483648))
	return $((rolled / 65536 % $1))
}

stress_runs() {
	kill -0 $stress 2> /dev/null
}

# daemon_works: or there is no more to wait for.
daemon_works() {
	stress_runs || return 0
	kill -0 "$daemon_pid" || die "gksmd is gone: $(cat $gksmd_log)"
	above pages_hashed_offload 0
}

# In turn: one that works for a while and is stopped, one that does and is
# killed, and one that is killed before it is ready.
run_daemon() {
	launch_daemon
	daemons=$((daemons + 1))
	if [ $((daemons % 3)) -eq 0 ]; then
		sleep 3
	else
		await 300 "gksmd works" daemon_works
		roll 10
		sleep $?
	fi
	if [ $((daemons % 3)) -eq 1 ]; then
		stop_daemon
	else
		kill_daemon
		kills=$((kills + 1))
	fi
}

suspend_scanner() {
	suspensions=$((suspensions + 1))
	put run 0
	roll 4
	sleep $?
	[ $((suspensions % 2)) -eq 0 ] || unmerge
	put run 1
}

# A group that is at its limit may have no room for pages of its own: run=2 says
# ENOMEM then, and those stay merged.
unmerge() {
	"$gksmctl" set run 2 2> /tmp/unmerge ||
		grep -q 'Cannot allocate memory' /tmp/unmerge ||
		die "run=2: $(cat /tmp/unmerge)"
}

# The counters begin again with the next load.
unload_and_count() {
	merges=$((merges + $(get pages_merged)))
	offloaded=$((offloaded + $(get pages_hashed_offload)))
	print_counters
	unload
}

reload() {
	unload_and_count
	sleep 1
	load_again
	reloads=$((reloads + 1))
}

# One daemon in two has time enough, the other is found silent now and then.
load_again() {
	load
	full_speed
	roll 2 || put batch_deadline_ms 20000
}

undo_by_kernel() {
	echo 2 > "$ksm/run"
	echo 0 > "$ksm/run"
}

faults() {
	awk '$1 == "'"$1"'" { print $2 }' /proc/vmstat
}

# CPUs count later what they have in lists of their own: compaction asks them.
none_locked() {
	echo 1 > /proc/sys/vm/compact_memory
	grep -q '^Mlocked: *0 kB' /proc/meminfo
}

# total WORD: of the actors' counts.
total() {
	grep -E '^[a-z]+: [0-9]' /tmp/stress.out | grep -oE "[0-9]+ $1\>" |
		awk '{ sum += $1 } END { print sum + 0 }'
}

echo "seed $seed, $stress_s s"
rolled=$((seed % 2147483648))
load_kvm || echo "skipped: no KVM in the VM"
make_groups
make_disk
echo 200 > /sys/kernel/mm/transparent_hugepage/khugepaged/scan_sleep_millisecs
load_again
faults_before=$(faults pgfault)
swapped_before=$(faults pswpout)
"$programs/stress" -s "$stress_s" -S "$seed" -d "$disk" -g $group \
	> /tmp/stress.out 2>&1 &
stress=$!
tail --pid=$stress -f /tmp/stress.out &
while stress_runs; do
	sleep 5
	run_daemon
	suspend_scanner
	undo_by_kernel
	sleep 5
	reload
done
wait $stress
status=$?
sleep 1
[ $status -eq 0 ] || die "stress: exit status $status, seed $seed"
unload_and_count
drop_disk
await 20 "no page is locked any more" none_locked
echo "total: $merges merges, $offloaded pages hashed by gksmd, $(total writes) writes verified," \
	"$(($(faults pgfault) - faults_before)) faults," \
	"$(($(faults pswpout) - swapped_before)) pages swapped out," \
	"$(total 'oom kills') OOM kills, $(total hotplugs) hotplugs," \
	"$(total 'page moves') pages moved, $suspensions suspensions," \
	"$daemons daemons, $kills killed, $reloads reloads"
[ $merges -gt $((stress_s * 100 / GKSM_SLOWNESS / GKSM_SLOWNESS)) ] || die "too few merges: this has shown nothing"
# A slow kernel may be done before gksmd is ready.
[ $offloaded -gt 0 ] || [ "$GKSM_SLOWNESS" -gt 1 ] ||
	die "gksmd has hashed nothing"
[ $reloads -gt 0 ] || die "the module was not loaded again"
[ "$(total 'oom kills')" -gt 0 ] || die "nobody was killed for want of memory"
