#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# also: other-kernels
# limit: 300
#
# /proc/gksminfo and gksmctl top: what each process shares is what its page tables
# say, hashed by the module and by gksmd; and nobody but root may know.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

# refused COMMAND...: to whoever runs it, the table is closed.
refused() {
	if "$@" cat /proc/gksminfo > /tmp/seen 2>&1; then
		die "$* sees $(cat /tmp/seen)"
	fi
	"$@" "$gksmctl" top > /tmp/seen 2>&1
	[ $? -eq 4 ] || die "$*: gksmctl says $(cat /tmp/seen)"
}

echo never > /sys/kernel/mm/transparent_hugepage/enabled
load
refused setpriv --reuid 65534 --clear-groups
refused setpriv --bounding-set=-sys_admin
put use_zero_pages 1
full_speed
"$programs/ondemand" top || exit 1
start_daemon
"$programs/ondemand" top || exit 1
above pages_hashed_offload 100 || die "the daemon had nothing to do"

# The command says what the table says, the most profitable first.
start_tenants
"$programs/settle" $gksm || exit 1
put run 0
"$gksmctl" top | tee /tmp/top
[ "$(wc -l < /tmp/top)" -eq 7 ] || die "not six processes"
awk 'NR > 2 && $7 > last { exit 1 } { last = $7 }' /tmp/top || die "no order"
for pid in $(ask pids); do
	# shellcheck disable=SC2046 # several columns
	set -- $(grep "^$pid " /proc/gksminfo)
	"$gksmctl" --json top --pid "$pid" | tr -d ' \n' > /tmp/json
	for pair in "pid\":$1" "uid\":$2" "scanned\":$5" "merged\":$6" \
		"zero\":$7" "metadata_bytes\":$8" "command\":\"$9\"" \
		"profit_bytes\":$((($6 + $7) * 4096 - $8))"; do
		grep -qF "\"$pair" /tmp/json || die "no $pair in $(cat /tmp/json)"
	done
	[ "$(cat "/proc/$pid/ksm_merging_pages")" -eq "$6" ] ||
		die "the kernel says $(cat "/proc/$pid/ksm_merging_pages")"
done

# Processes' own share of the metadata is not more than all.
sum=$(awk '/^[0-9]/ { sum += $8 } END { print sum }' /proc/gksminfo)
[ "$sum" -le "$(get metadata_bytes)" ] || die "$sum bytes of metadata"
put run 2
"$gksmctl" top
[ -z "$(awk '/^[0-9]/ && $6 + $7' /proc/gksminfo)" ] || die "merged after run = 2"
verify_tenants
end_tenants
stop_daemon
exec 8< /proc/gksminfo
unload
if cat <&8; then
	die "the table is still there"
fi
