/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sources.h - the text of the kernels, defined by a file that gksm_embed_cl()
 * writes at build time, with everything it includes inside
 */
#ifndef GKSM_KERNELS_SOURCES_H
#define GKSM_KERNELS_SOURCES_H

extern const char gksm_cl_engine[];

#endif /* GKSM_KERNELS_SOURCES_H */
