/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fake_gpu.h - an engine behind gksm_gpu.h whose devices fail on demand
 */
#ifndef GKSM_FAKE_GPU_H
#define GKSM_FAKE_GPU_H

#include "gksm_gpu.h"

#define FAKE_MAX_DEVICES 8

/**
 * struct fake_device - one device and its faults; a fault of 0 is none
 * @kind:	   what it is
 * @name:	   its name
 * @open_error:	   gksm_gpu_open() gives this
 * @measure_error: gksm_gpu_measure() gives this
 * @bind_error:	   gksm_gpu_bind() gives this
 * @submit_error:  gksm_gpu_submit() gives this
 * @batch_error:   every batch comes back with this
 * @hangs:	   no batch ever comes back
 * @has_second:	   the engine has a second device, of the same name
 * @second_is_lost: which failed, and the first goes on
 * @silent_since_ms: when gksm_gpu_check() began to be patient
 * @nr_given_up:   counts gksm_gpu_give_up()
 * @nr_opened:	   counts gksm_gpu_open()
 * @nr_generations: counts gksm_gpu_generation()
 */
struct fake_device {
	enum gksm_gpu_kind kind;
	const char *name;
	int open_error;
	int measure_error;
	int bind_error;
	int submit_error;
	int batch_error;
	bool hangs;
	bool has_second;
	bool second_is_lost;
	uint64_t silent_since_ms;
	unsigned int nr_given_up;
	unsigned int nr_opened;
	unsigned int nr_generations;
};

/* In the order of their indices. */
extern struct fake_device fake_devices[FAKE_MAX_DEVICES];
extern unsigned int fake_nr_devices;
/* Handles open now. */
extern unsigned int fake_nr_open;

#endif /* GKSM_FAKE_GPU_H */
