// SPDX-License-Identifier: GPL-2.0-only
/*
 * Several devices at once: one index, and no batch lost with a device.
 *
 * PoCL is asked for two devices, see CMakeLists.txt.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "opencl.h"
#include "pool.h"
#include "support.h"

#define NR_BATCHES 4
#define NR_PAGES 50
#define NR_ALL (NR_BATCHES * NR_PAGES)

/* What is opened, and of which device the interposer can be told. */
static const char *devices;
static cl_device_id first_id, second_id;

static struct gksm_gpu *gpu;
static struct pages pages;
static char alerts[4096];

static void remember_alert(void *arg, const char *line)
{
	(void)arg;
	assert_null(strchr(line, '\n'));
	snprintf(alerts + strlen(alerts), sizeof(alerts) - strlen(alerts),
		 "%s\n", line);
}

static unsigned int count_alerts(void)
{
	unsigned int nr = 0;

	for (const char *at = alerts; (at = strchr(at, '\n')); at++)
		nr++;
	return nr;
}

static int open_named(const char *name)
{
	const struct gksm_gpu_options options = {
		.device = name,
		.cache_dir = getenv("GKSM_TEST_CACHE"),
		.log = remember_log,
		.alert = remember_alert,
	};

	return gksm_gpu_open(&gpu, &options);
}

static struct gksm_pool *pool(void)
{
	return gpu->backend_data;
}

static struct gksm_gpu_device get_device(unsigned int number)
{
	struct gksm_gpu_device device;

	assert_int_equal(gksm_gpu_get_device(gpu, number, &device), 0);
	return device;
}

static int set_up(void **state)
{
	(void)state;
	interpose_nothing();
	forget_log();
	alerts[0] = '\0';
	gksm_engine_patience_ms = 30000;
	make_pages(&pages, NR_ALL);
	fill_random(pages.ours, pages.bytes);
	if (open_named(devices) ||
	    gksm_gpu_bind(gpu, pages.theirs, NR_BATCHES, NR_PAGES))
		return -1;
	for (unsigned int i = 0; i < NR_ALL; i++) {
		gksm_gpu_names(gpu, i / NR_PAGES)[i % NR_PAGES] = 1000 + i;
		gksm_gpu_seeds(gpu, i / NR_PAGES)[i % NR_PAGES] = 42;
	}
	return 0;
}

static int tear_down(void **state)
{
	close_bound(gpu, &pages);
	return check_released(state);
}

static void set_home(unsigned int member)
{
	pool()->home = &pool()->members[member];
	gpu->info = pool()->home->info;
}

/* As if it had always been so. */
static void set_speed(unsigned int member, double page_ns)
{
	pool()->members[member].page_ns = page_ns;
	pool()->members[member].bound_ns = page_ns;
}

/* The next batch goes to this member. */
static void send_to(unsigned int member, unsigned int batch)
{
	for (unsigned int m = 0; m < pool()->nr_members; m++)
		set_speed(m, m == member ? 1 : 1e12);
	assert_int_equal(gksm_gpu_search(gpu, batch, NR_PAGES, 0), 0);
}

/* Half of the batches to each. */
static void submit_all(void)
{
	for (unsigned int b = 0; b < NR_BATCHES; b++)
		send_to(b % 2, b);
}

static uint8_t *page_of(unsigned int number)
{
	return pages.ours + (size_t)number * PAGE;
}

/* Answers of all pages, by their numbers. */
static uint8_t found[NR_ALL];
static uint64_t twins[NR_ALL];

static void wait_all(void)
{
	for (unsigned int n = 0; n < NR_BATCHES; n++) {
		const struct gksm_gpu_batch done = wait_batch(gpu);
		const size_t at = (size_t)done.batch * NR_PAGES;

		if (done.error)
			fail_msg("batch %u: %s", done.batch,
				 gksm_gpu_error(gpu));
		check_batch_results(gpu, &pages, NR_PAGES, &done);
		assert_int_equal(done.nr_entries, NR_PAGES);
		memcpy(found + at, done.found, NR_PAGES);
		memcpy(twins + at, done.twins, NR_PAGES * sizeof(*twins));
	}
}

