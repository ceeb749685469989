#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# limit: 240
#
# The shrinker, asked by name and by a real lack of memory.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

drop_slab() {
	echo 2 > /proc/sys/vm/drop_caches
}

metadata_is_small() {
	drop_slab
	[ "$(get metadata_bytes)" -lt "$1" ]
}

# merged_memory_is_back PAGES: free memory has grown by nine tenths of it.
merged_memory_is_back() {
	drop_slab
	[ $(($(free_pages) - free_before)) -ge $(($1 * 9 / 10)) ]
}

# Free memory with what lingers in per-CPU lists, in pages.
free_pages() {
	awk '$1 == "count:" { n += $2 } $1 == "nr_free_pages" { n += $2 }
		END { print n }' /proc/zoneinfo
}

load
full_speed
start_tenants
"$programs/settle" "$gksm" || exit 1
sharing=$(get pages_sharing)

# Hashes and candidates are given back (and the pool, if the last pass needed
# it); merged pages stay.
put run 0
nodes=$(get pages_shared)
before=$(get metadata_bytes)
reclaimed=$(get pages_reclaimed)
await 30 "metadata is given back" metadata_is_small $((8192 + nodes * 16))
after=$(get metadata_bytes)
echo "metadata: $before bytes, then $after"
above pages_reclaimed $((reclaimed + (before - after) / 8192)) ||
	die "pages_reclaimed is $(get pages_reclaimed)"
counter_is pages_sharing "$sharing" || die "pages_sharing is $(get pages_sharing)"
verify_tenants

# Merging goes on with nothing that it knew.
put run 1
await_passes 3
"$programs/settle" "$gksm" || exit 1
[ "$(get pages_sharing)" -ge $((sharing * 95 / 100)) ] ||
	die "pages_sharing is $(get pages_sharing), after $sharing"
verify_tenants

# A machine that runs out of free memory asks by itself.
put_aside 500
"$programs/hog" -o 1000 -u "$gksm/pages_reclaimed" || die "the hog was killed"
await_passes 2
verify_tenants

put_aside 0

# Nobody scans, and nobody maps the merged pages any more.
put run 0
metadata_is_small 0
shared=$(get pages_shared)
[ "$shared" -gt 1000 ] || die "only $shared merged pages"
end_tenants
free_before=$(free_pages)
await 30 "merged pages are given back" merged_memory_is_back "$shared"
counter_is pages_shared 0 || die "pages_shared is $(get pages_shared)"
echo "$shared merged pages: $(($(free_pages) - free_before)) are free again"
unload
