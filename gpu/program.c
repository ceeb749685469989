// SPDX-License-Identifier: GPL-2.0-only
/*
 * program.c - the kernels' source, or what the cache has of it, to a program
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cache.h"
#include "opencl.h"
#include "sources.h"

#define BUILD_OPTIONS "-cl-std=CL1.2"
/* See kernels/both.h. */
#define BUILD_OPTIONS_CPU BUILD_OPTIONS " -DBOTH_PREFETCHES"

static const char *const kernel_names[] = {
	[GKSM_CL_HASH_NARROW] = "page_hash_narrow",
	[GKSM_CL_HASH_WIDE] = "page_hash_wide",
	[GKSM_CL_HASH_LANES] = "page_hash_lanes",
	[GKSM_CL_PAGE_COMPARE] = "page_compare",
	[GKSM_CL_GROUP_JOIN] = "group_join",
	[GKSM_CL_GROUP_COMPARE] = "group_compare",
	[GKSM_CL_INDEX_SEARCH] = "index_search",
	[GKSM_CL_INDEX_SWEEP] = "index_sweep",
	[GKSM_CL_INDEX_MOVE] = "index_move",
};

/**
 * struct recipe - what a program is made from
 * @gpu:    whose error line and log
 * @device: for which device
 * @name:   the cache file's name
 * @source: its text
 * @key:    all that the built program depends on
 */
struct recipe {
	struct gksm_gpu *gpu;
	const struct gksm_cl_device *device;
	const char *name;
	const char *source;
	char key[GKSM_CL_KEY_BYTES];
};

static const char *get_build_options(const struct gksm_cl_device *device)
{
	return device->info.kind == GKSM_GPU_KIND_CPU ? BUILD_OPTIONS_CPU :
							BUILD_OPTIONS;
}

/**
 * gksm_cl_program_key - all that the built program depends on
 * @device: for which device
 * @key:    out: GKSM_CL_KEY_BYTES, enough for everything that names a device;
 *	    what is longer is cut
 *
 * The platform's version is part of the key because PoCL's driver version
 * does not tell which LLVM compiled the program.
 */
void gksm_cl_program_key(const struct gksm_cl_device *device, char *key)
{
	const struct gksm_gpu_info *info = &device->info;
	char version[256] = "";

	clGetPlatformInfo(device->platform, CL_PLATFORM_VERSION,
			  sizeof(version) - 1, version, NULL);
	snprintf(key, GKSM_CL_KEY_BYTES, "%s\n%s\n%s\n%s\n%s\n%016" PRIx64 "\n",
		 info->platform, version, info->name, info->driver,
		 get_build_options(device),
		 gksm_cache_sum(gksm_cl_engine, strlen(gksm_cl_engine)));
}

/* The first line that tells of an error, or else the first that is not empty. */
static const char *find_telling_line(char *text)
{
	const char *first = NULL;
	char *rest = NULL;

	for (char *line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		if (strstr(line, "error"))
			return line;
		if (!first)
			first = line;
	}
	return first ? first : "the driver does not say why";
}

static int fail_build(const struct recipe *recipe, cl_program program,
		      cl_int status)
{
	cl_device_id device = recipe->device->id;
	char *text = NULL;
	size_t bytes = 0;

	if (!clGetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_LOG, 0,
				   NULL, &bytes))
		text = calloc(1, bytes + 1);
	if (text)
		clGetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_LOG,
				      bytes, text, NULL);
	gksm_fail(recipe->gpu, gksm_clerror_errno(status),
		  "%s: cannot build %s: %s (%d): %s", recipe->device->info.name,
		  recipe->name, gksm_clerror_name(status), status,
		  find_telling_line(text ? text : ""));
	free(text);
	return gksm_clerror_errno(status);
}

static void discard(cl_program *program)
{
	clReleaseProgram(*program);
	*program = NULL;
}

static int build_from_source(const struct recipe *recipe, cl_context context,
			     cl_program *program)
{
	const char *source = recipe->source;
	cl_int status;

	*program =
		clCreateProgramWithSource(context, 1, &source, NULL, &status);
	if (status)
		return gksm_cl_fail(recipe->gpu, status, "create a program");
	status = clBuildProgram(*program, 1, &recipe->device->id,
				get_build_options(recipe->device), NULL, NULL);
	if (status) {
		fail_build(recipe, *program, status);
		discard(program);
		return gksm_clerror_errno(status);
	}
	return 0;
}

