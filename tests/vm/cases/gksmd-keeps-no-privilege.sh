#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# limit: 300
#
# What gksmd is left with when it works with the real module, started by root
# from a shell, and as gksmd.service starts it, as far as that goes without
# systemd. tests/cli/confine.sh tells what it cannot do then.
# shellcheck source=tests/vm/lib/case.sh
. "$GKSM_SRC/tests/vm/lib/case.sh"

# Mounts of its own: a user and a group that this system may not have.
if [ ! "${PRIVATE_MOUNTS-}" ]; then
	trap - EXIT
	exec unshare --mount env PRIVATE_MOUNTS=1 "$0"
fi

gid=4321
control=/run/gksm/control
client=$GKSM_BUILD/tests/cli/gksm_control_client
core_pattern=$(cat /proc/sys/kernel/core_pattern)

# add_identity FILE LINE: the file has this line about gksm, and no other.
add_identity() {
	sed '/^gksm:/d' "/etc/$1" > "/tmp/$1"
	echo "$2" >> "/tmp/$1"
	mount --bind "/tmp/$1" "/etc/$1"
}

# every_thread NAME VALUE: a line of /proc/PID/task/*/status.
every_thread() {
	for task in /proc/"$daemon_pid"/task/*/status; do
		grep -q "^$1:[[:space:]]*$2\([[:space:]]\|\$\)" "$task" ||
			die "$task: $(grep "^$1:" "$task"), not $2"
	done
}

# VmFlags of the three areas: dd is "do not dump", mw "may be made writable".
areas() {
	awk '/\/dev\/gksm/ { ours = 1 }
		/^VmFlags:/ { if (ours) print; ours = 0 }' \
		"/proc/$daemon_pid/smaps"
}

check_areas() {
	[ "$(areas | grep -c .)" -eq 3 ] || die "areas: $(areas)"
	[ "$(areas | grep -c ' dd')" -eq 3 ] || die "dumped: $(areas)"
	[ "$(areas | grep -c ' mw')" -eq 1 ] || die "writable: $(areas)"
	[ "$(areas | grep -c ' \(ex\|me\)')" -eq 0 ] || die "code: $(areas)"
}

# One socket, and it is the control socket.
check_sockets() {
	sockets=$(find "/proc/$daemon_pid/fd" -type l -printf '%l\n' |
		sed -n 's/^socket:\[\(.*\)\]$/\1/p')
	ours=$(awk -v path=$control '$8 == path { print $7 }' \
		"/proc/$daemon_pid/net/unix")
	[ "$ours" ] || die "there is no control socket"
	[ "$sockets" = "$ours" ] ||
		die "sockets: $sockets, the control socket: $ours"
}

# check_process USER
check_process() {
	for set in CapInh CapPrm CapEff CapBnd CapAmb; do
		every_thread $set 0000000000000000
	done
	every_thread NoNewPrivs 1
	every_thread Seccomp 2
	every_thread Uid "$(id -u "$1")"
	every_thread Gid "$(id -g "$1")"
	[ "$(find "/proc/$daemon_pid/task" -mindepth 1 -maxdepth 1 | wc -l)" \
		-ge 2 ] || die "the driver has no threads"
	[ ! "$(pgrep -P "$daemon_pid")" ] || die "there are other processes"
	# What cannot be dumped belongs to root, whoever it runs as.
	[ "$(stat -c %U "/proc/$daemon_pid/mem")" = root ] ||
		die "/proc/PID belongs to $(stat -c %U "/proc/$daemon_pid/mem")"
	if setpriv --reuid "$1" --regid "$1" --clear-groups --bounding-set \
		-all --inh-caps -all cat "/proc/$daemon_pid/maps" \
		> /dev/null 2>&1; then
		die "$1 may look into gksmd"
	fi
	check_areas
	check_sockets
}

# as ID GROUPS COMMAND...: as an ordinary user.
as() {
	id=$1
	groups=$2
	shift 2
	setpriv --reuid "$id" --regid "$id" --groups "$groups" "$@"
}

# answers PATTERN COMMAND...
answers() {
	pattern=$1
	shift
	"$@" > /tmp/answer 2>&1
	grep -q "$pattern" /tmp/answer ||
		die "$*: no '$pattern' in: $(cat /tmp/answer)"
}

check_control() {
	[ "$(stat -c '%a %U %G' $control)" = "660 root gksm" ] ||
		die "$control: $(stat -c '%a %U %G' $control)"
	answers '^gksm/1 ok' /tmp/client $control say 'gksm/1 set pages_to_scan 90000'
	counter_is pages_to_scan 90000 || die "root may set nothing"
	answers '^daemon ' as 65534 $gid /tmp/client $control say 'gksm/1 status'
	answers 'error permission' as 65534 $gid /tmp/client $control \
		say 'gksm/1 set pages_to_scan 4'
	answers 'Permission denied' as 65534 65534 /tmp/client $control \
		say 'gksm/1 status'
	counter_is pages_to_scan 90000 || die "a member has set something"
}

# It works, and leaves no core when it crashes, where a shell does.
check_crash() {
	hashed=$(get pages_hashed_offload)
	await 60 "gksmd works" above pages_hashed_offload $((hashed + 2000))
	rm -f /tmp/core.*
	sh -c 'kill -ABRT $$'
	[ "$(find /tmp -maxdepth 1 -name 'core.*')" ] || die "there are no cores"
	rm -f /tmp/core.*
	kill -ABRT "$daemon_pid"
	wait "$daemon_pid"
	status=$?
	daemon_pid=
	[ $status -eq 134 ] || die "gksmd: exit status $status"
	[ ! "$(find /tmp -maxdepth 1 -name 'core.*')" ] || die "a core of gksmd"
	await 10 "the session is over" counter_is offload none
}

# In the namespaces and with the rights that gksmd.service gives it.
cat > /tmp/as-service <<END
#!/bin/sh
umask 0077
ulimit -l unlimited
exec unshare --net setpriv --no-new-privs \\
	--bounding-set -all,+sys_admin,+setuid,+setgid,+setpcap,+sys_chroot \\
	"$gksmd" "\$@"
END
chmod 755 /tmp/as-service

load
full_speed
start_tenants -a 2 -b 1
cp "$client" /tmp/client
chmod 755 /tmp/client
prlimit --pid $$ --core=unlimited
echo /tmp/core.%p > /proc/sys/kernel/core_pattern

if ! getent passwd gksm > /dev/null; then
	start_daemon
	check_process root
	[ "$(stat -c '%a %U' $control)" = "600 root" ] ||
		die "$control: $(stat -c '%a %U %G' $control)"
	check_crash
fi

add_identity passwd "gksm:x:$gid:$gid::/:/usr/sbin/nologin"
add_identity group "gksm:x:$gid:"
chown -R gksm "$GKSM_CACHE"
for start in "$gksmd" /tmp/as-service; do
	gksmd=$start
	start_daemon
	check_process gksm
	check_control
	check_crash
done
chown -R root "$GKSM_CACHE"
echo "$core_pattern" > /proc/sys/kernel/core_pattern
verify_tenants
end_tenants
unload
