// SPDX-License-Identifier: GPL-2.0-only
/*
 * server.c - the main loop: batches in, answers out
 *
 * One thread. The module hands out at most as many batches as the session
 * has, so everything that is ready is taken and submitted at once, and the
 * device always has as much to do as there is.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "server.h"

/*
 * Ten deadlines of the module's default: what is late by so much is of no use
 * to anybody, and a device that only has much to do finishes some batch in it.
 */
#define DEFAULT_PATIENCE_MS 10000

/**
 * gksm_server_init - reserve everything that the loop needs
 * @server:  out; @signal_fd, @reload, @notify, @control and @passes are the
 *	     caller's to set
 * @session: set up
 * @device:  bound
 *
 * Returns 0 or -errno.
 */
int gksm_server_init(struct gksm_server *server, struct gksm_session *session,
		     struct gksm_device *device)
{
	const size_t nr_batches = session->nr_batches;

	*server = (struct gksm_server){
		.session = session,
		.device = device,
		.signal_fd = -1,
		.patience_ms = DEFAULT_PATIENCE_MS,
		.lanes = calloc(nr_batches, sizeof(*server->lanes)),
		.questions = calloc(nr_batches * session->batch_slots,
				    sizeof(*server->questions)),
	};
	if (!server->lanes || !server->questions) {
		gksm_server_free(server);
		return -ENOMEM;
	}
	for (size_t i = 0; i < nr_batches; i++)
		server->lanes[i].questions =
			&server->questions[i * session->batch_slots];
	return 0;
}

/**
 * gksm_server_free - give the memory back
 * @server: initialized
 */
void gksm_server_free(struct gksm_server *server)
{
	/* The module's names of pages do not stay behind. */
	if (server->questions)
		explicit_bzero(server->questions,
			       (size_t)server->session->nr_batches *
				       server->session->batch_slots *
				       sizeof(*server->questions));
	free(server->lanes);
	free(server->questions);
	server->lanes = NULL;
	server->questions = NULL;
}

static int explain_module(int err)
{
	switch (-err) {
	case EBADMSG:
		gksm_error("the module checked a hash of ours and it is wrong: "
			   "it gives us no more work");
		gksm_error("the device computes wrong results: look for memory "
			   "errors and driver faults, or try --device twin");
		break;
	case ENODEV:
		gksm_error("the module is being unloaded");
		break;
	case EPROTO:
		gksm_error("the module sent a batch that cannot be: install "
			   "module and gksmd from one release");
		break;
	default:
		gksm_error("the module refuses to go on: %s", strerror(-err));
		break;
	}
	return err;
}

/* A batch that the module took back meanwhile is its business again. */
static int complete(struct gksm_server *server, uint64_t id,
		    unsigned int nr_results, uint64_t *counter)
{
	unsigned int nr_accepted;
	int err = gksm_session_complete(server->session, id, nr_results,
					&nr_accepted);

	if (err == -ESTALE) {
		server->stats.batches_late++;
		return 0;
	}
	if (err)
		return explain_module(err);
	(*counter)++;
	if (nr_accepted < nr_results)
		server->stats.results_refused += nr_results - nr_accepted;
	return 0;
}

/*
 * Every batch that was taken is completed, even if the module surely has
 * taken it back: the late answer shows it that somebody is still there.
 */
static int hand_back(struct gksm_server *server, uint64_t id)
{
	if (!id)
		return 0;
	return complete(server, id, 0, &server->stats.batches_handed_back);
}

/*
 * The device failed. What it was given comes back without an answer, so that
 * the module hashes it, and the next device starts with nothing.
 */
static int replace_device(struct gksm_server *server)
{
	unsigned int nr_devices, nr_lost;

	for (unsigned int i = 0; i < server->session->nr_batches; i++) {
		struct gksm_lane *lane = &server->lanes[i];
		int err = hand_back(server, lane->id);

		if (!err)
			err = hand_back(server, lane->waiting.batch);
		if (err)
			return err;
		lane->id = 0;
		lane->waiting.batch = 0;
	}
	server->nr_in_flight = 0;
	/* Of several devices this was the last. */
	nr_devices = gksm_device_count(server->device, &nr_lost);
	server->stats.device_failures += nr_devices - server->nr_lost;
	server->nr_lost = 0;
	return gksm_device_replace(server->device);
}

