// SPDX-License-Identifier: GPL-2.0-only
/*
 * apply.c - what follows from a batch of hashes
 */
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/xxhash.h>

#include <gksm_abi.h>

#include "apply.h"
#include "batch.h"
#include "domain.h"
#include "kpage.h"
#include "merge.h"
#include "mm_slot.h"
#include "overhead.h"
#include "page_state.h"
#include "scan.h"
#include "sightings.h"
#include "stable.h"
#include "stats.h"
#include "trace.h"
#include "unmerge.h"
#include "unstable.h"
#include "walk.h"
#include "zero.h"

/**
 * DOC: From hashes to merges
 *
 * For each page of a batch, in order:
 *
 * 1. Its key (page_state.h) differs from that of the last pass: it is
 *    *volatile*. Remember the key and leave the page alone. A page never hashed before is not
 *    volatile yet: it may join a merged page at once (2), but waits for the
 *    next pass before it is offered to others (4). So does, in each pass,
 *    one whose state cannot be kept (max_metadata_kib). A page that nobody
 *    touched since has its key without being read.
 * 2. The stable tree has the hash: merge the page there.
 * 3. It is zero, and use_zero_pages is set: map the zero page.
 * 4. The unstable tree has the hash: that page and this one are twins. Make a
 *    merged page from this one's content and merge both. Otherwise this page
 *    waits there for a twin, if there may be one (sightings.c).
 *
 * A device that knows all pages makes most of 4 unnecessary. The twin that it
 * names is as good as one from the unstable tree if the module itself last saw
 * it with this hash. A page that it calls unique does not wait: its twin, when
 * there is one, will be told of it. A page that is never merged thus costs no
 * more than its last hash, and if the device has lied or forgotten, the next
 * pass with content asks again. It is *settled*: until somebody touches it, it is passed
 * over (sweep.c).
 *
 * Merges are not done on the way but collected as *jobs*, sorted by address
 * and done together: runs of neighbours with one page table hold, one TLB flush
 * and one notifier call each, and what lies between them with two flushes for
 * all (merge.c, merge_scattered.c). A merged page is made only of
 * bytes whose hash the module computed itself. If one twin is refused and the
 * other would stay alone on a new merged page, that one is given back.
 *
 * Hashes, verdicts and peers come from user space. They choose which pages are
 * compared, never what the comparison says.
 *
 * Everything here belongs to whoever holds the scan lock. Slots and merged
 * pages live at least until the end of the pass, so jobs hold plain pointers.
 */

#define JOBS_MAX 2048

/**
 * struct job - a page to merge
 * @slot:    its address space
 * @addr:    its address
 * @kpage:   the merged page, or NULL: the zero page
 * @outcome: what became of it
 */
struct job {
	struct gksm_mm_slot *slot;
	unsigned long addr;
	struct page *kpage;
	enum gksm_merge_outcome outcome;
};

static struct job *jobs;
static unsigned int nr_jobs;
static struct page **fresh; /* merged pages made by this batch */
static unsigned int nr_fresh;

/**
 * gksm_apply_init() - allocate what apply needs
 *
 * Return: 0 or -ENOMEM (call gksm_apply_exit()).
 */
int gksm_apply_init(void)
{
	jobs = kvmalloc_array(JOBS_MAX, sizeof(*jobs), GFP_KERNEL);
	fresh = kvmalloc_array(JOBS_MAX, sizeof(*fresh), GFP_KERNEL);
	return jobs && fresh ? 0 : -ENOMEM;
}

/**
 * gksm_apply_exit() - free it
 */
void gksm_apply_exit(void)
{
	kvfree(jobs);
	kvfree(fresh);
}

static int by_address(const void *a, const void *b)
{
	const struct job *x = a, *y = b;

	if (x->slot->id != y->slot->id)
		return x->slot->id < y->slot->id ? -1 : 1;
	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	return 0;
}

/* Does @job belong into the run of neighbours that begins with @first? */
static bool same_run(const struct job *first, const struct job *job)
{
	return (job->addr & PMD_MASK) == (first->addr & PMD_MASK) &&
	       job->addr + PAGE_SIZE - first->addr <= GKSM_MERGE_SPAN;
}

