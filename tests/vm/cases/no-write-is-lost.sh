#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# limit: 420
#
# Four threads that write to random pages for a minute or two, each checking its
# own, while the module merges at full speed: at first hashing in the kernel,
# then with gksmd.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

load
full_speed
"$programs/writers" -k "$gksm" -s "$(soak 80 120)" -t 4 \
	-m $((10000 / GKSM_SLOWNESS / GKSM_SLOWNESS)) &
writers=$!
await 90 "20000 pages are hashed" above pages_hashed_kernel 20000
start_daemon
await 90 "20000 pages are hashed" above pages_hashed_offload 20000
wait $writers || exit 1
counter_is offload active || die "offload is $(get offload)"
above runs_scattered 100 || die "hardly any page was far from the others"
stop_daemon
print_counters
unload
