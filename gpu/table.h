/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * table.h - the index and its search as C
 */
#ifndef GKSM_TABLE_H
#define GKSM_TABLE_H

#include <stdint.h>

#include "engine.h"

/**
 * struct gksm_table - an index in the host's memory
 * @words:    see kernels/index.h
 * @exts:     likewise
 * @names:    likewise
 * @nr_homes: likewise
 * @counts:   its counters, INDEX_NR_COUNTS
 */
struct gksm_table {
	uint32_t *words;
	uint8_t *exts;
	uint64_t *names;
	uint32_t nr_homes;
	uint32_t counts[4];
};

/**
 * struct gksm_scratch - what the search of a batch needs besides
 * @nr_cells: cells of @cells, a power of two
 * @cells:    see kernels/group.h
 * @places:   one an entry
 * @firsts:   one an entry
 * @seconds:  one an entry
 */
struct gksm_scratch {
	uint32_t nr_cells;
	uint32_t *cells;
	uint32_t *places;
	uint32_t *firsts;
	uint32_t *seconds;
};

uint32_t gksm_scratch_cells(unsigned int nr_entries);
int gksm_scratch_create(struct gksm_scratch *scratch, unsigned int nr_entries);
void gksm_scratch_destroy(struct gksm_scratch *scratch);

int gksm_table_create(struct gksm_table *table, uint32_t nr_homes);
void gksm_table_destroy(struct gksm_table *table);
void gksm_table_expire(struct gksm_table *table, uint32_t generations);
void gksm_table_move(const struct gksm_table *from, struct gksm_table *to);
void gksm_table_search(struct gksm_table *table,
		       const struct gksm_scratch *scratch,
		       struct gksm_lane *lane, const uint8_t *pages);

#endif /* GKSM_TABLE_H */
