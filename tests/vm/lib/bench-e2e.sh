#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# bench-e2e.sh - in the VM: what ../bench-e2e measures
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

load
case $BENCH_OPTIONS in
*--guest*) load_kvm || die "no /dev/kvm" ;;
esac
printf '[engine]\ncache_dir = %s/gksm\n' "$GKSM_CACHE" > /tmp/gksmd.conf
if [ "$BENCH_PLOT" ]; then
	BENCH_OPTIONS="$BENCH_OPTIONS --plot $GKSM_OUT/plot.$BENCH_PLOT"
fi
# shellcheck disable=SC2086 # several options
"$GKSM_BUILD/tests/bench/gksm-bench" e2e --pages "$BENCH_BITS" \
	--daemon "exec $gksmd --config /tmp/gksmd.conf --device portable > $gksmd_log 2>&1" \
	$BENCH_OPTIONS || die "gksm-bench failed"
print_counters
unload