static bool is_same(unsigned int a, unsigned int b)
{
	return !memcmp(page_of(a), page_of(b), PAGE);
}

static void check_answer(unsigned int i)
{
	static const uint8_t zero[PAGE];
	const bool is_zero = !memcmp(page_of(i), zero, PAGE);
	bool has_twin = false;

	for (unsigned int j = 0; j < NR_ALL; j++)
		has_twin |= i != j && is_same(i, j);
	if (is_zero) {
		assert_int_equal(found[i], GKSM_GPU_FOUND_ZERO);
	} else if (!has_twin) {
		assert_int_equal(found[i], GKSM_GPU_FOUND_UNIQUE);
	} else {
		const unsigned int twin = (unsigned int)twins[i] - 1000;

		if (found[i] != GKSM_GPU_FOUND_EQUAL &&
		    found[i] != GKSM_GPU_FOUND_ALIKE)
			fail_msg("page %u: found %u", i, found[i]);
		assert_in_range(twin, 0, NR_ALL - 1);
		assert_int_not_equal(twin, i);
		assert_true(is_same(i, twin));
	}
}

/* Once so that all are known; then every answer is as brute force says. */
static void check_all(void (*submit)(void))
{
	submit();
	wait_all();
	gksm_gpu_generation(gpu);
	submit();
	wait_all();
	for (unsigned int i = 0; i < NR_ALL; i++)
		check_answer(i);
}

/* Groups, zero pages, and some that are alone. */
static void draw_contents(void)
{
	for (unsigned int i = 0; i < NR_ALL; i++) {
		const unsigned int draw = random_word() % 60;

		if (draw < 40)
			memset(page_of(i), (int)draw, PAGE);
	}
}

/* Other ones, of which the index does not know the old ones any more. */
static void renew_contents(void)
{
	fill_random(pages.ours, pages.bytes);
	draw_contents();
	gksm_gpu_generation(gpu);
	gksm_gpu_generation(gpu);
}

static void all_twins_are_found_whoever_hashed_them(void **state)
{
	(void)state;
	for (unsigned int round = 0; round < 5; round++) {
		renew_contents();
		check_all(submit_all);
	}
	assert_int_equal(get_device(0).nr_pages, 5 * NR_ALL);
	assert_int_equal(get_device(1).nr_pages, 5 * NR_ALL);
	assert_int_equal(count_alerts(), 0);
}

static void a_pair_split_over_two_devices_is_found(void **state)
{
	(void)state;
	memcpy(page_of(7), page_of(NR_PAGES + 9), PAGE);
	submit_all();
	wait_all();
	/* Whichever came last knows of the other. */
	assert_true(twins[7] == 1000 + NR_PAGES + 9 ||
		    twins[NR_PAGES + 9] == 1007);
	submit_all();
	wait_all();
	assert_int_equal(found[7], GKSM_GPU_FOUND_ALIKE);
	assert_int_equal(found[NR_PAGES + 9], GKSM_GPU_FOUND_ALIKE);
	assert_true(twins[7] == 1000 + NR_PAGES + 9);
	assert_true(twins[NR_PAGES + 9] == 1007);
	assert_int_equal(found[8], GKSM_GPU_FOUND_UNIQUE);
}

