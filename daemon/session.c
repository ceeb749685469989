// SPDX-License-Identifier: GPL-2.0-only
/*
 * session.c - the daemon's session with the module
 *
 * The only file that calls ioctl(), and the only one that maps the device.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "log.h"
#include "session.h"

static int call(const struct gksm_session *session, unsigned long request,
		void *argument)
{
	return ioctl(session->fd, request, argument) < 0 ? -errno : 0;
}

static void explain_open(const char *path, int err)
{
	gksm_error("cannot open %s: %s", path, strerror(-err));
	switch (-err) {
	case ENOENT:
	case ENXIO:
	case ENODEV:
		gksm_error("is the module loaded?  Try: modprobe gksm");
		break;
	case EPERM:
	case EACCES:
		gksm_error("the device needs root and CAP_SYS_ADMIN. Try: "
			   "sudo, or systemctl start gksmd");
		break;
	case EBUSY:
		gksm_error(
			"another gksmd holds the session. Try: gksmctl status");
		break;
	default:
		break;
	}
}

static int check_query(const struct gksm_session *session)
{
	const struct gksm_query *query = &session->query;

	if (query->abi != GKSM_ABI_VERSION) {
		gksm_error("the module speaks ABI %u, this gksmd %u: install "
			   "both from one release",
			   query->abi, GKSM_ABI_VERSION);
		return -EPROTO;
	}
	if (query->page_size != GKSM_PAGE_SIZE) {
		gksm_error("the kernel's pages have %u bytes; gksmd can only "
			   "hash pages of %u",
			   query->page_size, GKSM_PAGE_SIZE);
		return -EPROTO;
	}
	return 0;
}

/**
 * gksm_session_open - take the session and see who is there
 * @session: out
 * @path:    the device; must outlive @session
 *
 * Returns 0, or -errno after a message: -EPROTO if the module does not speak
 * our ABI, otherwise what open() said.
 */
int gksm_session_open(struct gksm_session *session, const char *path)
{
	int err;

	*session = (struct gksm_session){ .path = path };
	session->fd = open(path, O_RDWR | O_CLOEXEC);
	if (session->fd < 0) {
		err = -errno;
		explain_open(path, err);
		return err;
	}
	session->query.size = sizeof(session->query);
	err = call(session, GKSM_IOC_QUERY, &session->query);
	if (err) {
		gksm_error("%s does not answer as gksm's device: %s. Is it the "
			   "right path?",
			   path, strerror(-err));
		/* ENOTTY and the like: whatever this is, it is not ours. */
		err = err == -ENODEV ? err : -EPROTO;
		goto close_device;
	}
	err = check_query(session);
	if (err)
		goto close_device;
	return 0;

close_device:
	close(session->fd);
	session->fd = -1;
	return err;
}

static int check_limits(const struct gksm_query *query, unsigned int nr_batches,
			unsigned int batch_slots)
{
	const uint64_t nr_pages = (uint64_t)nr_batches * batch_slots;

	if (nr_batches > query->max_batches) {
		gksm_error("the module takes at most %u batches, not %u. Lower "
			   "batches",
			   query->max_batches, nr_batches);
		return -EINVAL;
	}
	if (batch_slots > query->max_batch_slots) {
		gksm_error("the module takes at most %u slots a batch, not %u. "
			   "Lower batch_slots",
			   query->max_batch_slots, batch_slots);
		return -EINVAL;
	}
	if (nr_pages > query->max_staging_pages) {
		gksm_error("the module takes at most %u pages in all, not "
			   "%llu. Lower batches or batch_slots",
			   query->max_staging_pages,
			   (unsigned long long)nr_pages);
		return -EINVAL;
	}
	return 0;
}

static int map_area(const struct gksm_session *session, uint64_t nr_bytes,
		    int protection, uint64_t offset, const char *name,
		    void **area)
{
	int err;

	*area = mmap(NULL, nr_bytes, protection, MAP_SHARED, session->fd,
		     (off_t)offset);
	if (*area != MAP_FAILED) {
		/* The module's areas are so anyway, for all that is known. */
		madvise(*area, nr_bytes, MADV_DONTDUMP);
		return 0;
	}
	err = -errno;
	*area = NULL;
	gksm_error("cannot map the %s area of %s: %s", name, session->path,
		   strerror(-err));
	return err;
}

