// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmod/batch.c against the books of ring_model.c: every step from every
 * state of up to three batches, and long random sequences with four.
 */
#include "test.h"

#include <stdlib.h>

#include "ring_model.h"

#define KEY_BITS 9 /* of a batch */
#define MOST_BATCHES 3 /* whose states are few enough to visit all */

/*
 * Two models with the same key behave alike: of ids only the order matters,
 * of deadlines only the time left.
 */
static u64 key_of(const struct model *m)
{
	u64 key = m->unheard;
	unsigned int i, k;

	for (i = 0; i < m->nr; i++) {
		const struct book *b = &m->book[i];
		unsigned int rank = 0, lost = 0, left = 0;

		for (k = 0; k < m->nr && b->owner >= OFFERED; k++)
			rank += m->book[k].owner >= OFFERED &&
				m->book[k].id < b->id;
		if (b->lost)
			lost = b->lost == b->id ? 1 : 2;
		if (b->owner == OFFERED || b->owner == DAEMON)
			left = b->deadline > m->now ? b->deadline - m->now : 0;
		key = key << KEY_BITS | left << 7 | lost << 5 | rank << 3 |
		      b->owner;
	}
	return key;
}

/**
 * struct states - what has been visited
 * @known: a bit for each key
 * @model: one model for each key that was met
 * @nr:	   how many
 * @room:  length of @model
 */
struct states {
	unsigned char *known;
	struct model *model;
	size_t nr;
	size_t room;
};

static void add_state(struct states *states, const struct model *m)
{
	u64 key = key_of(m);

	if (states->known[key / 8] >> key % 8 & 1)
		return;
	states->known[key / 8] |= 1u << key % 8;
	if (states->nr == states->room) {
		states->room = 2 * states->room + 1024;
		states->model =
			realloc(states->model, states->room * sizeof(*m));
		assert_non_null(states->model);
	}
	states->model[states->nr++] = *m;
}

static void visit_all_states(unsigned int nr, size_t at_least)
{
	const struct model empty = model_new(nr);
	struct states states = {
		.known = calloc(1u << (KEY_BITS * nr + 1 - 3), 1),
	};
	unsigned int step, arg;
	size_t i;

	assert_non_null(states.known);
	add_state(&states, &empty);
	for (i = 0; i < states.nr; i++) {
		for (step = 0; step < NR_STEPS; step++) {
			for (arg = 0; arg < model_args(&empty, step); arg++) {
				struct model m = states.model[i];

				if (model_step(&m, step, arg))
					add_state(&states, &m);
			}
		}
	}
	print_message("%zu states of %u batches\n", states.nr, nr);
	assert_true(states.nr >= at_least);
	free(states.known);
	free(states.model);
}

static void every_step_from_every_state_is_as_the_books_say(void **state)
{
	(void)state;
	visit_all_states(1, 10);
	visit_all_states(2, 200);
	visit_all_states(MOST_BATCHES, 5000);
}

/* Random steps; the probability of each changes from time to time. */
static void run_random(unsigned int nr, unsigned long nr_steps)
{
	unsigned int weight[NR_STEPS], done[NR_STEPS] = {};
	struct model m = model_new(nr);
	unsigned int step;
	unsigned long n;

	for (n = 0; n < nr_steps; n++) {
		if (n % 1000 == 0)
			for (step = 0; step < NR_STEPS; step++)
				weight[step] = 1 + random_below(16);
		do {
			step = random_below(NR_STEPS);
		} while (random_below(16) >= weight[step]);
		done[step] += model_step(&m, step,
					 random_below(model_args(&m, step)));
	}
	/* Power: every step was possible, again and again. */
	for (step = 0; step < NR_STEPS; step++)
		assert_true(done[step] > nr_steps / 10000);
}

static void long_random_sequences(void **state)
{
	unsigned int nr;

	(void)state;
	for (nr = 1; nr <= MODEL_BATCHES; nr++)
		run_random(nr, 500000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			every_step_from_every_state_is_as_the_books_say),
		cmocka_unit_test(long_random_sequences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
