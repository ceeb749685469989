#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# oclgrind.sh PROGRAM CASE - the kernels in a simulator that checks each access
#
# PROGRAM is test_gpu_checked. CASE is a shape of page_hash, for which Oclgrind
# may find nothing, neither an access out of bounds nor a data race; or an
# error that is put into the kernels, which it has to find. The errors are such
# that results stay right, or come out right on most devices.
#
# Without optimisation, because Oclgrind 21.10 knows no funnel shifts. Work-items
# that look at a slot of the index while another one claims it would be reported
# (index.h says why that is meant); the self-test's entries are too few to meet.
set -u -o pipefail
program=$1 name=$2 from='' to='' wanted=''

case $name in
narrow | wide | lanes) shape=$name ;;
out_of_bounds)
	shape=lanes
	from='const uint page = min(i, nr_pages - 1);'
	to='const uint page = i;'
	wanted='Invalid read of size 8 at global memory'
	;;
local_race)
	shape=lanes
	from='barrier(CLK_LOCAL_MEM_FENCE);'
	wanted='data race at local memory'
	;;
global_race)
	shape=narrow
	from='atomic_min(word, to);'
	to='if (to < *word) *word = to;'
	wanted='data race at global memory'
	;;
*)
	echo "no such case: $name" >&2
	exit 2
	;;
esac

if ! command -v oclgrind > /dev/null; then
	echo "skipped: oclgrind is not installed (Debian package oclgrind)"
	exit 77
fi
log=$(mktemp)
trap 'rm -f "$log" "$log.out"' EXIT
arguments=("$shape")
[ -z "$from" ] || arguments+=("$from" "$to")
oclgrind --build-options -cl-opt-disable --data-races --log "$log" \
	"$program" "${arguments[@]}" > "$log.out" 2>&1
status=$?
cat "$log.out"
head -n 40 "$log"
if ! grep -q 'Oclgrind Simulator' "$log.out"; then
	echo "FAIL: that was not Oclgrind"
	exit 1
elif [ "$wanted" ]; then
	grep -qi "$wanted" "$log" && exit 0
	echo "FAIL: not found: $wanted"
	exit 1
elif [ "$status" -ne 0 ] || [ -s "$log" ]; then
	echo "FAIL: the self-test's status is $status, and see above"
	exit 1
fi
exit 0
