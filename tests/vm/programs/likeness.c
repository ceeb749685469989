// SPDX-License-Identifier: GPL-2.0-only
/*
 * likeness.c - are the files of a directory like those of KSM's?
 *
 *   likeness [-k DIR]
 *
 * KSM's own directory is the oracle: each file that is there has to be in DIR,
 * with the same mode, and of those that can be written the same values have to
 * be accepted, refused with the same error, and read back alike: at first, while
 * pages are merged, and while the advisor is on. A line for each difference, and
 * one with the number of things compared; exit status 0 all the same, for which
 * differences are right is for the caller to know. Both have to be at their
 * defaults, and are so again afterwards.
 */
#define _GNU_SOURCE
#include "vmtest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_FILES 64
#define MAX_NAME 64
#define MAX_VALUE 64
#define NR_TWINS 32
#define LIMIT_S 60

/* No two ways to parse a number treat all of these alike. */
/* clang-format off */
static const char *const values[] = {
	"0", "1", "2", "3", "7", "100", "00", "01", "+1", "-0", "-1",
	"-2147483649", "-9223372036854775809", "0x10", "1x", "x", "", "\n",
	" 1", "1 ", "1\n", "1\n\n", "1\n2", "1.5", "2147483647", "2147483648",
	"4294967295", "4294967296", "4294967297", "9223372036854775807",
	"9223372036854775808", "18446744073709551615", "18446744073709551616",
	"y", "n", "Y", "on", "off", "oN", "true", "yes", "none", "None",
	"scan-time", "scan-time\n", " scan-time", "[none]",
};

/* clang-format on */

#define NR_VALUES (sizeof(values) / sizeof(values[0]))

/**
 * struct answer - what became of a value
 * @error: of open() or write(), or 0
 * @after: what the file says then, without the newline
 */
struct answer {
	int error;
	char after[MAX_VALUE];
};

/**
 * struct file - one file of KSM's
 * @name:     its name
 * @mode:     permissions
 * @original: what it says at first
 * @answers:  one for each of values[]
 */
struct file {
	char name[MAX_NAME];
	mode_t mode;
	char original[MAX_VALUE];
	struct answer answers[NR_VALUES];
};

struct directory {
	const char *path;
	struct file files[MAX_FILES];
	size_t nr;
};

static const char *const stock = "/sys/kernel/mm/ksm";
static unsigned int compared;

static void path_of(char *path, size_t size, const char *dir, const char *name)
{
	snprintf(path, size, "%s/%s", dir, name);
}

static void read_file(const char *dir, const char *name, char *value)
{
	char path[256];
	ssize_t len;
	int fd;

	path_of(path, sizeof(path), dir, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	len = fd < 0 ? -1 : read(fd, value, MAX_VALUE - 1);
	if (len < 0)
		len = snprintf(value, MAX_VALUE, "(%s)", strerror(errno));
	value[len] = '\0';
	value[strcspn(value, "\n")] = '\0';
	if (fd >= 0)
		close(fd);
}

static int write_file(const char *dir, const char *name, const char *value)
{
	char path[256];
	int fd, error = 0;

	path_of(path, sizeof(path), dir, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	if (write(fd, value, strlen(value)) < 0)
		error = errno;
	close(fd);
	return error;
}

/* The words of a choice: the one in brackets is written without them. */
static void restore(const char *dir, const struct file *file)
{
	char word[MAX_VALUE];
	const char *open_bracket = strchr(file->original, '[');

	snprintf(word, sizeof(word), "%s",
		 open_bracket ? open_bracket + 1 : file->original);
	word[strcspn(word, "]")] = '\0';
	if ((file->mode & S_IWUSR) && write_file(dir, file->name, word))
		fail("cannot write %s to %s/%s", word, dir, file->name);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct file *)a)->name,
		      ((const struct file *)b)->name);
}

/* Names come from KSM's directory, all else from @dir->path. */
static void list(struct directory *dir)
{
	DIR *d = opendir(stock);
	const struct dirent *entry;
	struct stat status;
	char path[256];

	if (!d)
		fail("cannot open %s", stock);
	dir->nr = 0;
	while ((entry = readdir(d))) {
		struct file *file = &dir->files[dir->nr];

		if (entry->d_name[0] == '.')
			continue;
		if (++dir->nr > MAX_FILES)
			fail("too many files");
		snprintf(file->name, sizeof(file->name), "%.60s",
			 entry->d_name);
		path_of(path, sizeof(path), dir->path, file->name);
		file->mode = stat(path, &status) ? 0 : status.st_mode & 07777;
		read_file(dir->path, file->name, file->original);
	}
	closedir(d);
	qsort(dir->files, dir->nr, sizeof(dir->files[0]), by_name);
}

