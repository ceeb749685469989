#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# also: other-kernels
# limit: 120
# vm: --numa 2
#
# move_pages, migrate_pages, mbind and NUMA balancing.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

load
"$programs/features" numa || exit 1
unload
