// SPDX-License-Identifier: GPL-2.0-only
/*
 * Searching: what is found is what a look at all pages would find.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "index.h"
#include "support.h"
#include "table.h"

#define NR_BATCHES 4
#define BATCH_PAGES 512
#define NR_PAGES (NR_BATCHES * BATCH_PAGES)

static struct pages pages;
static struct gksm_gpu *gpu;

static void open_all(void)
{
	gpu = open_bound(&pages, NR_BATCHES, BATCH_PAGES);
	for (unsigned int b = 0; b < NR_BATCHES; b++)
		for (unsigned int i = 0; i < BATCH_PAGES; i++)
			gksm_gpu_seeds(gpu, b)[i] = 5;
}

static void close_all(void)
{
	close_bound(gpu, &pages);
}

static struct gksm_gpu_batch search(unsigned int batch, unsigned int nr_pages,
				    unsigned int nr_known)
{
	struct gksm_gpu_batch done;
	const int err = gksm_gpu_search(gpu, batch, nr_pages, nr_known);

	if (err)
		fail_msg("cannot search: %d: %s", err, gksm_gpu_error(gpu));
	done = wait_batch(gpu);
	assert_int_equal(done.error, 0);
	assert_int_equal(done.batch, batch);
	assert_int_equal(done.nr_entries, nr_pages + nr_known);
	return done;
}

/* A search of entries without content, names from first on. */
static struct gksm_gpu_batch search_known(const uint64_t *hashes,
					  unsigned int nr, uint64_t first)
{
	memcpy(gksm_gpu_seeds(gpu, 0), hashes, nr * sizeof(*hashes));
	for (unsigned int i = 0; i < nr; i++)
		gksm_gpu_names(gpu, 0)[i] = first + i;
	return search(0, 0, nr);
}

static struct gksm_gpu_index get_index(void)
{
	struct gksm_gpu_index index;

	assert_int_equal(gksm_gpu_get_index(gpu, &index), 0);
	return index;
}

/* Page contents by number: equal numbers, equal bytes; 0 is the zero page. */
static void write_page(unsigned int page, unsigned int content)
{
	uint64_t *words = (uint64_t *)(pages.ours + (size_t)page * PAGE);

	for (unsigned int w = 0; w < PAGE_WORDS; w++)
		words[w] = content ? (content + w) * 0x9e3779b97f4a7c15 : 0;
	/* Neighbours differ in their last byte alone. */
	if (content)
		pages.ours[(size_t)page * PAGE + PAGE - 1] ^= content & 1;
	if (content & 1)
		for (unsigned int w = 0; w < PAGE_WORDS - 1; w++)
			words[w] = (content - 1 + w) * 0x9e3779b97f4a7c15;
}

static unsigned int contents[NR_PAGES];

/* Pages in groups of every size, scattered over the batches. */
static void write_pages(void)
{
	for (unsigned int p = 0; p < NR_PAGES; p++) {
		const unsigned int kind = (unsigned int)(random_word() % 8);

		contents[p] =
			kind == 0 ? 0 :
			kind < 4  ? 100000 + p :
			kind == 4 ? 1 + (unsigned int)random_word() % 2 :
			kind == 5 ? 10 + (unsigned int)random_word() % 16 :
				    50 + (unsigned int)random_word() % 900;
		write_page(p, contents[p]);
	}
}

static uint64_t name_of(unsigned int page)
{
	return UINT64_C(0xfedc000000000001) + ((uint64_t)page << 20);
}

static unsigned int page_of(uint64_t name)
{
	const unsigned int page = (unsigned int)(name >> 20) & (NR_PAGES - 1);

	assert_true(name_of(page) == name);
	return page;
}

/* Has one of these pages, other than this one, the same bytes? */
static bool has_twin(unsigned int page, unsigned int from, unsigned int to)
{
	for (unsigned int p = from; p < to; p++) {
		if (p != page && contents[p] == contents[page])
			return true;
	}
	return false;
}

