/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hash.h - numbers of page_hash.cl that its launch depends on, as OpenCL C 1.2
 * and as C11
 */
#ifndef GKSM_HASH_H
#define GKSM_HASH_H

/* Work-items of a work-group. */
#define HASH_GROUP 64
/* Pages that a work-item of page_hash_wide takes side by side, as it is written. */
#define HASH_SIDE 4
/* Work-items of page_hash_lanes for a page: as many as XXH64 has accumulators. */
#define HASH_LANES 4
/* Vectors of 32 bytes in what memory is read in: 64 bytes on processors. */
#define HASH_LINE_STRIPES 2

#endif /* GKSM_HASH_H */
