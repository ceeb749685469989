#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# manual.sh - the manual pages say what the programs do

here=$(dirname "$(readlink -f "$0")")
# shellcheck source=lib.sh
. "$here/lib.sh"

# same NAME FILE FILE
same() {
	nr_checks=$((nr_checks + 1))
	diff -u "$2" "$3" >"$dir/diff" || fail "$1" "$(cat "$dir/diff")"
}

# options_of_help: one line for each, "-c --config FILE", sorted
options_of_help() {
	sed -nE 's/^  (-.,)? *(--[a-z-]+)( [A-Z]+)?  .*/\1 \2\3/p' |
		tr -d ',' | sed 's/^ *//' | sort
}

# tags FILE: the tags of its paragraphs, as plain text
tags() {
	sed -n '/^\.TP/{n;p}' "$1" |
		sed 's/^\.[BRI]* //; s/\\f[IR]//g; s/\\-/-/g; s/[",]//g; s/  */ /g'
}

for program in gksmd gksmctl; do
	case $program in
	gksmd) binary=$GKSMD ;;
	gksmctl) binary=$GKSMCTL ;;
	esac
	page=$GKSM_SOURCE/daemon/$program.8
	"$binary" --help | options_of_help >"$dir/help"
	tags "$page" | grep -E '^(-. )?--' | sort >"$dir/manual"
	nr_checks=$((nr_checks + 1))
	[ "$(wc -l <"$dir/help")" -ge 8 ] || fail "${program}_help" "too short"
	same "${program}_options" "$dir/help" "$dir/manual"
done

# Commands.
"$GKSMCTL" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\).*/\1/p' |
	sort >"$dir/help"
sed '/^\.SH SETTINGS/q' "$GKSM_SOURCE/daemon/gksmctl.8" >"$dir/commands"
tags "$dir/commands" | sed 's/ .*//' | sort -u >"$dir/manual"
same commands "$dir/help" "$dir/manual"

# Exit codes: those of exit_code.h.
sed -nE 's/^\tGKSM_EXIT_[A-Z_]+ = ([0-9]+),/\1/p' \
	"$GKSM_SOURCE/daemon/exit_code.h" >"$dir/header"
sed -n '/^\.SH EXIT STATUS/,/^\.SH ENVIRONMENT/p' \
	"$GKSM_SOURCE/daemon/gksmd.8" | sed -nE 's/^\.B ([0-9]+)$/\1/p' \
	>"$dir/manual"
same exit_codes "$dir/header" "$dir/manual"

# Keys of gksmd.conf: those that the messages list, in three places.
printf '[engine]\nx=1\n[daemon]\nx=1\n[scan]\nx=1\n' >"$dir/keys.conf"
"$GKSMD" --check-config --config "$dir/keys.conf" 2>&1 |
	sed -n 's/.*known: //p' | tr -d ' ' | tr ',' '\n' | sort >"$dir/known"
sed -n '/^\.SS \[engine\]/,/^\.PP/s/^\.B \([a-z_]*\)$/\1/p' \
	"$GKSM_SOURCE/packaging/gksmd.conf.5" | grep -vxE 'auto|twin|gksmd?' |
	sort >"$dir/manual"
same keys_of_manual "$dir/known" "$dir/manual"
sed -nE 's/^#?([a-z_]+) = .*/\1/p' "$GKSM_SOURCE/packaging/gksmd.conf" |
	sort >"$dir/file"
same keys_of_file "$dir/known" "$dir/file"
sed -n '/^\.SH SETTINGS/,/^\.SH OPTIONS/s/^\.B \([a-z]*_[a-z_]*\|run\)$/\1/p' \
	"$GKSM_SOURCE/daemon/gksmctl.8" | sort -u >"$dir/manual"
"$GKSMD" --check-config --config "$dir/keys.conf" 2>&1 |
	sed -n 's/.*\[scan\]; known: //p' | tr -d ' ' | tr ',' '\n' |
	sort >"$dir/known"
same settings_of_manual "$dir/known" "$dir/manual"

# What the file gives as defaults is what the program has without it, and is
# right when the comment signs are taken away.
sed 's/^#\([a-z]\)/\1/' "$GKSM_SOURCE/packaging/gksmd.conf" >"$dir/all.conf"
check packaged_file 0 '' "$GKSMD" --check-config \
	--config "$GKSM_SOURCE/packaging/gksmd.conf"
check packaged_file_in_full 0 '' "$GKSMD" --check-config \
	--config "$dir/all.conf"

# Markup.
if command -v groff >/dev/null; then
	for page in "$GKSM_SOURCE"/daemon/*.8 "$GKSM_SOURCE"/packaging/*.5; do
		check "markup_${page##*/}" 0 '' \
			groff -man -Tutf8 -ww -z "$page"
	done
fi

finish