static int fail_device(struct gksm_server *server)
{
	gksm_error("%s", gksm_gpu_error(server->device->gpu));
	return replace_device(server);
}

/* More than all generations at once make no difference. */
#define MAX_PASSES 4

static void begin_generations(struct gksm_server *server)
{
	const uint64_t nr_new = gksm_passes_new(&server->passes);

	for (uint64_t n = 0; n < nr_new && n < MAX_PASSES; n++)
		gksm_gpu_generation(server->device->gpu);
}

static int start_batch(struct gksm_server *server, const struct gksm_next *next)
{
	struct gksm_lane *lane = &server->lanes[next->index];
	struct gksm_gpu *gpu = server->device->gpu;
	const unsigned int batch_slots = server->session->batch_slots;
	struct gksm_entries entries = {
		.seeds = gksm_gpu_seeds(gpu, next->index),
		.names = gksm_gpu_names(gpu, next->index),
		.max = batch_slots,
		.nr_pages = next->nr_pages,
	};

	lane->id = next->batch;
	lane->nr_slots = next->nr_slots;
	gksm_finder_ask(lane->questions,
			server->session->slots +
				(size_t)next->index * batch_slots,
			next->nr_slots, &entries);
	begin_generations(server);
	if (gksm_gpu_search(gpu, next->index, entries.nr_pages,
			    entries.nr_known))
		return fail_device(server);
	if (!server->nr_in_flight++)
		server->progress_ms = gksm_clock_ms();
	return 0;
}

/* The device still works on a batch that the module took back meanwhile. */
static int queue_batch(struct gksm_server *server, const struct gksm_next *next)
{
	struct gksm_lane *lane = &server->lanes[next->index];
	const uint64_t overtaken = lane->waiting.batch;

	lane->waiting = *next;
	return hand_back(server, overtaken);
}

/* Takes what is ready; the module has no more than nr_batches. */
static int take_batches(struct gksm_server *server, short revents)
{
	for (unsigned int i = 0; i < server->session->nr_batches; i++) {
		struct gksm_next next;
		int err = gksm_session_next(server->session, &next);

		if (err == -EAGAIN && revents & (POLLHUP | POLLERR))
			err = -ENODEV; /* gone, and does not say why */
		if (err == -EAGAIN)
			return 0;
		if (err)
			return explain_module(err);
		server->stats.batches_taken++;
		if (server->lanes[next.index].id)
			err = queue_batch(server, &next);
		else
			err = start_batch(server, &next);
		if (err)
			return err;
	}
	return 0;
}

/* The batch's place belongs to the next one: give up the first, start it. */
static int start_waiting(struct gksm_server *server, struct gksm_lane *lane)
{
	const struct gksm_next next = lane->waiting;
	const int err = hand_back(server, lane->id);

	lane->id = 0;
	lane->waiting.batch = 0;
	return err ? err : start_batch(server, &next);
}

static int answer(struct gksm_server *server, const struct gksm_gpu_batch *done)
{
	struct gksm_lane *lane = &server->lanes[done->batch];
	const uint64_t id = lane->id;
	const size_t base = (size_t)done->batch * server->session->batch_slots;

	gksm_finder_answer(lane->questions, lane->nr_slots, done,
			   server->session->results + base,
			   &server->stats.slots);
	server->stats.device_ns += done->device_ns;
	lane->id = 0;
	return complete(server, id, lane->nr_slots,
			&server->stats.batches_completed);
}

static int reap_batches(struct gksm_server *server)
{
	for (;;) {
		struct gksm_gpu_batch done;
		struct gksm_lane *lane;
		int err = gksm_gpu_reap(server->device->gpu, &done);

		if (err == -EAGAIN)
			return 0;
		if (err || done.error)
			return fail_device(server);
		server->nr_in_flight--;
		server->progress_ms = gksm_clock_ms();
		lane = &server->lanes[done.batch];
		if (lane->waiting.batch)
			err = start_waiting(server, lane);
		else
			err = answer(server, &done);
		if (err)
			return err;
	}
}

