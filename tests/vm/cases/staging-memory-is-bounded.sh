#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# limit: 240
#
# Above the limit SETUP is EINVAL, without memory ENOMEM (and nobody is killed
# for it), and at the end of a session everything is given back.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

load
sync
echo 3 > /proc/sys/vm/drop_caches
"$programs/staging" "$gksm" || exit 1
counter_is offload none || die "offload is $(get offload)"
unload
