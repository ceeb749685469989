#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# wrong_use.sh - every wrong use has its exit code and says what to do
#
# The exit codes are those of gksmd(8) and gksmctl(8).

here=$(dirname "$(readlink -f "$0")")
# shellcheck source=lib.sh
. "$here/lib.sh"

make_sysfs "$dir/sysfs"
make_ksm "$dir/ksm" 0
make_ksm "$dir/ksm_running" 1
make_ksm "$dir/ksm_unmerged" 2

# conf NAME TEXT: a configuration file
conf() {
	# shellcheck disable=SC2059 # it holds \n
	printf "$2" >"$dir/$1.conf"
}

# No control socket where another test may have one.
conf base '[daemon]\nsocket =\n'

# gksmd without a module; what follows overrides
d() {
	"$GKSMD" --dev "$dir/none" --sysfs "$dir/sysfs" --ksm-dir "$dir/ksm" \
		--config /dev/null --device twin "$@"
}

# gksmd with the device in user space; the first argument is GKSM_FAKE
f() {
	local knobs=$1
	shift
	env GKSM_FAKE="$knobs" GKSM_FAKE_DEV=/fake/gksm \
		LD_PRELOAD="$GKSM_PRELOAD" timeout 20 "$GKSMD" \
		--dev /fake/gksm --sysfs "$dir/sysfs" --ksm-dir "$dir/ksm" \
		--config "$dir/base.conf" --device twin --batch-slots 16 "$@"
}

c() {
	"$GKSMCTL" --sysfs "$dir/sysfs" --ksm-dir "$dir/ksm" "$@"
}

# --- command lines of gksmd: 2
check unknown_option 2 'unknown option "--foo"; see --help' d --foo
check near_option 2 'unknown option "--devise"; did you mean "--device"\?' \
	d --devise=x
check unknown_letter 2 'unknown option "-x"; see --help' d -x
check no_argument 2 'option "--device" needs NAME' d --device
check no_argument_letter 2 'option "-c" needs an argument' d -c
check superfluous_argument 2 'option "--list-devices" takes no argument' \
	d --list-devices=1
check operand 2 'unexpected argument "start"; see --help' d start
check quiet_and_verbose 2 'exclude each other' d -q -v
conf filter '[daemon]\nseccomp = maybe\n'
check bad_filter 2 'filter.conf:2: bad value "maybe" for seccomp: need on, kill, relaxed, log or off' \
	d --config "$dir/filter.conf"
conf socket '[daemon]\nsocket = control\n'
check relative_socket 2 'bad value "control" for socket: need an absolute path' \
	d --config "$dir/socket.conf"
conf daemon_key '[daemon]\nfilter = on\n'
check unknown_daemon_key 2 'unknown key "filter" in \[daemon\]; known: user, socket, seccomp$' \
	d --config "$dir/daemon_key.conf"
check empty_device 2 'bad value "" for --device: need auto' d --device ''
check long_device 2 'for --device: longer than 255 characters' \
	d --device "$(printf '%0300d' 1)"
check batches_zero 2 'bad value "0" for --batches: need a number from 1 to 64' \
	d --batches 0
check batches_many 2 'bad value "65" for --batches' d --batches 65
check batches_junk 2 'bad value "4x" for --batches' d --batches 4x
check batches_sign 2 'bad value "-1" for --batches' d --batches=-1
check batches_blank 2 'bad value " 4" for --batches' d --batches ' 4'
check batches_overflow 2 'bad value "18446744073709551617" for --batches' \
	d --batches 18446744073709551617
check slots_few 2 'for --batch-slots: need a number from 16 to 65536, or auto' \
	d --batch-slots 15
check slots_many 2 'for --batch-slots: need a number' d --batch-slots 65537
check pages_many 2 '64 batches of 65536 slots are 4194304 pages; at most' \
	d --batches 64 --batch-slots 65536

# --- configuration files: 2
conf good '# comment\n[engine]\ndevice = twin ; why\ncache_dir =\nbatches=2\nbatch_slots=64\n\n  [scan]\n  run = 0\n  pages_to_scan=4294967295\n'
check good_config 0 '' d --check-config --config "$dir/good.conf"
check config_missing 2 'cannot read .*/none.conf: No such file' \
	d --config "$dir/none.conf"
