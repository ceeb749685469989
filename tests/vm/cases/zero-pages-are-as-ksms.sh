#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# also: other-kernels
# limit: 240
#
# Where the kernel marks and counts pages that KSM merged with the zero page, it
# does so with ours: whoever counts, unmerges or unmaps them, and without the
# module. First the program has to be right about KSM.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

# Since 6.12 splitting a huge page maps the zero page, unmarked, for its empty
# pages.
echo never > /sys/kernel/mm/transparent_hugepage/enabled
[ -e "$ksm/ksm_zero_pages" ] || skip "this kernel does not count zero pages"
echo 100000 > $ksm/pages_to_scan
"$programs/zeros" -k $ksm < /dev/null || die "the program is wrong about KSM"
echo 2 > $ksm/run
echo 0 > $ksm/run
echo 0 > $ksm/use_zero_pages
echo 100 > $ksm/pages_to_scan
echo "KSM is as the program says"

load
full_speed
mkfifo /tmp/zeros.in
"$programs/zeros" -s < /tmp/zeros.in > /tmp/zeros.out 2>&1 &
zeros_pid=$!
exec 7> /tmp/zeros.in
merged_or_gone() {
	grep -q '^merged again' /tmp/zeros.out || ! kill -0 $zeros_pid
}
await 120 "zero pages are merged again" merged_or_gone
[ "$(get zero_pages_merged)" -ge 1280 ] || die "$(cat /tmp/zeros.out)"
unload
echo >&7
wait $zeros_pid || die "$(cat /tmp/zeros.out)"
cat /tmp/zeros.out

# What an earlier load and KSM left is given back, too.
load
put use_zero_pages 1
full_speed
start_tenants -a 2 -b 0
await 60 "zero pages are merged" above ksm_zero_pages 1000
unload
load
before=$(get ksm_zero_pages)
[ "$before" -gt 1000 ] || die "the next load sees $before zero pages"
put run 2
counter_is ksm_zero_pages 0 || die "ksm_zero_pages is $(get ksm_zero_pages)"
counter_is zero_pages_unmerged "$before" ||
	die "of $before zero pages $(get zero_pages_unmerged) were given back"
verify_tenants
end_tenants
unload
