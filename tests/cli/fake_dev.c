// SPDX-License-Identifier: GPL-2.0-only
/*
 * fake_dev.c - /dev/gksm in user space, preloaded into gksmd
 *
 * Takes the place of open(), ioctl() and mmap() for the path in the variable
 * GKSM_FAKE_DEV, hands out batches (fake_batch.c) and checks every answer.
 * When as many batches as asked for have come back, it sends the process
 * SIGTERM; at exit it writes one line of counts to GKSM_FAKE_REPORT.
 *
 * GKSM_FAKE holds knobs, "name=value,name=value":
 *
 *   open, query, setup, mmap   errno that the call gives
 *   abi, page_size, max_batches, max_slots, deadline   what QUERY says
 *   batches    how many to hand out; default 20; 0: none, for ever
 *   late       every so many'th is taken back and its place used again
 *   hints      equal hashes may be called twins, as where several devices
 *	        compute
 *   badmsg     this COMPLETE, and everything after it, is EBADMSG
 *   unload     after so many batches the module goes away
 *   hang_up    after so many batches poll() says hang-up and NEXT nothing
 *   intrude    at this NEXT, try what an intruder would (fake_intruder.c)
 *   crash      at this NEXT, die as a program with a fault does
 *   group      number of a group gksm, which need not exist
 *   cl_fail    this kernel launch, and every later one of the same command
 *	        queue's device, fails; counted from the first batch
 *   cl_silent  what is finished from this batch of OpenCL's on is kept secret;
 *	        counted likewise
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fake_batch.h"
#include "fake_intruder.h"
#include "gksm_abi.h"

/* A batch's place: its state and what was put there. */
struct place {
	enum {
		FREE,
		READY,
		IN_FLIGHT
	} state;
	uint64_t id;
	struct fake_batch batch;
};

static struct {
	int fd; /* the daemon's end */
	int peer; /* a byte in flight makes fd readable */
	bool is_readable;
	unsigned char *memory;
	int memory_fd;
	struct gksm_setup setup;
	struct place places[GKSM_MAX_BATCHES];
	uint64_t next_id;
	bool is_rejected;
} fake = { .fd = -1, .peer = -1, .memory_fd = -1 };

static struct {
	unsigned int taken, completed, handed_back, late, wrong, unknown;
	unsigned int intrusions;
} counts;

/* Both are found out while that is allowed. */
static int report_fd = -1;
static int dumpable = -1;

static long knob(const char *name, long otherwise)
{
	const char *text = getenv("GKSM_FAKE");
	const size_t len = strlen(name);

	while (text && *text) {
		if (strncmp(text, name, len) == 0 && text[len] == '=')
			return strtol(text + len + 1, NULL, 10);
		text = strchr(text, ',');
		if (text)
			text++;
	}
	return otherwise;
}

static int fail(long error)
{
	errno = (int)error;
	return -1;
}

static unsigned int nr_returned(void)
{
	return counts.completed + counts.handed_back + counts.late;
}

static void set_readable(bool readable)
{
	char byte = 0;

	if (readable == fake.is_readable)
		return;
	fake.is_readable = readable;
	if (readable)
		(void)!write(fake.peer, &byte, 1);
	else
		(void)!read(fake.fd, &byte, 1);
}

static struct place *oldest_ready(void)
{
	struct place *oldest = NULL;

	for (unsigned int i = 0; i < fake.setup.nr_batches; i++) {
		struct place *place = &fake.places[i];

		if (place->state == READY &&
		    (!oldest || place->id < oldest->id))
			oldest = place;
	}
	return oldest;
}

static void fill_place(struct place *place)
{
	const long nr_batches = knob("batches", 20);

	place->state = FREE;
	if (fake.next_id >= (uint64_t)nr_batches)
		return;
	place->id = ++fake.next_id;
	place->state = READY;
	fake_batch_fill(&place->batch, place->id);
}

static void refresh(void)
{
	const long unload = knob("unload", 0);
	const long hang_up = knob("hang_up", 0);
	const long nr_batches = knob("batches", 20);

	if (hang_up && nr_returned() >= hang_up && fake.peer >= 0) {
		set_readable(false);
		close(fake.peer);
		fake.peer = -1;
	}
	if (fake.peer < 0)
		return;
	set_readable(oldest_ready() || fake.is_rejected ||
		     (unload && nr_returned() >= unload));
	if (nr_batches && nr_returned() >= nr_batches)
		raise(SIGTERM); /* a confined gksmd can signal itself alone */
}

