#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# limit: 300
# vm: --numa 2 --swap 512M
# expects: invoked oom-killer|oom-kill:|Memory cgroup out of memory|Call Trace:$|page dumped because: unmovable page
#
# The same tests with the kernel's own KSM, for the other column of the table
# in docs/ksm.md.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

[ -d "$ksm" ] || skip "the kernel has no KSM"
make_disk
"$programs/features" -d "$disk" -k "$ksm" huge mlock uffd process area access numa memcg \
	swap offline poison
status=$?
drop_disk
echo 0 > "$ksm/run"
exit $status
