/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * page.h - a page as kernels read it, OpenCL C
 */
#ifndef GKSM_PAGE_H
#define GKSM_PAGE_H

#define PAGE_BYTES 4096
#define PAGE_STRIPES (PAGE_BYTES / sizeof(ulong4))

#endif /* GKSM_PAGE_H */
