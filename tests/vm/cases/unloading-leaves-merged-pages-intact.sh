#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# limit: 120
#
# rmmod while pages are merged and their owners write; then load again.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

load
full_speed
start_tenants
"$programs/settle" "$gksm" || exit 1
unload
[ "$(merged_pages)" -gt 1000 ] || die "the pages did not stay merged"
verify_tenants
ask break
verify_tenants
load
full_speed
"$programs/settle" "$gksm" || exit 1
verify_tenants
end_tenants
put run 2
put max_page_sharing 100000 # or equal pages have several frames
put run 1
"$programs/opportunity" -k "$gksm" || exit 1
unload
