/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * engine.cl - all kernels as one program: compilers start slowly
 */
#include "page_hash.cl"
#include "page_compare.cl"
#include "group_join.cl"
#include "group_compare.cl"
#include "index_search.cl"
#include "index_sweep.cl"
#include "index_move.cl"
