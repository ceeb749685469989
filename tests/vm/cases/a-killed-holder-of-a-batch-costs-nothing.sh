#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# limit: 120
#
# The same with a daemon that certainly holds a batch when it is killed.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

load
full_speed
put batch_deadline_ms 60000
start_tenants
for _ in 1 2; do
	"$programs/rogue" hold > /tmp/rogue 2>&1 &
	rogue=$!
	await 60 "the daemon holds a batch" grep -q holding /tmp/rogue
	abandoned=$(get batches_abandoned)
	kill -KILL $rogue
	wait $rogue
	await 10 "the batch is back" above batches_abandoned "$abandoned"
	await_passes 2
	verify_tenants
done
await 60 "pages are merged" above pages_sharing 1000
end_tenants
unload
