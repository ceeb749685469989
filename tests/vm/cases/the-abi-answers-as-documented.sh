#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# also: debug-kernel
# limit: 180
#
# Every call of /dev/gksm with every kind of wrong argument, at random, from
# four threads, while others' memory is merged.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

load
full_speed
start_tenants -a 2 -b 1
"$programs/abifuzz" -l 20 || exit 1
await 60 "pages are merged" above pages_sharing 1000
verify_tenants
end_tenants
unload
