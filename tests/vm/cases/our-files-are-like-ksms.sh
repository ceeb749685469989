#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# also: other-kernels
# limit: 240
#
# Each file of KSM's on this kernel is here, takes and refuses the same, and says
# the same afterwards. Every difference that may be is below, with its reason.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

# but_allowed: what likeness says, but for differences that may be.
but_allowed() {
	# KSM cuts off what is beyond 32 bits of a percentage.
	sed -E "/: advisor_max_cpu='[0-9]{10,}': then /d"
}

load
"$programs/likeness" > /tmp/likeness || exit 1
but_allowed < /tmp/likeness > /tmp/differences
grep '^[0-9]* files, ' /tmp/differences || die "nothing was compared"
grep -v '^[0-9]* files, ' /tmp/differences && die "that is not as in KSM"
unload