check config_is_directory 2 'cannot read .*: is it a file\?' d --config "$dir"
conf key '[engine]\n\nfoo = 1\n'
check unknown_key 2 \
	'key.conf:3: unknown key "foo" in \[engine\]; known: device, cache_dir, batches, batch_slots$' \
	d --config "$dir/key.conf"
conf scan_key '[scan]\nbatches = 1\n'
check unknown_scan_key 2 \
	'scan_key.conf:2: unknown key "batches" in \[scan\]; known: run, pages_to_scan, sleep_millisecs, use_zero_pages' \
	d --config "$dir/scan_key.conf"
conf section '[egnine]\nbatches = 1\n'
check unknown_section 2 \
	'section.conf:1: unknown section \[egnine\]; known: \[engine\], \[daemon\], \[scan\]' \
	d --config "$dir/section.conf"
conf empty_section '[engine]\n[scam]\n'
check unknown_empty_section 2 'empty_section.conf:2: unknown section \[scam\]' \
	d --config "$dir/empty_section.conf"
conf early 'device = twin\n'
check key_before_section 2 'early.conf:1: key "device" before the first' \
	d --config "$dir/early.conf"
conf twice '[engine]\nbatches = 1\n[scan]\nrun = 1\n[engine]\nbatches = 1\n'
check key_twice 2 'twice.conf:6: key "batches" again; first given in line 2' \
	d --config "$dir/twice.conf"
conf scan_twice '[scan]\nrun=1\nrun=0\n'
check scan_key_twice 2 'scan_twice.conf:3: key "run" again; .* line 2' \
	d --config "$dir/scan_twice.conf"
conf unmerge '[scan]\nrun = 2\n'
check unmerge_in_config 2 \
	'unmerge.conf:2: bad value "2" for run: .* Try: gksmctl unmerge' \
	d --config "$dir/unmerge.conf"
conf no_value '[engine]\nbatches\n'
check no_value 2 'no_value.conf:2: expected "key = value"' \
	d --config "$dir/no_value.conf"
conf value '[engine]\nbatches = 4 batches\n'
check bad_value 2 'value.conf:2: bad value "4 batches" for batches: need a number from 1 to 64' \
	d --config "$dir/value.conf"
conf range '[scan]\nuse_zero_pages = 2\n'
check bad_range 2 'range.conf:2: bad value "2" for use_zero_pages: need a number from 0 to 1' \
	d --config "$dir/range.conf"
conf relative '[engine]\ncache_dir = cache\n'
check relative_cache 2 'relative.conf:2: bad value "cache" for cache_dir: need an absolute path' \
	d --config "$dir/relative.conf"
conf long "[engine]\ndevice = $(printf '%0400d' 1)\n"
check long_line 2 'long.conf:2: line longer than [0-9]+ characters' \
	d --config "$dir/long.conf"
conf all '[engine]\nfoo=1\nbatches=0\n[bar]\n'
check every_fault 2 'all.conf:4: unknown section' d --config "$dir/all.conf"
check every_fault_first 2 'all.conf:2: unknown key' d --config "$dir/all.conf"
conf pages '[engine]\nbatches=64\nbatch_slots=65536\n'
check pages_many_config 2 'Lower batches or batch_slots' \
	d --config "$dir/pages.conf"
check option_over_file 0 '' d --config "$dir/pages.conf" --batches 2 \
	--check-config

# --- the system
check no_module 3 'cannot open .*/none: No such file or directory' d
check no_module_hint 3 'Try: modprobe gksm' d
check not_a_device 7 '/dev/null does not answer as gksm.s device' \
	d --dev /dev/null
check ksmd_running 8 'in-kernel ksmd is running: .*/run is 1' \
	d --ksm-dir "$dir/ksm_running"
