// SPDX-License-Identifier: GPL-2.0-only
/*
 * table.c - the index and its search as C: what group_join, group_compare and
 * the index_* kernels do, one entry after the other
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "group.h"
#include "index.h"
#include "search.h"
#include "table.h"

/**
 * gksm_scratch_cells - cells for the groups of a batch
 * @nr_entries: the most entries that the batch has
 *
 * Return: a power of two, so that half of the cells stay empty.
 */
uint32_t gksm_scratch_cells(unsigned int nr_entries)
{
	uint32_t nr_cells = 2;

	while (nr_cells < 2ULL * nr_entries && nr_cells < 1U << 31)
		nr_cells *= 2;
	return nr_cells;
}

/**
 * gksm_scratch_create - memory for the search of a batch
 * @scratch:	out
 * @nr_entries: the most entries that a batch has
 *
 * Return: 0 or -ENOMEM.
 */
int gksm_scratch_create(struct gksm_scratch *scratch, unsigned int nr_entries)
{
	const uint32_t nr_cells = gksm_scratch_cells(nr_entries);

	*scratch = (struct gksm_scratch){
		.nr_cells = nr_cells,
		.cells = calloc(nr_cells, sizeof(*scratch->cells)),
		.places = calloc(nr_entries, sizeof(*scratch->places)),
		.firsts = calloc(nr_entries, sizeof(*scratch->firsts)),
		.seconds = calloc(nr_entries, sizeof(*scratch->seconds)),
	};
	if (scratch->cells && scratch->places && scratch->firsts &&
	    scratch->seconds)
		return 0;
	gksm_scratch_destroy(scratch);
	return -ENOMEM;
}

/**
 * gksm_scratch_destroy - give the memory back
 * @scratch: created, or all zero
 */
void gksm_scratch_destroy(struct gksm_scratch *scratch)
{
	free(scratch->cells);
	free(scratch->places);
	free(scratch->firsts);
	free(scratch->seconds);
	*scratch = (struct gksm_scratch){ 0 };
}

/* Zeroed; in huge pages where there are any, for it is read at random. */
static void *map_zeros(size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return NULL;
	madvise(memory, bytes, MADV_HUGEPAGE);
	madvise(memory, bytes, MADV_DONTDUMP);
	return memory;
}

/**
 * gksm_table_create - an empty index
 * @table:    out
 * @nr_homes: INDEX_MIN_HOMES to INDEX_MAX_HOMES
 *
 * Return: 0 or -ENOMEM.
 */
int gksm_table_create(struct gksm_table *table, uint32_t nr_homes)
{
	const size_t nr_slots = gksm_index_slots(nr_homes);

	*table = (struct gksm_table){
		.words = map_zeros(nr_slots * sizeof(*table->words)),
		.exts = map_zeros(nr_slots * sizeof(*table->exts)),
		.names = map_zeros(nr_slots * sizeof(*table->names)),
		.nr_homes = nr_homes,
	};
	if (table->words && table->exts && table->names)
		return 0;
	gksm_table_destroy(table);
	return -ENOMEM;
}

/* Memory that goes back to the kernel is cleared before anybody gets it. */
static void unmap(void *memory, size_t bytes)
{
	if (memory)
		munmap(memory, bytes);
}

/**
 * gksm_table_destroy - give an index's memory back
 * @table: created, or all zero
 */
void gksm_table_destroy(struct gksm_table *table)
{
	const size_t nr_slots = gksm_index_slots(table->nr_homes);

	unmap(table->words, nr_slots * sizeof(*table->words));
	unmap(table->exts, nr_slots * sizeof(*table->exts));
	unmap(table->names, nr_slots * sizeof(*table->names));
	*table = (struct gksm_table){ 0 };
}

static struct index_table view(const struct gksm_table *table)
{
	return (struct index_table){ table->words, table->exts, table->names,
				     table->nr_homes };
}

static void add_tally(struct gksm_table *table, const struct index_tally *tally)
{
	table->counts[INDEX_COUNT_FRESH] += tally->fresh;
	table->counts[INDEX_COUNT_REUSED] += tally->reused;
	table->counts[INDEX_COUNT_REFUSED] += tally->refused;
}

