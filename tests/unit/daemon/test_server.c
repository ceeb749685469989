// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_server.c - the main loop against a module of a few lines
 *
 * The session's calls are here; an eventfd that always has something to say
 * stands for the device file. tests/cli runs the same loop as a process.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/time.h>
#include <unistd.h>

#include "clock.h"
#include "fake_gpu.h"
#include "log.h"
#include "server.h"
#include "test.h"

#define NR_BATCHES 2
#define NR_SLOTS 16

static _Alignas(4096) unsigned char pages[NR_BATCHES * NR_SLOTS * 4096];
static struct gksm_slot slots[NR_BATCHES * NR_SLOTS];
static struct gksm_result results[NR_BATCHES * NR_SLOTS];
static struct gksm_session session;
static struct gksm_device device;
static struct gksm_server server;
static unsigned int nr_reloads;

/* What the module does: a script of indices, and the batches given back. */
static const unsigned int *script;
static unsigned int nr_scripted, nr_taken;
static uint64_t in_flight[NR_BATCHES];
static unsigned int nr_answered, nr_empty, nr_late, nr_unknown;
static int next_error, complete_error;
/* Do not stop the daemon when all batches have come back. */
static bool stays;

int gksm_session_next(struct gksm_session *s, struct gksm_next *next)
{
	assert_ptr_equal(s, &session);
	if (next_error)
		return next_error;
	if (nr_taken == nr_scripted)
		return -EAGAIN;
	*next = (struct gksm_next){
		.batch = nr_taken + 1,
		.index = script[nr_taken],
		.nr_slots = NR_SLOTS,
		.nr_pages = NR_SLOTS,
	};
	in_flight[next->index] = next->batch;
	nr_taken++;
	return 0;
}

int gksm_session_complete(struct gksm_session *s, uint64_t batch,
			  unsigned int nr_slots, unsigned int *nr_accepted)
{
	unsigned int i = 0;

	assert_ptr_equal(s, &session);
	*nr_accepted = 0;
	nr_unknown += !batch || batch > nr_taken;
	while (i < NR_BATCHES && in_flight[i] != batch)
		i++;
	/* All have come back: the end. */
	if (nr_answered + nr_empty + nr_late + 1 == nr_scripted && !stays)
		raise(SIGTERM);
	if (i == NR_BATCHES) {
		nr_late++;
		return -ESTALE;
	}
	if (complete_error)
		return complete_error;
	in_flight[i] = 0;
	if (nr_slots)
		nr_answered++;
	else
		nr_empty++;
	*nr_accepted = nr_slots;
	return 0;
}

static void count_reload(void *arg)
{
	(void)arg;
	nr_reloads++;
	raise(SIGTERM);
}

static int reset(void **state)
{
	sigset_t set;

	(void)state;
	script = NULL;
	nr_scripted = nr_taken = nr_reloads = 0;
	nr_answered = nr_empty = nr_late = nr_unknown = 0;
	next_error = complete_error = 0;
	stays = false;
	memset(in_flight, 0, sizeof(in_flight));
	memset(fake_devices, 0, sizeof(fake_devices));
	fake_devices[0] = (struct fake_device){ .kind = GKSM_GPU_KIND_GPU,
						.name = "gpu" };
	fake_devices[1] = (struct fake_device){ .kind = GKSM_GPU_KIND_TWIN,
						.name = "twin" };
	fake_nr_devices = 2;

	session = (struct gksm_session){
		.fd = eventfd(1, EFD_CLOEXEC),
		.nr_batches = NR_BATCHES,
		.batch_slots = NR_SLOTS,
		.staging = pages,
		.slots = slots,
		.results = results,
	};
	for (unsigned int i = 0; i < COUNT_OF(slots); i++)
		slots[i] = (struct gksm_slot){ .cookie = 100 + i,
					       .page = i % NR_SLOTS };
	memset(pages, 'x', sizeof(pages));
	memset(results, 0xff, sizeof(results));
	if (gksm_device_open(&device, "auto", "") ||
	    gksm_device_bind(&device, pages, NR_BATCHES, NR_SLOTS) ||
	    gksm_server_init(&server, &session, &device))
		return -1;
	sigfillset(&set);
	server.signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	server.notify.interval_ms = -1;
	server.reload = count_reload;
	return 0;
}