/* A program that yields a kernel; whatever is wrong, source is at hand. */
static int build_from_binary(const struct recipe *recipe, cl_context context,
			     const unsigned char *binary, size_t bytes,
			     cl_program *program)
{
	cl_int status, loaded;
	cl_kernel kernel;

	*program = clCreateProgramWithBinary(context, 1, &recipe->device->id,
					     &bytes, &binary, &loaded, &status);
	if (status)
		return gksm_clerror_errno(status);
	status = clBuildProgram(*program, 1, &recipe->device->id,
				get_build_options(recipe->device), NULL, NULL);
	if (!status) {
		kernel = clCreateKernel(
			*program, kernel_names[GKSM_CL_HASH_NARROW], &status);
		if (!status) {
			clReleaseKernel(kernel);
			return 0;
		}
	}
	discard(program);
	return gksm_clerror_errno(status);
}

static int load(const struct recipe *recipe, cl_context context,
		const char *dir, cl_program *program)
{
	void *binary;
	size_t bytes;
	int err;

	err = gksm_cache_load(dir, recipe->name, recipe->key, &binary, &bytes);
	if (err) {
		gksm_log(recipe->gpu, "%s is built from source: %s in %s: %s",
			 recipe->name,
			 err == -ENOENT ? "not yet" : "not usable", dir,
			 strerror(-err));
		return err;
	}
	err = build_from_binary(recipe, context, binary, bytes, program);
	if (err)
		gksm_log(
			recipe->gpu,
			"%s is built from source: the driver refuses what %s holds",
			recipe->name, dir);
	free(binary);
	return err;
}

static void store(const struct recipe *recipe, const char *dir,
		  cl_program program)
{
	unsigned char *binary = NULL;
	size_t bytes = 0;
	int err = -ENOMEM;

	if (clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, sizeof(bytes),
			     &bytes, NULL) ||
	    !bytes) {
		gksm_log(recipe->gpu,
			 "%s is not kept: the driver has no binary",
			 recipe->name);
		return;
	}
	binary = malloc(bytes);
	if (binary)
		err = clGetProgramInfo(program, CL_PROGRAM_BINARIES,
				       sizeof(binary), &binary, NULL) ?
			      -EIO :
			      gksm_cache_store(dir, recipe->name, recipe->key,
					       binary, bytes);
	if (err)
		gksm_log(recipe->gpu, "%s is not kept in %s: %s", recipe->name,
			 dir, strerror(-err));
	free(binary);
}

static int make_program(struct recipe *recipe, const struct gksm_cl_how *how,
			cl_program *program)
{
	struct gksm_cl *cl = recipe->gpu->backend_data;
	int err;

	gksm_cl_program_key(recipe->device, recipe->key);
	if (how->cache_dir && !how->rebuild &&
	    !load(recipe, cl->context, how->cache_dir, program)) {
		cl->from_cache = true;
		return 0;
	}
	err = build_from_source(recipe, cl->context, program);
	if (!err && how->cache_dir)
		store(recipe, how->cache_dir, *program);
	return err;
}

/**
 * gksm_cl_kernel_name - what a kernel is called
 * @which: the kernel
 *
 * Return: its name.
 */
const char *gksm_cl_kernel_name(enum gksm_cl_kernel which)
{
	return kernel_names[which];
}

/**
 * gksm_cl_program_build - the program with all kernels
 * @gpu:    an engine with a struct gksm_cl that has a context; its program
 *	    and from_cache are set
 * @device: for which device
 * @how:    where the cache is, and whether to believe it
 *
 * Trouble with the cache is logged and costs a build, nothing more.
 *
 * Return: 0, or -errno with the first telling line of the build log in the
 * error line.
 */
int gksm_cl_program_build(struct gksm_gpu *gpu,
			  const struct gksm_cl_device *device,
			  const struct gksm_cl_how *how)
{
	struct gksm_cl *cl = gpu->backend_data;
	struct recipe recipe = {
		.gpu = gpu,
		.device = device,
		.name = "engine",
		.source = gksm_cl_engine,
	};

	cl->from_cache = false;
	return make_program(&recipe, how, &cl->program);
}
