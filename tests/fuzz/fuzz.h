/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fuzz.h - what the fuzzers share
 */
#ifndef GKSM_FUZZ_H
#define GKSM_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Called by libFuzzer with one input after the other. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What has to hold whatever the input is; a fuzzer's only way to fail. */
#define must(condition)           \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

/* Takes up to size bytes off the input into memory that is zero otherwise. */
static inline void fuzz_take(const uint8_t **data, size_t *left, void *to,
			     size_t size)
{
	const size_t some = *left < size ? *left : size;

	memset(to, 0, size);
	memcpy(to, *data, some);
	*data += some;
	*left -= some;
}

#endif /* GKSM_FUZZ_H */