check ksmd_running_hint 8 'Try: echo 2 > .*/run' d --ksm-dir "$dir/ksm_running"
check ksmd_unmerged 3 'modprobe' d --ksm-dir "$dir/ksm_unmerged"
check no_ksm 3 'modprobe' d --ksm-dir "$dir/no_ksm"
if [ "$(id -u)" -eq 0 ]; then
	touch "$dir/root_only"
	chmod 600 "$dir/root_only"
	nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups --)
	# The build may be where only root can read.
	cp "$GKSMD" "$GKSMCTL" "$dir"
	chmod 755 "$dir/gksmd" "$dir/gksmctl"
	check not_root 4 'the device needs root and CAP_SYS_ADMIN' \
		"${nobody[@]}" "$dir/gksmd" --dev "$dir/root_only" \
		--ksm-dir "$dir/ksm" --config /dev/null
	check config_not_readable 4 'cannot read .*/root_only: Permission denied' \
		"${nobody[@]}" "$dir/gksmd" --config "$dir/root_only"
	check set_not_root 4 'only root may change it' \
		"${nobody[@]}" "$dir/gksmctl" --sysfs "$dir/sysfs" \
		--ksm-dir "$dir/ksm" set run 1
	mkdir "$dir/proc_root"
	make_info "$dir/proc_root/gksminfo"
	chmod 400 "$dir/proc_root/gksminfo"
	check top_not_root 4 'only root may see who shares how much' \
		"${nobody[@]}" "$dir/gksmctl" --proc "$dir/proc_root" top
	chmod 444 "$dir/proc_root/gksminfo"
	touch "$dir/sysfs/merge_pid"
	chmod 200 "$dir/sysfs/merge_pid"
	check merge_not_root 4 'only root may have a process merged' \
		"${nobody[@]}" "$dir/gksmctl" --sysfs "$dir/sysfs" \
		--ksm-dir "$dir/ksm" --proc "$dir/proc_root" merge --pid 5
	rm "$dir/sysfs/merge_pid"
fi

# --- the module's answers
check open_eperm 4 'needs root and CAP_SYS_ADMIN' f open=1
check open_eacces 4 'needs root and CAP_SYS_ADMIN' f open=13
check open_enodev 3 'modprobe' f open=19
check open_busy 6 'another gksmd holds the session' f open=16
check open_enomem 1 'cannot open /fake/gksm: Cannot allocate memory' f open=12
check query_enotty 7 'does not answer as gksm.s device' f query=25
check query_enodev 3 'does not answer' f query=19
check abi 7 'the module speaks ABI 2, this gksmd 1: install both' f abi=2
check page_size 7 'pages have 65536 bytes' f page_size=65536
check max_batches 2 'the module takes at most 2 batches, not 4. Lower batches' \
	f max_batches=2
check max_slots 2 'at most 8 slots a batch, not 16. Lower batch_slots' \
	f max_slots=8
check setup_eproto 7 'refuses 4 batches of 16 slots: Protocol error' f setup=71
check setup_enomem 1 'refuses 4 batches .*: Cannot allocate' f setup=12
check mmap_eacces 4 'cannot map the staging area' f mmap=13
check no_device 5 'no usable device "no such thing". Try: gksmd --list-devices' \
	f batches=1 --device 'no such thing'
check no_device_index 5 'Try: gksmd --list-devices' f batches=1 --device 99
check badmsg 9 'the device computes wrong results' f badmsg=3
check unload 3 'the module is being unloaded' f unload=3
check hang_up 3 'the module is being unloaded' f hang_up=3
conf scan_off '[daemon]\nsocket =\n[scan]\nrun = 1\n'
check sysfs_missing 3 'cannot write 1 to .*/run: No such file' \
	f batches=1 --config "$dir/scan_off.conf" --sysfs "$dir/no_sysfs"

# --- gksmctl
check ctl_no_command 2 'no command; see gksmctl --help' c
check ctl_unknown_command 2 'unknown command "stats"; did you mean "status"\?' \
	c stats
check ctl_far_command 2 'known: status, top, merge, overhead, set, wait, unmerge, ping, help, version' \
	c frobnicate
check ctl_unknown_option 2 'unknown option "--jsno"; did you mean "--json"\?' \
	c --jsno status
check ctl_operand 2 'unexpected argument "now"; usage: gksmctl status' \
	c status now
check ctl_watch_operand 2 'bad value "0" for SECONDS' c status --watch 0
check ctl_watch_operands 2 'unexpected argument "2"' c status --watch 1 2
check ctl_watch_set 2 '--watch goes with status and top only' \
	c --watch set run 0
check ctl_pid_status 2 '--pid goes with top and merge only' c --pid 1 status
check ctl_lines_merge 2 '--lines goes with top only' c --lines 1 --pid 1 merge
check ctl_pid 2 'bad value "0" for --pid: need a number from 1 to 2147483647' \
	c top --pid 0
