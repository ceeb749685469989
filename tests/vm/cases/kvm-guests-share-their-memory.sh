#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# limit: 600
# vm: --smp 3
#
# Two unmodified QEMU guests on KVM, each checking its memory all the time.
# They boot while they are merged. Their RAM has to be merged, within and across
# them, and stay right.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

load_kvm || skip "no KVM in the VM"
command -v qemu-system-x86_64 > /dev/null || skip "no QEMU in the VM"

# make_initramfs: one program, which the guest's kernel starts as /init.
make_initramfs() {
	mkdir -p /tmp/guest/dev
	cp "$programs/guest_init" /tmp/guest/init
	(cd /tmp/guest && find . | cpio --quiet -o -H newc) > /tmp/guest.cpio
}

# start_guest NUMBER
start_guest() {
	# "qemu64" is the model that works under emulated SVM.
	off_first_cpu qemu-system-x86_64 -accel kvm -cpu qemu64 -m 128 -nodefaults \
		-display none -no-reboot -kernel "$image" \
		-initrd /tmp/guest.cpio \
		-append "console=ttyS0 panic=-1 guest=$1" \
		-serial "file:/tmp/guest$1.console" \
		-serial "file:/tmp/guest$1" &
}

# rounds NUMBER: how many rounds the guest found right.
rounds() {
	grep -c 'is right' "/tmp/guest$1"
}

# fail_with_console NUMBER WHAT
fail_with_console() {
	tail -n 40 "/tmp/guest$1.console" "/tmp/guest$1" >&9
	die "guest $1 $2"
}

# has_rounds COUNT: both guests have, and no error.
has_rounds() {
	if cat /tmp/guest1 /tmp/guest2 | grep 'LOST WRITE' >&9; then
		die "a guest lost a write"
	fi
	kill -0 $guest1 || fail_with_console 1 "is gone"
	kill -0 $guest2 || fail_with_console 2 "is gone"
	[ "$(rounds 1)" -ge "$1" ] && [ "$(rounds 2)" -ge "$1" ]
}

# sharing: are enough pages merged within and across the guests?
sharing() {
	"$programs/frames" "$guest1" "$guest2" > /tmp/frames || return 1
	read -r _ _ _ merged _ within _ across < /tmp/frames
	[ "$merged" -gt 10000 ] && [ "$within" -gt 2000 ] &&
		[ "$across" -gt 3000 ]
}

image=$(find "$GKSM_KERNEL/boot" -name "vmlinuz-$(uname -r)")
[ "$image" ] || die "no kernel image for the guests"
make_initramfs
load
full_speed
# Guests need the CPUs too.
put sleep_millisecs 20
start_guest 1
guest1=$!
start_guest 2
guest2=$!
await 240 "both guests run" has_rounds 1
await 180 "the guests' memory is merged" sharing
cat /tmp/frames
above notifier_calls 0 || die "no notifier was called"
seen=$(($(rounds 1) > $(rounds 2) ? $(rounds 1) : $(rounds 2)))
await 180 "the guests go on" has_rounds $((seen + 5))
sharing || cat /tmp/frames
kill $guest1 $guest2
wait $guest1 $guest2
print_counters
unload
