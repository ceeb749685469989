// SPDX-License-Identifier: GPL-2.0-only
/*
 * Built programs are kept, and never believed more than a rebuild.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache.h"
#include "opencl.h"
#include "support.h"

#define NR_PROGRAMS 1
/* The program, and which shape it is fast in. */
#define NR_FILES 2
/* The file's header: magic, length of the key, of the program, checksum. */
#define HEADER_BYTES 32

static char dir[] = "/tmp/gksm-test-cache-XXXXXX";
static bool have_device;

static void look_for_device(void *arg, const struct gksm_gpu_info *info)
{
	(void)arg;
	have_device |= info->kind != GKSM_GPU_KIND_TWIN;
}

/* Calls each with the path of each file in the cache; returns how many. */
static unsigned int for_each_file(void (*each)(const char *path))
{
	DIR *files = opendir(dir);
	const struct dirent *file;
	unsigned int nr = 0;

	assert_non_null(files);
	while ((file = readdir(files))) {
		char path[512];

		if (file->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, file->d_name);
		nr++;
		if (each)
			each(path);
	}
	closedir(files);
	return nr;
}

static void remove_file(const char *path)
{
	assert_int_equal(unlink(path), 0);
}

static int empty_cache(void **state)
{
	(void)state;
	interpose_nothing();
	forget_log();
	for_each_file(remove_file);
	return 0;
}

