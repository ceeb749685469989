// SPDX-License-Identifier: GPL-2.0-only
/*
 * For oclgrind.sh: a device's self-test, which launches every kernel, with as
 * many errors in the kernels as the command line asks for.
 *
 *	test_gpu_checked SHAPE [FROM TO]	with FROM in the source as TO
 *
 * Whether the self-test passes is for others to look at.
 */
#include <stdio.h>
#include <stdlib.h>

#include "support.h"

static void print_line(void *arg, const char *line)
{
	(void)arg;
	printf("%s\n", line);
}

int main(int argc, char **argv)
{
	const struct gksm_gpu_options options = {
		.device = "0",
		.shape = argc > 1 ? argv[1] : NULL,
		.log = print_line,
	};
	struct gksm_gpu *gpu;
	int err;

	if (argc > 3) {
		interpose.edit_from = argv[2];
		interpose.edit_to = argv[3];
	}
	err = gksm_gpu_open(&gpu, &options);
	if (err) {
		printf("%s\n", gksm_gpu_error(NULL));
		return EXIT_FAILURE;
	}
	printf("%s, %s\n", gksm_gpu_get_info(gpu)->name,
	       gksm_gpu_get_info(gpu)->shape);
	gksm_gpu_close(gpu);
	return EXIT_SUCCESS;
}
