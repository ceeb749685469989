#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# limit: 220
#
# The main job, to be looked at: scripts/demo runs it in the VM.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

# free_kib: the kernel's own figure, with what lingers in per-CPU lists.
free_kib() {
	awk 'FILENAME == "/proc/meminfo" && $1 == "MemFree:" { free = $2 }
	     $1 == "count:" { free += 4 * $2 }
	     END { print free }' /proc/meminfo /proc/zoneinfo
}

available_kib() {
	awk '$1 == "MemAvailable:" { print $2 }' /proc/meminfo
}

# ticks PID: processor time in hundredths of a second.
ticks() {
	sed 's/.*) //' "/proc/$1/stat" | awk '{ print $12 + $13 }'
}

uptime_ms() {
	awk '{ printf "%d\n", $1 * 1000 }' /proc/uptime
}

row() {
	printf '%5s %6s %7s %8s %9s %9s %10s %10s %9s %6s %6s\n' "$@"
}

mib() {
	awk -v kib="$1" 'BEGIN { printf "%.1f", kib / 1024 }'
}

# watch_until_settled LIMIT_S: a row a second, until three passes changed
# nothing any more.
watch_until_settled() {
	limit_s=$1
	began=$(uptime_ms)
	before=$began
	scanned=$(get pages_scanned)
	scan_ticks=$(ticks "$scan_pid")
	daemon_ticks=$(ticks "$daemon_pid")
	sharing_since=$(get full_scans)
	sharing=-1
	row time passes shared sharing unshared volatile 'given back' available \
		pages/s kernel gksmd
	row s '' pages pages pages pages 'MiB (free)' MiB '' '% CPU' '% CPU'
	while :; do
		sleep 1
		now=$(uptime_ms)
		ms=$((now - before))
		new_scanned=$(get pages_scanned)
		new_scan=$(ticks "$scan_pid")
		new_daemon=$(ticks "$daemon_pid")
		new_sharing=$(get pages_sharing)
		row $(((now - began) / 1000)) "$(get full_scans)" \
			"$(get pages_shared)" "$new_sharing" \
			"$(get pages_unshared)" "$(get pages_volatile)" \
			"$(mib $(($(free_kib) - free_before)))" \
			"$(mib "$(available_kib)")" \
			$(((new_scanned - scanned) * 1000 / ms)) \
			$(((new_scan - scan_ticks) * 1000 / ms)) \
			$(((new_daemon - daemon_ticks) * 1000 / ms))
		before=$now
		scanned=$new_scanned
		scan_ticks=$new_scan
		daemon_ticks=$new_daemon
		if [ "$new_sharing" != "$sharing" ]; then
			sharing=$new_sharing
			sharing_since=$(get full_scans)
		elif [ "$sharing" -gt 0 ] &&
			[ "$(get full_scans)" -ge $((sharing_since + 3)) ]; then
			return
		fi
		[ $((now - began)) -lt $((limit_s * 1000)) ] ||
			die "not settled after $limit_s s"
	done
}

step() {
	echo
	echo "* $*"
}

step "loading gksm.ko into Linux $(uname -r), unmodified"
load
scan_pid=$(pgrep -x gksm_scan) || die "there is no thread gksm_scan"
step "starting gksmd on PoCL (compiles its kernels at first: 30 s)"
# shellcheck disable=SC2119 # no options
start_daemon
sed -n 's/^gksmd: \(using\|ready\)/  \1/p' $gksmd_log
step "starting 6 processes, 4 of one system and 2 of another: copies of system files, zero, private and changing pages"
start_tenants -a 4 -b 2
sed 's/^/  /' /tmp/tenants.out
free_before=$(free_kib)
step "merging, 400 pages at a time, until nothing changes any more"
put pages_to_scan 400
put sleep_millisecs 20
put run 1
watch_until_settled 100
given_kib=$(($(free_kib) - free_before))
saved_kib=$(($(get pages_sharing) * 4))
echo "  given back: $(mib $given_kib) MiB by the kernel's count of free memory, $(mib $saved_kib) MiB by gksm's"
[ $given_kib -ge $((saved_kib * 90 / 100)) ] ||
	die "the kernel has less free memory than was saved"
[ "$(get pages_hashed_offload)" -gt 0 ] || die "the daemon hashed nothing"
echo "  hashed by gksmd: $(get pages_hashed_offload) pages, by the module: $(get pages_hashed_kernel); $(get pages_merged) merges took $(get tlb_flushes) TLB flushes"
step "verifying every byte of every process"
verify_tenants | sed 's/^/  /'
step "writing to one page in 16 of each process, then verifying again"
put run 0
ask break > /dev/null
verify_tenants | sed 's/^/  /'
step "unmerging everything"
put run 2
counter_is pages_sharing 0 || die "pages_sharing is $(get pages_sharing)"
echo "  $(get pages_unmerged) pages have their own copy again"
verify_tenants | sed 's/^/  /'
step "ending: processes, daemon, module"
end_tenants
stop_daemon
unload
echo "  done"