static void entries_without_content_come_with_any_batch(void **state)
{
	struct gksm_gpu_batch done;
	uint64_t hash;

	(void)state;
	send_to(1, 0);
	done = wait_batch(gpu);
	hash = done.hashes[5];
	/* Another one with page 5's hash, after 20 pages and alone. */
	for (unsigned int nr_pages = 0; nr_pages <= 20; nr_pages += 20) {
		gksm_gpu_seeds(gpu, 1)[nr_pages] = hash;
		gksm_gpu_names(gpu, 1)[nr_pages] = 77;
		set_speed(0, 1e12);
		assert_int_equal(gksm_gpu_search(gpu, 1, nr_pages, 1), 0);
		done = wait_batch(gpu);
		assert_int_equal(done.error, 0);
		assert_int_equal(done.nr_pages, nr_pages);
		assert_int_equal(done.nr_entries, nr_pages + 1);
		assert_true(done.hashes[nr_pages] == hash);
		assert_int_equal(done.found[nr_pages], GKSM_GPU_FOUND_ALIKE);
		assert_true(done.twins[nr_pages] == 1005);
	}
}

static void hashing_alone_and_comparing_go_to_any_device(void **state)
{
	const struct gksm_gpu_pair pairs[] = { { 1, 2 }, { 1, 1 } };
	struct gksm_gpu_batch done;
	uint8_t equal[2];

	(void)state;
	for (unsigned int m = 0; m < 2; m++) {
		set_speed(m, 1);
		set_speed(!m, 1e12);
		done = run_batch(gpu, 1, NR_PAGES);
		check_batch_results(gpu, &pages, NR_PAGES, &done);
		assert_int_equal(get_device(m).nr_batches, 1);
		assert_int_equal(gksm_gpu_compare(gpu, 1, pairs, 2, equal), 0);
		assert_int_equal(equal[0], 0);
		assert_int_equal(equal[1], 1);
	}
}

/* What is known of a device's speed decides, and is learnt. */
static void batches_go_to_who_is_done_first(void **state)
{
	struct gksm_member *members = pool()->members;

	(void)state;
	/* Three to one: of four the slow one gets the last. */
	set_speed(0, 3000);
	set_speed(1, 1001);
	set_home(1);
	for (unsigned int b = 0; b < NR_BATCHES; b++)
		assert_int_equal(gksm_gpu_submit(gpu, b, NR_PAGES), 0);
	assert_ptr_equal(pool()->errands[2].by, &members[0]);
	assert_ptr_equal(pool()->errands[3].by, &members[1]);
	for (unsigned int n = 0; n < NR_BATCHES; n++)
		wait_batch(gpu);
	assert_int_equal(get_device(0).nr_batches, 1);
	assert_int_equal(get_device(1).nr_batches, 3);
	/* So slow that it never gets one; and the other is not so fast. */
	set_speed(0, 1e12);
	set_speed(1, 1);
	for (unsigned int n = 0; n < 10; n++)
		run_batch(gpu, 0, NR_PAGES);
	assert_int_equal(get_device(0).nr_batches, 1);
	assert_true(members[1].page_ns > 10);
	assert_true(members[1].queued_ns == 0);
}

static void a_driver_that_computes_at_once_has_its_speed(void **state)
{
	(void)state;
	/* Of PoCL's the basic one does, and the twin does not matter. */
	for (unsigned int m = 0; m < pool()->nr_members; m++) {
		set_speed(m, 1);
		set_speed(!m, 1e12);
		run_batch(gpu, 0, NR_PAGES);
		/* An eighth of what a page takes, and that is 50 ns at least. */
		assert_true(pool()->members[m].page_ns > 1 + 50 / 8.0);
	}
}

/* Nobody says so: it is found out. */
static void a_slow_device_gets_little(void **state)
{
	const unsigned int nr = 300;
	unsigned int nr_done = 0;

	(void)state;
	if (!second_id)
		skip();
	interpose.victim = second_id;
	interpose.kernel_us = 5000;
	set_speed(0, 1000);
	set_speed(1, 1000);
	for (unsigned int b = 0; b < NR_BATCHES; b++)
		assert_int_equal(gksm_gpu_submit(gpu, b, NR_PAGES), 0);
	while (nr_done++ < nr) {
		const struct gksm_gpu_batch done = wait_batch(gpu);

		assert_int_equal(done.error, 0);
		if (nr_done + NR_BATCHES <= nr)
			assert_int_equal(
				gksm_gpu_submit(gpu, done.batch, NR_PAGES), 0);
	}
	assert_int_equal(get_device(0).nr_batches + get_device(1).nr_batches,
			 nr);
	printf("%u of %u batches\n", (unsigned int)get_device(1).nr_batches,
	       nr);
	assert_in_range(get_device(1).nr_batches, 1, nr / 4);
}

