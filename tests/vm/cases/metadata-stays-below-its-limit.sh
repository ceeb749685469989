#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# limit: 180
#
# max_metadata_kib: kept, lowered and lifted; pages without room for a hash
# join merged pages all the same.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

load
full_speed
"$programs/limits" -k "$gksm" metadata || exit 1
unload
