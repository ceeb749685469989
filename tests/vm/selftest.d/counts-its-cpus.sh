#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# vm: --smp 3
echo "$(nproc) $WORD" > "$GKSM_OUT/cpus"
