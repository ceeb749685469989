#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# limit: 3
sleep 1000
