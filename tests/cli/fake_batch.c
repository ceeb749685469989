// SPDX-License-Identifier: GPL-2.0-only
/*
 * fake_batch.c - batches whose answers are known
 *
 * Every kind of slot is in every batch: empty pages, twins, twins with
 * another salt, pages without a twin, slots without a page (for which there
 * are no entries left), slots with an unknown flag, and two different pages
 * with the same hash. The answers are
 * checked slot by slot against libxxhash and memcmp().
 */
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#include "fake_batch.h"

/* Primes of XXH64, as in its specification. */
#define PRIME_1 0x9E3779B185EBCA87ULL
#define PRIME_2 0xC2B2AE3D27D4EB4FULL

#define NR_TWIN_CONTENTS 3

/* Lanes of XXH64: a lane reads every fourth word. */
#define LANES 4

static uint64_t mix(uint64_t x)
{
	x += 0x9E3779B97F4A7C15ULL;
	x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
	x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
	return x ^ (x >> 31);
}

static void *page_at(const struct fake_batch *batch, unsigned int page)
{
	return batch->pages + (size_t)page * GKSM_PAGE_SIZE;
}

static void fill_page(void *page, uint64_t content)
{
	uint64_t words[GKSM_PAGE_WORDS];

	for (unsigned int i = 0; i < GKSM_PAGE_WORDS; i++)
		words[i] = mix(content * GKSM_PAGE_WORDS + i);
	memcpy(page, words, sizeof(words));
}

static uint64_t xxh_round(uint64_t lane, uint64_t word)
{
	lane += word * PRIME_2;
	return (lane << 31 | lane >> 33) * PRIME_1;
}

/* The x with a * x = 1, by Newton's method; a is odd. */
static uint64_t inverse(uint64_t a)
{
	uint64_t x = a;

	for (unsigned int i = 0; i < 6; i++)
		x *= 2 - a * x;
	return x;
}

/*
 * Changes two words of the first lane so that its state is the same after
 * both: another page with the same hash for this seed.
 */
static void make_collision(void *page, uint64_t seed)
{
	const uint64_t start = seed + PRIME_1 + PRIME_2;
	uint64_t words[LANES + 1];
	uint64_t before, after;

	memcpy(words, page, sizeof(words));
	before = xxh_round(start, words[0]);
	words[0] ^= 1;
	after = xxh_round(start, words[0]);
	words[LANES] += (before - after) * inverse(PRIME_2);
	memcpy(page, words, sizeof(words));
}

/**
 * fake_batch_fill - put pages into a batch
 * @batch: where; at least GKSM_MIN_BATCH_SLOTS slots
 * @id:    another one gives other pages
 */
void fake_batch_fill(struct fake_batch *batch, uint64_t id)
{
	const unsigned int last = batch->nr_slots - 1;

	for (unsigned int i = 0; i <= last; i++) {
		struct gksm_slot *slot = &batch->slots[i];
		const uint64_t dice = mix(id << 20 | i);

		/* Slots and pages in opposite order, to tell them apart. */
		*slot = (struct gksm_slot){
			.cookie = id << 20 | (i + 1),
			.salt = mix(dice % 2),
			.page = last - i,
		};
		/* The first eight show every kind, the rest are drawn. */
		switch (i < 8 ? i : dice >> 8 & 7) {
		case 0:
			memset(page_at(batch, slot->page), 0, GKSM_PAGE_SIZE);
			break;
		case 1:
			slot->page = GKSM_NO_PAGE;
			break;
		case 2:
			slot->flags = 1U << 31;
			break;
		case 3:
		case 4:
		case 5:
			fill_page(page_at(batch, slot->page),
				  id + (dice >> 16) % NR_TWIN_CONTENTS);
			break;
		default:
			fill_page(page_at(batch, slot->page), dice);
			break;
		}
	}
	/* The last two collide. */
	batch->slots[last].flags = batch->slots[last - 1].flags = 0;
	batch->slots[last].page = 0;
	batch->slots[last - 1].page = 1;
	batch->slots[last - 1].salt = batch->slots[last].salt;
	fill_page(page_at(batch, 0), ~id);
	fill_page(page_at(batch, 1), ~id);
	make_collision(page_at(batch, 0), batch->slots[last].salt);
	memset(batch->results, 0xff, batch->nr_slots * sizeof(*batch->results));
}