/* What was found is right, if the index has the pages below nr_seen. */
static void check_found(const struct gksm_gpu_batch *done, unsigned int nr_seen)
{
	const unsigned int base = done->batch * BATCH_PAGES;

	for (unsigned int i = 0; i < BATCH_PAGES; i++) {
		const unsigned int page = base + i;
		const bool near = has_twin(page, base, base + BATCH_PAGES);
		const bool far = has_twin(page, 0, nr_seen);
		const unsigned int expected = !contents[page] ?
						      GKSM_GPU_FOUND_ZERO :
					      near ? GKSM_GPU_FOUND_EQUAL :
					      far  ? GKSM_GPU_FOUND_ALIKE :
						     GKSM_GPU_FOUND_UNIQUE;
		unsigned int twin;

		if (done->found[i] != expected)
			fail_msg("page %u: found %u, should be %u", page,
				 done->found[i], expected);
		if (expected != GKSM_GPU_FOUND_EQUAL &&
		    expected != GKSM_GPU_FOUND_ALIKE) {
			assert_true(done->twins[i] == 0);
			continue;
		}
		twin = page_of(done->twins[i]);
		assert_int_not_equal(twin, page);
		assert_int_equal(contents[twin], contents[page]);
	}
}

static void name_pages(void)
{
	for (unsigned int p = 0; p < NR_PAGES; p++)
		gksm_gpu_names(gpu, p / BATCH_PAGES)[p % BATCH_PAGES] =
			name_of(p);
}

static void every_duplicate_is_found_and_nothing_else(void **state)
{
	(void)state;
	open_all();
	write_pages();
	name_pages();
	for (unsigned int pass = 0; pass < 3; pass++) {
		for (unsigned int b = 0; b < NR_BATCHES; b++) {
			const struct gksm_gpu_batch done =
				search(b, BATCH_PAGES, 0);

			check_found(&done, pass ? NR_PAGES : b * BATCH_PAGES);
		}
		gksm_gpu_generation(gpu);
	}
	close_all();
}

static void batches_in_flight_are_searched_in_order(void **state)
{
	(void)state;
	open_all();
	write_pages();
	name_pages();
	for (unsigned int pass = 0; pass < 3; pass++) {
		for (unsigned int b = 0; b < NR_BATCHES; b++)
			assert_int_equal(
				gksm_gpu_search(gpu, b, BATCH_PAGES, 0), 0);
		for (unsigned int n = 0; n < NR_BATCHES; n++) {
			const struct gksm_gpu_batch done = wait_batch(gpu);

			assert_int_equal(done.error, 0);
			check_found(&done,
				    pass ? NR_PAGES : done.batch * BATCH_PAGES);
		}
	}
	close_all();
}

static void a_page_that_changed_is_found_by_what_it_is_now(void **state)
{
	(void)state;
	open_all();
	for (unsigned int p = 0; p < NR_PAGES; p++)
		write_page(p, contents[p] = 1000 + 2 * p);
	name_pages();
	for (unsigned int b = 0; b < NR_BATCHES; b++)
		search(b, BATCH_PAGES, 0);
	gksm_gpu_generation(gpu);
	write_page(3, contents[3] = contents[BATCH_PAGES + 3]);
	assert_int_equal(search(0, BATCH_PAGES, 0).found[3],
			 GKSM_GPU_FOUND_ALIKE);
	assert_true(gksm_gpu_names(gpu, 0)[3] ==
		    search(1, BATCH_PAGES, 0).twins[3]);
	close_all();
}

static void pages_that_are_not_named_are_forgotten(void **state)
{
	uint64_t hashes[100];
	struct gksm_gpu_batch done;

	(void)state;
	open_all();
	fill_random(hashes, sizeof(hashes));
	search_known(hashes, 100, 1);
	for (unsigned int g = 0; g < 2; g++) {
		gksm_gpu_generation(gpu);
		search_known(hashes, 50, 1); /* the others are gone */
		assert_int_equal(get_index().nr_entries, 100);
	}
	gksm_gpu_generation(gpu);
	done = search_known(hashes, 50, 1);
	assert_int_equal(get_index().nr_entries, 50);
	for (unsigned int i = 0; i < 50; i++)
		assert_int_equal(done.found[i], GKSM_GPU_FOUND_UNIQUE);
	/* Others with the same hashes: twins of those that stayed. */
	done = search_known(hashes, 100, 1001);
	for (unsigned int i = 0; i < 100; i++) {
		assert_int_equal(done.found[i], i < 50 ? GKSM_GPU_FOUND_ALIKE :
							 GKSM_GPU_FOUND_UNIQUE);
		assert_true(done.twins[i] == (i < 50 ? 1 + i : 0));
	}
	close_all();
}

/* Generations may pass without a search; all is swept out with the next. */
static void generations_add_up(void **state)
{
	const uint64_t hash = 77, other = 78;

	(void)state;
	open_all();
	for (unsigned int nr = 1; nr < 8; nr++) {
		search_known(&hash, 1, 10 * nr);
		assert_int_equal(get_index().nr_entries, 1);
		for (unsigned int g = 0; g < nr; g++)
			gksm_gpu_generation(gpu);
		search_known(&other, 1, 5);
		assert_int_equal(get_index().nr_entries, nr < 3 ? 2 : 1);
		for (unsigned int g = 0; g < 3; g++)
			gksm_gpu_generation(gpu);
	}
	close_all();
}