/* One that was slow once, and had nothing for a second, is tried again. */
static void slowness_is_forgiven(void **state)
{
	struct gksm_member *member = &pool()->members[0];

	(void)state;
	set_speed(0, 1);
	set_speed(1, 100);
	member->page_ns = 1e12;
	member->progress_ns = gksm_pool_now_ns();
	run_batch(gpu, 0, NR_PAGES);
	assert_int_equal(get_device(1).nr_batches, 1);
	member->progress_ns = gksm_pool_now_ns() - 1000000000;
	set_speed(1, 100);
	run_batch(gpu, 0, NR_PAGES);
	assert_int_equal(get_device(0).nr_batches, 1);
	/* But not if it has been so slow from the start. */
	set_speed(0, 1e12);
	member->progress_ns = gksm_pool_now_ns() - 1000000000;
	run_batch(gpu, 0, NR_PAGES);
	assert_int_equal(get_device(0).nr_batches, 1);
}

/* What a batch costs whatever is in it says little about a page. */
static void a_small_batch_changes_little(void **state)
{
	struct gksm_member *member = &pool()->members[0];

	(void)state;
	set_speed(0, 1e6);
	set_speed(1, 1e12);
	run_batch(gpu, 0, NR_PAGES);
	/* About an eighth less, for it took no time in comparison. */
	assert_in_range(member->page_ns, 870000, 990000);
	set_speed(0, 1e6);
	run_batch(gpu, 0, 1);
	assert_in_range(member->page_ns, 997000, 1100000);
}

/* How a device may fail. */
enum death {
	REFUSES,
	FAILS_IN_FLIGHT,
	IS_SILENT,
	NR_DEATHS,
};

static void let_die(cl_device_id victim, enum death death)
{
	interpose.victim = victim;
	interpose.nr_calls = 0;
	switch (death) {
	case REFUSES:
		interpose.fail_in = "clEnqueueNDRangeKernel";
		interpose.fail_at = 1;
		interpose.fail_on = true;
		interpose.fail_status = CL_OUT_OF_RESOURCES;
		break;
	case FAILS_IN_FLIGHT:
		interpose.finish_status = CL_DEVICE_NOT_AVAILABLE;
		break;
	default:
		interpose.lose_callbacks = true;
		break;
	}
}

/* No device is so slow, however busy the machine is. */
#define PATIENCE_MS 20000

/*
 * As a caller does that looks for silent devices now and then; if the victim is
 * silent it has been so for long.
 */
static void wait_all_and_check(unsigned int victim)
{
	struct gksm_member *member = &pool()->members[victim];
	struct pollfd fd = { .fd = gksm_gpu_fd(gpu), .events = POLLIN };
	unsigned int nr = 0;

	for (unsigned int n = 0; nr < NR_BATCHES; n++) {
		struct gksm_gpu_batch done;

		while (!gksm_gpu_reap(gpu, &done)) {
			if (done.error)
				fail_msg("batch %u: %s", done.batch,
					 gksm_gpu_error(gpu));
			check_batch_results(gpu, &pages, NR_PAGES, &done);
			nr++;
		}
		assert_in_range(n, 0, 1000);
		poll(&fd, 1, 50);
		if (interpose.lose_callbacks && !member->is_lost)
			member->progress_ns = 0;
		gksm_gpu_check(gpu, PATIENCE_MS);
	}
	assert_int_equal(nr, NR_BATCHES);
}

static void submit_anywhere(void)
{
	for (unsigned int b = 0; b < NR_BATCHES; b++)
		assert_int_equal(gksm_gpu_search(gpu, b, NR_PAGES, 0), 0);
}

