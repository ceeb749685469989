#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# limit: 300
# also: other-kernels
#
# merge_domain: pages are merged within a domain and never across, whoever
# searches; a process that changes its domain takes nothing along. The setting
# cannot be changed while pages are merged.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

groups=/sys/fs/cgroup/domains

refused() {
	before=$(get "$1")
	if echo "$2" > "$gksm/$1" 2> /dev/null; then
		die "$1 takes '$2'"
	fi
	counter_is "$1" "$before" || die "$1 was $before, is $(get "$1")"
}

takes_its_values() {
	counter_is merge_domain '[global] uid cgroup' || die "merge_domain"
	refused merge_domain users
	refused merge_domain ''
	refused merge_domain 1
	refused merge_domain_depth -1
	put merge_domain uid
	counter_is merge_domain 'global [uid] cgroup' || die "merge_domain"
	put merge_domain global
}

# domains WAY
domains() {
	full_speed
	"$programs/groups" -k "$gksm" domains "$1" || exit 1
	put run 2
}

load
takes_its_values
mkdir -p $groups/a/1 $groups/a/2 $groups/b/1 || die "no control groups"
put merge_domain uid
domains uid
put merge_domain cgroup
put merge_domain_depth 2
domains $groups
start_daemon
domains $groups
stop_daemon

# A domain of all: there is only one.
put merge_domain global
full_speed
start_tenants
"$programs/settle" "$gksm" || exit 1
counter_is merge_domains 1 || die "merge_domains is $(get merge_domains)"
refused merge_domain uid
refused merge_domain_depth 3
put merge_domain global
verify_tenants
end_tenants
unload
