#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# also: other-kernels
# limit: 180
# expects: page dumped because: (unmovable page|migration failure)
#
# Memory blocks that are taken away, compaction, and pages that go bad. The
# kernel shows the pages for which it keeps a block, files' too.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

load
"$programs/features" offline poison || exit 1
unload