static void check_survives(unsigned int victim, bool is_home, enum death death)
{
	const unsigned int other = !victim;
	char line[256];

	draw_contents();
	set_home(is_home ? victim : other);
	check_all(submit_all);
	let_die(victim ? second_id : first_id, death);
	submit_all();
	wait_all_and_check(victim);
	assert_true(get_device(victim).is_lost);
	assert_false(get_device(victim).is_home);
	assert_false(get_device(other).is_lost);
	assert_true(get_device(other).is_home);
	assert_string_equal(gksm_gpu_get_info(gpu)->name,
			    get_device(other).info.name);
	assert_int_equal(count_alerts(), 1);
	assert_non_null(strstr(alerts, get_device(victim).info.name));
	snprintf(line, sizeof(line), "going on without it%s%s",
		 is_home ? ": " : "\n",
		 is_home ? get_device(other).info.name : "");
	if (!strstr(alerts, line))
		fail_msg("no \"%s\" in \"%s\"", line, alerts);
	/* And nothing is missed afterwards. */
	renew_contents();
	check_all(submit_anywhere);
	assert_int_equal(count_alerts(), 1);
}

/* Each death of each device that can be killed, as the home and otherwise. */
static void a_device_that_fails_loses_no_batch(void **state)
{
	const unsigned int nr_victims = second_id ? 2 : 1;

	for (unsigned int n = 0; n < NR_DEATHS * 2 * nr_victims; n++) {
		const enum death death = (enum death)(n % NR_DEATHS);
		uint64_t start_ns;

		check_survives(n / NR_DEATHS / 2, n / NR_DEATHS % 2, death);
		/* Once it is seen that nobody waits for so long. */
		gksm_engine_patience_ms = n == IS_SILENT ? 60000 : 20;
		start_ns = gksm_pool_now_ns();
		close_bound(gpu, &pages);
		assert_true(gksm_pool_now_ns() - start_ns < 30000000000);
		/* Who does not answer is abandoned, and nobody else. */
		assert_int_equal(interpose_nr_objects() > 0,
				 death == IS_SILENT);
		assert_int_equal(set_up(state), 0);
	}
}

/* The second fails when it is given the batches of the first. */
static void two_devices_may_fail_at_once(void **state)
{
	(void)state;
	if (!second_id)
		skip();
	close_bound(gpu, &pages);
	devices = "0,1,twin";
	set_up(state);
	devices = "0,1";
	send_to(1, 0);
	send_to(1, 1);
	send_to(0, 2);
	send_to(0, 3);
	set_speed(1, 1);
	pool()->members[1].progress_ns = UINT64_MAX / 2;
	let_die(NULL, REFUSES);
	assert_int_equal(gksm_gpu_check(gpu, 0), 1);
	wait_all();
	assert_true(get_device(0).is_lost && get_device(1).is_lost);
	assert_true(get_device(2).is_home);
	assert_int_equal(count_alerts(), 2);
}

static void a_lost_device_is_closed_when_it_has_nothing_in_flight(void **state)
{
	(void)state;
	let_die(first_id, FAILS_IN_FLIGHT);
	submit_all();
	wait_all_and_check(0);
	assert_null(pool()->members[0].gpu);
	assert_int_equal(pool()->members[0].nr_in_flight, 0);
}

/* Given up too early: both are right, one is heard. */
static void late_answers_of_a_lost_device_are_ignored(void **state)
{
	(void)state;
	draw_contents();
	send_to(0, 0);
	send_to(0, 1);
	assert_int_equal(gksm_gpu_check(gpu, 0), 1);
	send_to(1, 2);
	send_to(1, 3);
	wait_all();
	assert_true(get_device(0).is_lost);
	assert_int_equal(get_device(0).nr_batches, 0);
	assert_int_equal(get_device(1).nr_batches, 4);
	check_all(submit_anywhere);
	assert_null(pool()->members[0].gpu);
}

