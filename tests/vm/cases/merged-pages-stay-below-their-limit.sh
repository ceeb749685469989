#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# limit: 180
#
# max_shared_pages: reached, joined at, raised, lowered and lifted.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

load
full_speed
"$programs/limits" -k "$gksm" shared || exit 1
unload
