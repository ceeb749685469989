#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Not a failure, but nothing of it may survive the case.
setsid sleep 1000 &