static void idle_devices_are_not_given_up(void **state)
{
	(void)state;
	assert_int_equal(gksm_gpu_check(gpu, 0), 0);
	submit_all();
	wait_all();
	assert_int_equal(gksm_gpu_check(gpu, 0), 0);
	assert_int_equal(count_alerts(), 0);
}

static void with_the_last_device_every_batch_comes_back(void **state)
{
	struct gksm_gpu_batch done;

	(void)state;
	submit_all();
	assert_int_equal(gksm_gpu_check(gpu, 0), 2);
	for (unsigned int n = 0; n < NR_BATCHES; n++) {
		done = wait_batch(gpu);
		check_error(gpu, done.error, -EIO,
			    "has finished nothing for 0 ms");
	}
	assert_int_equal(gksm_gpu_reap(gpu, &done), -EAGAIN);
	assert_int_equal(gksm_gpu_search(gpu, 0, NR_PAGES, 0), -EIO);
	assert_int_equal(gksm_gpu_generation(gpu), 0);
}

static void the_index_is_the_homes(void **state)
{
	struct gksm_gpu_index index;

	(void)state;
	memset(page_of(0), 0, PAGE);
	memset(page_of(NR_PAGES), 0, PAGE);
	submit_all();
	wait_all();
	gksm_gpu_get_index(gpu, &index);
	/* Of the last search reaped: it has seen all but the zero pages. */
	assert_int_equal(index.nr_entries, NR_ALL - 2);
	for (unsigned int n = 0; n < 3; n++)
		gksm_gpu_generation(gpu);
	send_to(1, 0);
	wait_batch(gpu);
	gksm_gpu_get_index(gpu, &index);
	assert_int_equal(index.nr_entries, NR_PAGES - 1);
}

static void it_can_be_bound_again(void **state)
{
	(void)state;
	submit_all();
	wait_all();
	assert_int_equal(gksm_engine_unbind(gpu), 0);
	assert_int_equal(gksm_gpu_bind(gpu, pages.theirs, 2, NR_PAGES), 0);
	assert_int_equal(get_device(0).nr_batches, 0);
	assert_true(get_device(0).pages_per_s > 0);
	run_batch(gpu, 1, NR_PAGES);
}

static struct gksm_gpu_info infos[8];

static void remember_info(void *arg, const struct gksm_gpu_info *info)
{
	(void)arg;
	if (info->index < 8)
		infos[info->index] = *info;
}

static void lists_mean_what_they_say(void **state)
{
	const int nr = gksm_gpu_list(remember_info, NULL);
	char both[300];

	(void)state;
	close_bound(gpu, &pages);
	check_error(NULL, open_named("0,twin,0"), -EINVAL, "named twice");
	check_error(NULL, open_named("twin,no such device"), -ENODEV,
		    "no device matches \"no such device\"");
	check_error(NULL, open_named("twin,"), -EINVAL, "name is empty");
	check_error(NULL, open_named("twin,auto"), -ENODEV, "\"auto\"");
	snprintf(both, sizeof(both), "twin , %s", infos[0].name);
	assert_int_equal(open_named(both), 0);
	assert_int_equal(get_device(0).info.kind, GKSM_GPU_KIND_TWIN);
	assert_string_equal(get_device(1).info.name, infos[0].name);
	gksm_gpu_close(gpu);
	assert_int_equal(open_named("all"), 0);
	for (unsigned int d = 0; d < (unsigned int)nr - 1; d++)
		assert_int_equal(get_device(d).info.index, d);
	assert_int_equal(gksm_gpu_get_device(gpu, (unsigned int)nr - 1,
					     &(struct gksm_gpu_device){ 0 }),
			 -ENOENT);
	make_pages(&pages, NR_ALL);
	assert_int_equal(gksm_gpu_bind(gpu, pages.theirs, 1, 4), 0);
}

