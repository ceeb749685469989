// SPDX-License-Identifier: GPL-2.0-only
/*
 * finder.c - a batch's slots as the engine's entries, and what it found as
 * answers
 *
 * Arithmetic on arrays: no device and no system call in here.
 */
#include <string.h>

#include "finder.h"

/* The entry that stands for a slot, or GKSM_NO_ENTRY. */
static uint32_t add_entry(struct gksm_entries *entries,
			  const struct gksm_slot *slot)
{
	uint32_t entry = slot->page;

	if (slot->flags || !slot->cookie)
		return GKSM_NO_ENTRY;
	if (entry == GKSM_NO_PAGE) {
		entry = entries->nr_pages + entries->nr_known;
		if (entry >= entries->max)
			return GKSM_NO_ENTRY;
		entries->nr_known++;
	} else if (entry >= entries->nr_pages || entries->names[entry]) {
		return GKSM_NO_ENTRY;
	}
	entries->seeds[entry] = slot->salt;
	entries->names[entry] = slot->cookie;
	return entry;
}

/**
 * gksm_finder_ask - take a batch's slots out of shared memory
 * @questions: out: one for each slot
 * @shared:    the module's slots; may change while they are read
 * @nr_slots:  how many
 * @entries:   in: @max and @nr_pages; out: the rest
 *
 * A slot without content names its page's hash where others have the salt; it
 * becomes an entry after those of the pages. No answer is possible to a slot
 * with a flag that is not known, without a cookie, with a page outside the
 * batch, or with a page that another slot has, because a page has one name.
 */
void gksm_finder_ask(struct gksm_question *questions,
		     const struct gksm_slot *shared, unsigned int nr_slots,
		     struct gksm_entries *entries)
{
	const size_t bytes = entries->nr_pages * sizeof(*entries->names);

	memset(entries->seeds, 0, bytes);
	memset(entries->names, 0, bytes);
	entries->nr_known = 0;
	for (unsigned int i = 0; i < nr_slots; i++) {
		struct gksm_slot slot;

		memcpy(&slot, &shared[i], sizeof(slot));
		questions[i].cookie = slot.cookie;
		questions[i].entry = add_entry(entries, &slot);
	}
}

/* What the module may be told of an entry. */
static enum gksm_verdict judge(enum gksm_gpu_found found)
{
	switch (found) {
	case GKSM_GPU_FOUND_ZERO:
		return GKSM_VERDICT_ZERO;
	case GKSM_GPU_FOUND_UNIQUE:
		return GKSM_VERDICT_UNIQUE;
	case GKSM_GPU_FOUND_EQUAL:
	case GKSM_GPU_FOUND_ALIKE:
		return GKSM_VERDICT_DUPLICATE;
	default:
		return GKSM_VERDICT_HASHED;
	}
}

static struct gksm_result answer(const struct gksm_question *question,
				 const struct gksm_gpu_batch *found)
{
	struct gksm_result result = { 0 };

	if (question->entry == GKSM_NO_ENTRY)
		return result;
	result.hash = found->hashes[question->entry];
	result.verdict = judge(found->found[question->entry]);
	if (result.verdict != GKSM_VERDICT_DUPLICATE)
		return result;
	result.peer = found->twins[question->entry];
	/* A cookie that was sent twice finds itself. */
	if (!result.peer || result.peer == question->cookie) {
		result.peer = 0;
		result.verdict = GKSM_VERDICT_HASHED;
	}
	return result;
}

/**
 * gksm_finder_answer - write the answers of a batch
 * @questions: from gksm_finder_ask()
 * @nr_slots:  how many
 * @found:     what the engine found out about their entries
 * @results:   out: @nr_slots answers
 * @tally:     the answers are added to it
 */
void gksm_finder_answer(const struct gksm_question *questions,
			unsigned int nr_slots,
			const struct gksm_gpu_batch *found,
			struct gksm_result *results, struct gksm_tally *tally)
{
	for (unsigned int i = 0; i < nr_slots; i++) {
		const uint32_t entry = questions[i].entry;

		results[i] = answer(&questions[i], found);
		tally->unanswered += results[i].verdict == GKSM_VERDICT_NONE;
		tally->zero += results[i].verdict == GKSM_VERDICT_ZERO;
		tally->unique += results[i].verdict == GKSM_VERDICT_UNIQUE;
		tally->duplicate +=
			results[i].verdict == GKSM_VERDICT_DUPLICATE;
		tally->hashed += results[i].verdict == GKSM_VERDICT_HASHED;
		if (entry == GKSM_NO_ENTRY)
			continue;
		tally->collided +=
			found->found[entry] == GKSM_GPU_FOUND_COLLIDED;
		tally->known += entry >= found->nr_pages;
	}
}