static int release(void **state)
{
	(void)state;
	close(server.signal_fd);
	gksm_server_free(&server);
	gksm_device_close(&device);
	close(session.fd);
	assert_int_equal(fake_nr_open, 0);
	assert_int_equal(nr_unknown, 0);
	return 0;
}

/* Lets the module hand out batches with these indices. */
#define RUN(...)                                                       \
	({                                                             \
		static const unsigned int indices[] = { __VA_ARGS__ }; \
		script = indices;                                      \
		nr_scripted = COUNT_OF(indices);                       \
		gksm_server_run(&server);                              \
	})

static void batches_are_answered(void **state)
{
	(void)state;
	assert_int_equal(RUN(0, 1, 1, 0, 0), 0);
	assert_int_equal(nr_answered + nr_late, 5);
	assert_int_equal(results[0].verdict, GKSM_VERDICT_DUPLICATE);
	assert_true(results[0].peer == 101);
	assert_true(results[NR_SLOTS + 3].peer == 100 + NR_SLOTS);
}

static void late_batches_are_completed_too(void **state)
{
	(void)state;
	/* Both ones are fetched before the device is asked. */
	assert_int_equal(RUN(0, 0), 0);
	assert_int_equal(nr_late, 1);
	assert_int_equal(nr_answered, 1);
	assert_int_equal(server.stats.batches_late, 1);
	assert_int_equal(server.stats.batches_completed, 1);
	assert_int_equal(server.stats.batches_taken, 2);
}

static void a_batch_error_hands_back_and_goes_on(void **state)
{
	(void)state;
	fake_devices[0].batch_error = -EIO;
	assert_int_equal(RUN(0, 1, 0, 1), 0);
	assert_int_equal(nr_empty, 2);
	assert_int_equal(nr_answered + nr_late, 2);
	assert_string_equal(gksm_device_name(&device), "twin");
	assert_int_equal(server.stats.device_failures, 1);
	assert_int_equal(server.stats.batches_handed_back, 2);
}

static void a_submit_error_hands_back_and_goes_on(void **state)
{
	(void)state;
	fake_devices[0].submit_error = -EIO;
	assert_int_equal(RUN(0, 1, 0), 0);
	assert_int_equal(nr_empty, 1);
	assert_int_equal(nr_answered + nr_late, 2);
}

static void the_module_says_when_a_generation_ends(void **state)
{
	struct gksm_counter counter = { .name = "generations" };
	struct gksm_settings settings = { .counters = &counter,
					  .nr_counters = 1 };

	(void)state;
	counter.fd = fileno(tmpfile());
	assert_int_equal(pwrite(counter.fd, "41\n", 3, 0), 3);
	gksm_passes_init(&server.passes, &settings);
	assert_int_equal(pwrite(counter.fd, "43\n", 3, 0), 3);
	assert_int_equal(RUN(0, 1), 0);
	assert_int_equal(fake_devices[0].nr_generations, 2);
	assert_int_equal(pwrite(counter.fd, "99\n", 3, 0), 3);
	assert_true(gksm_passes_new(&server.passes) == 56);
	assert_true(gksm_passes_new(&server.passes) == 0);
	close(counter.fd);
}

static void a_device_that_finishes_nothing_has_failed(void **state)
{
	(void)state;
	fake_devices[0].hangs = true;
	server.patience_ms = 20;
	assert_int_equal(RUN(0, 1), 0);
	assert_int_equal(nr_empty, 2);
	assert_string_equal(gksm_device_name(&device), "twin");
	/* Nobody has waited for it once more. */
	assert_int_equal(fake_devices[0].nr_given_up, 1);
}

static void every_batch_comes_back_from_a_device_that_hangs(void **state)
{
	(void)state;
	/* Computing, overtaken while it waits, and waiting. */
	fake_devices[0].hangs = true;
	server.patience_ms = 20;
	assert_int_equal(RUN(0, 0, 0), 0);
	assert_int_equal(nr_late, 2);
	assert_int_equal(nr_empty, 1);
	assert_int_equal(server.stats.batches_late, 2);
	assert_int_equal(server.stats.batches_handed_back, 1);
}

