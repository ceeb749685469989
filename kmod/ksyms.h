/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GKSM_KSYMS_H
#define GKSM_KSYMS_H

#include <linux/ksm.h>
#include <linux/memcontrol.h>
#include <linux/sched/cputime.h>
#include <linux/static_call.h>

/**
 * DOC: Functions of the kernel that it does not export
 *
 * X(function) for each. The prototype is the one in the kernel's own header,
 * so a changed signature fails the build and not the machine (but for
 * flush_tlb_mm_range(), which <asm/tlbflush.h> hides from modules). The address is
 * looked up once, at load; the load is refused if one is missing.
 *
 * They are called through static calls and never through a pointer: kernels
 * built for indirect branch tracking remove the landing pad (ENDBR) from
 * functions whose address nobody takes, and an indirect call would fault.
 *
 * Variables (GKSM_KDATA) are a help and no need: one that is missing is NULL.
 */
void flush_tlb_mm_range(struct mm_struct *mm, unsigned long start,
			unsigned long end, unsigned int stride_shift,
			bool freed_tables);

/* clang-format off */
#ifdef GKSM_HAVE_FOLIO_RMAP
#define GKSM_KSYMS_RMAP(X) X(folio_add_anon_rmap_ptes) X(folio_remove_rmap_ptes)
#else
#define GKSM_KSYMS_RMAP(X) X(page_add_anon_rmap) X(page_remove_rmap)
#endif

#if defined(GKSM_HAVE___SPLIT_TO_ORDER)
#define GKSM_KSYMS_SPLIT(X) X(__split_huge_page_to_list_to_order)
#elif defined(GKSM_HAVE_SPLIT_TO_ORDER)
#define GKSM_KSYMS_SPLIT(X) X(split_huge_page_to_list_to_order)
#else
#define GKSM_KSYMS_SPLIT(X) X(split_huge_page_to_list)
#endif

#if defined(GKSM_HAVE___PTE_LOCK_FN)
#define GKSM_KSYMS_PTE_LOCK(X) X(__pte_offset_map_lock)
#elif defined(GKSM_HAVE_PTE_LOCK_FN)
#define GKSM_KSYMS_PTE_LOCK(X) X(pte_offset_map_lock)
#else
#define GKSM_KSYMS_PTE_LOCK(X)
#endif

#ifdef GKSM_HAVE_INVALIDATE_RANGE
#define GKSM_KSYMS_INVALIDATE(X) X(__mmu_notifier_invalidate_range)
#else
#define GKSM_KSYMS_INVALIDATE(X)
#endif

#ifdef CONFIG_MEMCG
#define GKSM_KSYMS_CHARGE(X) X(__mem_cgroup_charge)
#else
#define GKSM_KSYMS_CHARGE(X)
#endif

#define GKSM_KSYMS(X)						\
	X(flush_tlb_mm_range)					\
	X(__mmu_notifier_invalidate_range_start)		\
	X(__mmu_notifier_invalidate_range_end)			\
	X(__mmu_notifier_clear_flush_young)			\
	X(folio_free_swap)					\
	X(lru_add_drain_all)					\
	X(task_sched_runtime)					\
	GKSM_KSYMS_RMAP(X)					\
	GKSM_KSYMS_SPLIT(X)					\
	GKSM_KSYMS_PTE_LOCK(X)					\
	GKSM_KSYMS_CHARGE(X)					\
	GKSM_KSYMS_INVALIDATE(X)

#ifdef CONFIG_PSI
#define GKSM_KDATA_PSI(X) X(psi_system) X(psi_disabled)
#else
#define GKSM_KDATA_PSI(X)
#endif

#ifdef GKSM_HAVE_KSM_ZERO_PAGES
#define GKSM_KDATA_ZERO(X) X(ksm_zero_pages)
#else
#define GKSM_KDATA_ZERO(X)
#endif

#define GKSM_KDATA(X) GKSM_KDATA_PSI(X) GKSM_KDATA_ZERO(X)

enum gksm_kdata {
#define GKSM_ENUM_KDATA(name) GKSM_KDATA_##name,
	GKSM_KDATA(GKSM_ENUM_KDATA)
#undef GKSM_ENUM_KDATA
	GKSM_NR_KDATA
};

#define GKSM_DECLARE_KSYM(name) DECLARE_STATIC_CALL(gksm_ksym_##name, name);
GKSM_KSYMS(GKSM_DECLARE_KSYM)
#undef GKSM_DECLARE_KSYM
/* clang-format on */

/* ksym(f)(args): call an unexported function. */
#define ksym(name) static_call(gksm_ksym_##name)

extern void *gksm_kdata[];

/* kdata(v): where an unexported variable is, or NULL; its header says what. */
#define kdata(name) ((typeof(&name))gksm_kdata[GKSM_KDATA_##name])

int gksm_ksyms_init(void);

#endif /* GKSM_KSYMS_H */
