// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which results kmod/result.c believes, and that it reads each field once.
 */
#include "test.h"

#include <linux/compiler.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include <gksm_abi.h>

#include "batch.h"
#include "result.h"

#define NR 64
#define HASH 0x1122334455667788ULL
#define COOKIE 0x123456789abcdef0ULL
#define PEER 0x00000fedcba98765ULL
#define TRASH 0xa5a5a5a5a5a5a5a5ULL

/* A batch of @nr entries, full of what an earlier use left. */
static struct gksm_batch used_batch(struct gksm_ent *ents, u32 nr)
{
	u32 i;

	for (i = 0; i < nr; i++)
		ents[i] = (struct gksm_ent){
			.cookie = COOKIE + i,
			.salt = TRASH,
			.hash = TRASH,
			.peer = TRASH,
			.verdict = GKSM_VERDICT_DUPLICATE,
		};
	return (struct gksm_batch){
		.state = GKSM_BATCH_COMPLETING,
		.nr = nr,
		.ents = ents,
	};
}

static void assert_ent(const struct gksm_ent *ent, u32 verdict, u64 hash,
		       u64 peer)
{
	assert_int_equal(ent->verdict, verdict);
	assert_true(ent->hash == hash);
	assert_true(ent->peer == peer);
}

static const struct {
	const char *rule;
	struct gksm_result result;
	bool valid;
} rules[] = {
	{ "nothing found out", { 0, 0, GKSM_VERDICT_NONE, 0 }, true },
	{ "a hash alone", { HASH, 0, GKSM_VERDICT_HASHED, 0 }, true },
	{ "a hash may be 0", { 0, 0, GKSM_VERDICT_HASHED, 0 }, true },
	{ "a zero page", { HASH, 0, GKSM_VERDICT_ZERO, 0 }, true },
	{ "a unique page", { HASH, 0, GKSM_VERDICT_UNIQUE, 0 }, true },
	{ "a twin", { HASH, PEER, GKSM_VERDICT_DUPLICATE, 0 }, true },
	{ "a peer may be any number",
	  { HASH, ~0ULL, GKSM_VERDICT_DUPLICATE, 0 },
	  true },
	{ "a hash may be any number",
	  { ~0ULL, PEER, GKSM_VERDICT_DUPLICATE, 0 },
	  true },

	{ "none with a hash", { HASH, 0, GKSM_VERDICT_NONE, 0 }, false },
	{ "none with a peer", { 0, PEER, GKSM_VERDICT_NONE, 0 }, false },
	{ "none with a flag", { 0, 0, GKSM_VERDICT_NONE, 1 }, false },
	{ "hashed with a peer", { HASH, PEER, GKSM_VERDICT_HASHED, 0 }, false },
	{ "zero with a peer", { HASH, PEER, GKSM_VERDICT_ZERO, 0 }, false },
	{ "unique with a peer", { HASH, PEER, GKSM_VERDICT_UNIQUE, 0 }, false },
	{ "a twin of nobody", { HASH, 0, GKSM_VERDICT_DUPLICATE, 0 }, false },
	{ "its own twin", { HASH, COOKIE, GKSM_VERDICT_DUPLICATE, 0 }, false },
	{ "hashed with a flag", { HASH, 0, GKSM_VERDICT_HASHED, 1 }, false },
	{ "zero with a flag", { HASH, 0, GKSM_VERDICT_ZERO, 2 }, false },
	{ "unique with a flag", { HASH, 0, GKSM_VERDICT_UNIQUE, 4 }, false },
	{ "a twin with the last flag",
	  { HASH, PEER, GKSM_VERDICT_DUPLICATE, 1u << 31 },
	  false },
	{ "the first unknown verdict", { HASH, 0, 5, 0 }, false },
	{ "its peer changes nothing", { HASH, PEER, 5, 0 }, false },
	{ "an odd unknown verdict", { HASH, 0, 0x80000001, 0 }, false },
	{ "the last unknown verdict", { HASH, PEER, ~0u, 0 }, false },
};

#define NR_RULES (sizeof(rules) / sizeof(*rules))

