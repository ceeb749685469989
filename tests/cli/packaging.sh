#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# packaging.sh - what is installed, and what systemd thinks of it

here=$(dirname "$(readlink -f "$0")")
# shellcheck source=lib.sh
. "$here/lib.sh"

check install 0 '' env DESTDIR="$dir/root" cmake \
	-DCMAKE_INSTALL_PREFIX=/usr -P "${GKSM_BUILD:?}/packaging/cmake_install.cmake"
for file in usr/lib/systemd/system/gksmd.service etc/gksm/gksmd.conf \
	usr/lib/udev/rules.d/60-gksm.rules usr/lib/tmpfiles.d/gksm.conf \
	usr/lib/sysusers.d/gksm.conf \
	usr/share/man/man5/gksmd.conf.5 usr/share/man/man8/gksmd.8 \
	usr/share/man/man8/gksmctl.8; do
	nr_checks=$((nr_checks + 1))
	[ -s "$dir/root/$file" ] || fail install "no /$file"
done

# The administrator's configuration survives.
echo '# mine' >"$dir/root/etc/gksm/gksmd.conf"
check install_again 0 '' env DESTDIR="$dir/root" cmake \
	-DCMAKE_INSTALL_PREFIX=/usr -P "$GKSM_BUILD/packaging/cmake_install.cmake"
holds install_again "$dir/root/etc/gksm/gksmd.conf" '# mine'

# The unit names the program; here it is the one that was built.
unit=$dir/gksmd.service
installed=$(sed -n 's/^ExecStart=//p' "$dir/root/usr/lib/systemd/system/gksmd.service")
nr_checks=$((nr_checks + 1))
case $installed in
/*/sbin/gksmd) ;;
*) fail exec_start "$installed" ;;
esac
sed "s|^ExecStart=.*|ExecStart=$GKSMD|" \
	"$dir/root/usr/lib/systemd/system/gksmd.service" >"$unit"
if command -v systemd-analyze >/dev/null; then
	check verify 0 '' systemd-analyze verify --man=no "$unit"
	# 0 is not exposed at all, 10 is without any protection.
	check security 0 '' systemd-analyze security --offline=yes \
		--threshold=18 "$unit"
fi

# Exit codes that no restart mends are those of exit_code.h, but 0, 1 and 5.
nr_checks=$((nr_checks + 1))
[ "$(sed -n 's/^RestartPreventExitStatus=//p' "$unit")" = "$(
	sed -nE 's/^\tGKSM_EXIT_[A-Z_]+ = ([0-9]+),/\1/p' \
		"$GKSM_SOURCE/daemon/exit_code.h" | grep -vx '[015]' | xargs
)" ] || fail restart "$(grep RestartPrevent "$unit")"

finish