static int query(struct gksm_query *argument)
{
	if (knob("query", 0))
		return fail(knob("query", 0));
	if (argument->size != sizeof(*argument) || argument->flags)
		return fail(EINVAL);
	argument->abi = (uint32_t)knob("abi", GKSM_ABI_VERSION);
	argument->page_size = (uint32_t)knob("page_size", GKSM_PAGE_SIZE);
	argument->max_batches = (uint32_t)knob("max_batches", GKSM_MAX_BATCHES);
	argument->max_batch_slots =
		(uint32_t)knob("max_slots", GKSM_MAX_BATCH_SLOTS);
	argument->max_staging_pages = GKSM_MAX_STAGING_PAGES;
	argument->deadline_ms = (uint32_t)knob("deadline", 1000);
	return 0;
}

static int setup(struct gksm_setup *argument)
{
	const size_t nr = (size_t)argument->nr_batches * argument->batch_slots;
	const size_t slots_at = nr * GKSM_PAGE_SIZE;
	/* Page-aligned, because a slot has fewer bytes than a page. */
	const size_t results_at = 2 * slots_at;

	dumpable = prctl(PR_GET_DUMPABLE);
	if (knob("setup", 0))
		return fail(knob("setup", 0));
	if (argument->size != sizeof(*argument) || argument->flags ||
	    argument->abi != GKSM_ABI_VERSION || argument->reserved)
		return fail(EINVAL);
	argument->staging_bytes = slots_at;
	argument->slots_bytes = nr * sizeof(struct gksm_slot);
	argument->results_bytes = nr * sizeof(struct gksm_result);
	fake.setup = *argument;
	fake.memory_fd = memfd_create("fake_gksm", MFD_CLOEXEC);
	if (ftruncate(fake.memory_fd, (off_t)(3 * slots_at)) < 0)
		return -1;
	fake.memory = mmap(NULL, 3 * slots_at, PROT_READ | PROT_WRITE,
			   MAP_SHARED, fake.memory_fd, 0);
	if (fake.memory == MAP_FAILED)
		return -1;
	for (unsigned int i = 0; i < argument->nr_batches; i++) {
		struct fake_batch *batch = &fake.places[i].batch;
		const size_t first = (size_t)i * argument->batch_slots;

		batch->nr_slots = argument->batch_slots;
		batch->pages = fake.memory + first * GKSM_PAGE_SIZE;
		batch->slots =
			(struct gksm_slot *)(fake.memory + slots_at) + first;
		batch->results =
			(struct gksm_result *)(fake.memory + results_at) +
			first;
		fill_place(&fake.places[i]);
	}
	refresh();
	return 0;
}

static int next(struct gksm_next *argument)
{
	const long unload = knob("unload", 0);
	const long late = knob("late", 0);
	struct place *place = oldest_ready();

	if (fake.is_rejected)
		return fail(EBADMSG);
	if (unload && nr_returned() >= unload)
		return fail(ENODEV);
	if (!place || fake.peer < 0)
		return fail(EAGAIN);
	if (place->id == (uint64_t)knob("intrude", 0))
		counts.intrusions = fake_intruder_try();
	if (place->id == (uint64_t)knob("crash", 0))
		abort();
	argument->batch = place->id;
	argument->index = (uint32_t)(place - fake.places);
	argument->nr_slots = place->batch.nr_slots;
	argument->nr_pages = place->batch.nr_slots;
	argument->deadline_ms = 1000;
	counts.taken++;
	place->state = IN_FLIGHT;
	if (late && place->id % (uint64_t)late == 0)
		fill_place(place);
	refresh();
	return 0;
}

static int complete(struct gksm_complete *argument)
{
	const struct fake_leniency leniency = { .overtaken = knob("late", 0),
						.hints = knob("hints", 0) };
	const long badmsg = knob("badmsg", 0);
	struct place *place = NULL;

	if (argument->size != sizeof(*argument) || argument->flags ||
	    argument->nr_slots > fake.setup.batch_slots)
		return fail(EINVAL);
	if (!argument->batch || argument->batch > fake.next_id)
		counts.unknown++;
	for (unsigned int i = 0; i < fake.setup.nr_batches; i++)
		if (fake.places[i].state == IN_FLIGHT &&
		    fake.places[i].id == argument->batch)
			place = &fake.places[i];
	if (!place) {
		counts.late++;
		refresh();
		return fail(ESTALE);
	}
	if (argument->nr_slots) {
		counts.completed++;
		counts.wrong += fake_batch_check(&place->batch, &leniency);
	} else {
		counts.handed_back++;
	}
	fake.is_rejected = badmsg && nr_returned() >= badmsg;
	argument->accepted = argument->nr_slots;
	fill_place(place);
	refresh();
	return fake.is_rejected ? fail(EBADMSG) : 0;
}

static void open_report(void)
{
	const char *path = getenv("GKSM_FAKE_REPORT");

	if (path)
		report_fd = creat(path, 0600);
}

static int open_fake(void)
{
	int pair[2];

	open_report();
	if (knob("open", 0))
		return fail(knob("open", 0));
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return -1;
	fake.fd = pair[0];
	fake.peer = pair[1];
	return fake.fd;
}

