#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The case after a dead VM gets a new one.
true
