#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A verdict without the nonce is only text.
echo "end claims-success 0 1"
echo "1 passed, 0 failed"
exit 3
