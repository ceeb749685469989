// SPDX-License-Identifier: GPL-2.0-only
/*
 * footprint.c - what a scanner takes of the memory that it frees
 *
 * By what the kernel says, not the scanner: free memory, and the slab caches
 * that a scanner uses.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "e2e.h"

/* Of ksmd; and of the module, whose states lie in an xarray. */
static const char *const ksm_caches[] = { "ksm_rmap_item", "ksm_stable_node",
					  "ksm_mm_slot", NULL };
static const char *const gksm_caches[] = { "gksm_mm_slot", "radix_tree_node",
					   NULL };

/* With what lingers in the lists of each processor. */
static double get_free(void)
{
	FILE *file = fopen("/proc/zoneinfo", "re");
	long pages = 0, value;
	char line[128];

	if (!file)
		fail("footprint", "there is no /proc/zoneinfo");
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, " count: %ld", &value) == 1 ||
		    sscanf(line, " nr_free_pages %ld", &value) == 1)
			pages += value;
	}
	fclose(file);
	return (double)pages * (double)PAGE;
}

static double get_slabs(const char *cache)
{
	char dir[128];

	snprintf(dir, sizeof(dir), "/sys/kernel/slab/%s", cache);
	return (double)((unsigned long)read_file(dir, "slabs")
			<< read_file(dir, "order")) *
	       (double)PAGE;
}

/*
 * The kernel makes one cache of those whose objects are alike, also of ksmd's:
 * their names are links to it. It has objects of others, too, hence differences.
 */
static bool is_same_cache(const char *one, const char *other)
{
	char paths[2][128];
	struct stat stats[2];

	snprintf(paths[0], sizeof(paths[0]), "/sys/kernel/slab/%s", one);
	snprintf(paths[1], sizeof(paths[1]), "/sys/kernel/slab/%s", other);
	if (stat(paths[0], &stats[0]) || stat(paths[1], &stats[1]))
		fail(one, strerror(errno));
	return stats[0].st_ino == stats[1].st_ino;
}

/**
 * footprint_get - memory as it is now
 * @scanner: whose slab caches are meant
 *
 * Return: bytes.
 */
struct footprint footprint_get(const struct scanner *scanner)
{
	const char *const *caches =
		strcmp(scanner->dir, KSM) == 0 ? ksm_caches : gksm_caches;
	struct footprint footprint = { .free = get_free() };

	for (unsigned int c = 0; caches[c]; c++) {
		bool seen = false;

		for (unsigned int other = 0; other < c; other++)
			seen |= is_same_cache(caches[c], caches[other]);
		if (!seen)
			footprint.slabs += get_slabs(caches[c]);
	}
	return footprint;
}
