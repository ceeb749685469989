#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# limit: 900
#
# SIGKILL and SIGSTOP at random moments, for half a minute or a whole one, or for as
# many rounds as GKSM_ROUNDS says:
#   tests/vm/run --timeout 14400 -- env GKSM_ROUNDS=1000 \
#	tests/vm/cases/gksmd-may-die-or-stop-at-any-moment.sh
# GKSM_SEED repeats the moments of another run, if not their company;
# GKSM_DEVICE=twin starts faster than PoCL.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

load
# Always at work, but with time left for gksmd to start in.
put pages_to_scan 2000
put sleep_millisecs 10
put run 1
put batch_deadline_ms 200
# The first start compiles kernels, if need be; it writes the configuration.
start_daemon
stop_daemon
if [ "${GKSM_ROUNDS-}" ]; then
	set -- -n "$GKSM_ROUNDS"
else
	set -- -l "$(soak 30 60)"
fi
"$programs/restarts" -k "$gksm" "$@" ${GKSM_SEED:+-s "$GKSM_SEED"} -- \
	"$gksmd" --config /tmp/gksmd.conf --device "${GKSM_DEVICE:-portable}" 2> $gksmd_log ||
	die "the last words: $(tail -n 20 $gksmd_log)"
counter_is offload none || die "offload is $(get offload)"
above batches_abandoned 0 || die "no kill hit a batch"
above batches_timed_out 0 || die "no stop hit a batch"
unload
