#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# also: other-kernels
# limit: 180
#
# PROT_NONE areas, as KSM does. On kernels with NUMA balancing their entries look
# like those that it waits for.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

load
full_speed
"$programs/protnone" $gksm || exit 1
unload
