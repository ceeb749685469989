/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_MM_H
#define SHIM_LINUX_MM_H

#include <linux/compiler.h>
#include <linux/sched.h>
#include <linux/slab.h>

#define PAGE_SHIFT 12
#define PAGE_SIZE (1UL << PAGE_SHIFT)

struct page;

/* Of a test that has pages. */
unsigned long page_to_pfn(const struct page *page);
struct page *pfn_to_page(unsigned long pfn);

unsigned long get_zeroed_page(gfp_t flags);
void free_page(unsigned long addr);

/* Nodes of the machine, which a test may have more of. */
extern unsigned int nr_node_ids;

/* A page of zeros; it is its own struct page. */
extern unsigned char shim_zero_page[PAGE_SIZE];

#define ZERO_PAGE(addr) shim_zero_page
#define page_address(page) ((void *)(page))

#endif /* SHIM_LINUX_MM_H */
