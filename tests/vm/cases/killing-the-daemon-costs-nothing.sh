#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# limit: 300
#
# kill -9 in the middle of a batch, twice, and merging goes on without and with
# the next daemon.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

load
full_speed
start_tenants
for _ in 1 2; do
	start_daemon
	await 60 "the daemon works" above pages_hashed_offload 0
	abandoned=$(get batches_abandoned)
	tries=0
	until [ "$(get batches_abandoned)" -gt "$abandoned" ]; do
		tries=$((tries + 1))
		[ $tries -le 10 ] || die "no kill hit a batch"
		[ "$daemon_pid" ] || start_daemon
		await 60 "the daemon works" counter_is offload active
		kill_daemon
	done
	counter_is offload none || die "offload is $(get offload)"
	await_passes 2
	verify_tenants
done
start_daemon
hashed=$(get pages_hashed_offload)
await 60 "the next daemon works" above pages_hashed_offload "$hashed"
stop_daemon
verify_tenants
end_tenants
unload