static void ask(const char *dir, struct file *file)
{
	for (size_t i = 0; i < NR_VALUES; i++) {
		struct answer *answer = &file->answers[i];

		memset(answer, 0, sizeof(*answer));
		answer->error = write_file(dir, file->name, values[i]);
		if (!(file->mode & S_IWUSR))
			continue;
		read_file(dir, file->name, answer->after);
		restore(dir, file);
	}
}

static const char *quoted(const char *value)
{
	static char text[MAX_VALUE];
	size_t at = 0;

	for (; *value && at < sizeof(text) - 3; value++) {
		if (*value == '\n')
			text[at++] = '\\';
		text[at++] = *value == '\n' ? 'n' : *value;
	}
	text[at] = '\0';
	return text;
}

static void compare_answers(const char *when, const struct file *theirs,
			    const struct file *ours)
{
	for (size_t i = 0; i < NR_VALUES; i++) {
		const struct answer *a = &theirs->answers[i];
		const struct answer *b = &ours->answers[i];

		compared++;
		if (a->error != b->error)
			printf("%s: %s='%s': %s, here %s\n", when, theirs->name,
			       quoted(values[i]), strerror(a->error),
			       strerror(b->error));
		else if (strcmp(a->after, b->after) != 0)
			printf("%s: %s='%s': then %s, here %s\n", when,
			       theirs->name, quoted(values[i]), a->after,
			       b->after);
	}
}

static void compare_files(const struct directory *theirs,
			  const struct directory *ours)
{
	for (size_t i = 0; i < theirs->nr; i++) {
		const struct file *a = &theirs->files[i], *b = &ours->files[i];

		compared += 2;
		if (a->mode != b->mode)
			printf("%s: mode %o, here %o\n", a->name, a->mode,
			       b->mode);
		else if ((a->mode & S_IWUSR) &&
			 strcmp(a->original, b->original) != 0)
			printf("%s: %s at first, here %s\n", a->name,
			       a->original, b->original);
	}
}

static struct file *find(struct directory *dir, const char *name)
{
	for (size_t i = 0; i < dir->nr; i++)
		if (strcmp(dir->files[i].name, name) == 0)
			return &dir->files[i];
	return NULL;
}

static void ask_all(struct directory *dir, const char *but)
{
	for (size_t i = 0; i < dir->nr; i++)
		if (!but || strcmp(dir->files[i].name, but) != 0)
			ask(dir->path, &dir->files[i]);
}

/* The same while this process has merged pages. */
static void ask_while_merged(struct directory *dir)
{
	char *pages = pages_map(NR_TWINS);

	for (size_t i = 0; i < NR_TWINS; i++)
		page_fill(pages + i * PAGE_BYTES, 1 + i / 2);
	pages_opt_in(pages, NR_TWINS);
	ksm_write(dir->path, "run", 1);
	ksm_settle(dir->path, LIMIT_S);
	ksm_write(dir->path, "run", 0);
	if (ksm_read(dir->path, "pages_sharing") != NR_TWINS / 2)
		fail("%s: %ld of %d twins are merged", dir->path,
		     ksm_read(dir->path, "pages_sharing"), NR_TWINS / 2);
	ask_all(dir, "run");
	ksm_write(dir->path, "run", 2);
	ksm_write(dir->path, "run", 0);
	munmap(pages, NR_TWINS * PAGE_BYTES);
}

static void ask_while_advised(struct directory *dir)
{
	struct file *pages = find(dir, "pages_to_scan");

	if (write_file(dir->path, "advisor_mode", "scan-time"))
		fail("%s has an advisor that cannot be turned on", dir->path);
	for (size_t i = 0; i < NR_VALUES; i++) {
		struct answer *answer = &pages->answers[i];

		answer->error = write_file(dir->path, pages->name, values[i]);
		read_file(dir->path, pages->name, answer->after);
	}
	restore(dir->path, find(dir, "advisor_mode"));
}

int main(int argc, char **argv)
{
	static struct directory theirs, ours;
	int option;

	theirs.path = stock;
	ours.path = "/sys/kernel/mm/gksm";
	while ((option = getopt(argc, argv, "k:")) != -1)
		ours.path = optarg;
	list(&theirs);
	list(&ours);
	compare_files(&theirs, &ours);
	ask_all(&theirs, NULL);
	ask_all(&ours, NULL);
	for (size_t i = 0; i < theirs.nr; i++)
		compare_answers("idle", &theirs.files[i], &ours.files[i]);
	ask_while_merged(&theirs);
	ask_while_merged(&ours);
	for (size_t i = 0; i < theirs.nr; i++)
		if (strcmp(theirs.files[i].name, "run") != 0)
			compare_answers("merged", &theirs.files[i],
					&ours.files[i]);
	if (find(&theirs, "advisor_mode")) {
		ask_while_advised(&theirs);
		ask_while_advised(&ours);
		compare_answers("advised", find(&theirs, "pages_to_scan"),
				find(&ours, "pages_to_scan"));
	}
	printf("%zu files, %u comparisons\n", theirs.nr, compared);
	return 0;
}
