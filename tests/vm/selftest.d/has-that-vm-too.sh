#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# vm: --smp 3 --swap 64M --numa 2
# It was not booted again for this one.
[ -e /tmp/was-here ]