check ctl_pid_word 2 'bad value "init" for --pid' c merge --pid init
check ctl_lines 2 'bad value "-1" for --lines' c top --lines -1
check ctl_top_operand 2 'unexpected argument "5"; usage: gksmctl top' c top 5
check ctl_top_watch 2 'bad value "0" for SECONDS' c top --watch 0
check ctl_merge_nothing 2 '^gksmctl: usage: gksmctl merge --pid PID' c merge
check ctl_merge_operand 2 'unexpected argument "5"; usage: gksmctl merge' \
	c merge --pid 5 5
check ctl_merge_ksmd 8 'in-kernel ksmd is running' \
	c --ksm-dir "$dir/ksm_running" merge --pid 5
mkdir "$dir/proc"
check ctl_top_old 7 'older than gksmctl' c --proc "$dir/proc" top
check ctl_merge_old 7 'older than gksmctl' c --proc "$dir/proc" merge --pid 5
check ctl_top_no_module 3 'Try: modprobe gksm' \
	c --proc "$dir/proc" --sysfs "$dir/no_sysfs" top
check ctl_merge_no_module 3 'Try: modprobe gksm' \
	c --proc "$dir/proc" --sysfs "$dir/no_sysfs" merge --pid 5
check ctl_interval_status 2 '--interval goes with overhead only' \
	c --interval 1 status
check ctl_interval 2 'bad value "0" for --interval: need a number from 1' \
	c overhead --interval 0
check ctl_overhead_operand 2 'unexpected argument "5"; usage: gksmctl overhead' \
	c overhead 5
check ctl_overhead_old 7 'older than gksmctl' c overhead
check ctl_timeout 2 'bad value "soon" for --timeout' c --timeout soon unmerge
check ctl_unmerge_operand 2 'unexpected argument "all"' c unmerge all
check ctl_set_nothing 2 'usage: gksmctl set KEY VALUE' c set
check ctl_set_odd 2 'usage: gksmctl set KEY VALUE' c set run 1 pages_to_scan
check ctl_set_unknown 2 'unknown key "page_to_scan"; did you mean "pages_to_scan"\?' \
	c set page_to_scan 1
check ctl_set_far 2 'unknown key "colour"; known: run, pages_to_scan' \
	c set colour 1
check ctl_set_path 2 'unknown key "\.\./ksm/run"' c set ../ksm/run 1
check ctl_set_dot 2 'unknown key "\."' c set . 1
check ctl_set_empty 2 'unknown key ""' c set '' 1
check ctl_set_read_only 2 '"pages_shared" is read-only' c set pages_shared 1
check ctl_set_range 2 'bad value "3" for run: need a number from 0 to 2' \
	c set run 3
check ctl_set_junk 2 'bad value "1 " for run' c set run '1 '
check ctl_set_negative 2 'unknown option "-1"' c set run -1
check ctl_ksmd 8 'in-kernel ksmd is running' \
	c --ksm-dir "$dir/ksm_running" set run 1
check ctl_ksmd_stop 0 '' c --ksm-dir "$dir/ksm_running" set run 0
for command in status overhead 'set run 1' unmerge; do
	# shellcheck disable=SC2086 # words
	check "ctl_no_module_${command%% *}" 3 'Try: modprobe gksm' \
		c --sysfs "$dir/no_sysfs" $command
done
rm "$dir/sysfs/use_zero_pages"
check ctl_set_absent 2 'this module has no "use_zero_pages"' \
	c set use_zero_pages 1

# --- what is right
check help 0 '' d --help
prints help 'Usage: gksmd'
check version 0 '' d --version
prints version '^gksmd [0-9.]+, ABI [0-9]+$'
check list_devices 0 '' d --list-devices
prints list_devices 'twin'
check ctl_help 0 '' c help
prints ctl_help 'Usage: gksmctl'
check ctl_help_option 0 '' c --help
check ctl_version 0 '' c version
prints ctl_version '^gksmctl [0-9.]+, ABI [0-9]+$'
check ctl_version_json 0 '' c version --json
prints ctl_version_json '^\{"version": "[0-9.]+", "abi": [0-9]+\}$'

finish
