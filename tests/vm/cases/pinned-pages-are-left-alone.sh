#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# also: other-kernels
# limit: 60
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

load
full_speed
"$programs/pins" "$gksm" || exit 1
above merges_refused_pinned 0 || die "no merge was refused"
scattered=$(get runs_scattered)
refused=$(get merges_refused_pinned)
"$programs/pins" "$gksm" 40 || exit 1
above merges_refused_pinned "$refused" || die "no merge far apart was refused"
above runs_scattered "$scattered" || die "the pages were not far apart"
unload
