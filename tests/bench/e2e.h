/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * e2e.h - what the parts of gksm-bench e2e share
 */
#ifndef GKSM_BENCH_E2E_H
#define GKSM_BENCH_E2E_H

#include <sys/types.h>

#include "bench.h"

#define KSM "/sys/kernel/mm/ksm"
#define GKSM "/sys/kernel/mm/gksm"
#define LIMIT_S 600
#define MAX_SIZES 4

/* scanner.c */

/**
 * struct scanner - who deduplicates
 * @name:   as printed
 * @dir:    its files, with KSM's names
 * @thread: its kernel thread
 * @daemon: its daemon, 0: none
 */
struct scanner {
	const char *name;
	const char *dir;
	pid_t thread;
	pid_t daemon;
};

/* Processor time so far, in ns. */
struct cost {
	uint64_t kernel;
	uint64_t daemon;
	uint64_t device;
};

long read_file(const char *dir, const char *name);
void write_file(const char *dir, const char *name, long value);
void wait_us(unsigned int us);
pid_t find_process(const char *name);
struct cost get_cost(const struct scanner *scanner);
struct cost cost_since(const struct scanner *scanner, struct cost before);
void await_scans(const struct scanner *scanner, long scans);
pid_t start_daemon(const char *command);

/* corun.c */

/**
 * struct latency - how long a batch of the co-runner took, in us
 * @p50:  half of the batches at most
 * @p99:  99 of 100 at most
 * @most: the slowest
 */
struct latency {
	double p50;
	double p99;
	double most;
};

void corun_start(void);
struct latency corun_measure(unsigned int ms, void (*meanwhile)(void));
void corun_stop(void);

/* footprint.c */

/**
 * struct footprint - memory of the machine, in bytes
 * @free:  nobody has it
 * @slabs: in the slab caches that a scanner allocates from
 */
struct footprint {
	double free;
	double slabs;
};

struct footprint footprint_get(const struct scanner *scanner);

/* guest.c */
void guest_open(void *memory, size_t nr);
void guest_touch(void);
void guest_close(void);

/* e2e_report.c */
enum {
	IDLE, /* nothing is written */
	BUSY, /* a tenth is rewritten */
	NR_STATES
};

enum {
	BY_KSMD,
	BY_GKSM,
	BY_GKSMD,
	NR_SCANNERS
};

/**
 * struct outcome - what ratios are made of, of one scanner
 * @pass:      ns a page and pass, kernel and daemon
 * @reread:    ns a page and pass that reads all pages, the device's work
 *	       included; of the module
 * @merge_cpu: ns a page until 95 % were merged, all of it
 * @merge_s:   seconds until then
 * @p99:       of the co-runner, us, least of its windows
 * @nobody:    the same just before, while nobody scanned
 * @metadata:  bytes a page, in slabs (ksmd), or as the module says
 * @missing:   bytes a page that are missing of what merging freed
 */
struct outcome {
	double pass[NR_STATES];
	double reread;
	double merge_cpu;
	double merge_s;
	double p99[NR_STATES];
	double nobody[NR_STATES];
	double metadata;
	double missing;
};

/**
 * struct size - what was measured with so many pages
 * @bits:     2^bits pages
 * @outcomes: of each scanner
 * @nobody:   p99 of the co-runner while nobody scans, us, least of all
 */
struct size {
	unsigned int bits;
	struct outcome outcomes[NR_SCANNERS];
	double nobody[NR_STATES];
};

void e2e_report(const struct size *sizes, unsigned int nr, bool has_daemon,
		bool has_guest);
void e2e_plot(const char *path, const struct size *sizes, unsigned int nr,
	      bool has_daemon);

#endif /* GKSM_BENCH_E2E_H */