static void results_are_accepted_by_the_rules_of_the_abi(void **state)
{
	u32 i;

	(void)state;
	for (i = 0; i < NR_RULES; i++) {
		struct gksm_result result = rules[i].result;
		struct gksm_ent ent;
		struct gksm_batch b = used_batch(&ent, 1);

		if (gksm_results_take(&b, &result, 1) != rules[i].valid) {
			print_error("rule: %s\n", rules[i].rule);
			fail();
		}
		if (rules[i].valid)
			assert_ent(&ent, result.verdict, result.hash,
				   result.peer);
		else
			assert_ent(&ent, GKSM_VERDICT_NONE, 0, 0);
		assert_true(ent.cookie == COOKIE && ent.salt == TRASH);
	}
}

/* It repeats the hash that is known, and is no result if it does not. */
static void a_page_without_content_keeps_its_hash(void **state)
{
	static const struct {
		struct gksm_result result;
		bool valid;
	} cases[] = {
		{ { HASH, 0, GKSM_VERDICT_UNIQUE, 0 }, true },
		{ { HASH, PEER, GKSM_VERDICT_DUPLICATE, 0 }, true },
		{ { 0, 0, GKSM_VERDICT_NONE, 0 }, true },
		{ { HASH + 1, 0, GKSM_VERDICT_UNIQUE, 0 }, false },
		{ { 0, 0, GKSM_VERDICT_UNIQUE, 0 }, false },
		{ { HASH, PEER, GKSM_VERDICT_UNIQUE, 0 }, false },
	};
	u32 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct gksm_result result = cases[i].result;
		struct gksm_ent ent;
		struct gksm_batch b = used_batch(&ent, 1);

		ent.page = GKSM_NO_PAGE;
		ent.hash = HASH;
		assert_int_equal(gksm_results_take(&b, &result, 1),
				 cases[i].valid);
		assert_ent(&ent,
			   cases[i].valid ? result.verdict : GKSM_VERDICT_NONE,
			   HASH, cases[i].valid ? result.peer : 0);
	}
}

/* A bad neighbour costs nobody else an answer. */
static void each_result_stands_for_itself(void **state)
{
	struct gksm_result results[NR_RULES];
	struct gksm_ent ents[NR_RULES];
	struct gksm_batch b = used_batch(ents, NR_RULES);
	u32 i, valid = 0;

	(void)state;
	for (i = 0; i < NR_RULES; i++) {
		results[i] = rules[i].result;
		/* Not its neighbour's cookie: its own. */
		if (results[i].peer == COOKIE)
			results[i].peer += i;
		valid += rules[i].valid;
	}
	assert_int_equal(gksm_results_take(&b, results, NR_RULES), valid);
	for (i = 0; i < NR_RULES; i++)
		assert_int_equal(ents[i].verdict, rules[i].valid ?
							  results[i].verdict :
							  GKSM_VERDICT_NONE);
}

static void the_twin_of_a_neighbour_is_no_twin_of_itself(void **state)
{
	struct gksm_result results[2] = {
		{ HASH, COOKIE + 1, GKSM_VERDICT_DUPLICATE, 0 },
		{ HASH, COOKIE, GKSM_VERDICT_DUPLICATE, 0 },
	};
	struct gksm_ent ents[2];
	struct gksm_batch b = used_batch(ents, 2);

	(void)state;
	assert_int_equal(gksm_results_take(&b, results, 2), 2);
	assert_ent(&ents[0], GKSM_VERDICT_DUPLICATE, HASH, COOKIE + 1);
	assert_ent(&ents[1], GKSM_VERDICT_DUPLICATE, HASH, COOKIE);
}

static void what_the_daemon_did_not_write_is_not_read(void **state)
{
	u32 nr, i;

	(void)state;
	for (nr = 0; nr <= NR; nr++) {
		/* On the heap and no longer than @nr, for the sanitizer. */
		struct gksm_result *results = calloc(nr, sizeof(*results));
		struct gksm_ent ents[NR];
		struct gksm_batch b = used_batch(ents, NR);

		assert_true(!nr || results);
		for (i = 0; i < nr; i++)
			results[i] =
				(struct gksm_result){ HASH + i, 0,
						      GKSM_VERDICT_UNIQUE, 0 };
		assert_int_equal(gksm_results_take(&b, results, nr), nr);
		for (i = 0; i < nr; i++)
			assert_ent(&ents[i], GKSM_VERDICT_UNIQUE, HASH + i, 0);
		for (; i < NR; i++)
			assert_ent(&ents[i], GKSM_VERDICT_NONE, 0, 0);
		free(results);
	}
}