typedef void merge_fn(struct mm_struct *mm, struct gksm_merge_item *items,
		      unsigned int nr);

/* Do some jobs of one address space together; its areas may have changed. */
static void merge_together(struct mm_struct *mm, struct job **list,
			   unsigned int nr, merge_fn *merge)
{
	static struct gksm_merge_item items[GKSM_MERGE_SCATTERED_MAX];
	struct vm_area_struct *vma = NULL;
	unsigned int i;
	u64 begun_ns;

	for (i = 0; i < nr; i++) {
		if (!vma || list[i]->addr >= vma->vm_end)
			vma = vma_lookup(mm, list[i]->addr);
		items[i].addr = list[i]->addr;
		items[i].kpage = list[i]->kpage;
		items[i].vma = vma && gksm_vma_mergeable(vma) &&
					       list[i]->addr >= vma->vm_start ?
				       vma :
				       NULL;
	}
	begun_ns = gksm_cpu_ns();
	merge(mm, items, nr);
	gksm_count(merge_cpu_ns, gksm_cpu_ns() - begun_ns);
	for (i = 0; i < nr; i++)
		list[i]->outcome = items[i].outcome;
}

/* How many jobs, from the first on, are a run of neighbours? */
static unsigned int run_length(struct job **list, unsigned int nr)
{
	unsigned int n = 1;

	while (n < nr && n < GKSM_MERGE_MAX && same_run(list[0], list[n]) &&
	       list[n]->addr != list[n - 1]->addr)
		n++;
	return n;
}

/*
 * Jobs in runs of few neighbours. Two flushes are enough for all of them; one
 * or two runs have no use for that.
 */
static void merge_sparse(struct mm_struct *mm, struct job **list,
			 unsigned int nr)
{
	unsigned int i, n, nr_runs = 0;

	for (i = 0; i < nr; i += run_length(list + i, nr - i))
		nr_runs++;
	if (nr_runs > 2) {
		merge_together(mm, list, nr, gksm_merge_scattered);
		return;
	}
	for (i = 0; i < nr; i += n) {
		n = run_length(list + i, nr - i);
		merge_together(mm, list + i, n, gksm_merge_near);
	}
}

/*
 * Can it be done together with those that lie before it? Who has secondary MMUs
 * is held up for the range that they span: one page table at most.
 */
static bool fits_sparse(struct mm_struct *mm, struct job *first,
			struct job *last, struct job *job)
{
	if (job->addr == last->addr)
		return false;
	return !mm_has_notifiers(mm) ||
	       (job->addr & PMD_MASK) == (first->addr & PMD_MASK);
}

/* Jobs of one address space: long runs each for itself, the rest together. */
static void merge_list(struct mm_struct *mm, struct job **list, unsigned int nr)
{
	static struct job *sparse[GKSM_MERGE_SCATTERED_MAX]; /* scan lock */
	unsigned int i, n, k, nr_sparse = 0;

	for (i = 0; i < nr; i += n) {
		n = run_length(list + i, nr - i);
		if (n >= GKSM_MERGE_DENSE) {
			merge_together(mm, list + i, n, gksm_merge_near);
			continue;
		}
		if (nr_sparse && !fits_sparse(mm, sparse[0],
					      sparse[nr_sparse - 1], list[i])) {
			merge_sparse(mm, sparse, nr_sparse);
			nr_sparse = 0;
		}
		for (k = 0; k < n; k++)
			sparse[nr_sparse++] = list[i + k];
	}
	if (nr_sparse)
		merge_sparse(mm, sparse, nr_sparse);
}

/* Some jobs of one address space; returns how many. */
static unsigned int list_jobs(struct job *first, unsigned int nr,
			      struct job **list)
{
	unsigned int n;

	nr = min_t(unsigned int, nr, GKSM_MERGE_SCATTERED_MAX);
	for (n = 0; n < nr && first[n].slot == first->slot; n++)
		list[n] = &first[n];
	return n;
}

static void merge_jobs(void)
{
	static struct job *list[GKSM_MERGE_SCATTERED_MAX]; /* scan lock */
	unsigned int i, n;

	for (i = 0; i < nr_jobs; i += n) {
		struct mm_struct *mm = jobs[i].slot->mm;

		n = list_jobs(&jobs[i], nr_jobs - i, list);
		if (mmget_not_zero(mm)) {
			mmap_read_lock(mm);
			merge_list(mm, list, n);
			mmap_read_unlock(mm);
			mmput_async(mm);
		}
		cond_resched();
	}
}

