#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# also: debug-kernel
# limit: 180
#
# Half a minute or a whole one of random, false, repeated and malformed answers.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

load
full_speed
start_tenants -a 2 -b 1
lies_s=$(soak 30 60)
"$programs/writers" -k "$gksm" -s "$lies_s" -t 2 -m 100 &
writers=$!
"$programs/rogue" random "$lies_s" || die "the rogue gave up"
wait $writers || exit 1
above batches_completed 0 || die "no batch was completed"
above batches_rejected 0 || die "no lie was noticed"
verify_tenants
ask break
verify_tenants
end_tenants
unload
