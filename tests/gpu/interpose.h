/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * interpose.h - between the engine and the OpenCL loader: makes a good driver
 * look like another one, or like a bad one
 *
 * The linker's --wrap leads the engine's calls here; every call that is not
 * to be spoilt goes on to the loader.
 */
#ifndef GKSM_TEST_INTERPOSE_H
#define GKSM_TEST_INTERPOSE_H

#include <stdbool.h>

#include <CL/cl.h>

/**
 * struct interpose - what to spoil; all zero spoils nothing
 * @not_unified:      devices say that they have memory of their own
 * @refuse_host_ptr:  no buffer can be made of the caller's memory
 * @moved_pages:      such a buffer is a copy, and mapped at its own address
 * @stale_pages:      such a buffer is a copy that is never renewed
 * @edit_from:	      source text to replace, or NULL
 * @edit_to:	      by this
 * @read_whole:	      what is read of a buffer is all of it
 * @fail_at:	      which call that can fail shall, from 1; 0: none
 * @fail_on:	      so shall every later one
 * @fail_in:	      count calls of this function alone, or NULL
 * @victim:	      of calls with a queue, count and spoil those of this
 *		      device alone, and callbacks likewise; or NULL
 * @fail_status:      what it says
 * @finish_status:    not 0: batches finish with this status
 * @kernel_status:    not 0: that is what became of kernels
 * @lose_callbacks:   batches never finish
 * @upload_us:	      not 0: an upload of pages takes so long, and one at a
 *		      time, without a processor
 * @kernel_us:	      the same for page_hash, of @victim alone if there is one
 * @nr_made:	      out: buffers, kernels, programs, queues and contexts made
 * @nr_maps:	      out: buffers given back to the host
 * @nr_calls:	      out: calls that can fail, counted as for @fail_at
 * @nr_from_source:   out: programs made from source
 * @nr_from_binary:   out: programs made from a binary
 * @nr_mapped:	      out: buffers that the host may write to
 * @nr_mapped_at_launch: out: the same when the last kernel was started
 * @nr_uploaded_bytes: out: what was written to buffers
 * @nr_device_bytes:  out: buffers that are not the caller's memory
 * @nr_unwiped_bytes: out: of these, what was given back with something in it
 */
struct interpose {
	bool not_unified;
	bool refuse_host_ptr;
	bool moved_pages;
	bool stale_pages;
	const char *edit_from;
	const char *edit_to;
	bool read_whole;
	unsigned int fail_at;
	bool fail_on;
	const char *fail_in;
	cl_device_id victim;
	cl_int fail_status;
	cl_int finish_status;
	cl_int kernel_status;
	bool lose_callbacks;
	unsigned int upload_us;
	unsigned int kernel_us;
	unsigned int nr_made;
	unsigned int nr_maps;
	unsigned int nr_calls;
	unsigned int nr_from_source;
	unsigned int nr_from_binary;
	int nr_mapped;
	int nr_mapped_at_launch;
	size_t nr_uploaded_bytes;
	size_t nr_device_bytes;
	size_t nr_unwiped_bytes;
};

extern struct interpose interpose;

void interpose_nothing(void);

/* OpenCL objects made and not released since the last time that this asked. */
int interpose_nr_objects(void);

#endif /* GKSM_TEST_INTERPOSE_H */