/* One that does not build is passed over; one alone is no pool. */
static void a_device_that_does_not_open_is_passed_over(void **state)
{
	const char *none = "device 0 passed over: ";

	(void)state;
	close_bound(gpu, &pages);
	interpose.nr_calls = 0;
	interpose.fail_in = "clCreateContext";
	interpose.fail_at = 1;
	interpose.fail_status = CL_OUT_OF_HOST_MEMORY;
	assert_int_equal(open_named("0,twin"), 0);
	assert_int_equal(count_alerts(), 1);
	assert_int_equal(strncmp(alerts, none, strlen(none)), 0);
	assert_int_equal(get_device(0).info.kind, GKSM_GPU_KIND_TWIN);
	assert_int_equal(gksm_gpu_get_device(gpu, 1,
					     &(struct gksm_gpu_device){ 0 }),
			 -ENOENT);
	gksm_gpu_close(gpu);
	/* All of them: the twin, as with "auto". */
	interpose.nr_calls = 0;
	interpose.fail_on = true;
	assert_int_equal(open_named("all"), 0);
	assert_int_equal(get_device(0).info.kind, GKSM_GPU_KIND_TWIN);
	make_pages(&pages, NR_ALL);
	assert_int_equal(gksm_gpu_bind(gpu, pages.theirs, 1, 4), 0);
}

static void out_of_memory_on_one_device_leaves_the_others(void **state)
{
	(void)state;
	gksm_gpu_close(gpu);
	interpose.not_unified = true; /* or it would be tried twice */
	assert_int_equal(open_named(devices), 0);
	interpose.nr_calls = 0;
	interpose.fail_in = "clCreateBuffer";
	interpose.fail_at = 1;
	interpose.fail_status = CL_MEM_OBJECT_ALLOCATION_FAILURE;
	assert_int_equal(gksm_gpu_bind(gpu, pages.theirs, NR_BATCHES, NR_PAGES),
			 0);
	assert_int_equal(count_alerts(), 1);
	assert_non_null(strstr(alerts, "CL_MEM_OBJECT_ALLOCATION_FAILURE"));
	assert_non_null(strstr(alerts, "going on without it\n"));
	assert_true(get_device(0).is_lost);
	assert_true(get_device(1).is_home);
	run_batch(gpu, 0, NR_PAGES);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static int run(const char *what, const char *which)
{
	const struct CMUnitTest tests[] = {
		TEST(all_twins_are_found_whoever_hashed_them),
		TEST(a_pair_split_over_two_devices_is_found),
		TEST(entries_without_content_come_with_any_batch),
		TEST(hashing_alone_and_comparing_go_to_any_device),
		TEST(batches_go_to_who_is_done_first),
		TEST(a_driver_that_computes_at_once_has_its_speed),
		TEST(a_slow_device_gets_little),
		TEST(slowness_is_forgiven),
		TEST(a_small_batch_changes_little),
		TEST(a_device_that_fails_loses_no_batch),
		TEST(two_devices_may_fail_at_once),
		TEST(a_lost_device_is_closed_when_it_has_nothing_in_flight),
		TEST(late_answers_of_a_lost_device_are_ignored),
		TEST(idle_devices_are_not_given_up),
		TEST(with_the_last_device_every_batch_comes_back),
		TEST(the_index_is_the_homes),
		TEST(it_can_be_bound_again),
		TEST(lists_mean_what_they_say),
		TEST(a_device_that_does_not_open_is_passed_over),
		TEST(out_of_memory_on_one_device_leaves_the_others),
	};

	devices = which;
	return cmocka_run_group_tests_name(what, tests, NULL, NULL);
}

int main(void)
{
	struct gksm_cl_device *list;
	unsigned int nr;
	int failed;

	if (gksm_cl_device_list(&list, &nr) || !nr)
		return EXIT_SKIPPED;
	first_id = list[0].id;
	failed = run("a device and the twin", "0,twin");
	if (nr > 1) {
		second_id = list[1].id;
		failed |= run("two devices", "0,1");
	}
	free(list);
	return failed;
}
