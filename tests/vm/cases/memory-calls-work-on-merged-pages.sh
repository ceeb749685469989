#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# also: other-kernels debug-kernel
# limit: 180
#
# What the table in docs/ksm.md says of huge pages, mlock, userfaultfd, fork and
# exec, mremap and madvise, and of debuggers, disks and core dumps.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

load
make_disk
"$programs/features" -d "$disk" huge mlock uffd process area access || exit 1
drop_disk

"$programs/rogue" random 600 > /dev/null &
rogue=$!
await 20 "the rogue has a session" above sessions 0
"$programs/features" deceived
status=$?
kill $rogue
wait $rogue
# 4: there were no huge pages to be had.
[ $status -eq 0 ] || [ $status -eq 4 ] || exit 1
unload
