# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# lib.sh - a table of command lines, exit codes and messages
#
# Sourced. Needs GKSMD, GKSMCTL, GKSM_PRELOAD and GKSM_SOURCE, which CMake
# sets. Exit: 0 passed, 1 failed, 4 skipped.

set -u
: "${GKSMD:?}" "${GKSMCTL:?}" "${GKSM_PRELOAD:?}" "${GKSM_SOURCE:?}"

dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
chmod 755 "$dir"
nr_checks=0
nr_failed=0

# PoCL and LLVM keep memory for ever. A hardened process cannot be looked at.
export ASAN_OPTIONS="detect_leaks=0${ASAN_OPTIONS:+:$ASAN_OPTIONS}"
# Programs that PoCL builds are kept from one call to the next.
export POCL_CACHE_DIR="$dir/pocl"
mkdir -p "$POCL_CACHE_DIR"

fail() {
	nr_failed=$((nr_failed + 1))
	printf 'FAILED: %s\n' "$1" >&2
	shift
	printf '    %s\n' "$@" >&2
}

# check NAME EXIT REGEX COMMAND...: does COMMAND exit with EXIT, and does its
# standard error match REGEX ('' : nothing is printed)?
check() {
	local name=$1 want=$2 regex=$3 got=0
	shift 3
	nr_checks=$((nr_checks + 1))
	"$@" >"$dir/out" 2>"$dir/err" </dev/null || got=$?
	if [ "$got" -ne "$want" ]; then
		fail "$name" "exit $got instead of $want: $*" "$(cat "$dir/err")"
	elif [ -z "$regex" ] && [ -s "$dir/err" ]; then
		fail "$name" "unexpected: $(cat "$dir/err")"
	elif [ -n "$regex" ] && ! grep -Eq -- "$regex" "$dir/err"; then
		fail "$name" "no match for $regex in:" "$(cat "$dir/err")"
	fi
}

# prints NAME REGEX: does the last command's standard output match?
prints() {
	nr_checks=$((nr_checks + 1))
	grep -Eq -- "$2" "$dir/out" ||
		fail "$1" "no match for $2 in:" "$(cat "$dir/out")"
}

# holds NAME FILE TEXT: is TEXT what FILE holds?
holds() {
	nr_checks=$((nr_checks + 1))
	[ "$(cat "$2")" = "$3" ] || fail "$1" "$2 holds: $(cat "$2")"
}

# wait_for NAME FILE REGEX: does it come within five seconds?
wait_for() {
	local i
	nr_checks=$((nr_checks + 1))
	for ((i = 0; i < 100; i++)); do
		grep -Eq -- "$3" "$2" 2>/dev/null && return 0
		sleep 0.05
	done
	fail "$1" "no match for $3 in:" "$(cat "$2")"
	return 1
}

# make_sysfs DIR: what the module shows
make_sysfs() {
	mkdir -p "$1"
	local file
	for file in run=0 pages_to_scan=100 sleep_millisecs=20 \
		use_zero_pages=0 batch_deadline_ms=1000 max_shared_pages=0 \
		max_metadata_kib=0 incremental_passes=64 \
		smart_scan=1 merge_across_nodes=1 max_page_sharing=256 \
		stable_node_chains_prune_millisecs=2000 merge_domain_depth=0 \
		'merge_domain=[global] uid cgroup' \
		cpu_budget_percent=0 pressure_boost=0 \
		'advisor_mode=[none] scan-time' advisor_max_cpu=70 \
		advisor_min_pages_to_scan=500 advisor_max_pages_to_scan=30000 \
		advisor_target_scan_time=200; do
		echo "${file#*=}" >"$1/${file%=*}"
	done
	for file in pressure_boosted=0 full_scans=3 generations=2 pages_scanned=4000 pages_shared=100 \
		pages_sharing=300 pages_unshared=7 pages_volatile=5 \
		ksm_zero_pages=50 mms=2 offload=active abi_version=1 \
		pages_hashed_offload=3000 pages_hashed_kernel=1000 \
		general_profit=-4096 batches_completed=10 batches_timed_out=1 batches_rejected=0 \
		merge_tries=450 pages_merged=400 merges_refused_busy=30 \
		merges_refused_pinned=20 tlb_flushes=40 notifier_calls=9 \
		metadata_bytes=4096 from_the_future=17; do
		echo "${file#*=}" >"$1/${file%=*}"
		chmod 444 "$1/${file%=*}"
	done
}

# make_info FILE [LINE]...: the module's table of processes
make_info() {
	printf '%s\n' 'gksminfo - version: 1' \
		'# pid uid processes domain scanned merged zero metadata name' \
		"${@:2}" >"$1"
}

# make_ksm DIR RUN: what in-kernel KSM shows
make_ksm() {
	mkdir -p "$1"
	echo "$2" >"$1/run"
}

finish() {
	if [ "$nr_failed" -gt 0 ]; then
		echo "$nr_failed of $nr_checks checks failed" >&2
		exit 1
	fi
	echo "$nr_checks checks passed"
	exit 0
}
