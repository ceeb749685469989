#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# limit: 200
#
# The commands that README.md gives for a real host, as they stand there, but
# for those that install and build.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

start_tenants -a 1 -b 1
# One block of commands; comments end a line, gksmd runs in the background.
sed -n '/^scripts\/setup/,/^```/p' "$GKSM_SRC/README.md" |
	sed -n 's/ *#.*//; /^\(insmod\|build\/\)/p' > /tmp/commands
[ "$(wc -l < /tmp/commands)" -eq 4 ] ||
	die "README.md has other commands than this case expects: $(cat /tmp/commands)"
mkdir /tmp/readme
ln -s "$GKSM_BUILD" /tmp/readme/build
cd /tmp/readme || exit 1
while read -r command; do
	echo "+ $command"
	case $command in
	*/gksmd)
		$command > $gksmd_log 2>&1 &
		daemon_pid=$!
		await 180 "gksmd is ready" daemon_is_ready
		;;
	*) $command || die "$command: exit status $?" ;;
	esac
done < /tmp/commands
await 60 "the daemon hashes" above pages_hashed_offload 0
await 60 "pages are merged" above pages_sharing 0
"$gksmctl" unmerge || die "unmerge: exit status $?"
counter_is pages_sharing 0 || die "pages_sharing is $(get pages_sharing)"
verify_tenants
end_tenants
stop_daemon
unload
