#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# limit: 120
#
# Never where one of the twins lay, and not one beside the other
# (docs/security.md, Flip Feng Shui).
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

# A huge page could be split by nobody but us, and frees other frames.
echo never > /sys/kernel/mm/transparent_hugepage/enabled
load
put pages_to_scan 100000
put sleep_millisecs 0
"$programs/placement" "$gksm" || exit 1
unload