static int make_cache(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_cache(void **state)
{
	empty_cache(state);
	return rmdir(dir);
}

/* Opens device 0 and sees it work; what was built is in interpose. */
static void open_in(const char *cache_dir)
{
	const struct gksm_gpu_options options = {
		.device = "0",
		.cache_dir = cache_dir,
		.log = remember_log,
	};
	struct gksm_gpu *gpu;
	int err;

	interpose.nr_from_source = 0;
	interpose.nr_from_binary = 0;
	err = gksm_gpu_open(&gpu, &options);
	if (err)
		fail_msg("cannot open device 0: %d: %s", err,
			 gksm_gpu_error(NULL));
	gksm_gpu_close(gpu);
}

static void check_hit(void)
{
	open_in(dir);
	assert_int_equal(interpose.nr_from_source, 0);
	assert_int_equal(interpose.nr_from_binary, NR_PROGRAMS);
}

static void the_second_open_builds_nothing(void **state)
{
	(void)state;
	open_in(dir);
	assert_int_equal(interpose.nr_from_source, NR_PROGRAMS);
	assert_int_equal(interpose.nr_from_binary, 0);
	assert_true(log_has("not yet in"));
	check_hit();
}

static void check_mode(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void files_are_private_and_whole(void **state)
{
	(void)state;
	open_in(dir);
	assert_int_equal(for_each_file(check_mode), NR_FILES);
}

static void no_cache_is_no_trouble(void **state)
{
	(void)state;
	open_in(NULL);
	assert_int_equal(interpose.nr_from_source, NR_PROGRAMS);
	assert_int_equal(for_each_file(NULL), 0);
}

static void a_missing_folder_is_made(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(rmdir(dir), 0);
	open_in(dir);
	assert_int_equal(stat(dir, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	check_hit();
}

static void an_unusable_folder_is_only_logged(void **state)
{
	(void)state;
	open_in("/dev/null/cache");
	assert_int_equal(interpose.nr_from_source, NR_PROGRAMS);
	assert_true(log_has(
		"engine is not kept in /dev/null/cache: Not a directory"));
}

/* Which files to spoil, and how, for spoil(). */
static const char *spoil_which;
static long spoil_at;
static enum {
	SPOIL_FLIP,
	SPOIL_CUT,
	SPOIL_GROW,
	SPOIL_MODE
} spoil_how;

static void spoil(const char *path)
{
	int fd;
	struct stat st;
	uint8_t byte;
	long at;

	if (!strstr(path, spoil_which))
		return;
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	at = spoil_at < 0 ? st.st_size + spoil_at : spoil_at;
	switch (spoil_how) {
	case SPOIL_FLIP:
		assert_int_equal(pread(fd, &byte, 1, at), 1);
		byte ^= 0x10;
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
		break;
	case SPOIL_CUT:
		assert_int_equal(ftruncate(fd, at), 0);
		break;
	case SPOIL_GROW:
		assert_int_equal(ftruncate(fd, st.st_size + 1), 0);
		break;
	case SPOIL_MODE:
		assert_int_equal(fchmod(fd, 0640), 0);
		break;
	}
	close(fd);
}

static void damaged_files_are_rebuilt(void **state)
{
	static const struct {
		int how;
		long at;
	} damages[] = {
		{ SPOIL_FLIP, 0 }, /* magic */
		{ SPOIL_FLIP, 8 }, /* length of the key */
		{ SPOIL_FLIP, 15 }, /* the same, its highest byte */
		{ SPOIL_FLIP, 16 }, /* length of the program */
		{ SPOIL_FLIP, 23 }, /* the same, its highest byte */
		{ SPOIL_FLIP, 24 }, /* checksum */
		{ SPOIL_FLIP, HEADER_BYTES }, /* key */
		{ SPOIL_FLIP, -1 }, /* program */
		{ SPOIL_FLIP, -5000 },
		{ SPOIL_CUT, 0 },
		{ SPOIL_CUT, HEADER_BYTES - 1 },
		{ SPOIL_CUT, HEADER_BYTES },
		{ SPOIL_CUT, -1 },
		{ SPOIL_GROW, 0 },
		{ SPOIL_MODE, 0 }, /* somebody else may read it */
	};

	(void)state;
	spoil_which = "engine";
	open_in(dir);
	for (size_t i = 0; i < sizeof(damages) / sizeof(*damages); i++) {
		spoil_how = damages[i].how;
		spoil_at = damages[i].at;
		assert_int_equal(for_each_file(spoil), NR_FILES);
		forget_log();
		open_in(dir);
		assert_int_equal(interpose.nr_from_source, NR_PROGRAMS);
		assert_int_equal(interpose.nr_from_binary, 0);
		assert_true(log_has("engine is built from source: not usable"));
		check_hit();
	}
}

static void the_shape_is_measured_once(void **state)
{
	(void)state;
	open_in(dir);
	assert_true(log_has("hashes pages in the "));
	forget_log();
	open_in(dir);
	assert_false(log_has("hashes pages in the "));
}

static void a_damaged_shape_is_measured_again(void **state)
{
	(void)state;
	spoil_which = "shape";
	spoil_how = SPOIL_FLIP;
	spoil_at = -1;
	open_in(dir);
	assert_int_equal(for_each_file(spoil), NR_FILES);
	forget_log();
	open_in(dir);
	assert_true(log_has("hashes pages in the "));
}

/* Replaces a file's program by another, with the key and checksum right. */
static void store_instead(const char *path, const char *name,
			  const void *program, size_t bytes)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint64_t key_bytes;
	char key[4096] = "";

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &key_bytes, 8, 8), 8);
	assert_true(key_bytes < sizeof(key));
	assert_int_equal(pread(fd, key, key_bytes, HEADER_BYTES), key_bytes);
	close(fd);
	assert_int_equal(gksm_cache_store(dir, name, key, program, bytes), 0);
}

static void store_garbage(const char *path)
{
	char garbage[5000];

	if (strstr(path, "shape"))
		return;
	memset(garbage, 'g', sizeof(garbage));
	store_instead(path, "engine", garbage, sizeof(garbage));
}

/* A shape that there is not, with the key and checksum right. */
static void store_bad_shape(const char *path)
{
	const uint32_t answer[] = { GKSM_CL_NR_SHAPES, 1, 1, 1 };

	if (strstr(path, "shape"))
		store_instead(path, "shape", answer, sizeof(answer));
}

static void a_shape_that_there_is_not_is_measured_again(void **state)
{
	(void)state;
	open_in(dir);
	for_each_file(store_bad_shape);
	forget_log();
	open_in(dir);
	assert_true(log_has("hashes pages in the "));
}

static void a_program_that_the_driver_refuses_is_rebuilt(void **state)
{
	(void)state;
	open_in(dir);
	for_each_file(store_garbage);
	open_in(dir);
	assert_int_equal(interpose.nr_from_source, NR_PROGRAMS);
	assert_true(log_has("the driver refuses what"));
	check_hit();
}

static void a_program_that_computes_wrongly_is_rebuilt(void **state)
{
	const struct gksm_gpu_options options = { .device = "0",
						  .cache_dir = dir };
	struct gksm_gpu *gpu;

	(void)state;
	interpose.edit_from = "hash += bytes;";
	interpose.edit_to = "";
	assert_int_equal(gksm_gpu_open(&gpu, &options), -EBADMSG);
	interpose_nothing();
	open_in(dir);
	assert_int_equal(interpose.nr_from_source, NR_PROGRAMS);
	assert_true(log_has("trying again, without the cache"));
	check_hit();
}

static void another_key_is_another_program(void **state)
{
	void *data;
	size_t bytes;

	(void)state;
	assert_int_equal(gksm_cache_store(dir, "x", "key", "program", 7), 0);
	assert_int_equal(gksm_cache_load(dir, "x", "kez", &data, &bytes),
			 -ENOENT);
	assert_int_equal(gksm_cache_load(dir, "y", "key", &data, &bytes),
			 -ENOENT);
	assert_int_equal(gksm_cache_load(dir, "x", "key", &data, &bytes), 0);
	assert_int_equal(bytes, 7);
	assert_memory_equal(data, "program", 7);
	free(data);
}

static char linked[512];

static void replace_by_link(const char *path)
{
	snprintf(linked, sizeof(linked), "%.400s.moved", path);
	assert_int_equal(rename(path, linked), 0);
	assert_int_equal(symlink(linked, path), 0);
}

static void links_are_not_followed(void **state)
{
	void *data;
	size_t bytes;

	(void)state;
	assert_int_equal(gksm_cache_store(dir, "x", "key", "program", 7), 0);
	for_each_file(replace_by_link);
	assert_int_equal(gksm_cache_load(dir, "x", "key", &data, &bytes),
			 -ELOOP);
	/* A new file takes the link's place. */
	assert_int_equal(gksm_cache_store(dir, "x", "key", "newer", 5), 0);
	assert_int_equal(gksm_cache_load(dir, "x", "key", &data, &bytes), 0);
	assert_memory_equal(data, "newer", 5);
	free(data);
}

static void a_path_that_is_too_long_is_an_error(void **state)
{
	char path[5000];
	void *data;
	size_t bytes;

	(void)state;
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(gksm_cache_load(path, "x", "key", &data, &bytes),
			 -ENAMETOOLONG);
	assert_int_equal(gksm_cache_store(path, "x", "key", "", 0),
			 -ENAMETOOLONG);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, empty_cache, check_released)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(another_key_is_another_program),
		TEST(links_are_not_followed),
		TEST(a_path_that_is_too_long_is_an_error),
	};
	const struct CMUnitTest device_tests[] = {
		TEST(the_second_open_builds_nothing),
		TEST(files_are_private_and_whole),
		TEST(no_cache_is_no_trouble),
		TEST(a_missing_folder_is_made),
		TEST(an_unusable_folder_is_only_logged),
		TEST(damaged_files_are_rebuilt),
		TEST(the_shape_is_measured_once),
		TEST(a_damaged_shape_is_measured_again),
		TEST(a_shape_that_there_is_not_is_measured_again),
		TEST(a_program_that_the_driver_refuses_is_rebuilt),
		TEST(a_program_that_computes_wrongly_is_rebuilt),
	};
	static char file_dir[sizeof(dir)];

	memcpy(file_dir, dir, sizeof(dir));
	if (cmocka_run_group_tests_name("cache files", tests, make_cache,
					remove_cache))
		return EXIT_FAILURE;
	gksm_gpu_list(look_for_device, NULL);
	if (!have_device)
		return EXIT_SKIPPED;
	memcpy(dir, file_dir, sizeof(dir));
	return cmocka_run_group_tests_name("cached programs", device_tests,
					   make_cache, remove_cache);
}
