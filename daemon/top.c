// SPDX-License-Identifier: GPL-2.0-only
/*
 * top.c - read the module's table of processes
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gksm_abi.h"
#include "log.h"
#include "sysfs.h"
#include "text.h"
#include "top.h"

/* More than the module has slots for, at a hundred bytes each. */
#define MAX_BYTES (1UL << 27)
#define FIRST_BYTES 16384
#define MAX_LINE 512
/* An address space has 2^56 bytes at most: no sum of pages overflows. */
#define MAX_PAGES (UINT64_C(1) << 44)

/* One line, which is taken apart from its beginning. */
struct line {
	char text[MAX_LINE];
	char *rest;
};

/* The next column, or NULL. */
static const char *next_column(struct line *line)
{
	return line->rest ? strsep(&line->rest, " ") : NULL;
}

static int take_number(struct line *line, uint64_t min, uint64_t max,
		       uint64_t *value)
{
	const char *text = next_column(line);

	if (!text || gksm_text_to_u64(text, min, max, value))
		return -EBADMSG;
	return 0;
}

static int take_u32(struct line *line, uint64_t min, uint64_t max,
		    uint32_t *value)
{
	uint64_t number;
	const int err = take_number(line, min, max, &number);

	if (!err)
		*value = (uint32_t)number;
	return err;
}

static bool is_octal(const char *text)
{
	for (size_t i = 0; i < 3; i++)
		if (text[i] < '0' || text[i] > '7')
			return false;
	return true;
}

/* Blanks are made blanks again; whatever else is not visible stays as it is. */
static int take_name(struct line *line, char name[GKSM_TOP_MAX_NAME])
{
	const char *text = next_column(line);
	size_t len = 0;

	if (!text)
		return -EBADMSG;
	for (; *text; text++) {
		if (*text <= ' ' || *text > '~' || len + 1 >= GKSM_TOP_MAX_NAME)
			return -EBADMSG;
		if (*text == '\\' && !is_octal(text + 1))
			return -EBADMSG;
		if (strncmp(text, "\\040", 4) == 0) {
			name[len++] = ' ';
			text += 3;
		} else {
			name[len++] = *text;
		}
	}
	name[len] = '\0';
	return 0;
}

static int take_process(struct line *line, struct gksm_top_process *process)
{
	int err = take_u32(line, 1, INT32_MAX, &process->pid);

	if (!err)
		err = take_u32(line, 0, UINT32_MAX, &process->uid);
	if (!err)
		err = take_u32(line, 1, UINT32_MAX, &process->processes);
	if (!err)
		err = take_number(line, 0, INT64_MAX, &process->domain);
	if (!err)
		err = take_number(line, 0, MAX_PAGES, &process->scanned);
	if (!err)
		err = take_number(line, 0, MAX_PAGES, &process->merged);
	if (!err)
		err = take_number(line, 0, MAX_PAGES, &process->zero);
	if (!err)
		err = take_number(line, 0, INT64_MAX, &process->metadata_bytes);
	if (!err)
		err = take_name(line, process->name);
	if (!err)
		process->profit_bytes = (int64_t)gksm_top_saved(process) -
					(int64_t)process->metadata_bytes;
	return err;
}

/* The next line of what is left, without its end. */
static int next_line(const char **text, size_t *len, struct line *line)
{
	const char *end = memchr(*text, '\n', *len);
	const size_t bytes = end ? (size_t)(end - *text) : 0;

	if (!end || bytes >= MAX_LINE || memchr(*text, '\0', bytes))
		return -EBADMSG;
	memcpy(line->text, *text, bytes);
	line->text[bytes] = '\0';
	line->rest = line->text;
	*text += bytes + 1;
	*len -= bytes + 1;
	return 0;
}

static int check_heading(const char **text, size_t *len)
{
	const size_t title = strlen(GKSM_INFO_TITLE);
	struct line line;
	uint64_t version;
	int err = next_line(text, len, &line);

	if (err || strncmp(line.text, GKSM_INFO_TITLE, title) != 0)
		return -EBADMSG;
	if (gksm_text_to_u64(line.text + title, 0, UINT64_MAX, &version))
		return -EBADMSG;
	if (version != GKSM_INFO_VERSION)
		return -EPROTO;
	/* There may be more columns than are known. */
	err = next_line(text, len, &line);
	if (err || strncmp(line.text, GKSM_INFO_COLUMNS,
			   strlen(GKSM_INFO_COLUMNS)) != 0)
		return -EBADMSG;
	return 0;
}