/* What a flickering result area says during a READ_ONCE(), and the area. */
static struct gksm_result truth[NR_RULES], flicker[NR_RULES];
static unsigned int reads;

static void show(const volatile void *where, size_t bytes)
{
	size_t at = (const char *)where - (const char *)flicker;

	memcpy((char *)flicker + at, (const char *)truth + at, bytes);
	reads++;
}

static void hide(const volatile void *where, size_t bytes)
{
	memset((void *)where, 0xa5, bytes);
}

/* A field is there while READ_ONCE() looks, not before, and not again. */
static void every_field_is_read_once(void **state)
{
	struct gksm_ent ents[NR_RULES];
	struct gksm_batch b = used_batch(ents, NR_RULES);
	u32 i, valid;

	(void)state;
	for (i = 0; i < NR_RULES; i++) {
		truth[i] = rules[i].result;
		/* Its own cookie, not that of the first. */
		if (truth[i].peer == COOKIE)
			truth[i].peer += i;
	}
	hide(flicker, sizeof(flicker));
	reads = 0;
	shim_before_read = show;
	shim_after_read = hide;
	valid = gksm_results_take(&b, flicker, NR_RULES);
	shim_before_read = NULL;
	shim_after_read = NULL;
	assert_int_equal(reads, 4 * NR_RULES);
	for (i = 0; i < NR_RULES; i++) {
		valid -= rules[i].valid;
		if (rules[i].valid)
			assert_ent(&ents[i], truth[i].verdict, truth[i].hash,
				   truth[i].peer);
		else
			assert_ent(&ents[i], GKSM_VERDICT_NONE, 0, 0);
	}
	assert_int_equal(valid, 0);
}

/* Memory that is written while it is read: racing is the point. */
static struct gksm_result contested[NR];
static bool begun, over;

static void *rewrite(void *unused)
{
	unsigned int i, n;

	(void)unused;
	for (n = 0; !__atomic_load_n(&over, __ATOMIC_RELAXED); n++) {
		for (i = 0; i < NR; i++) {
			volatile struct gksm_result *r = &contested[i];

			r->verdict = (n + i) % 6;
			r->peer = n & 1 ? 0 : n & 2 ? COOKIE + i : PEER;
			r->hash = n & 4 ? 0 : HASH;
			r->flags = n % 3 == 0;
		}
		__atomic_store_n(&begun, true, __ATOMIC_RELAXED);
	}
	return NULL;
}

static void check_accepted(const struct gksm_ent *ent)
{
	switch (ent->verdict) {
	case GKSM_VERDICT_NONE:
		assert_true(!ent->hash && !ent->peer);
		break;
	case GKSM_VERDICT_HASHED:
	case GKSM_VERDICT_ZERO:
	case GKSM_VERDICT_UNIQUE:
		assert_true(!ent->peer);
		assert_true(!ent->hash || ent->hash == HASH);
		break;
	case GKSM_VERDICT_DUPLICATE:
		assert_true(ent->peer == PEER);
		assert_true(!ent->hash || ent->hash == HASH);
		break;
	default:
		fail();
	}
}

static void a_hostile_writer_gets_no_broken_result_accepted(void **state)
{
	struct gksm_ent ents[NR];
	u32 round, i, valid = 0;
	pthread_t writer;

	(void)state;
	assert_int_equal(pthread_create(&writer, NULL, rewrite, NULL), 0);
	while (!__atomic_load_n(&begun, __ATOMIC_RELAXED))
		sched_yield();
	for (round = 0; round < 100000; round++) {
		struct gksm_batch b = used_batch(ents, NR);

		valid += gksm_results_take(&b, contested, NR);
		for (i = 0; i < NR; i++)
			check_accepted(&ents[i]);
	}
	__atomic_store_n(&over, true, __ATOMIC_RELAXED);
	pthread_join(writer, NULL);
	/* The writer let some pass and some not. */
	assert_in_range(valid, 1, round * NR - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(results_are_accepted_by_the_rules_of_the_abi),
		cmocka_unit_test(a_page_without_content_keeps_its_hash),
		cmocka_unit_test(each_result_stands_for_itself),
		cmocka_unit_test(the_twin_of_a_neighbour_is_no_twin_of_itself),
		cmocka_unit_test(what_the_daemon_did_not_write_is_not_read),
		cmocka_unit_test(every_field_is_read_once),
		cmocka_unit_test(
			a_hostile_writer_gets_no_broken_result_accepted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
