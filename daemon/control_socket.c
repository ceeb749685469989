// SPDX-License-Identifier: GPL-2.0-only
/*
 * control_socket.c - a socket in the file system, for root and one group
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "control.h"
#include "log.h"
#include "privilege.h"

/* systemd makes /run/gksm; who starts gksmd by hand has it made here. */
static void make_directory(const char *path)
{
	char dir[sizeof(((struct sockaddr_un *)0)->sun_path)];
	mode_t mask;

	snprintf(dir, sizeof(dir), "%s", path);
	mask = umask(0022);
	mkdir(dirname(dir), 0755);
	umask(mask);
}

/*
 * A socket of a gksmd that is gone is in the way; one of a gksmd that is there
 * answers; and what is no socket is not ours.
 */
static int remove_stale(const struct sockaddr_un *address)
{
	struct stat info;
	int fd, err = 0;

	if (lstat(address->sun_path, &info) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(info.st_mode))
		return -EEXIST;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) ==
		    0 ||
	    errno == EAGAIN)
		err = -EBUSY;
	else if (errno != ECONNREFUSED)
		err = -errno;
	close(fd);
	if (!err && unlink(address->sun_path) < 0)
		err = -errno;
	return err;
}

/* Never wider open than it is to be, not even for a moment. */
static int bind_for(int fd, const struct sockaddr_un *address, gid_t group)
{
	const gid_t own = getegid();
	const bool has_group = group != GKSM_NO_GROUP && setegid(group) == 0;
	const mode_t mask = umask(has_group ? 0117 : 0177);
	int err = 0;

	if (bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0)
		err = -errno;
	umask(mask);
	if (has_group && setegid(own) < 0)
		err = -errno;
	return err;
}

static gid_t find_group(void)
{
	const struct group *entry = getgrnam(GKSM_GROUP);

	return entry ? entry->gr_gid : GKSM_NO_GROUP;
}

/**
 * gksm_control_socket - make the socket and listen
 * @path:    where
 * @readers: out: group that may read, or GKSM_NO_GROUP
 *
 * Returns the descriptor, or -errno: -ENAMETOOLONG, -EEXIST if something else
 * is there, -EBUSY if somebody listens there.
 */
int gksm_control_socket(const char *path, gid_t *readers)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, err;

	*readers = find_group();
	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	make_directory(path);
	err = remove_stale(&address);
	if (err)
		return err;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	err = bind_for(fd, &address, *readers);
	if (!err && listen(fd, GKSM_CONTROL_MAX_CLIENTS) < 0)
		err = -errno;
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}
