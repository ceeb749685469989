#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# also: other-kernels
# limit: 120
#
# use_zero_pages. Where the kernel counts such pages it counts ours.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

# Since 6.12 splitting a huge page maps the zero page for its empty pages, so
# that nothing is left to merge.
echo never > /sys/kernel/mm/transparent_hugepage/enabled
load
put use_zero_pages 1
full_speed
start_tenants -a 2 -b 0
await 60 "zero pages are merged" above ksm_zero_pages 1000
if [ -e "$ksm/ksm_zero_pages" ]; then
	[ "$(cat "$ksm/ksm_zero_pages")" -gt 1000 ] ||
		die "the kernel counts $(cat "$ksm/ksm_zero_pages") zero pages"
fi
verify_tenants

# All of them are given back, and taken again.
put run 0
before=$(get ksm_zero_pages)
put run 2
counter_is ksm_zero_pages 0 || die "ksm_zero_pages is $(get ksm_zero_pages)"
echo "$before zero pages, $(get zero_pages_unmerged) given back"
[ "$(get zero_pages_unmerged)" -ge $((before * 99 / 100)) ] ||
	die "only $(get zero_pages_unmerged) were given back"
verify_tenants
put run 1
await 60 "zero pages are merged again" above ksm_zero_pages 1000
verify_tenants
ask break
verify_tenants
end_tenants
await 60 "no zero pages are left" counter_is ksm_zero_pages 0
unload