/* A new merged page with one sharer saves nothing and cannot be swapped. */
static unsigned int undo_singles(void)
{
	unsigned int i, undone = 0;

	for (i = 0; i < nr_jobs; i++) {
		struct job *job = &jobs[i];

		if (job->outcome != GKSM_MERGE_DONE || !job->kpage ||
		    !gksm_stable_is_fresh(job->kpage) ||
		    gksm_kpage_sharers(job->kpage) != 1)
			continue;
		if (!gksm_unmerge_page(job->slot->mm, job->addr)) {
			gksm_mm_count_merged(job->slot, job->addr, -1);
			job->outcome = GKSM_MERGE_CHANGED;
			undone++;
		}
	}
	gksm_count(merges_undone, undone);
	return undone;
}

static void trace(const struct job *job)
{
	struct page *page = job->kpage ?: ZERO_PAGE(0);

	if (job->kpage && gksm_stable_is_fresh(job->kpage))
		trace_gksm_merge_one_page(page_to_pfn(page), job->slot->mm,
					  job->addr, job->outcome);
	else
		trace_gksm_merge_with_ksm_page(page_to_pfn(page), job->slot->mm,
					       job->addr, job->outcome);
}

/*
 * What is known of the page now. A merged page is noted at once and not by the
 * next sweep, which would take it for the page that was there if the frames of
 * both are the same in short.
 */
static void remember(const struct job *job)
{
	u64 *state = gksm_mm_slot_state(job->slot, job->addr, false);

	if (!state)
		return;
	if (job->outcome == GKSM_MERGE_DONE)
		*state = job->kpage ?
				 gksm_state(
					 GKSM_KEY_MERGED,
					 gksm_frame(page_to_pfn(job->kpage))) :
				 GKSM_KEY_ZEROED;
	else if (job->outcome == GKSM_MERGE_DIFFER)
		*state = gksm_state_stale(*state);
}

static void count(const struct job *job)
{
	if (job->outcome != GKSM_MERGE_DONE)
		return;
	if (job->kpage)
		gksm_mm_count_merged(job->slot, job->addr, 1);
	else
		gksm_mm_count_zeroed(job->slot, job->addr);
}

/* Do all jobs, then settle what became of the merged pages made for them. */
static void run_jobs(void)
{
	unsigned int i, merged = 0, zeroed = 0, shared = 0;

	sort(jobs, nr_jobs, sizeof(*jobs), by_address, NULL);
	merge_jobs();
	for (i = 0; i < nr_jobs; i++) {
		trace(&jobs[i]);
		count(&jobs[i]);
		if (jobs[i].outcome == GKSM_MERGE_DONE && jobs[i].kpage)
			merged++;
		else if (jobs[i].outcome == GKSM_MERGE_DONE)
			zeroed++;
	}
	merged -= undo_singles();
	for (i = 0; i < nr_jobs; i++) {
		remember(&jobs[i]);
		if (jobs[i].kpage)
			gksm_kpage_unclaim(jobs[i].kpage);
	}
	nr_jobs = 0;
	for (i = 0; i < nr_fresh; i++) {
		if (gksm_kpage_sharers(fresh[i])) {
			gksm_stable_keep(fresh[i]);
			shared++;
		} else {
			gksm_stable_remove(fresh[i]);
		}
	}
	nr_fresh = 0;
	/* Estimates until the end of the pass counts. */
	gksm_gauge_add(pages_shared, shared);
	gksm_gauge_add(pages_sharing, (s64)merged - shared);
	gksm_zero_merged(zeroed);
}

static void add_job(struct gksm_mm_slot *slot, unsigned long addr,
		    struct page *kpage)
{
	if (kpage)
		gksm_kpage_claim(kpage);
	jobs[nr_jobs++] = (struct job){
		.slot = slot,
		.addr = addr,
		.kpage = kpage,
		.outcome = GKSM_MERGE_CHANGED,
	};
}

