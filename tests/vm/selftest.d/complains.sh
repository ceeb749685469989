#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
echo "BUG: a line that no healthy kernel prints" > /dev/kmsg
