// SPDX-License-Identifier: GPL-2.0-only
/*
 * result.c - take results from memory that user space can write
 *
 * Pure logic: compiled for user space too (tests/unit/kmod).
 */
#include <linux/compiler.h>

#include <gksm_abi.h>

#include "batch.h"
#include "result.h"

/*
 * Every shared field is read exactly once, before anything is decided. Of a
 * page without content the hash is known, and only to be repeated.
 */
static bool take_one(struct gksm_ent *ent, const struct gksm_result *shared)
{
	u64 hash = READ_ONCE(shared->hash);
	u64 peer = READ_ONCE(shared->peer);
	u32 verdict = READ_ONCE(shared->verdict);
	u32 flags = READ_ONCE(shared->flags);
	bool duplicate = verdict == GKSM_VERDICT_DUPLICATE;

	if (flags || verdict >= GKSM_NR_VERDICTS)
		return false;
	if (verdict == GKSM_VERDICT_NONE)
		return !hash && !peer;
	if (ent->page == GKSM_NO_PAGE && hash != ent->hash)
		return false;
	/* A page is not its own twin. */
	if (duplicate ? !peer || peer == ent->cookie : peer != 0)
		return false;
	ent->verdict = verdict;
	ent->hash = hash;
	ent->peer = peer;
	return true;
}

/**
 * gksm_results_take() - validate and copy the results of a batch
 * @batch:  a COMPLETING batch
 * @shared: its results, in memory that may change at any moment
 * @nr:	    how many the daemon wrote, at most @batch->nr
 *
 * A result that breaks a rule of the ABI, and every slot from @nr on, leaves
 * its entry with GKSM_VERDICT_NONE.
 *
 * Return: how many results were valid.
 */
u32 gksm_results_take(struct gksm_batch *batch,
		      const struct gksm_result *shared, u32 nr)
{
	u32 i, valid = 0;

	for (i = 0; i < batch->nr; i++) {
		struct gksm_ent *ent = &batch->ents[i];

		ent->verdict = GKSM_VERDICT_NONE;
		if (ent->page != GKSM_NO_PAGE)
			ent->hash = 0;
		ent->peer = 0;
		if (i < nr && take_one(ent, &shared[i]))
			valid++;
	}
	return valid;
}
