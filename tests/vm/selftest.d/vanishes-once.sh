#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# retries: 1
# The VM goes away without a word, but not a second time.
[ ! -e "$GKSM_OUT/vanished" ] || exit 0
touch "$GKSM_OUT/vanished"
busybox poweroff -f
