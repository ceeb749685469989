/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GKSM_SIGHTINGS_H
#define GKSM_SIGHTINGS_H

#include <linux/types.h>

void gksm_sightings_init(u64 secret);
void gksm_sightings_exit(void);
bool gksm_sightings_want_rebuild(u64 nr_pages);
void gksm_sightings_begin(u64 nr_pages);
void gksm_sightings_end(void);
u64 gksm_sightings_wanted_bytes(u64 nr_pages);
void gksm_sightings_note(u64 key);
bool gksm_sightings_repeated(u64 key);
u64 gksm_sightings_bytes(void);

#endif /* GKSM_SIGHTINGS_H */
