#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# also: debug-kernel
# limit: 900
#
# Each allocation of the module fails once. Needs a kernel with fault
# injection: scripts/test --debug-kernel.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

[ -w /proc/self/fail-nth ] || skip "this kernel cannot let allocations fail"
start_tenants -a 2 -b 1
"$programs/failnth" "$GKSM_BUILD/kmod/gksm.ko" 200 || exit 1
verify_tenants
unload
verify_tenants
end_tenants
