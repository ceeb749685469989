#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# limit: 60
#
# Ten times, also while the scanner runs at full speed.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

for round in 1 2 3 4 5 6 7 8 9 10; do
	load
	if [ $((round % 2)) -eq 0 ]; then
		full_speed
		await_passes 2
	fi
	unload
done
