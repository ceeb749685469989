#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The counters of a pass that has ended know what was written before it was
# waited for.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

load
full_speed
"$programs/counted" || exit 1
unload
