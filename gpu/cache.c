// SPDX-License-Identifier: GPL-2.0-only
/*
 * cache.c - files that hold built programs
 *
 * What a file holds becomes code in a privileged process, so only a regular
 * file that belongs to this user and that nobody else can read or write is
 * believed, and only if its key and checksum are right: the checksum is
 * against accidents, the owner and mode are against malice. Files appear
 * whole or not at all.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache.h"

/* A program is some 10 KiB to a few MiB; more than this is an accident. */
#define MAX_BYTES ((size_t)256 << 20)

/**
 * struct header - start of a file; then the key, then the program
 * @magic: MAGIC, which is to change when this layout does
 * @key_bytes: length of the key
 * @bytes: length of the program
 * @sum: gksm_cache_sum() of key and program
 */
struct header {
	char magic[8];
	uint64_t key_bytes;
	uint64_t bytes;
	uint64_t sum;
};

static const char MAGIC[8] = "gksmcl1";

/**
 * gksm_cache_sum - 64-bit FNV-1a (Fowler, Noll, Vo)
 * @data:  what to sum up
 * @bytes: its length
 *
 * Return: the sum.
 */
uint64_t gksm_cache_sum(const void *data, size_t bytes)
{
	const uint8_t *byte = data;
	uint64_t sum = 0xcbf29ce484222325;

	for (size_t i = 0; i < bytes; i++)
		sum = (sum ^ byte[i]) * 0x100000001b3;
	return sum;
}

/* Of a call that failed; the compiler cannot know that it is not 0. */
static int last_error(void)
{
	const int error = errno;

	return error ? -error : -EIO;
}

static int make_path(char *path, size_t room, const char *dir, const char *name,
		     const char *key, const char *suffix)
{
	const int length =
		snprintf(path, room, "%s/%s-%016" PRIx64 "%s", dir, name,
			 gksm_cache_sum(key, strlen(key)), suffix);

	return length < 0 || (size_t)length >= room ? -ENAMETOOLONG : 0;
}

static int read_all(int fd, void *data, size_t bytes)
{
	uint8_t *at = data;

	while (bytes) {
		const ssize_t got = read(fd, at, bytes);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got ? last_error() : -EBADMSG;
		at += got;
		bytes -= (size_t)got;
	}
	return 0;
}

static int write_all(int fd, const void *data, size_t bytes)
{
	const uint8_t *at = data;

	while (bytes) {
		const ssize_t put = write(fd, at, bytes);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return last_error();
		at += put;
		bytes -= (size_t)put;
	}
	return 0;
}

static int check_owner(int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return last_error();
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || st.st_mode & 0077)
		return -EPERM;
	return 0;
}

/*
 * The key followed by the program, of a file that can be believed, for free();
 * or NULL and an error.
 */
static uint8_t *read_body(int fd, const char *key, size_t *bytes, int *err)
{
	const size_t key_bytes = strlen(key);
	struct header header;
	size_t body_bytes;
	uint8_t *body;

	*err = check_owner(fd);
	if (!*err)
		*err = read_all(fd, &header, sizeof(header));
	if (*err)
		return NULL;
	*err = -EBADMSG;
	if (memcmp(header.magic, MAGIC, sizeof(MAGIC)) != 0 ||
	    header.key_bytes != key_bytes || header.bytes > MAX_BYTES)
		return NULL;
	body_bytes = key_bytes + header.bytes;
	if (lseek(fd, 0, SEEK_END) != (off_t)(sizeof(header) + body_bytes) ||
	    lseek(fd, sizeof(header), SEEK_SET) < 0)
		return NULL;

	body = malloc(body_bytes);
	if (!body) {
		*err = -ENOMEM;
		return NULL;
	}
	*err = read_all(fd, body, body_bytes);
	if (!*err && (gksm_cache_sum(body, body_bytes) != header.sum ||
		      memcmp(body, key, key_bytes) != 0))
		*err = -EBADMSG;
	if (*err) {
		free(body);
		return NULL;
	}
	*bytes = header.bytes;
	return body;
}

/**
 * gksm_cache_load - read a program
 * @dir:   the cache
 * @name:  the program's name, part of the file's name
 * @key:   everything that the program depends on
 * @data:  out: for free()
 * @bytes: out: its length
 *
 * Return: 0, or
 *   -ENOENT	not in the cache
 *   -EPERM	the file may be somebody else's work
 *   -EBADMSG	the file is damaged, or of another key
 *   -errno	it cannot be read
 */
int gksm_cache_load(const char *dir, const char *name, const char *key,
		    void **data, size_t *bytes)
{
	char path[PATH_MAX];
	uint8_t *body;
	int fd, err;

	err = make_path(path, sizeof(path), dir, name, key, "");
	if (err)
		return err;
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return last_error();
	body = read_body(fd, key, bytes, &err);
	close(fd);
	if (!body)
		return err;
	memmove(body, body + strlen(key), *bytes);
	*data = body;
	return 0;
}

/**
 * gksm_cache_store - keep a program, replacing what the key had
 * @dir:   the cache; made if its parent exists
 * @name:  the program's name, part of the file's name
 * @key:   everything that the program depends on
 * @data:  the program
 * @bytes: its length
 *
 * Return: 0 or -errno, with nothing changed.
 */
int gksm_cache_store(const char *dir, const char *name, const char *key,
		     const void *data, size_t bytes)
{
	const size_t key_bytes = strlen(key);
	char path[PATH_MAX], temporary[PATH_MAX];
	struct header header = { .key_bytes = key_bytes, .bytes = bytes };
	uint8_t *body;
	int fd, err;

	err = make_path(path, sizeof(path), dir, name, key, "");
	if (!err)
		err = make_path(temporary, sizeof(temporary), dir, name, key,
				".XXXXXX");
	if (err)
		return err;
	if (mkdir(dir, 0700) && errno != EEXIST)
		return last_error();

	body = malloc(key_bytes + bytes);
	if (!body)
		return -ENOMEM;
	memcpy(body, key, key_bytes);
	memcpy(body + key_bytes, data, bytes);
	memcpy(header.magic, MAGIC, sizeof(MAGIC));
	header.sum = gksm_cache_sum(body, key_bytes + bytes);

	fd = mkostemp(temporary, O_CLOEXEC); /* mode 0600 */
	if (fd < 0) {
		err = last_error();
		goto free_body;
	}
	err = write_all(fd, &header, sizeof(header));
	if (!err)
		err = write_all(fd, body, key_bytes + bytes);
	if (close(fd) && !err)
		err = last_error();
	if (!err && rename(temporary, path))
		err = last_error();
	if (err)
		unlink(temporary);
free_body:
	free(body);
	return err;
}
