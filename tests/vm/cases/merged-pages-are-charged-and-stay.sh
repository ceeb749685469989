#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# also: other-kernels
# limit: 120
# vm: --swap 512M
# expects: invoked oom-killer|oom-kill:|Memory cgroup out of memory|Call Trace:$
#
# Memory groups, and swapping.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

load
"$programs/features" memcg swap || exit 1
unload