static bool is_zero(const void *page)
{
	static const unsigned char zero[GKSM_PAGE_SIZE];

	return memcmp(page, zero, sizeof(zero)) == 0;
}

static bool are_twins(const struct fake_batch *batch, unsigned int a,
		      unsigned int b)
{
	const struct gksm_slot *one = &batch->slots[a], *two = &batch->slots[b];

	return a != b && one->salt == two->salt && !one->flags && !two->flags &&
	       one->page != GKSM_NO_PAGE && two->page != GKSM_NO_PAGE &&
	       memcmp(page_at(batch, one->page), page_at(batch, two->page),
		      GKSM_PAGE_SIZE) == 0;
}

/* Of the contents that a batch draws twins from, others draw two as well. */
static bool is_far_twin(const void *page, uint64_t id, uint64_t peer_id)
{
	unsigned char twin[GKSM_PAGE_SIZE];

	for (unsigned int k = 0; k < NR_TWIN_CONTENTS; k++) {
		fill_page(twin, id + k);
		if (memcmp(page, twin, sizeof(twin)) == 0)
			return peer_id != id &&
			       id + k - peer_id < NR_TWIN_CONTENTS;
	}
	return false;
}

/* A slot without a twin in its batch. */
static bool is_right_alone(const struct fake_batch *batch, unsigned int i,
			   const struct fake_leniency *leniency)
{
	const struct gksm_slot *slot = &batch->slots[i];
	const struct gksm_result *result = &batch->results[i];
	const bool overtaken = leniency->overtaken;

	if (result->verdict == GKSM_VERDICT_DUPLICATE && leniency->hints &&
	    i >= batch->nr_slots - 2 &&
	    result->peer == batch->slots[2 * batch->nr_slots - 3 - i].cookie)
		return true;
	if (result->verdict == GKSM_VERDICT_DUPLICATE && overtaken)
		return result->peer >> 20 != slot->cookie >> 20;
	if (result->verdict == GKSM_VERDICT_DUPLICATE)
		return is_far_twin(page_at(batch, slot->page),
				   slot->cookie >> 20, result->peer >> 20);
	if (result->verdict == GKSM_VERDICT_HASHED)
		return !result->peer && i >= batch->nr_slots - 2;
	return result->verdict == GKSM_VERDICT_UNIQUE && !result->peer;
}

static bool is_right(const struct fake_batch *batch, unsigned int i,
		     const struct fake_leniency *leniency)
{
	const struct gksm_slot *slot = &batch->slots[i];
	const struct gksm_result *result = &batch->results[i];
	const void *page = page_at(batch, slot->page);
	bool has_twin = false, names_twin = false;

	if (result->flags)
		return false;
	if (slot->page == GKSM_NO_PAGE || slot->flags)
		return result->verdict == GKSM_VERDICT_NONE;
	if (result->hash != XXH64(page, GKSM_PAGE_SIZE, slot->salt))
		return false;
	if (is_zero(page))
		return result->verdict == GKSM_VERDICT_ZERO && !result->peer;
	for (unsigned int j = 0; j < batch->nr_slots; j++) {
		if (!are_twins(batch, i, j))
			continue;
		has_twin = true;
		names_twin |= result->peer == batch->slots[j].cookie;
	}
	if (has_twin)
		return result->verdict == GKSM_VERDICT_DUPLICATE && names_twin;
	return is_right_alone(batch, i, leniency);
}

/**
 * fake_batch_check - compare the answers with what they have to be
 * @batch:    answered
 * @leniency: what may also be right
 *
 * Returns how many are wrong, after a message for each.
 */
unsigned int fake_batch_check(const struct fake_batch *batch,
			      const struct fake_leniency *leniency)
{
	const unsigned int last = batch->nr_slots - 1;
	unsigned int nr_wrong = 0;

	for (unsigned int i = 0; i <= last; i++) {
		if (is_right(batch, i, leniency))
			continue;
		nr_wrong++;
		fprintf(stderr, "fake_dev: slot %u: wrong answer, verdict %u\n",
			i, batch->results[i].verdict);
	}
	if (batch->results[last].hash != batch->results[last - 1].hash) {
		nr_wrong++;
		fprintf(stderr, "fake_dev: the last two do not collide\n");
	}
	return nr_wrong;
}
