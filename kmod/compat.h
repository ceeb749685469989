/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * compat.h - one face for the kernels that the module builds on
 *
 * Force-included into every file. Together with probe.sh this is the only
 * place that knows that kernels differ; the rest is written against the
 * newest names.
 */
#ifndef GKSM_COMPAT_H
#define GKSM_COMPAT_H

#undef pr_fmt
#define pr_fmt(fmt) "gksm: " fmt

#include <linux/mm.h>
#include <linux/mm_types.h>
#include <linux/huge_mm.h>
#include <linux/kernfs.h>
#include <linux/kobject.h>
#include <linux/mmu_notifier.h>
#include <linux/page-flags.h>
#include <linux/pagemap.h>
#include <linux/percpu_counter.h>
#include <linux/rmap.h>
#include <linux/sched/coredump.h>
#include <linux/shrinker.h>
#include <linux/swap.h>
#include <linux/version.h>

#ifndef CONFIG_X86_64
#error "gksm is for x86-64: the merge protocol was only proven there"
#endif
#ifndef CONFIG_MMU_NOTIFIER
#error "gksm needs CONFIG_MMU_NOTIFIER"
#endif
#ifndef CONFIG_KSM
#error "gksm needs CONFIG_KSM: the kernel must understand merged pages"
#endif

/* Kernels that the tests have run on: docs/kernels.md. */
static inline bool gksm_kernel_tested(void)
{
#define GKSM_KERNEL_IS(major, minor) \
	(LINUX_VERSION_MAJOR == (major) && LINUX_VERSION_PATCHLEVEL == (minor))
	return GKSM_KERNEL_IS(6, 1) || GKSM_KERNEL_IS(6, 12) ||
	       GKSM_KERNEL_IS(7, 3);
#undef GKSM_KERNEL_IS
}

/* v6.3. Needed for: Debian 12 (6.1). */
#ifndef GKSM_HAVE_VM_FLAGS_SET
static inline void gksm_compat_vm_flags_mod(struct vm_area_struct *vma,
					    unsigned long set,
					    unsigned long clear)
{
	vma->vm_flags = (vma->vm_flags | set) & ~clear;
}
#define vm_flags_mod(vma, set, clear) gksm_compat_vm_flags_mod(vma, set, clear)
#endif

/* mm_trace_rss_stat() is not exported, hence the counter by hand. */
static inline void gksm_mm_dec_anon(struct mm_struct *mm)
{
#ifdef GKSM_HAVE_PERCPU_RSS
	percpu_counter_dec(&mm->rss_stat[MM_ANONPAGES]);
#else
	atomic_long_dec(&mm->rss_stat.count[MM_ANONPAGES]);
#endif
}

/* Since v5.19 /proc/PID/ksm_merging_pages shows this. */
static inline void gksm_mm_set_merging(struct mm_struct *mm,
				       unsigned long pages)
{
	WRITE_ONCE(mm->ksm_merging_pages, pages);
}

static inline unsigned long gksm_mm_merging(struct mm_struct *mm)
{
	return READ_ONCE(mm->ksm_merging_pages);
}

static inline bool gksm_mm_opted_in(struct mm_struct *mm)
{
#ifdef GKSM_HAVE_MM_FLAGS_TEST
	return mm_flags_test(MMF_VM_MERGEABLE, mm);
#else
	return test_bit(MMF_VM_MERGEABLE, &mm->flags);
#endif
}

/*
 * The kernel's own mm_kobj, which it no longer exports: the directory
 * /sys/kernel/mm, which never goes away.
 */
static inline struct kobject *gksm_mm_kobj(void)
{
	struct kernfs_node *node = kernfs_find_and_get(kernel_kobj->sd, "mm");
	struct kobject *mm = node ? node->priv : NULL;

	kernfs_put(node);
	return mm;
}

static inline void gksm_range_init(struct mmu_notifier_range *range,
				   struct vm_area_struct *vma,
				   unsigned long start, unsigned long end)
{
#ifdef GKSM_HAVE_RANGE_INIT_VMA
	mmu_notifier_range_init(range, MMU_NOTIFY_CLEAR, 0, vma, vma->vm_mm,
				start, end);
#else
	mmu_notifier_range_init(range, MMU_NOTIFY_CLEAR, 0, vma->vm_mm, start,
				end);
#endif
	range->flags |= MMU_NOTIFIER_RANGE_BLOCKABLE;
}

#ifdef GKSM_HAVE_FOLIO_MAPPING_KSM
#define GKSM_MAPPING_KSM ((void *)FOLIO_MAPPING_KSM)
#else
#define GKSM_MAPPING_KSM ((void *)PAGE_MAPPING_KSM)
#endif

static inline bool gksm_page_test_ksm(struct page *page)
{
	return folio_test_ksm(page_folio(page));
}

static inline void gksm_page_set_swapbacked(struct page *page)
{
	__folio_set_swapbacked(page_folio(page));
}

static inline bool gksm_page_test_swapbacked(struct page *page)
{
	return folio_test_swapbacked(page_folio(page));
}

static inline bool gksm_page_swapcache(struct page *page)
{
	return folio_test_swapcache(page_folio(page));
}

/* Mappings of an order-0 page. */
static inline int gksm_page_mapcount(struct page *page)
{
#ifdef GKSM_HAVE_FOLIO_MAPCOUNT
	return folio_mapcount(page_folio(page));
#else
	return page_mapcount(page);
#endif
}

/* The page's exclusive bit is set; may it be given up now? PTE must be none. */
static inline bool gksm_page_try_share(struct page *page)
{
#ifdef GKSM_HAVE_FOLIO_TRY_SHARE
	return !folio_try_share_anon_rmap_pte(page_folio(page), page);
#else
	return !page_try_share_anon_rmap(page);
#endif
}

/* v6.7: shrinkers are allocated. */
struct gksm_shrinker {
#ifdef GKSM_HAVE_SHRINKER_ALLOC
	struct shrinker *shrinker;
#else
	struct shrinker shrinker;
#endif
};

typedef unsigned long gksm_shrinker_fn(struct shrinker *shrinker,
				       struct shrink_control *sc);

static inline int gksm_shrinker_register(struct gksm_shrinker *s,
					 const char *name,
					 gksm_shrinker_fn *count,
					 gksm_shrinker_fn *scan)
{
#ifdef GKSM_HAVE_SHRINKER_ALLOC
	s->shrinker = shrinker_alloc(0, "%s", name);
	if (!s->shrinker)
		return -ENOMEM;
	s->shrinker->count_objects = count;
	s->shrinker->scan_objects = scan;
	s->shrinker->seeks = DEFAULT_SEEKS;
	shrinker_register(s->shrinker);
	return 0;
#else
	s->shrinker.count_objects = count;
	s->shrinker.scan_objects = scan;
	s->shrinker.seeks = DEFAULT_SEEKS;
	return register_shrinker(&s->shrinker, "%s", name);
#endif
}

static inline void gksm_shrinker_unregister(struct gksm_shrinker *s)
{
#ifdef GKSM_HAVE_SHRINKER_ALLOC
	shrinker_free(s->shrinker);
#else
	unregister_shrinker(&s->shrinker);
#endif
}

#endif /* GKSM_COMPAT_H */
