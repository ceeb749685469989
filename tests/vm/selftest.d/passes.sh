#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# expects: WARNING: this one was announced
echo "WARNING: this one was announced" > /dev/kmsg
echo "a file" > "$GKSM_OUT/returned"
