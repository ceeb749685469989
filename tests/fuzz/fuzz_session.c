// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_session.c - a module that answers anything
 *
 * ioctl() is here: it fills the argument with the input's bytes, or fails with
 * an errno of the input's.
 */
#include <errno.h>
#include <stdarg.h>

#include "fuzz.h"
#include "log.h"
#include "session.h"

static const uint8_t *input;
static size_t left;

static size_t size_of(unsigned long request)
{
	switch (request) {
	case GKSM_IOC_QUERY:
		return sizeof(struct gksm_query);
	case GKSM_IOC_SETUP:
		return sizeof(struct gksm_setup);
	case GKSM_IOC_NEXT:
		return sizeof(struct gksm_next);
	default:
		return sizeof(struct gksm_complete);
	}
}

int ioctl(int fd, unsigned long request, ...)
{
	uint8_t result;
	void *argument;
	va_list args;

	(void)fd;
	va_start(args, request);
	argument = va_arg(args, void *);
	va_end(args);
	fuzz_take(&input, &left, &result, 1);
	/* Most answers are no errors, or nothing would come of it. */
	if (result & 0x80) {
		errno = 1 + (result & 0x7f);
		return -1;
	}
	fuzz_take(&input, &left, argument, size_of(request));
	/* A module that may be talked to. */
	if (request == GKSM_IOC_QUERY && result & 0x40) {
		struct gksm_query *query = argument;

		query->abi = GKSM_ABI_VERSION;
		query->page_size = GKSM_PAGE_SIZE;
	}
	return 0;
}

static void take_batches(struct gksm_session *session)
{
	struct gksm_next next;
	unsigned int nr_accepted;

	session->nr_batches = 4;
	session->batch_slots = 64;
	while (left) {
		if (gksm_session_next(session, &next))
			continue;
		must(next.batch && next.index < session->nr_batches);
		must(next.nr_slots <= session->batch_slots);
		must(next.nr_pages <= session->batch_slots);
		gksm_session_complete(session, next.batch, next.nr_slots,
				      &nr_accepted);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gksm_session session;

	gksm_log_open("fuzz", (enum gksm_log_level) - 1);
	input = data;
	left = size;
	if (gksm_session_open(&session, "/dev/null"))
		return 0;
	must(session.query.abi == GKSM_ABI_VERSION);
	/* /dev/null cannot be mapped: what came before has to be undone. */
	must(gksm_session_setup(&session, 4, 64) < 0);
	take_batches(&session);
	gksm_session_close(&session);
	return 0;
}