/* The older one may have changed since; and does not keep others out. */
static void a_twin_of_this_generation_is_named_first(void **state)
{
	const uint64_t hash = 77;

	(void)state;
	open_all();
	search_known(&hash, 1, 1);
	search_known(&hash, 1, 2);
	gksm_gpu_generation(gpu);
	assert_true(search_known(&hash, 1, 3).twins[0] != 0);
	assert_true(search_known(&hash, 1, 4).twins[0] == 3);
	assert_int_equal(get_index().nr_entries, 4);
	search_known(&hash, 1, 5);
	assert_int_equal(get_index().nr_entries, 4);
	/* Confirmed, an older one is as good as the others. */
	assert_int_not_equal(search_known(&hash, 1, 1).twins[0], 2);
	close_all();
}

static void content_and_a_known_hash_are_alike(void **state)
{
	struct gksm_gpu_batch done;

	(void)state;
	open_all();
	fill_random(pages.ours, pages.bytes);
	name_pages();
	done = search(0, 10, 0);
	/* Of a hash that is known only the upper bits may be. */
	for (unsigned int i = 0; i < 10; i++)
		gksm_gpu_seeds(gpu, 0)[10 + i] =
			i & 1 ? done.hashes[i] :
				done.hashes[i] & ~(uint64_t)0x7fff;
	done = search(0, 10, 10);
	for (unsigned int i = 0; i < 20; i++) {
		assert_int_equal(done.found[i], GKSM_GPU_FOUND_ALIKE);
		assert_int_equal(page_of(done.twins[i]), (i + 10) % 20);
		assert_true(done.hashes[i] >> 15 ==
			    done.hashes[(i + 10) % 20] >> 15);
	}
	/* A new engine, after a device failed, learns from confirmations. */
	close_all();
	open_all();
	name_pages();
	done = search_known(
		(const uint64_t[]){ 1 << 15, 2 << 15, 3 << 15, 2 << 15 }, 4, 1);
	assert_int_equal(done.found[0], GKSM_GPU_FOUND_UNIQUE);
	assert_int_equal(done.found[1], GKSM_GPU_FOUND_ALIKE);
	assert_int_equal(done.found[3], GKSM_GPU_FOUND_ALIKE);
	close_all();
}

static void entries_without_a_name_are_left_out(void **state)
{
	struct gksm_gpu_batch done;

	(void)state;
	open_all();
	memset(pages.ours, 1, pages.bytes);
	memset(gksm_gpu_names(gpu, 0), 0, BATCH_PAGES * sizeof(uint64_t));
	gksm_gpu_names(gpu, 0)[7] = 1;
	done = search(0, 20, 0);
	for (unsigned int i = 0; i < 20; i++)
		assert_int_equal(done.found[i], i == 7 ?
							GKSM_GPU_FOUND_UNIQUE :
							GKSM_GPU_FOUND_NOTHING);
	assert_int_equal(get_index().nr_entries, 1);
	close_all();
}

/* As two trust domains have: equal bytes, another seed. */
static void other_seeds_are_no_twins(void **state)
{
	(void)state;
	open_all();
	memset(pages.ours, 1, pages.bytes);
	name_pages();
	gksm_gpu_seeds(gpu, 0)[1] = 6;
	assert_int_equal(search(0, 2, 0).found[1], GKSM_GPU_FOUND_UNIQUE);
	close_all();
}

static void two_entries_are_kept_of_a_large_group(void **state)
{
	struct gksm_gpu_batch done;

	(void)state;
	open_all();
	memset(pages.ours, 1, pages.bytes);
	name_pages();
	for (unsigned int b = 0; b < NR_BATCHES; b++) {
		done = search(b, BATCH_PAGES, 0);
		for (unsigned int i = 0; i < BATCH_PAGES; i++)
			assert_int_equal(done.found[i], GKSM_GPU_FOUND_EQUAL);
		/* The first names the second, all others name the first. */
		assert_true(done.twins[0] == gksm_gpu_names(gpu, b)[1]);
		assert_true(done.twins[9] == gksm_gpu_names(gpu, b)[0]);
	}
	assert_int_equal(get_index().nr_entries, 2);
	close_all();
}

/*
 * One home, and tags that lead to one other bucket: room for twice 32. No two
 * words alike: what is read while another one is entered is not told apart.
 */