static struct page *get_candidate(struct gksm_mm_slot *slot, unsigned long addr)
{
	struct page *page = NULL;
	struct vm_area_struct *vma;

	if (!mmget_not_zero(slot->mm))
		return NULL;
	mmap_read_lock(slot->mm);
	vma = vma_lookup(slot->mm, addr);
	if (vma && gksm_vma_mergeable(vma))
		page = gksm_walk_page(vma, addr);
	mmap_read_unlock(slot->mm);
	mmput_async(slot->mm);
	return page;
}

static bool room_for_kpage(void)
{
	unsigned long limit = READ_ONCE(gksm_settings.max_shared_pages);

	return !limit || gksm_stable_nr() < limit;
}

static u64 hash_page(struct page *page, const struct gksm_domain *domain)
{
	void *bytes = kmap_local_page(page);
	u64 hash = xxh64(bytes, PAGE_SIZE,
			 gksm_domain_seed(domain, page_to_nid(page)));

	kunmap_local(bytes);
	return hash;
}

/*
 * A merged page equals the page that it is made of, whatever the twin is: the
 * comparison before a huge page is split would say nothing. So here the twin
 * is looked at first, if that page is a part of a huge one.
 */
static bool splits_for_nothing(struct page *page, u64 twin)
{
	struct page *other;
	bool same;

	if (!PageCompound(page))
		return false;
	other = get_candidate(gksm_cookie_slot(twin), gksm_cookie_addr(twin));
	if (!other)
		return true;
	gksm_racy_begin();
	same = gksm_merge_same_bytes(other, page);
	gksm_racy_end();
	put_page(other);
	return !same;
}

/*
 * A merged page with the content of a candidate, for it and its twin (a cookie),
 * if its key is right.
 */
static struct page *make_kpage(struct gksm_mm_slot *slot, unsigned long addr,
			       u64 key, u64 twin,
			       struct gksm_apply_tally *tally)
{
	struct page *page, *kpage;

	if (!room_for_kpage()) {
		gksm_count(stable_nodes_refused, 1);
		tally->nr_full++;
		return NULL;
	}
	page = get_candidate(slot, addr);
	if (!page)
		return NULL;
	if (splits_for_nothing(page, twin)) {
		put_page(page);
		return NULL;
	}
	kpage = gksm_kpage_alloc(page, slot->mm);
	put_page(page);
	if (kpage && gksm_key(hash_page(kpage, slot->domain)) != key) {
		gksm_kpage_free(kpage);
		return NULL;
	}
	if (kpage && gksm_stable_insert(slot->domain->salt, key, kpage)) {
		gksm_kpage_free(kpage);
		kpage = NULL;
	}
	if (kpage) {
		fresh[nr_fresh++] = kpage;
	} else {
		gksm_count(stable_nodes_refused, 1);
		tally->nr_no_memory++;
	}
	return kpage;
}

/* The twin that the device names, if it last had the same key; or 0. */
static u64 named_twin(const struct gksm_ent *ent, u64 key)
{
	struct gksm_mm_slot *slot;
	u64 *state;

	if (ent->verdict != GKSM_VERDICT_DUPLICATE)
		return 0;
	slot = gksm_cookie_slot(ent->peer);
	state = slot ? gksm_mm_slot_state(slot, gksm_cookie_addr(ent->peer),
					  false) :
		       NULL;
	return state && gksm_state_key(*state) == key ? ent->peer : 0;
}

/* Step 4. */
static void find_twin(struct gksm_mm_slot *slot, const struct gksm_ent *ent,
		      u64 *state, struct gksm_apply_tally *tally)
{
	unsigned long addr = gksm_cookie_addr(ent->cookie);
	u64 key = gksm_state_key(*state);
	u64 waits = gksm_unstable_find(tally->round, key);
	u64 cookie = waits ?: named_twin(ent, key);
	struct gksm_mm_slot *twin;
	struct page *kpage;

	twin = cookie && cookie != ent->cookie ? gksm_cookie_slot(cookie) :
						 NULL;
	if (!twin || twin->domain != slot->domain) {
		tally->nr_unshared++;
		if (ent->verdict == GKSM_VERDICT_UNIQUE)
			*state |= GKSM_STATE_SETTLED;
		else if (gksm_sightings_repeated(key))
			gksm_unstable_put(tally->round, key, ent->cookie);
		return;
	}
	kpage = make_kpage(slot, addr, key, cookie, tally);
	if (!kpage) {
		tally->nr_unshared++;
		return;
	}
	if (waits) {
		gksm_unstable_settle(tally->round, key);
		tally->nr_unshared -= !!tally->nr_unshared;
	} else {
		gksm_count(twins_named, 1);
	}
	add_job(slot, addr, kpage);
	add_job(twin, gksm_cookie_addr(cookie), kpage);
}

