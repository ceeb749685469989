// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_cache.c - files of built programs that somebody else wrote
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "cache.h"
#include "fuzz.h"

static const char key[] = "a device, a driver, a source";
static char dir[] = "/tmp/gksm_fuzz_XXXXXX";
static char path[128];

static void remove_files(void)
{
	unlink(path);
	rmdir(dir);
}

static void make_directory(void)
{
	must(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/p-%016" PRIx64, dir,
		 gksm_cache_sum(key, strlen(key)));
	atexit(remove_files);
}

static void write_file(const uint8_t *data, size_t size)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	must(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	void *program;
	size_t bytes;

	if (!*path)
		make_directory();
	write_file(data, size);
	if (!gksm_cache_load(dir, "p", key, &program, &bytes)) {
		must(bytes < size);
		free(program);
	}
	/* What was stored comes back. */
	must(!gksm_cache_store(dir, "p", key, data, size));
	must(!gksm_cache_load(dir, "p", key, &program, &bytes));
	must(bytes == size && memcmp(program, data, size) == 0);
	free(program);
	return 0;
}