static void what_finds_no_room_is_not_claimed_for(void **state)
{
	enum {
		NR = 200,
		ROOM = 2 * 32
	};
	uint64_t hashes[NR];
	struct gksm_gpu_batch done;
	unsigned int nr_unique = 0;

	(void)state;
	open_all();
	for (uint64_t i = 0; i < NR; i++)
		hashes[i] = UINT64_C(0x123) << 52 | i << 35;
	for (unsigned int pass = 0; pass < 2; pass++) {
		done = search_known(hashes, NR, 1);
		nr_unique = 0;
		for (unsigned int i = 0; i < NR; i++) {
			nr_unique += done.found[i] == GKSM_GPU_FOUND_UNIQUE;
			if (done.found[i] != GKSM_GPU_FOUND_UNIQUE)
				assert_int_equal(done.found[i],
						 GKSM_GPU_FOUND_NOTHING);
		}
		assert_int_equal(nr_unique, ROOM);
	}
	assert_int_equal(get_index().nr_entries, ROOM);
	assert_int_equal(get_index().nr_refused, 2 * (NR - ROOM));
	/* Room that was freed is used again. */
	for (unsigned int g = 0; g < 3; g++)
		gksm_gpu_generation(gpu);
	done = search_known(hashes, ROOM, 1);
	for (unsigned int i = 0; i < ROOM; i++)
		assert_int_equal(done.found[i], GKSM_GPU_FOUND_UNIQUE);
	close_all();
}

/* Below the 49 bits that are kept hashes are not told apart. */
static void hashes_that_differ_in_their_lowest_bits_are_alike(void **state)
{
	const uint64_t hash = 0xa5a5a5a5a5a58000;
	struct gksm_gpu_batch done;

	(void)state;
	open_all();
	search_known(&hash, 1, 1);
	for (unsigned int bit = 0; bit < 64; bit++) {
		const uint64_t other = hash ^ UINT64_C(1) << bit;

		done = search_known(&other, 1, 100 + bit);
		assert_int_equal(done.found[0], bit < 15 ?
							GKSM_GPU_FOUND_ALIKE :
							GKSM_GPU_FOUND_UNIQUE);
	}
	close_all();
}

/* Entry n's hash: no two alike, scattered as XXH64 would. */
static uint64_t hash_of(uint64_t n)
{
	n = (n ^ n >> 31) * 0x7fb5d329728ea185;
	n = (n ^ n >> 27) * 0x81dadef4bc2dd44d;
	return n ^ n >> 33;
}

/* A pass over so many entries; how many were found to be something else. */
static unsigned int pass_over(unsigned int nr, uint64_t first_name,
			      enum gksm_gpu_found expected)
{
	uint64_t hashes[BATCH_PAGES];
	unsigned int nr_wrong = 0;

	for (unsigned int at = 0; at < nr; at += BATCH_PAGES) {
		struct gksm_gpu_batch done;

		for (unsigned int i = 0; i < BATCH_PAGES; i++)
			hashes[i] = hash_of(at + i + 1);
		done = search_known(hashes, BATCH_PAGES, first_name + at);
		for (unsigned int i = 0; i < BATCH_PAGES; i++)
			nr_wrong += done.found[i] != expected;
	}
	return nr_wrong;
}

static void the_index_grows_and_loses_nothing(void **state)
{
	const unsigned int nr = 600 * BATCH_PAGES;
	struct gksm_gpu_index index;

	(void)state;
	open_all();
	assert_int_equal(pass_over(nr, 1, GKSM_GPU_FOUND_UNIQUE), 0);
	index = get_index();
	assert_int_equal(index.nr_entries, nr);
	assert_int_equal(index.nr_refused, 0);
	assert_in_range(index.nr_grown, 2, 10);
	assert_true(index.bytes <= 16 * (uint64_t)(nr + BATCH_PAGES));
	assert_true(index.peak_bytes <= 32 * (uint64_t)nr);
	/* All are still there: others of the same hashes find them. */
	assert_int_equal(pass_over(nr, 1, GKSM_GPU_FOUND_UNIQUE), 0);
	assert_int_equal(get_index().nr_entries, nr);
	assert_int_equal(pass_over(nr, 1 + UINT64_C(0x100000000),
				   GKSM_GPU_FOUND_ALIKE),
			 0);
	/* And when they are gone the index is made anew, and is small. */
	for (unsigned int g = 0; g < 3; g++)
		gksm_gpu_generation(gpu);
	assert_int_equal(pass_over(BATCH_PAGES, 7, GKSM_GPU_FOUND_UNIQUE), 0);
	assert_int_equal(get_index().nr_entries, BATCH_PAGES);
	close_all();
}

