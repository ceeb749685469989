#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# limit: 120
# vm: --smp 3
#
# A guest of a dozen instructions writes pages while they are merged, its host
# writes them too, and both check them.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

load_kvm || skip "no KVM in the VM"
load
full_speed
"$programs/kvmguest" -s 30 || exit 1
above notifier_calls 0 || die "no notifier was called"
above notifier_calls_cpu_ns 0 || die "calls took no time"
above pages_merged 1000 || die "only $(get pages_merged) pages were merged"
print_counters
unload