static void *real(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

static bool is_fake_path(const char *path)
{
	const char *fake_path = getenv("GKSM_FAKE_DEV");

	return fake_path && strcmp(path, fake_path) == 0;
}

struct group *getgrnam(const char *name)
{
	static char gksm[] = "gksm";
	static char *no_members[] = { NULL };
	static struct group made_up = { .gr_name = gksm,
					.gr_passwd = gksm,
					.gr_mem = no_members };
	struct group *(*real_getgrnam)(const char *) = real("getgrnam");

	made_up.gr_gid = (gid_t)knob("group", 0);
	if (made_up.gr_gid && strcmp(name, gksm) == 0)
		return &made_up;
	return real_getgrnam(name);
}

/* The C library declares it with the attributes of its own. */
int open(const char *path, int flags, ...)
{
	int (*real_open)(const char *, int, ...) = real("open");
	va_list args;
	mode_t mode = 0;

	if (is_fake_path(path))
		return open_fake();
	if (flags & (O_CREAT | __O_TMPFILE)) {
		va_start(args, flags);
		mode = va_arg(args, mode_t);
		va_end(args);
	}
	return real_open(path, flags, mode);
}

int ioctl(int fd, unsigned long request, ...)
{
	int (*real_ioctl)(int, unsigned long, void *) = real("ioctl");
	va_list args;
	void *argument;

	va_start(args, request);
	argument = va_arg(args, void *);
	va_end(args);
	if (fake.fd < 0 || fd != fake.fd)
		return real_ioctl(fd, request, argument);
	switch (request) {
	case GKSM_IOC_QUERY:
		return query(argument);
	case GKSM_IOC_SETUP:
		return setup(argument);
	case GKSM_IOC_NEXT:
		return next(argument);
	case GKSM_IOC_COMPLETE:
		return complete(argument);
	default:
		return fail(ENOTTY);
	}
}

void *mmap(void *address, size_t length, int protection, int flags, int fd,
	   off_t offset)
{
	void *(*real_mmap)(void *, size_t, int, int, int, off_t) = real("mmap");
	const off_t area = (off_t)fake.setup.staging_bytes;

	if (fake.fd < 0 || fd != fake.fd)
		return real_mmap(address, length, protection, flags, fd,
				 offset);
	if (knob("mmap", 0)) {
		errno = (int)knob("mmap", 0);
		return MAP_FAILED;
	}
	if ((unsigned long)offset != GKSM_MMAP_RESULTS &&
	    protection & PROT_WRITE) {
		errno = EACCES;
		return MAP_FAILED;
	}
	if ((unsigned long)offset == GKSM_MMAP_SLOTS)
		offset = area;
	else if ((unsigned long)offset == GKSM_MMAP_RESULTS)
		offset = 2 * area;
	return real_mmap(address, length, protection, flags, fake.memory_fd,
			 offset);
}

/* cl_int clEnqueueNDRangeKernel(), whose arguments do not matter here. */
typedef int launch(void *, void *, unsigned int, const size_t *, const size_t *,
		   const size_t *, unsigned int, const void *, void *);
launch clEnqueueNDRangeKernel;

#define FAKE_CL_OUT_OF_RESOURCES (-5)

int clEnqueueNDRangeKernel(void *queue, void *kernel, unsigned int dimensions,
			   const size_t *offset, const size_t *global,
			   const size_t *local, unsigned int nr_waits,
			   const void *waits, void *event)
{
	launch *real_launch = real("clEnqueueNDRangeKernel");
	const long cl_fail = knob("cl_fail", 0);
	static long nr_launches;

	if (cl_fail && counts.taken && ++nr_launches >= cl_fail)
		return FAKE_CL_OUT_OF_RESOURCES;
	return real_launch(queue, kernel, dimensions, offset, global, local,
			   nr_waits, waits, event);
}

/* cl_int clSetEventCallback(), likewise. */
typedef int set_callback(void *, int, void (*)(void *, int, void *), void *);
set_callback clSetEventCallback;

int clSetEventCallback(void *event, int when,
		       void (*callback)(void *, int, void *), void *arg)
{
	set_callback *real_set = real("clSetEventCallback");
	const long cl_silent = knob("cl_silent", 0);
	static long nr_batches;

	if (cl_silent && counts.taken && ++nr_batches >= cl_silent)
		return 0;
	return real_set(event, when, callback, arg);
}

__attribute__((destructor)) static void report(void)
{
	if (report_fd >= 0)
		dprintf(report_fd,
			"taken=%u completed=%u handed_back=%u late=%u wrong=%u "
			"unknown=%u dumpable=%d intrusions=%u\n",
			counts.taken, counts.completed, counts.handed_back,
			counts.late, counts.wrong, counts.unknown, dumpable,
			counts.intrusions);
}
