#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# limit: 240
#
# Says so, breaks nothing, and works when the daemon is gone.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

load
full_speed
start_daemon
if rmmod gksm 2> /tmp/rmmod; then
	die "rmmod took the module away from the daemon"
fi
grep 'in use' /tmp/rmmod || die "rmmod does not say why"
stop_daemon
unload
