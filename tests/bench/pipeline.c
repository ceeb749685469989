// SPDX-License-Identifier: GPL-2.0-only
/*
 * pipeline.c - batches all the way, filled, computed and applied at once: what
 * that takes, against the stages one after the other
 */
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "opencl.h"

/* So many batches go through in a measurement, for each lane. */
#define ROUNDS 4

/* As a daemon reads answers. */
static uint64_t apply(const struct gksm_gpu_batch *done)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < done->nr_entries; i++)
		sum += done->hashes[i] ^ done->twins[i] ^ done->found[i];
	return sum;
}

static volatile uint64_t sink;

static void fill_batch(struct run *run, unsigned int batch,
		       const uint8_t *source)
{
	const size_t bytes = run->batch_pages * PAGE;

	memcpy(run->pages + batch * bytes, source + batch * bytes, bytes);
}

static void search(struct run *run, unsigned int batch)
{
	if (gksm_gpu_search(run->gpu, batch, run->batch_pages, 0))
		fail("cannot search", gksm_gpu_error(run->gpu));
}

/* While one batch is filled or applied, the others are computed. */
static void run_overlapped(struct run *run, const uint8_t *source)
{
	const unsigned int nr = ROUNDS * NR_BATCHES;

	for (unsigned int n = 0; n < nr + NR_BATCHES; n++) {
		unsigned int batch = n;

		if (n >= NR_BATCHES) {
			const struct gksm_gpu_batch done = run_wait(run);

			sink += apply(&done);
			batch = done.batch;
		}
		if (n >= nr)
			continue;
		fill_batch(run, batch, source);
		search(run, batch);
	}
}

/**
 * struct apart - the stages of one batch after the other, in nanoseconds
 * @fill:    as a module copies pages
 * @compute: from submit to reap
 * @device:  of that, what the device says, with the upload
 * @apply:   reading the answers
 */
struct apart {
	uint64_t fill, compute, device, apply;
};

static struct apart run_apart(struct run *run, const uint8_t *source)
{
	struct apart apart = { 0 };

	for (unsigned int n = 0; n < ROUNDS * NR_BATCHES; n++) {
		const uint64_t start = now_ns();
		struct gksm_gpu_batch done;
		uint64_t filled, computed;

		fill_batch(run, n % NR_BATCHES, source);
		filled = now_ns();
		search(run, n % NR_BATCHES);
		done = run_wait(run);
		computed = now_ns();
		sink += apply(&done);
		apart.fill += filled - start;
		apart.compute += computed - filled;
		apart.device += done.device_ns;
		apart.apply += now_ns() - computed;
	}
	return apart;
}

/**
 * struct uploader - the upload alone, without the engine
 * @context: with the engine's device
 * @queue:   of it
 * @buffers: one for each batch
 */
struct uploader {
	cl_context context;
	cl_command_queue queue;
	cl_mem buffers[NR_BATCHES];
};

static void open_uploader(struct uploader *uploader, const struct run *run)
{
	const unsigned int index = gksm_gpu_get_info(run->gpu)->index;
	const size_t bytes = run->batch_pages * PAGE;
	struct gksm_cl_device *list;
	cl_int status = CL_DEVICE_NOT_FOUND;
	unsigned int nr;

	if (gksm_cl_device_list(&list, &nr) || index >= nr)
		fail("cannot upload", "the device is gone");
	uploader->context =
		clCreateContext(NULL, 1, &list[index].id, NULL, NULL, &status);
	if (!status)
		uploader->queue = clCreateCommandQueue(
			uploader->context, list[index].id, 0, &status);
	for (unsigned int b = 0; !status && b < NR_BATCHES; b++)
		uploader->buffers[b] =
			clCreateBuffer(uploader->context, CL_MEM_READ_ONLY,
				       bytes, NULL, &status);
	free(list);
	if (status)
		fail("cannot upload", gksm_clerror_name(status));
}

static void close_uploader(struct uploader *uploader)
{
	for (unsigned int b = 0; b < NR_BATCHES; b++)
		clReleaseMemObject(uploader->buffers[b]);
	clReleaseCommandQueue(uploader->queue);
	clReleaseContext(uploader->context);
}

