#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# limit: 240
#
# The exit codes that need the real module; tests/cli has the others.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

# exits_with STATUS COMMAND...
exits_with() {
	expected=$1
	shift
	"$@" > /tmp/wrong-use 2>&1
	status=$?
	cat /tmp/wrong-use
	[ $status -eq "$expected" ] ||
		die "$*: exit status $status instead of $expected"
	[ -s /tmp/wrong-use ] || die "$*: no message"
}

exits_with 3 "$gksmd"
exits_with 3 "$gksmctl" status
load
start_daemon
exits_with 6 "$gksmd" --config /tmp/gksmd.conf
stop_daemon
echo 1 > "$ksm/run"
exits_with 8 "$gksmd" --config /tmp/gksmd.conf
echo 0 > "$ksm/run"
exits_with 4 setpriv --reuid 65534 --clear-groups "$gksmd"
exits_with 5 "$gksmd" --config /tmp/gksmd.conf --device no-such-device
for word in 3 -1 x ''; do
	if echo "$word" > "$gksm/run" 2> /dev/null; then
		die "run takes '$word'"
	fi
done
unload
