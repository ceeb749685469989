// SPDX-License-Identifier: GPL-2.0-only
/*
 * status.c - the state of module and daemon at one moment
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "gksm_abi.h"
#include "status.h"
#include "text.h"

static int add_file(struct gksm_status *status, const char *sysfs_dir,
		    const char *name)
{
	const size_t known = gksm_field_find(name);
	struct gksm_status_file *file;

	file = realloc(status->files, (status->nr_files + 1) * sizeof(*file));
	if (!file)
		return -ENOMEM;
	status->files = file;
	file += status->nr_files++;
	*file = (struct gksm_status_file){
		.field = known < gksm_nr_fields ? &gksm_fields[known] : NULL,
	};
	snprintf(file->name, sizeof(file->name), "%s", name);
	if (gksm_sysfs_read(sysfs_dir, name, file->value, sizeof(file->value)))
		file->value[0] = '\0';
	file->is_number =
		!gksm_text_to_u64(file->value, 0, UINT64_MAX, &file->number);
	return 0;
}

static int by_place(const void *a, const void *b)
{
	const struct gksm_status_file *one = a, *two = b;

	if (one->field != two->field) {
		if (!one->field || !two->field)
			return one->field ? -1 : 1;
		return one->field < two->field ? -1 : 1;
	}
	return strcmp(one->name, two->name);
}

/* A file, and not one that is there to be written alone (merge_pid). */
static bool is_figure(int dir_fd, const char *name)
{
	struct stat info;

	return !fstatat(dir_fd, name, &info, 0) && S_ISREG(info.st_mode) &&
	       (info.st_mode & 0444);
}

/**
 * gksm_status_read - read every file of the module's directory that says something
 * @status:    out; only @files and @nr_files are set
 * @sysfs_dir: the directory
 *
 * Returns 0 or -errno.
 */
int gksm_status_read(struct gksm_status *status, const char *sysfs_dir)
{
	const struct dirent *entry;
	DIR *dir = opendir(sysfs_dir);
	int err = 0;

	*status = (struct gksm_status){ .figures.err = -ENOENT };
	if (!dir)
		return -errno;
	while (!err && (entry = readdir(dir)))
		if (strlen(entry->d_name) < GKSM_STATUS_MAX_NAME &&
		    is_figure(dirfd(dir), entry->d_name))
			err = add_file(status, sysfs_dir, entry->d_name);
	closedir(dir);
	if (err)
		gksm_status_free(status);
	else if (status->nr_files)
		qsort(status->files, status->nr_files, sizeof(*status->files),
		      by_place);
	return err;
}

/**
 * gksm_status_free - give the memory back
 * @status: read, or all zero
 */
void gksm_status_free(struct gksm_status *status)
{
	free(status->files);
	status->files = NULL;
	status->nr_files = 0;
}

/**
 * gksm_status_get - one file
 * @status: read
 * @name:   file name
 *
 * Returns NULL if the module has no such file.
 */
const struct gksm_status_file *gksm_status_get(const struct gksm_status *status,
					       const char *name)
{
	for (size_t i = 0; i < status->nr_files; i++)
		if (strcmp(status->files[i].name, name) == 0)
			return &status->files[i];
	return NULL;
}

static bool get_number(const struct gksm_status *status, const char *name,
		       uint64_t *number)
{
	const struct gksm_status_file *file = gksm_status_get(status, name);

	*number = 0;
	if (!file || !file->is_number)
		return false;
	*number = file->number;
	return true;
}

/* The module says it, or else it follows from other files. */
static bool get_profit(const struct gksm_status *status, int64_t *profit)
{
	const struct gksm_status_file *file =
		gksm_status_get(status, "general_profit");
	uint64_t sharing, zero, metadata;

	if (file && !gksm_text_to_s64(file->value, profit))
		return true;
	if (!get_number(status, "pages_sharing", &sharing) ||
	    !get_number(status, "metadata_bytes", &metadata))
		return false;
	get_number(status, "ksm_zero_pages", &zero);
	*profit = (int64_t)((sharing + zero) * GKSM_PAGE_SIZE - metadata);
	return true;
}

/**
 * gksm_status_derive - compute what follows from the files
 * @status:  read
 * @derived: out; what a missing file is needed for is marked as not valid
 */
void gksm_status_derive(const struct gksm_status *status,
			struct gksm_derived *derived)
{
	uint64_t sharing, shared, offloaded, hashed;

	*derived = (struct gksm_derived){ 0 };
	derived->has_saved = get_number(status, "pages_sharing", &sharing);
	derived->saved_bytes = sharing * GKSM_PAGE_SIZE;
	if (get_number(status, "pages_shared", &shared) && shared) {
		derived->has_ratio = derived->has_saved;
		derived->ratio = (double)sharing / (double)shared;
	}
	derived->has_profit = get_profit(status, &derived->profit_bytes);
	if (get_number(status, "pages_hashed_offload", &offloaded) &&
	    get_number(status, "pages_hashed_kernel", &hashed) &&
	    offloaded + hashed) {
		derived->has_offloaded = true;
		derived->offloaded_percent =
			100 * (double)offloaded / (double)(offloaded + hashed);
	}
}
