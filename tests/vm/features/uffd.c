// SPDX-License-Identifier: GPL-2.0-only
/*
 * uffd.c - userfaultfd
 */
#define _GNU_SOURCE
#include "features.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NR_PAGES 64

static int open_uffd(void)
{
	struct uffdio_api api = { .api = UFFD_API,
				  .features = UFFD_FEATURE_PAGEFAULT_FLAG_WP };
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);

	if (fd < 0 || ioctl(fd, UFFDIO_API, &api))
		skip("no userfaultfd: %s", strerror(errno));
	return fd;
}

static struct uffdio_range range_of(const struct area *area)
{
	return (struct uffdio_range){ (uintptr_t)area->pages,
				      area->nr * PAGE_BYTES };
}

static void arm(int fd, const struct area *area, uint64_t mode)
{
	struct uffdio_register order = { .range = range_of(area),
					 .mode = mode };

	must(!ioctl(fd, UFFDIO_REGISTER, &order), "UFFDIO_REGISTER");
}

static void disarm(int fd, const struct area *area)
{
	struct uffdio_range range = range_of(area);

	must(!ioctl(fd, UFFDIO_UNREGISTER, &range), "UFFDIO_UNREGISTER");
}

static void protect(int fd, const struct area *area, bool on)
{
	struct uffdio_writeprotect order = {
		.range = range_of(area),
		.mode = on ? UFFDIO_WRITEPROTECT_MODE_WP : 0,
	};

	must(!ioctl(fd, UFFDIO_WRITEPROTECT, &order), "UFFDIO_WRITEPROTECT");
}

/* Waits for a fault, which has to be this one. */
static void await_fault(int fd, const char *page, uint64_t flag)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	struct uffd_msg message;

	expect(poll(&poll_fd, 1, LIMIT_S * 1000) == 1, "there is no fault");
	must(read(fd, &message, sizeof(message)) == sizeof(message), "read");
	expect(message.event == UFFD_EVENT_PAGEFAULT &&
		       (message.arg.pagefault.flags & flag) == flag,
	       "event %#x with flags %#llx", message.event,
	       (unsigned long long)message.arg.pagefault.flags);
	expect((message.arg.pagefault.address & ~(PAGE_BYTES - 1ULL)) ==
		       (uintptr_t)page,
	       "a fault at another place");
}

static size_t protected(const struct area *area)
{
	size_t nr = 0;

	for (size_t i = 0; i < area->nr; i++)
		nr += !!(pagemap_of(area_page(area, i)) & PAGEMAP_UFFD_WP);
	return nr;
}

/* What is armed is left alone by the module. KSM does not look at it. */
static void armed(uint64_t mode)
{
	const bool protects = mode == UFFDIO_REGISTER_MODE_WP;
	int fd = open_uffd();
	struct area one, other;

	area_make(&one, NR_PAGES);
	area_make_twin(&other, &one);
	arm(fd, &one, mode);
	arm(fd, &other, mode);
	if (protects) {
		protect(fd, &one, true);
		protect(fd, &other, true);
	}
	merge_all();
	printf("armed: %zu of %d merged, %zu protected\n",
	       area_shared(&one, &other), NR_PAGES,
	       protected(&one) + protected(&other));
	if (by_kernel()) {
		expect_merged("armed", &one, &other);
		expect(protected(&one) + protected(&other) ==
			       (protects ? NR_PAGES : 0),
		       "it is not one of the twins that is protected");
	} else {
		expect_apart("armed", &one, &other);
		expect(protected(&one) + protected(&other) ==
			       (protects ? 2 * NR_PAGES : 0),
		       "protection is lost");
	}
	disarm(fd, &one);
	disarm(fd, &other);
	merge_all();
	expect_merged("no longer armed", &one, &other);
	expect_counts("no longer armed", NR_PAGES, NR_PAGES);
}

static void armed_wp(void)
{
	armed(UFFDIO_REGISTER_MODE_WP);
}

static void armed_missing(void)
{
	armed(UFFDIO_REGISTER_MODE_MISSING);
}

static void *write_first(void *arg)
{
	area_write(arg, 0);
	return NULL;
}

/* Merged pages that become armed: each first write is told of. */
static void merged_wp(void)
{
	int fd = open_uffd();
	struct area one, other;
	pthread_t thread;

	make_merged(&one, &other, NR_PAGES);
	arm(fd, &one, UFFDIO_REGISTER_MODE_WP);
	protect(fd, &one, true);
	expect_merged("protected", &one, &other);
	must(!pthread_create(&thread, NULL, write_first, &one),
	     "pthread_create");
	await_fault(fd, one.pages, UFFD_PAGEFAULT_FLAG_WP);
	area_check(&other, "before the write");
	protect(fd, &one, false);
	pthread_join(thread, NULL);
	area_check(&one, "written");
	area_check(&other, "written");
	expect(area_shared(&one, &other) == NR_PAGES - 1, "not one was copied");
	disarm(fd, &one);
	merge_all();
	expect_counts("no longer armed", NR_PAGES, NR_PAGES - 1);
	area_check(&one, "no longer armed");
	area_check(&other, "no longer armed");
}

static void *read_first(void *arg)
{
	const struct area *area = arg;

	return (void *)(intptr_t)page_differs(area->pages, area->ids[0]);
}

/* A merged page is thrown away, and its owner has another one filled in. */
static void merged_missing(void)
{
	char page[PAGE_BYTES] __attribute__((aligned(8)));
	int fd = open_uffd();
	struct uffdio_copy copy = { .src = (uintptr_t)page, .len = PAGE_BYTES };
	struct area one, other;
	pthread_t thread;
	void *word;

	make_merged(&one, &other, NR_PAGES);
	arm(fd, &one, UFFDIO_REGISTER_MODE_MISSING);
	must(!madvise(one.pages, PAGE_BYTES, MADV_DONTNEED), "MADV_DONTNEED");
	area_written(&one, 0, new_id());
	page_fill(page, one.ids[0]);
	must(!pthread_create(&thread, NULL, read_first, &one),
	     "pthread_create");
	await_fault(fd, one.pages, 0);
	copy.dst = (uintptr_t)one.pages;
	must(!ioctl(fd, UFFDIO_COPY, &copy), "UFFDIO_COPY");
	pthread_join(thread, &word);
	expect((intptr_t)word < 0, "the reader saw something else");
	area_check(&one, "filled in");
	area_check(&other, "filled in");
	expect(area_shared(&one, &other) == NR_PAGES - 1, "others have gone");
	disarm(fd, &one);
	merge_all();
	expect_counts("no longer armed", NR_PAGES, NR_PAGES - 1);
}

static const struct feature features[] = {
	{ "areas armed for write protection", armed_wp },
	{ "areas armed for missing pages", armed_missing },
	{ "merged pages that become write-protected", merged_wp },
	{ "a merged page that is missed", merged_missing },
	{ NULL, NULL },
};

const struct topic uffd_topic = { "uffd", features };