static int take_signal(struct gksm_server *server)
{
	struct signalfd_siginfo info;

	if (read(server->signal_fd, &info, sizeof(info)) != sizeof(info))
		return errno == EAGAIN ? 0 : -errno;
	switch (info.ssi_signo) {
	case SIGHUP:
		server->reload(server->reload_arg);
		break;
	case SIGUSR1:
		gksm_stats_log(&server->stats,
			       gksm_device_name(server->device));
		break;
	default:
		server->stop = true;
		break;
	}
	return 0;
}

static void tell_alive(struct gksm_server *server)
{
	char line[256];

	if (!gksm_notify_is_due(&server->notify))
		return;
	gksm_stats_line(&server->stats, gksm_device_name(server->device), line,
			sizeof(line));
	gksm_notify_alive(&server->notify, line);
}

/* Several devices know which of them is silent; returns how many there are. */
static unsigned int check_several(struct gksm_server *server)
{
	unsigned int nr_devices, nr_lost;

	gksm_gpu_check(server->device->gpu, server->patience_ms);
	nr_devices = gksm_device_count(server->device, &nr_lost);
	server->stats.device_failures += nr_lost - server->nr_lost;
	server->nr_lost = nr_lost;
	return nr_devices;
}

/* A device can also fail without a word: nothing ever comes back. */
static int check_progress(struct gksm_server *server)
{
	/* What one of several had goes to another one, or comes back. */
	if (check_several(server) > 1 || !server->nr_in_flight ||
	    gksm_clock_ms() < server->progress_ms + server->patience_ms)
		return 0;
	gksm_error("%s has finished nothing for %u ms",
		   gksm_device_name(server->device), server->patience_ms);
	return replace_device(server);
}

/* Descriptors of the main loop, ahead of those of the control socket. */
enum {
	FD_SIGNALS,
	FD_DEVICE,
	FD_MODULE,
	NR_FDS
};

static int poll_timeout_ms(const struct gksm_server *server)
{
	int timeout_ms = server->notify.interval_ms;

	if (server->nr_in_flight &&
	    (timeout_ms < 0 || timeout_ms > (int)server->patience_ms))
		timeout_ms = (int)server->patience_ms;
	return timeout_ms;
}

/**
 * gksm_server_run - serve until told to stop
 * @server: initialized, everything set
 *
 * Returns 0 after SIGTERM or SIGINT, -errno of the module, or -EIO if no
 * device is left, after a message.
 */
int gksm_server_run(struct gksm_server *server)
{
	int err = 0;

	while (!err && !server->stop) {
		struct pollfd fds[NR_FDS + GKSM_CONTROL_MAX_FDS] = {
			[FD_SIGNALS] = { .fd = server->signal_fd,
					 .events = POLLIN },
			[FD_DEVICE] = { .fd = gksm_gpu_fd(server->device->gpu),
					.events = POLLIN },
			[FD_MODULE] = { .fd = server->session->fd,
					.events = POLLIN },
		};
		int timeout_ms = poll_timeout_ms(server);
		nfds_t nr_control = 0;

		tell_alive(server);
		if (server->control)
			nr_control = gksm_control_fds(
				server->control, fds + NR_FDS, &timeout_ms);
		if (poll(fds, NR_FDS + nr_control, timeout_ms) < 0) {
			err = errno == EINTR ? 0 : -errno;
			continue;
		}
		if (fds[FD_SIGNALS].revents)
			err = take_signal(server);
		if (!err && fds[FD_DEVICE].revents)
			err = reap_batches(server);
		if (!err && fds[FD_MODULE].revents)
			err = take_batches(server, fds[FD_MODULE].revents);
		if (!err)
			err = check_progress(server);
		if (!err && server->control)
			gksm_control_serve(server->control, fds + NR_FDS,
					   nr_control);
	}
	return err;
}
