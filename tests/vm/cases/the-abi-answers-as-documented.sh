#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# also: debug-kernel
# limit: 180
#
# Every call of /dev/gksm with every kind of wrong argument, at random, from
# four threads, while others' memory is merged. ABI_S and ABI_SEED (--env) make
# it longer, and another one.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

load
# Not all of a CPU: most of it is for the calls.
put pages_to_scan 1000
put sleep_millisecs 20
put run 1
start_tenants -a 2 -b 1
"$programs/abifuzz" -n 10000000 -l "${ABI_S:-20}" -s "${ABI_SEED:-1}" || exit 1
await 60 "pages are merged" above pages_sharing 1000
verify_tenants
end_tenants
unload
