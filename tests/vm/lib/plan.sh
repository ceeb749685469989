# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# plan.sh - which cases run in the VM, in what order, and for how long
#
# Sourced by ../run, whose variables it uses.
# shellcheck disable=SC2016,SC2154,SC2034

plan_names=()
declare -A plan_limit_s plan_command plan_expects plan_vm

# quote WORD...: the words as a line of POSIX shell.
quote() {
	local word

	for word in "$@"; do
		printf "'%s' " "${word//\'/\'\\\'\'}"
	done
}

# comment FILE KEY: the value of "# KEY: VALUE".
comment() {
	sed -n "s/^# $2: //p" "$1" | head -n 1
}

# add_case NAME FILE
add_case() {
	local limit_s

	limit_s=$(comment "$2" limit)
	plan_names+=("$1")
	plan_limit_s[$1]=${timeout_s:-$((${limit_s:-120} * slowness))}
	plan_expects[$1]=$(comment "$2" expects)
	plan_vm[$1]=$(comment "$2" vm)
	plan_command[$1]=$(quote "$2")
}

# make_plan CASE...: each is the name of a case or the path of its script; if
# the first one is neither, all of them together are one command.
make_plan() {
	local word file

	for word in "$@"; do
		file=$src/tests/vm/cases/${word%.sh}.sh
		if [[ $word == *.sh && -f $word ]]; then
			file=$(realpath "$word")
		elif [ ! -f "$file" ]; then
			if [ ${#plan_names[@]} -gt 0 ]; then
				echo "run: no such case: $word" >&2
				return 1
			fi
			plan_names=(command)
			plan_limit_s[command]=${timeout_s:-120}
			plan_expects[command]=
			plan_vm[command]=
			# It may have several lines, the plan has one a case.
			quote "$@" > "$out/.command"
			plan_command[command]='. "$GKSM_OUT/.command"'
			return 0
		fi
		word=${file##*/}
		add_case "${word%.sh}" "$file"
	done
	group_by_vm
}

# group_by_vm: cases with the same VM follow each other.
group_by_vm() {
	local name other grouped=()
	local -A taken

	for name in "${plan_names[@]}"; do
		[ ! "${taken[$name]-}" ] || continue
		for other in "${plan_names[@]}"; do
			[ "${plan_vm[$other]}" = "${plan_vm[$name]}" ] || continue
			[ ! "${taken[$other]-}" ] || continue
			grouped+=("$other")
			taken[$other]=1
		done
	done
	plan_names=("${grouped[@]}")
}

# write_plan: the cases that have not ended yet and have the same VM as the
# first of them, for guest.sh.
write_plan() {
	local name left=("${plan_names[@]:${#ended[@]}}")

	for name in "${left[@]}"; do
		[ "${plan_vm[$name]}" = "${plan_vm[${left[0]}]}" ] || break
		printf '%s\t%s\t%s\n' "$name" "${plan_limit_s[$name]}" \
			"${plan_command[$name]}"
	done > "$out/.plan"
}
