#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# also: other-kernels
# limit: 600
# vm: --numa 2
#
# The kernel's own tests of KSM, as they are (scripts/ksm-selftests), with our
# files in place of KSM's: what passes with KSM has to pass with us.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

case $(uname -r) in
6.1.*) kernel=6.1 ;;
6.12.*) kernel=6.12 ;;
7.*) kernel=7 ;;
*) skip "no tests for Linux $(uname -r)" ;;
esac
tests=$GKSM_SRC/.cache/ksm-selftests/$kernel
[ -e "$tests/complete" ] ||
	skip "the tests are not built.  Try: scripts/ksm-selftests $kernel"

# What the kernel's runner calls, and its other kinds of tests, on a small scale.
commands() {
	cat "$tests/list"
	echo "ksm_tests -P -s 20"
	echo "ksm_tests -H -s 20"
	echo "ksm_tests -C"
	echo "ksm_tests -M -a rx -p 1000"
	echo "ksm_tests -M -a r -p 257"
	[ "$kernel" = 6.1 ] || cat <<-'END'
	ksm_tests -D -s 20
	ksm_tests -M -t 1 -p 100
	ksm_tests -U -t 1
	ksm_tests -Z -t 1 -p 100 -z 1
	END
}

# results OUTPUT STATUS: a line for each subtest, or one for all.
results() {
	if grep -qE '^(not )?ok [0-9]' "$1"; then
		# A process of theirs that forks says twice what it had said.
		sed -nE 's/^ok ([0-9]+) .*# SKIP.*/\1 skip/p
			s/^ok ([0-9]+).*/\1 pass/p
			s/^not ok ([0-9]+).*/\1 fail/p' "$1" |
			awk '!seen[$0]++'
	else
		case $2 in
		0) echo "1 pass" ;;
		4) echo "1 skip" ;;
		*) echo "1 fail" ;;
		esac
	fi
}

# try WHO COMMAND...: leaves the results in /tmp/WHO. The tests want to be where
# they are.
try() {
	try_who=$1
	program=./$2
	shift 2
	(cd "$tests" && exec "$program" "$@") > "/tmp/$try_who.out" 2>&1 < /dev/null
	results "/tmp/$try_who.out" $? > "/tmp/$try_who"
}

# As an administrator does it (docs/ksm.md).
if [ "${1-}" = inside ]; then
	trap - EXIT
	shift
	try ours "$@"
	exit
fi

with_our_files() {
	# shellcheck disable=SC2016 # for the inner shell
	unshare -m sh -c 'mount --bind "$1" "$2" && shift 2 && exec "$@"' sh \
		$gksm $ksm "$GKSM_SRC/tests/vm/cases/ksm-selftests-pass-against-our-files.sh" \
		inside "$@" || die "cannot bind our files"
}

# nothing_is_lost COMMAND: runs it with us. What passed with KSM and not now is
# left in /tmp/lost.
nothing_is_lost() {
	# shellcheck disable=SC2086 # a command line
	with_our_files $1
	put run 2
	put run 0
	echo "$1: KSM $(paste -sd, /tmp/stock), here $(paste -sd, /tmp/ours)"
	grep pass /tmp/stock | grep -vxFf /tmp/ours > /tmp/lost
	[ ! -s /tmp/lost ]
}

load
commands > /tmp/commands
passed=0
lost=0
while read -r command; do
	# shellcheck disable=SC2086
	try stock $command
	echo 2 > $ksm/run
	echo 0 > $ksm/run
	# They wait for two full scans, of which the first may be past the pages
	# that they wrote: with KSM they fail now and then, too.
	nothing_is_lost "$command" || nothing_is_lost "$command" ||
		nothing_is_lost "$command"
	passed=$((passed + $(grep -c pass /tmp/ours)))
	if [ -s /tmp/lost ]; then
		lost=$((lost + 1))
		cat /tmp/lost /tmp/ours.out
	fi
done < /tmp/commands
[ $lost -eq 0 ] || die "$lost of them pass with KSM and not here"
echo "$passed subtests of $(wc -l < /tmp/commands) commands passed"
[ $passed -ge "$(wc -l < /tmp/commands)" ] || die "that is too few"
above pages_merged 5000 || die "it was not us: $(get pages_merged) merges"
unload
