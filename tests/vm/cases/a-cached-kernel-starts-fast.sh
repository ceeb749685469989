#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# also: other-kernels
# limit: 900
#
# What OpenCL kernels are compiled to is kept: gksmd's second start need not
# wait for PoCL's compiler, which takes a minute and more on an emulated CPU.
# The first case, so that all others find the cache filled.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

# start_s: starts gksmd and sets how long that took.
start_s() {
	begin=$(date +%s)
	start_daemon
	took=$(($(date +%s) - begin))
}

load
start_s
first=$took
stop_daemon
start_s
stop_daemon
echo "gksmd is ready after $first s, and then after $took s"
[ $took -le $((30 * GKSM_SLOWNESS)) ] || die "the cache is of no use"
unload
