#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# also: other-kernels
# limit: 120
#
# run=2, by way of gksmctl, and merging again afterwards.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

load
full_speed
start_tenants
"$programs/settle" "$gksm" || exit 1
[ "$(merged_pages)" -gt 1000 ] || die "too little was merged"
"$gksmctl" unmerge || die "gksmctl unmerge: exit status $?"
counter_is pages_shared 0 || die "pages_shared is $(get pages_shared)"
counter_is pages_sharing 0 || die "pages_sharing is $(get pages_sharing)"
[ "$(merged_pages)" -eq 0 ] || die "$(merged_pages) pages are still merged"
verify_tenants
put run 1
await 60 "merging begins again" above pages_sharing 1000
verify_tenants
end_tenants
unload
