/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sources.h - the text of each kernel, defined by files that
 * gksm_embed_cl() writes at build time, with the headers it includes inside
 */
#ifndef GKSM_KERNELS_SOURCES_H
#define GKSM_KERNELS_SOURCES_H

extern const char gksm_cl_page_hash[];
extern const char gksm_cl_page_compare[];

#endif /* GKSM_KERNELS_SOURCES_H */
