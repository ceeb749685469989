#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The module's init function WARNs, which is a panic in this VM.
insmod "$GKSM_OUT/selftest_warn.ko"
