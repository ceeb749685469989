# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# guest.sh - first process of the test VM once the host's root is in place
#
# Runs the cases of /run/vm/out/.plan one after another and reports each on the
# second serial port, on lines that start with the nonce of this run. What a
# case prints goes to the same port, without the nonce.

# shellcheck source=/dev/null
. /run/vm/vm.conf

PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
HOME=/tmp/home
GKSM_SRC=$VM_SRC
GKSM_BUILD=$VM_BUILD
GKSM_OUT=/run/vm/out
GKSM_KERNEL=/run/vm/kernel
GKSM_ACCEL=$VM_ACCEL
GKSM_SLOWNESS=$VM_SLOWNESS
GKSM_CACHE=/tmp/cache
POCL_CACHE_DIR=$GKSM_CACHE/pocl
export PATH HOME GKSM_SRC GKSM_BUILD GKSM_OUT GKSM_KERNEL GKSM_ACCEL
export GKSM_SLOWNESS
export GKSM_CACHE POCL_CACHE_DIR

busybox=/run/vm/busybox
cgroup=/sys/fs/cgroup/case

mount_kernel_interfaces() {
	mkdir -p /dev/pts /dev/shm "$HOME" "$GKSM_CACHE/gksm" "$POCL_CACHE_DIR"
	mount -t devpts devpts /dev/pts
	mount -t tmpfs tmpfs /dev/shm
	mount -t debugfs debugfs /sys/kernel/debug 2> /dev/null
	mount -t tracefs tracefs /sys/kernel/tracing 2> /dev/null
	mount -t cgroup2 cgroup2 /sys/fs/cgroup
	ln -sf /proc/self/fd /dev/fd
	$busybox ip link set lo up
	echo 1 > /proc/sys/kernel/sysrq
}

enable_swap() {
	[ "$VM_SWAP" != 0 ] || return 0
	modprobe -d "$GKSM_KERNEL" virtio_blk
	$busybox mkswap /dev/vda > /dev/null && $busybox swapon /dev/vda
}

# Compiled OpenCL kernels survive the VM: PoCL takes half a minute for them. The
# copy is for PoCL, which maps and locks its files.
restore_caches() {
	keep=/run/vm/keep/$GKSM_ACCEL
	[ -d "$keep" ] && cp -r "$keep/." "$GKSM_CACHE/"
}

save_caches() {
	[ "$(find "$GKSM_CACHE" -type f)" ] || return
	rm -rf "$keep.new"
	cp -r "$GKSM_CACHE" "$keep.new" && rm -rf "$keep" &&
		mv "$keep.new" "$keep"
}

# Line counts of the module so far, if the kernel and the build keep some.
save_counts() {
	[ "$VM_COVERAGE" ] && [ -d /sys/kernel/debug/gcov ] || return 0
	# Their size is said to be 0: only reading to the end tells.
	(cd /sys/kernel/debug/gcov && find . -name '*.gcda' |
		while read -r file; do
			mkdir -p "$GKSM_OUT/gcov/$VM_NONCE/${file%/*}"
			cat "$file" > "$GKSM_OUT/gcov/$VM_NONCE/$file"
		done) > /dev/ttyS1 2>&1
}

say() {
	echo "$VM_NONCE $*" > /dev/ttyS1
}

# The host cuts the kernel log at these marks.
mark() {
	echo "$VM_NONCE $*" > /dev/kmsg
}

milliseconds() {
	awk '{ printf "%d", $1 * 1000 }' /proc/uptime
}

# A case that ran into its limit: say where everybody waits, then end it.
dump_tasks() {
	echo w > /proc/sysrq-trigger
	echo l > /proc/sysrq-trigger
}

# Ends every process of the case, also those that left its session.
kill_case() {
	echo 1 > $cgroup/cgroup.kill
	tries=0
	while grep -q 'populated 1' $cgroup/cgroup.events; do
		tries=$((tries + 1))
		if [ $tries -gt 100 ]; then
			echo "processes of the case survive SIGKILL"
			return 1
		fi
		$busybox usleep 100000
	done
	find $cgroup -depth -type d -exec rmdir {} +
}

# Bits of /proc/sys/kernel/tainted that a healthy run may set: an out-of-tree
# (12) and unsigned (13) module.
check_taint() {
	taint=$(cat /proc/sys/kernel/tainted)
	[ $((taint & ~(1 << 12 | 1 << 13))) -eq 0 ] && return 0
	echo "the kernel is tainted: $taint"
	return 1
}

# A kernel that looks for data races (KCSAN): the rings that virtio shares with
# QEMU are raced for on purpose, and what the kernel says of them is not ours.
ignore_virtio_races() {
	[ -w /sys/kernel/debug/kcsan ] || return 0
	awk '$3 ~ /^(virtqueue|vring)_/ { print "!" $3 }' /proc/kallsyms |
		while read -r filter; do
			echo "$filter" > /sys/kernel/debug/kcsan
		done
}

check_leaks() {
	[ -w /sys/kernel/debug/kmemleak ] || return 0
	echo scan > /sys/kernel/debug/kmemleak
	cat /sys/kernel/debug/kmemleak > /dev/kmsg
}

# run_case NAME LIMIT_S COMMAND...
run_case() {
	name=$1
	limit_s=$2
	shift 2
	mark "begin $name"
	say "begin $name $limit_s"
	mkdir -p $cgroup
	begin_ms=$(milliseconds)
	(
		echo 0 > $cgroup/cgroup.procs
		cd "$GKSM_SRC" && exec setsid "$@"
	) < /dev/null > /dev/ttyS1 2>&1 &
	pid=$!
	deadline_ms=$((begin_ms + limit_s * 1000))
	status=
	while kill -0 $pid 2> /dev/null; do
		if [ "$(milliseconds)" -gt $deadline_ms ]; then
			dump_tasks
			status=timeout
			break
		fi
		$busybox usleep 50000
	done
	if [ ! "$status" ]; then
		wait $pid
		status=$?
	fi
	end_ms=$(milliseconds)
	kill_case > /dev/ttyS1 || status=stuck
	check_taint > /dev/ttyS1 || status=tainted
	check_leaks
	save_counts
	mark "end $name"
	say "end $name $status $((end_ms - begin_ms))"
}

shell() {
	say "shell"
	cd "$GKSM_SRC" || return
	echo "src $GKSM_SRC, build $GKSM_BUILD, out $GKSM_OUT; exit ends the VM"
	setsid -c /bin/bash -i
}

mount_kernel_interfaces
$busybox stty -F /dev/ttyS1 -opost 115200
ignore_virtio_races
enable_swap
restore_caches
say "up"
if [ "$VM_SHELL" ]; then
	$busybox stty -F /dev/ttyS1 sane
	shell < /dev/ttyS1 > /dev/ttyS1 2>&1
else
	while IFS='	' read -r name limit_s command; do
		run_case "$name" "$limit_s" /bin/sh -c "$command" < /dev/null
	done < /run/vm/out/.plan
fi
save_caches
save_counts
say "done"
sync
$busybox poweroff -f