static int map_areas(struct gksm_session *session)
{
	const struct gksm_setup *setup = &session->setup;
	void *staging, *slots, *results;
	int err;

	err = map_area(session, setup->staging_bytes, PROT_READ,
		       GKSM_MMAP_STAGING, "staging", &staging);
	if (err)
		return err;
	session->staging = staging;
	err = map_area(session, setup->slots_bytes, PROT_READ, GKSM_MMAP_SLOTS,
		       "slots", &slots);
	if (err)
		return err;
	session->slots = slots;
	err = map_area(session, setup->results_bytes, PROT_READ | PROT_WRITE,
		       GKSM_MMAP_RESULTS, "results", &results);
	if (err)
		return err;
	session->results = results;
	return 0;
}

/**
 * gksm_session_setup - create the batches and map the areas
 * @session:	 opened
 * @nr_batches:	 how many batches
 * @batch_slots: slots of a batch
 *
 * From here on the module hands out batches. Returns 0, or -errno after a
 * message: -EINVAL if the module does not take this many. After an error
 * only gksm_session_close() may follow.
 */
int gksm_session_setup(struct gksm_session *session, unsigned int nr_batches,
		       unsigned int batch_slots)
{
	struct gksm_setup setup = {
		.size = sizeof(setup),
		.abi = GKSM_ABI_VERSION,
		.nr_batches = nr_batches,
		.batch_slots = batch_slots,
	};
	const uint64_t nr_slots = (uint64_t)nr_batches * batch_slots;
	int err;

	err = check_limits(&session->query, nr_batches, batch_slots);
	if (err)
		return err;
	err = call(session, GKSM_IOC_SETUP, &setup);
	if (err) {
		gksm_error("the module refuses %u batches of %u slots: %s",
			   nr_batches, batch_slots, strerror(-err));
		return err;
	}
	if (setup.staging_bytes < nr_slots * GKSM_PAGE_SIZE ||
	    setup.slots_bytes < nr_slots * sizeof(struct gksm_slot) ||
	    setup.results_bytes < nr_slots * sizeof(struct gksm_result)) {
		gksm_error("the module's areas are too small for %u batches of "
			   "%u slots",
			   nr_batches, batch_slots);
		return -EPROTO;
	}
	session->setup = setup;
	session->nr_batches = nr_batches;
	session->batch_slots = batch_slots;
	return map_areas(session);
}

/**
 * gksm_session_next - take the oldest ready batch
 * @session: set up
 * @next:    out: the batch; its numbers are within the areas
 *
 * Returns 0, -EAGAIN if no batch is ready, or another -errno.
 */
int gksm_session_next(struct gksm_session *session, struct gksm_next *next)
{
	int err;

	*next = (struct gksm_next){ .size = sizeof(*next) };
	err = call(session, GKSM_IOC_NEXT, next);
	if (err)
		return err;
	if (!next->batch || next->index >= session->nr_batches ||
	    next->nr_slots > session->batch_slots ||
	    next->nr_pages > session->batch_slots)
		return -EPROTO;
	return 0;
}

/**
 * gksm_session_complete - give a batch back
 * @session:	 set up
 * @batch:	 identifier from gksm_session_next()
 * @nr_slots:	 results written; the module hashes the rest itself
 * @nr_accepted: out: results that passed the module's validation
 *
 * Returns 0, -ESTALE if the module took the batch back, or another -errno.
 */
int gksm_session_complete(struct gksm_session *session, uint64_t batch,
			  unsigned int nr_slots, unsigned int *nr_accepted)
{
	struct gksm_complete complete = {
		.size = sizeof(complete),
		.batch = batch,
		.nr_slots = nr_slots,
	};
	int err = call(session, GKSM_IOC_COMPLETE, &complete);

	*nr_accepted = err ? 0 : complete.accepted;
	return err;
}

/* munmap() takes no const, as if it were going to write. */
static void unmap_area(const void *area, uint64_t nr_bytes)
{
	if (area)
		munmap((void *)area, nr_bytes);
}

/**
 * gksm_session_close - end the session
 * @session: opened; the module takes back every batch
 */
void gksm_session_close(struct gksm_session *session)
{
	unmap_area(session->results, session->setup.results_bytes);
	unmap_area(session->slots, session->setup.slots_bytes);
	unmap_area(session->staging, session->setup.staging_bytes);
	if (session->fd >= 0)
		close(session->fd);
	*session = (struct gksm_session){ .fd = -1 };
}