static int add_process(struct gksm_top *top, size_t *room, struct line *line)
{
	struct gksm_top_process *process = top->process;

	if (top->nr == *room) {
		*room = *room ? *room * 2 : 64;
		process = realloc(process, *room * sizeof(*process));
		if (!process)
			return -ENOMEM;
		top->process = process;
	}
	return take_process(line, &process[top->nr++]);
}

static int by_profit(const void *a, const void *b)
{
	const struct gksm_top_process *one = a, *two = b;

	if (one->profit_bytes != two->profit_bytes)
		return one->profit_bytes > two->profit_bytes ? -1 : 1;
	return one->pid < two->pid ? -1 : one->pid > two->pid;
}

/**
 * gksm_top_parse - take the table apart
 * @text: what the module wrote
 * @len:  its length
 * @top:  out: to be given to gksm_top_free(), on error too
 *
 * Returns 0, -EPROTO if it has another format, -EBADMSG if it breaks its rules,
 * or -ENOMEM.
 */
int gksm_top_parse(const char *text, size_t len, struct gksm_top *top)
{
	size_t room = 0;
	int err;

	*top = (struct gksm_top){ 0 };
	err = check_heading(&text, &len);
	while (!err && len) {
		struct line line;

		err = next_line(&text, &len, &line);
		if (!err)
			err = add_process(top, &room, &line);
	}
	if (!err && top->nr)
		qsort(top->process, top->nr, sizeof(*top->process), by_profit);
	return err;
}

/* All of a file, which says no size beforehand. */
static int read_all(int fd, char **text, size_t *len)
{
	size_t room = FIRST_BYTES;
	ssize_t got = 1;

	*text = NULL;
	*len = 0;
	while (got) {
		char *more = *text;

		if (!more || *len == room) {
			room = more ? room * 2 : room;
			if (room > MAX_BYTES)
				return -E2BIG;
			more = realloc(more, room);
			if (!more)
				return -ENOMEM;
			*text = more;
		}
		got = read(fd, *text + *len, room - *len);
		if (got < 0)
			return -errno;
		*len += (size_t)got;
	}
	return 0;
}

static int explain(int err, const char *proc_dir, const char *sysfs_dir)
{
	if (!err)
		return 0;
	gksm_error("cannot read %s/" GKSM_INFO_NAME ": %s", proc_dir,
		   strerror(-err));
	switch (-err) {
	case ENOENT:
		if (access(sysfs_dir, F_OK)) {
			gksm_error("is the module loaded?  Try: modprobe gksm");
			return err;
		}
		gksm_error("this module does not say who shares: it is older "
			   "than gksmctl");
		return -EPROTO;
	case EPERM:
	case EACCES:
		gksm_error("only root may see who shares how much. Try: sudo");
		return err;
	case EPROTO:
		gksm_error("it has another format: install module and gksmctl "
			   "of one version");
		return err;
	default:
		return -ECANCELED;
	}
}

/**
 * gksm_top_read - read the table
 * @proc_dir:  /proc
 * @sysfs_dir: the module's directory
 * @top:       out: to be given to gksm_top_free(), on error too
 *
 * Returns 0 or -errno after a message.
 */
int gksm_top_read(const char *proc_dir, const char *sysfs_dir,
		  struct gksm_top *top)
{
	const int fd = gksm_sysfs_open(proc_dir, GKSM_INFO_NAME, O_RDONLY);
	char *text = NULL;
	size_t len = 0;
	int err = fd < 0 ? fd : 0;

	*top = (struct gksm_top){ 0 };
	if (!err) {
		err = read_all(fd, &text, &len);
		close(fd);
	}
	if (!err)
		err = gksm_top_parse(text, len, top);
	free(text);
	return explain(err, proc_dir, sysfs_dir);
}

/**
 * gksm_top_find - the line of a process
 * @top: read
 * @pid: its number
 *
 * Returns NULL if there is none.
 */
const struct gksm_top_process *gksm_top_find(const struct gksm_top *top,
					     uint32_t pid)
{
	for (size_t i = 0; i < top->nr; i++)
		if (top->process[i].pid == pid)
			return &top->process[i];
	return NULL;
}

/**
 * gksm_top_saved - what its pages would take if they were not merged
 * @process: which
 *
 * Returns bytes. As KSM counts it: of those that share a page each one has
 * saved it, so that the sum is more than what is saved, by pages_shared.
 */
uint64_t gksm_top_saved(const struct gksm_top_process *process)
{
	return (process->merged + process->zero) * GKSM_PAGE_SIZE;
}

/**
 * gksm_top_free - give the memory back
 * @top: parsed, or all zero
 */
void gksm_top_free(struct gksm_top *top)
{
	free(top->process);
	*top = (struct gksm_top){ 0 };
}