/* The engine knows who it is; it is not replaced as a whole. */
static void one_silent_device_of_several_is_left_to_the_engine(void **state)
{
	const uint64_t start_ms = gksm_clock_ms();

	(void)state;
	fake_devices[0].hangs = true;
	fake_devices[0].has_second = true;
	server.patience_ms = 20;
	assert_int_equal(RUN(0, 1), 0);
	assert_true(gksm_clock_ms() - start_ms >= 20);
	assert_int_equal(nr_answered, 2);
	assert_int_equal(nr_empty, 0);
	assert_string_equal(gksm_device_name(&device), "gpu");
	assert_int_equal(server.stats.device_failures, 1);
}

static void a_device_lost_of_several_is_counted_once(void **state)
{
	(void)state;
	fake_devices[0].has_second = true;
	fake_devices[0].second_is_lost = true;
	assert_int_equal(RUN(0, 1, 0, 1), 0);
	assert_int_equal(nr_answered + nr_late, 4);
	assert_int_equal(server.stats.device_failures, 1);
	assert_string_equal(gksm_device_name(&device), "gpu");
}

static void the_last_of_several_counts_too(void **state)
{
	(void)state;
	fake_devices[0].has_second = true;
	fake_devices[0].second_is_lost = true;
	fake_devices[0].batch_error = -EIO;
	fake_devices[1].kind = GKSM_GPU_KIND_CPU;
	fake_devices[2] = (struct fake_device){ .kind = GKSM_GPU_KIND_TWIN,
						.name = "twin" };
	fake_nr_devices = 3;
	assert_int_equal(RUN(0, 1, 0, 1), 0);
	assert_string_equal(gksm_device_name(&device), "twin");
	assert_int_equal(server.stats.device_failures, 2);
	assert_int_equal(server.nr_lost, 0);
}

static void an_idle_device_has_not_failed(void **state)
{
	const struct itimerval soon = { .it_value.tv_usec = 60000 };

	(void)state;
	stays = true;
	server.patience_ms = 20;
	setitimer(ITIMER_REAL, &soon, NULL);
	assert_int_equal(RUN(0, 1), 0);
	assert_int_equal(nr_answered, 2);
	assert_int_equal(server.stats.device_failures, 0);
}

static void without_a_device_it_ends(void **state)
{
	(void)state;
	fake_devices[0].batch_error = -EIO;
	fake_devices[1].open_error = -ENODEV;
	assert_int_equal(RUN(0, 1, 0, 1), -EIO);
	assert_int_equal(nr_empty, 2);
}

static void lost_trust_ends_it(void **state)
{
	(void)state;
	complete_error = -EBADMSG;
	assert_int_equal(RUN(0, 1, 0), -EBADMSG);
}

static void lost_trust_is_noticed_without_a_batch(void **state)
{
	(void)state;
	next_error = -EBADMSG;
	assert_int_equal(RUN(0), -EBADMSG);
}

static void an_impossible_batch_ends_it(void **state)
{
	(void)state;
	next_error = -EPROTO;
	assert_int_equal(RUN(0), -EPROTO);
}

static void hangup_reloads(void **state)
{
	(void)state;
	raise(SIGUSR1);
	raise(SIGHUP);
	assert_int_equal(gksm_server_run(&server), 0);
	assert_int_equal(nr_reloads, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, reset, release)
	static const struct CMUnitTest tests[] = {
		TEST(batches_are_answered),
		TEST(late_batches_are_completed_too),
		TEST(a_batch_error_hands_back_and_goes_on),
		TEST(a_submit_error_hands_back_and_goes_on),
		TEST(the_module_says_when_a_generation_ends),
		TEST(a_device_that_finishes_nothing_has_failed),
		TEST(every_batch_comes_back_from_a_device_that_hangs),
		TEST(one_silent_device_of_several_is_left_to_the_engine),
		TEST(a_device_lost_of_several_is_counted_once),
		TEST(the_last_of_several_counts_too),
		TEST(an_idle_device_has_not_failed),
		TEST(without_a_device_it_ends),
		TEST(lost_trust_ends_it),
		TEST(lost_trust_is_noticed_without_a_batch),
		TEST(an_impossible_batch_ends_it),
		TEST(hangup_reloads),
	};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGALRM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	gksm_log_open("test", GKSM_LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