/* Step 2: returns whether there is a merged page to join. */
static bool join_merged(struct gksm_mm_slot *slot, unsigned long addr, u64 key)
{
	struct page *kpage = gksm_stable_find(slot->domain->salt, key);

	if (kpage)
		add_job(slot, addr, kpage);
	return kpage;
}

/* The page has a state: it was seen now with @key, and before with what? */
static void apply_known(struct gksm_mm_slot *slot, const struct gksm_ent *ent,
			u64 *state, u64 before, struct gksm_apply_tally *tally)
{
	unsigned long addr = gksm_cookie_addr(ent->cookie);
	u64 key = gksm_state_key(*state);

	if (before != key && gksm_key_is_content(before)) {
		tally->nr_volatile++;
	} else if (gksm_domain_is_zero(slot->domain, key) &&
		   READ_ONCE(gksm_settings.use_zero_pages)) {
		if (before == key)
			add_job(slot, addr, NULL);
		else
			tally->nr_volatile++;
	} else if (!join_merged(slot, addr, key)) {
		if (before == key)
			find_twin(slot, ent, state, tally);
		else
			tally->nr_volatile++;
	}
}

/*
 * The page may have been read on demand since it was copied for the device: the
 * older hash is not to take the place of the newer one, for the bits that said
 * that the page was touched are gone.
 */
static bool is_outdated(const struct gksm_mm_slot *slot,
			const struct gksm_ent *ent)
{
	return ent->page != GKSM_NO_PAGE && ent->demands != slot->demands;
}

static void apply_outdated(struct gksm_mm_slot *slot, unsigned long addr,
			   struct gksm_apply_tally *tally)
{
	u64 *state = gksm_mm_slot_state(slot, addr, false);

	if (state)
		*state = gksm_state_stale(*state);
	tally->nr_volatile++;
}

static void apply_one(const struct gksm_ent *ent,
		      struct gksm_apply_tally *tally)
{
	struct gksm_mm_slot *slot = gksm_cookie_slot(ent->cookie);
	unsigned long addr = gksm_cookie_addr(ent->cookie);
	bool is_kept = ent->page == GKSM_NO_PAGE;
	u64 key = gksm_key(ent->hash), before;
	u64 *state = NULL;

	if (slot && is_outdated(slot, ent)) {
		apply_outdated(slot, addr, tally);
		return;
	}
	if (slot)
		state = gksm_mm_slot_state(slot, addr, !is_kept);
	if (!state) {
		tally->nr_no_memory += slot && !is_kept;
		if (!slot || !join_merged(slot, addr, key))
			tally->nr_volatile++;
		return;
	}
	before = gksm_state_key(*state);
	/* Merged meanwhile, say, as somebody's twin: nothing new is known. */
	if (is_kept && before != key)
		return;
	if (!is_kept)
		*state = gksm_state(key, ent->frame);
	if (before != key)
		gksm_sightings_note(key);
	apply_known(slot, ent, state, before, tally);
}

/**
 * gksm_apply() - act on a batch of hashes
 * @ents:  pages with their hashes; entries without one (GKSM_VERDICT_NONE)
 *	   must have been hashed by the caller
 * @nr:	   how many
 * @tally: what became of them is added to it
 *
 * Context: scan lock held; sleeps.
 */
void gksm_apply(const struct gksm_ent *ents, unsigned int nr,
		struct gksm_apply_tally *tally)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (nr_jobs + 2 > JOBS_MAX)
			run_jobs();
		apply_one(&ents[i], tally);
		if (ents[i].verdict == GKSM_VERDICT_DUPLICATE)
			gksm_count(device_duplicates, 1);
		if (!(i & 0xff))
			cond_resched();
	}
	run_jobs();
}