/**
 * gksm_table_expire - sweep generations out
 * @table:	 the index
 * @generations: bit g for generation g
 */
void gksm_table_expire(struct gksm_table *table, uint32_t generations)
{
	const uint64_t nr_slots = gksm_index_slots(table->nr_homes);

	for (uint32_t g = 1; g <= INDEX_NR_GENERATIONS; g++) {
		if (!(generations & 1U << g))
			continue;
		for (uint64_t slot = 0; slot < nr_slots; slot++)
			table->counts[INDEX_COUNT_SWEPT] +=
				index_expire(table->words, slot, g);
	}
}

/**
 * gksm_table_move - enter all that an index holds into another one
 * @from: the index
 * @to:	  the other, empty
 */
void gksm_table_move(const struct gksm_table *from, struct gksm_table *to)
{
	struct index_tally tally = { 0 };

	for (uint32_t b = 0; b < index_buckets(from->nr_homes); b++)
		index_carry(view(from), view(to), b, &tally);
	add_tally(to, &tally);
}

static void find_groups(const struct gksm_scratch *scratch,
			const struct gksm_lane *lane)
{
	const uint32_t nr_entries = gksm_lane_entries(lane);
	const uint32_t nr_cells = gksm_scratch_cells(nr_entries);

	memset(scratch->cells, 0xff, nr_cells * sizeof(*scratch->cells));
	for (uint32_t i = 0; i < nr_entries; i++) {
		const bool is_zero = i < lane->nr_pages && lane->zeros[i];

		scratch->seconds[i] = GROUP_NONE;
		scratch->places[i] = GROUP_NONE;
		if (group_has(lane->names[i], is_zero))
			scratch->places[i] = group_find(
				scratch->cells, nr_cells, lane->hashes, i);
	}
}

static void compare_groups(const struct gksm_scratch *scratch,
			   const struct gksm_lane *lane, const uint8_t *pages)
{
	const uint32_t nr_entries = gksm_lane_entries(lane);

	for (uint32_t i = 0; i < nr_entries; i++) {
		uint32_t first =
			group_first(scratch->cells, scratch->places[i], i);

		if (first != i && i < lane->nr_pages &&
		    memcmp(pages + (size_t)first * GKSM_ENGINE_PAGE_BYTES,
			   pages + (size_t)i * GKSM_ENGINE_PAGE_BYTES,
			   GKSM_ENGINE_PAGE_BYTES) != 0)
			first = GROUP_NONE;
		else if (first != i)
			both_lower(&scratch->seconds[first], i);
		scratch->firsts[i] = first;
	}
}

/**
 * gksm_table_search - search for the twins of a batch's entries
 * @table:   the index
 * @scratch: for at least as many entries
 * @lane:    its hashes, zeros and names; found, twins and counts are set
 * @pages:   its pages
 */
void gksm_table_search(struct gksm_table *table,
		       const struct gksm_scratch *scratch,
		       struct gksm_lane *lane, const uint8_t *pages)
{
	const struct search_batch batch = {
		.hashes = lane->hashes,
		.zeros = lane->zeros,
		.names = lane->names,
		.firsts = scratch->firsts,
		.seconds = scratch->seconds,
		.found = lane->found,
		.twins = lane->twins,
		.nr_pages = lane->nr_pages,
		.generation = lane->orders.generation,
	};
	const uint32_t nr_entries = gksm_lane_entries(lane);
	struct index_tally tally = { 0 };

	find_groups(scratch, lane);
	compare_groups(scratch, lane, pages);
	for (uint32_t i = 0; i < nr_entries; i++) {
		struct index_glance glance = { 0 };

		if (search_needs_index(batch, i)) {
			index_glance_start(view(table), lane->hashes[i]);
			glance =
				index_glance_home(view(table), lane->hashes[i]);
			index_glance_further(view(table), lane->hashes[i],
					     &glance);
		}
		search_entry(view(table), batch, i, glance, &tally);
	}
	add_tally(table, &tally);
	memcpy(lane->counts, table->counts, sizeof(table->counts));
}
