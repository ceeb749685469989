#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# limit: 120
#
# The kernel takes a merged page for one of its own: 2 in KSM's run file
# unmerges it. MADV_UNMERGEABLE is part of churn.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

load
full_speed
start_tenants
"$programs/settle" "$gksm" || exit 1
[ "$(merged_pages)" -gt 1000 ] || die "too little was merged"
put run 0
echo 2 > "$ksm/run"
[ "$(merged_pages)" -eq 0 ] || die "$(merged_pages) pages are still merged"
echo 0 > "$ksm/run"
verify_tenants
put run 1
await 60 "merging begins again" above pages_sharing 1000
verify_tenants
end_tenants
unload