/* Pages change for ever: slots that were used once are swept and used again. */
static void churn_does_not_fill_the_index(void **state)
{
	const unsigned int nr = 16 * BATCH_PAGES;
	uint64_t hashes[BATCH_PAGES];

	(void)state;
	open_all();
	for (unsigned int pass = 0; pass < 60; pass++) {
		for (unsigned int at = 0; at < nr; at += BATCH_PAGES) {
			for (unsigned int i = 0; i < BATCH_PAGES; i++)
				hashes[i] = hash_of((uint64_t)pass << 32 |
						    (at + i));
			search_known(hashes, BATCH_PAGES, 1 + at);
		}
		gksm_gpu_generation(gpu);
	}
	assert_in_range(get_index().nr_entries, nr, 3 * nr);
	assert_int_equal(get_index().nr_grown, 0);
	assert_int_equal(get_index().nr_slots,
			 gksm_index_slots(INDEX_MIN_HOMES));
	assert_int_equal(get_index().nr_refused, 0);
	close_all();
}

static void without_memory_to_grow_it_goes_on(void **state)
{
	const unsigned int nr = 600 * BATCH_PAGES;
	unsigned int nr_wrong;

	(void)state;
	open_all();
	if (target.twin) {
		close_all();
		skip();
	}
	interpose.fail_in = "clCreateBuffer";
	interpose.fail_status = CL_MEM_OBJECT_ALLOCATION_FAILURE;
	interpose.fail_at = 1;
	interpose.nr_calls = 0;
	forget_log();
	nr_wrong = pass_over(nr, 1, GKSM_GPU_FOUND_UNIQUE);
	assert_true(log_has("no memory for an index of"));
	assert_in_range(nr_wrong, 1, nr / 2);
	assert_int_equal(get_index().nr_grown, 0);
	/* It is tried again in the next generation. */
	gksm_gpu_generation(gpu);
	pass_over(nr, 1, GKSM_GPU_FOUND_UNIQUE);
	assert_int_equal(pass_over(nr, 1, GKSM_GPU_FOUND_UNIQUE), 0);
	close_all();
}

static void wrong_numbers_are_refused(void **state)
{
	struct gksm_gpu_index index;

	(void)state;
	open_all();
	check_error(gpu, gksm_gpu_search(gpu, NR_BATCHES, 1, 0), -EINVAL,
		    "no batch 4");
	check_error(gpu, gksm_gpu_search(gpu, 0, BATCH_PAGES, 1), -EINVAL,
		    "a batch has 512");
	check_error(gpu, gksm_gpu_search(gpu, 0, 1, UINT32_MAX), -EINVAL,
		    "a batch has 512");
	assert_null(gksm_gpu_names(gpu, NR_BATCHES));
	assert_int_equal(search(0, 0, 0).nr_entries, 0);
	close_all();
	gpu = open_target();
	check_error(gpu, gksm_gpu_search(gpu, 0, 0, 0), -ENOTCONN, "no page");
	check_error(gpu, gksm_gpu_generation(gpu), -ENOTCONN, "no page");
	assert_int_equal(gksm_gpu_get_index(gpu, &index), -ENOTCONN);
	gksm_gpu_close(gpu);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_duplicate_is_found_and_nothing_else),
		cmocka_unit_test(batches_in_flight_are_searched_in_order),
		cmocka_unit_test(
			a_page_that_changed_is_found_by_what_it_is_now),
		cmocka_unit_test(pages_that_are_not_named_are_forgotten),
		cmocka_unit_test(generations_add_up),
		cmocka_unit_test(a_twin_of_this_generation_is_named_first),
		cmocka_unit_test(content_and_a_known_hash_are_alike),
		cmocka_unit_test(entries_without_a_name_are_left_out),
		cmocka_unit_test(other_seeds_are_no_twins),
		cmocka_unit_test(two_entries_are_kept_of_a_large_group),
		cmocka_unit_test(what_finds_no_room_is_not_claimed_for),
		cmocka_unit_test(
			hashes_that_differ_in_their_lowest_bits_are_alike),
		cmocka_unit_test(the_index_grows_and_loses_nothing),
		cmocka_unit_test(churn_does_not_fill_the_index),
		cmocka_unit_test(without_memory_to_grow_it_goes_on),
		cmocka_unit_test(wrong_numbers_are_refused),
	};

	return run_on_all_targets("search", tests,
				  sizeof(tests) / sizeof(*tests));
}
