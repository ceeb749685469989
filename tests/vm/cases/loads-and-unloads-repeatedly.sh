#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# also: other-kernels
# limit: 120
#
# Ten times, also while the scanner runs at full speed over two processes.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

start_tenants -a 1 -b 1
for round in 1 2 3 4 5 6 7 8 9 10; do
	load
	if [ $((round % 2)) -eq 0 ]; then
		full_speed
		await_passes 2
	fi
	unload
done
verify_tenants
end_tenants
