#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# limit: 120
#
# It takes batches and never answers; the module hashes them itself.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

load
full_speed
start_tenants
"$programs/rogue" silent 20 &
rogue=$!
await 15 "a batch timed out" above batches_timed_out 0
counter_is offload stalled || die "offload is $(get offload)"
await 60 "pages are merged" above pages_sharing 1000
await_passes 2
verify_tenants
wait $rogue || exit 1
verify_tenants
end_tenants
unload
