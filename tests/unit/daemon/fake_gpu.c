// SPDX-License-Identifier: GPL-2.0-only
/*
 * fake_gpu.c - an engine behind gksm_gpu.h whose devices fail on demand
 *
 * A batch is computed when it is submitted and handed out by the next reap.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>
#include <xxhash.h>

#include "fake_gpu.h"

#define PAGE_BYTES 4096

struct gksm_gpu {
	struct fake_device *fake;
	struct gksm_gpu_info info;
	const unsigned char *pages;
	unsigned int nr_batches;
	unsigned int batch_pages;
	uint64_t *seeds;
	uint64_t *hashes;
	uint8_t *zeros;
	uint64_t *names;
	uint8_t *found;
	uint64_t *twins;
	unsigned int *nr_known;
	unsigned int *done;
	unsigned int *held;
	unsigned int nr_held;
	unsigned int *nr_pages;
	unsigned int nr_done;
	int fd;
};

struct fake_device fake_devices[FAKE_MAX_DEVICES];
unsigned int fake_nr_devices;
unsigned int fake_nr_open;

static void describe(unsigned int index, struct gksm_gpu_info *info)
{
	*info = (struct gksm_gpu_info){
		.index = index,
		.kind = fake_devices[index].kind,
		.compute_units = 1,
	};
	strcpy(info->name, fake_devices[index].name);
	strcpy(info->platform, "none");
	strcpy(info->driver, "1");
}

static unsigned int choose(const char *device)
{
	unsigned int i = 0;

	if (device[0] >= '0' && device[0] <= '9')
		return (unsigned int)strtoul(device, NULL, 10);
	while (i < fake_nr_devices &&
	       ((strcmp(device, "auto") != 0 && strcmp(device, "all") != 0) ||
		fake_devices[i].open_error) &&
	       strcmp(device, fake_devices[i].name) != 0)
		i++;
	return i;
}

int gksm_gpu_open(struct gksm_gpu **gpu, const struct gksm_gpu_options *options)
{
	unsigned int i = choose(options->device);

	if (i >= fake_nr_devices)
		return -ENODEV;
	fake_devices[i].nr_opened++;
	if (fake_devices[i].open_error)
		return fake_devices[i].open_error;
	*gpu = calloc(1, sizeof(**gpu));
	if (!*gpu)
		return -ENOMEM;
	(*gpu)->fake = &fake_devices[i];
	describe(i, &(*gpu)->info);
	(*gpu)->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	fake_nr_open++;
	return 0;
}

void gksm_gpu_close(struct gksm_gpu *gpu)
{
	close(gpu->fd);
	free(gpu->seeds);
	free(gpu->hashes);
	free(gpu->zeros);
	free(gpu->names);
	free(gpu->found);
	free(gpu->twins);
	free(gpu->nr_known);
	free(gpu->done);
	free(gpu->held);
	free(gpu->nr_pages);
	free(gpu);
	fake_nr_open--;
}

void gksm_gpu_give_up(struct gksm_gpu *gpu)
{
	gpu->fake->nr_given_up++;
	gksm_gpu_close(gpu);
}

const struct gksm_gpu_info *gksm_gpu_get_info(const struct gksm_gpu *gpu)
{
	return &gpu->info;
}

/* The second has the index after the first. */
int gksm_gpu_get_device(const struct gksm_gpu *gpu, unsigned int number,
			struct gksm_gpu_device *device)
{
	if (number > gpu->fake->has_second)
		return -ENOENT;
	*device = (struct gksm_gpu_device){
		.info = gpu->info,
		.is_home = !number,
		.is_lost = number && gpu->fake->second_is_lost,
		.nr_pages = number ? 1 : 3,
	};
	device->info.index += number;
	return 0;
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* The second does what the first had. */
unsigned int gksm_gpu_check(struct gksm_gpu *gpu, unsigned int patience_ms)
{
	struct fake_device *fake = gpu->fake;

	if (!fake->has_second || !gpu->nr_held)
		return 0;
	if (!fake->silent_since_ms)
		fake->silent_since_ms = now_ms();
	if (now_ms() < fake->silent_since_ms + patience_ms)
		return 0;
	fake->hangs = false;
	fake->second_is_lost = true;
	while (gpu->nr_held)
		gpu->done[gpu->nr_done++] = gpu->held[--gpu->nr_held];
	eventfd_write(gpu->fd, 1);
	return 1;
}

const char *gksm_gpu_error(const struct gksm_gpu *gpu)
{
	return gpu ? "the fake device failed" : "the fake device cannot open";
}

int gksm_gpu_list(void (*each)(void *arg, const struct gksm_gpu_info *info),
		  void *arg)
{
	for (unsigned int i = 0; i < fake_nr_devices; i++) {
		struct gksm_gpu_info info;

		describe(i, &info);
		each(arg, &info);
	}
	return (int)fake_nr_devices;
}

int gksm_gpu_measure(struct gksm_gpu *gpu, const struct gksm_gpu_limits *limits,
		     struct gksm_gpu_knee *knee)
{
	if (gpu->fake->measure_error)
		return gpu->fake->measure_error;
	*knee = (struct gksm_gpu_knee){ .batch_pages = limits->max_pages / 2 };
	return 0;
}

int gksm_gpu_bind(struct gksm_gpu *gpu, const void *pages,
		  unsigned int nr_batches, unsigned int batch_pages)
{
	const size_t nr_pages = (size_t)nr_batches * batch_pages;

	if (gpu->fake->bind_error)
		return gpu->fake->bind_error;
	gpu->pages = pages;
	gpu->nr_batches = nr_batches;
	gpu->batch_pages = batch_pages;
	gpu->seeds = calloc(nr_pages, sizeof(*gpu->seeds));
	gpu->hashes = calloc(nr_pages, sizeof(*gpu->hashes));
	gpu->zeros = calloc(nr_pages, sizeof(*gpu->zeros));
	gpu->names = calloc(nr_pages, sizeof(*gpu->names));
	gpu->found = calloc(nr_pages, sizeof(*gpu->found));
	gpu->twins = calloc(nr_pages, sizeof(*gpu->twins));
	gpu->nr_known = calloc(nr_batches, sizeof(*gpu->nr_known));
	gpu->done = calloc(nr_batches, sizeof(*gpu->done));
	gpu->held = calloc(nr_batches, sizeof(*gpu->held));
	gpu->nr_pages = calloc(nr_batches, sizeof(*gpu->nr_pages));
	return 0;
}

uint64_t *gksm_gpu_seeds(struct gksm_gpu *gpu, unsigned int batch)
{
	return gpu->seeds + (size_t)batch * gpu->batch_pages;
}

uint64_t *gksm_gpu_names(struct gksm_gpu *gpu, unsigned int batch)
{
	return gpu->names + (size_t)batch * gpu->batch_pages;
}

int gksm_gpu_generation(struct gksm_gpu *gpu)
{
	gpu->fake->nr_generations++;
	return 0;
}

static const unsigned char *page_of(const struct gksm_gpu *gpu,
				    unsigned int batch, unsigned int page)
{
	return gpu->pages +
	       ((size_t)batch * gpu->batch_pages + page) * PAGE_BYTES;
}

static void hash_pages(struct gksm_gpu *gpu, unsigned int batch,
		       unsigned int nr_pages)
{
	static const unsigned char zero[PAGE_BYTES];
	const size_t base = (size_t)batch * gpu->batch_pages;

	for (unsigned int i = 0; i < nr_pages; i++) {
		const unsigned char *page = page_of(gpu, batch, i);

		gpu->hashes[base + i] =
			XXH64(page, PAGE_BYTES, gpu->seeds[base + i]);
		gpu->zeros[base + i] = memcmp(page, zero, PAGE_BYTES) == 0;
	}
}

/* It knows nothing but the batch. */
static void find_twin(struct gksm_gpu *gpu, size_t base, unsigned int entry,
		      unsigned int nr_entries)
{
	gpu->found[base + entry] = GKSM_GPU_FOUND_UNIQUE;
	gpu->twins[base + entry] = 0;
	for (unsigned int i = 0; i < nr_entries; i++) {
		if (i == entry ||
		    gpu->hashes[base + i] != gpu->hashes[base + entry])
			continue;
		gpu->found[base + entry] = GKSM_GPU_FOUND_EQUAL;
		gpu->twins[base + entry] = gpu->names[base + i];
		return;
	}
}

int gksm_gpu_search(struct gksm_gpu *gpu, unsigned int batch,
		    unsigned int nr_pages, unsigned int nr_known)
{
	const size_t base = (size_t)batch * gpu->batch_pages;

	if (gpu->fake->submit_error)
		return gpu->fake->submit_error;
	hash_pages(gpu, batch, nr_pages);
	for (unsigned int i = 0; i < nr_known; i++)
		gpu->hashes[base + nr_pages + i] =
			gpu->seeds[base + nr_pages + i];
	for (unsigned int i = 0; i < nr_pages + nr_known; i++)
		find_twin(gpu, base, i, nr_pages + nr_known);
	gpu->nr_pages[batch] = nr_pages;
	gpu->nr_known[batch] = nr_known;
	if (gpu->fake->hangs) {
		gpu->held[gpu->nr_held++] = batch;
		return 0;
	}
	gpu->done[gpu->nr_done++] = batch;
	return eventfd_write(gpu->fd, 1) < 0 ? -errno : 0;
}

int gksm_gpu_fd(const struct gksm_gpu *gpu)
{
	return gpu->fd;
}

int gksm_gpu_reap(struct gksm_gpu *gpu, struct gksm_gpu_batch *done)
{
	eventfd_t count;
	size_t base;

	if (!gpu->nr_done) {
		eventfd_read(gpu->fd, &count);
		return -EAGAIN;
	}
	done->batch = gpu->done[0];
	memmove(gpu->done, gpu->done + 1, --gpu->nr_done * sizeof(*gpu->done));
	base = (size_t)done->batch * gpu->batch_pages;
	done->nr_pages = gpu->nr_pages[done->batch];
	done->hashes = gpu->hashes + base;
	done->zeros = gpu->zeros + base;
	done->nr_entries = done->nr_pages + gpu->nr_known[done->batch];
	done->found = gpu->found + base;
	done->twins = gpu->twins + base;
	done->device_ns = 1;
	done->error = gpu->fake->batch_error;
	return 0;
}
