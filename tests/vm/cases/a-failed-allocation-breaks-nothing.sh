#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# also: debug-kernel
# limit: 900
# expects: Call Trace:
#
# Each allocation that the module makes when it is loaded, for a session, a call,
# unmerging and in its thread fails once. Needs a kernel with fault injection:
# scripts/test --debug-kernel. The kernel shows in a trace who wanted a slab cache
# that it could not make; there must be no other trace.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

[ -w /proc/self/fail-nth ] || skip "this kernel cannot let allocations fail"
for fault in failslab fail_page_alloc fail_usercopy; do
	dir=/sys/kernel/debug/$fault
	[ -d $dir ] || skip "this kernel has no $fault"
	# A trace for each would look like a failure in the log.
	echo 0 > $dir/verbose
done
echo N > /sys/kernel/debug/failslab/ignore-gfp-wait
echo N > /sys/kernel/debug/fail_page_alloc/ignore-gfp-wait
echo N > /sys/kernel/debug/fail_page_alloc/ignore-gfp-highmem
echo 0 > /sys/kernel/debug/fail_page_alloc/min-order

# said TEXT: how often the kernel has.
said() {
	dmesg | grep -c "$1"
}
refused='kmem_cache_create_usercopy(gksm_.*) failed with error'
traces_before=$(said 'Call Trace:') refused_before=$(said "$refused")

start_tenants -a 2 -b 1
"$programs/failnth" "$GKSM_BUILD/kmod/gksm.ko" 60 || exit 1
verify_tenants
unload
verify_tenants
end_tenants
traces=$(($(said 'Call Trace:') - traces_before))
[ $traces -eq $(($(said "$refused") - refused_before)) ] ||
	die "$traces traces, not all of them for a cache that could not be made"
