#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# vm: --smp 3 --swap 64M --numa 2
set -e
[ "$(nproc)" -eq 3 ]
[ -d /sys/devices/system/node/node1 ]
grep -q vda /proc/swaps
touch /tmp/was-here
