// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_request.c - what comes in on the control socket
 */
#include "fuzz.h"
#include "request.h"

static void check_word(const char *word, bool is_there)
{
	must(strlen(word) < GKSM_REPLY_MAX_WORD);
	must(is_there == (*word != '\0'));
	for (; *word; word++)
		must(*word > ' ' && *word <= '~');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct gksm_peer root = { .uid = 0, .gid = 1 };
	static const struct gksm_peer reader = {
		.uid = 1, .gid = 1, .nr_groups = 1, .groups = { 7 }
	};
	static const struct gksm_peer nobody = { .uid = 1, .gid = 1 };
	struct gksm_request request;
	const int err = gksm_request_parse((const char *)data, size, &request);
	const bool sets = request.command == GKSM_COMMAND_SET;

	/* Whatever it is: these may, and those may not. */
	must(request.command < GKSM_NR_COMMANDS);
	must(gksm_request_allowed(&request, &root, GKSM_NO_GROUP));
	must(gksm_request_allowed(&request, &reader, 7) == !sets);
	must(!gksm_request_allowed(&request, &reader, GKSM_NO_GROUP));
	must(!gksm_request_allowed(&request, &nobody, 7));
	if (err)
		return 0;
	check_word(request.key, sets);
	check_word(request.value, sets);
	return 0;
}