static uint64_t upload_alone(const struct uploader *uploader,
			     const struct run *run)
{
	const size_t bytes = run->batch_pages * PAGE;
	const uint64_t start = now_ns();
	cl_int status = CL_SUCCESS;

	for (unsigned int n = 0; !status && n < ROUNDS * NR_BATCHES; n++) {
		const unsigned int b = n % NR_BATCHES;

		status = clEnqueueWriteBuffer(uploader->queue,
					      uploader->buffers[b], CL_FALSE, 0,
					      bytes, run->pages + b * bytes, 0,
					      NULL, NULL);
	}
	if (!status)
		status = clFinish(uploader->queue);
	if (status)
		fail("cannot upload", gksm_clerror_name(status));
	return now_ns() - start;
}

static double per_page(const struct run *run, uint64_t ns)
{
	return (double)ns / (double)run_nr_pages(run) / ROUNDS;
}

/**
 * struct stages - figures of the stages alone, by the wall
 * @fill:   see struct apart
 * @upload: raw
 * @device: kernels and download: a difference, therefore medians count
 * @apply:  see struct apart
 */
struct stages {
	struct figure *fill, *upload, *device, *apply;
};

static void add_stages(struct stages *stages, const char *mix)
{
	*stages = (struct stages){
		.fill = report_add("ns/page", "%s: fill, alone", mix),
		.upload = report_add("ns/page", "%s: upload, alone", mix),
		.device = report_add("ns/page", "%s: kernels, alone", mix),
		.apply = report_add("ns/page", "%s: apply, alone", mix),
	};
}

static void take_stages(const struct run *run, const struct stages *stages,
			const struct apart *apart, uint64_t upload)
{
	const uint64_t device =
		apart->device > upload ? apart->device - upload : 0;

	figure_take(stages->fill, per_page(run, apart->fill));
	figure_take(stages->upload, per_page(run, upload));
	figure_take(stages->device, per_page(run, device));
	figure_take(stages->apply, per_page(run, apart->apply));
}

static double find_slowest(const struct stages *stages)
{
	const struct figure *all[] = { stages->fill, stages->upload,
				       stages->device, stages->apply };
	double slowest = 0;

	for (unsigned int i = 0; i < 4; i++) {
		if (figure_median(all[i]) > slowest)
			slowest = figure_median(all[i]);
	}
	return slowest;
}

/**
 * measure_pipeline - fill, upload, compute, download and apply, overlapped
 * @run:     opened, its pages filled
 * @repeats: how often
 * @mix:     what its pages are
 * @times:   out
 *
 * It should cost no more processor time than the stages one after the other,
 * and where pages are uploaded it should take as long as the slowest stage.
 */
void measure_pipeline(struct run *run, unsigned int repeats, const char *mix,
		      struct pipeline *times)
{
	const bool uploads = !gksm_gpu_get_info(run->gpu)->host_unified;
	struct figure *wall, *cpu, *apart_cpu;
	uint8_t *source = malloc(run_nr_pages(run) * PAGE);
	struct uploader uploader = { 0 };
	struct stages stages = { 0 };

	if (!source)
		fail("cannot copy pages", "out of memory");
	memcpy(source, run->pages, run_nr_pages(run) * PAGE);
	wall = report_add("ns/page", "%s: all stages at once", mix);
	cpu = report_add("cpu ns/page", "%s: all stages at once", mix);
	apart_cpu = report_add("cpu ns/page", "%s: all stages in turn", mix);
	if (uploads) {
		add_stages(&stages, mix);
		open_uploader(&uploader, run);
	}
	for (unsigned int r = 0; r < repeats; r++) {
		uint64_t start = now_ns(), start_cpu = cpu_ns();
		struct apart apart;

		run_overlapped(run, source);
		figure_take(wall, per_page(run, now_ns() - start));
		figure_take(cpu, per_page(run, cpu_ns() - start_cpu));
		start_cpu = cpu_ns();
		apart = run_apart(run, source);
		figure_take(apart_cpu, per_page(run, cpu_ns() - start_cpu));
		if (uploads)
			take_stages(run, &stages, &apart,
				    upload_alone(&uploader, run));
	}
	*times = (struct pipeline){
		.wall = figure_median(wall),
		.cpu = figure_min(cpu),
		.apart_cpu = figure_min(apart_cpu),
		.slowest = uploads ? find_slowest(&stages) : 0,
	};
	if (uploads)
		close_uploader(&uploader);
	free(source);
}
