#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# limit: 120
# vm: --smp 3
# also: other-kernels
#
# A page that only a guest writes is read again, and merged; pages of a guest
# that does nothing are not.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

load_kvm || skip "no KVM in the VM"
load
full_speed
echo "huge pages"
"$programs/kvmguest" -k $gksm -c 1 -n 8192 || exit 1
echo "small pages"
"$programs/kvmguest" -H -k $gksm -c 1 -n 2048 || exit 1
above notifier_questions 0 || die "no notifier was asked"
above notifier_questions_cpu_ns 0 || die "to ask took no time"
unload
