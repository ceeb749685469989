// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench.c - gksm-bench: command line
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

static const struct {
	const char *name;
	int (*run)(const struct options *options);
	const char *help;
} commands[] = {
	{ "engine", bench_engine,
	  "hashing, searching, comparing, the pipeline" },
	{ "scale", bench_scale, "the index from 2^16 pages on" },
	{ "copy", bench_copy, "copying pages into batches, and whom it costs" },
	{ "devices", bench_devices, "what can be measured" },
	{ "e2e", bench_e2e,
	  "ksmd, the module, and the module with a daemon (as root)" },
};

#define NR_COMMANDS (sizeof(commands) / sizeof(*commands))

static int usage(FILE *to)
{
	fputs("usage: gksm-bench COMMAND [OPTION...]\n\n", to);
	for (size_t i = 0; i < NR_COMMANDS; i++)
		fprintf(to, "  %-8s  %s\n", commands[i].name, commands[i].help);
	fputs("\n"
	      "  --device NAME      index or part of a name (default: auto)\n"
	      "  --upload           upload pages to any device\n"
	      "  --batch N          pages of a batch (default: 4096)\n"
	      "  --shape NAME       how pages are hashed (default: measured)\n"
	      "  --files PATH       engine: pages of files, too (/usr/lib)\n"
	      "  --resident BITS    engine: 2^BITS pages in the index (20)\n"
	      "  --max BITS         scale: up to 2^BITS pages (22)\n"
	      "  --pages BITS,...   e2e: 2^BITS pages of memory (16)\n"
	      "  --daemon COMMAND   e2e: starts the daemon; without it, no daemon\n"
	      "  --guest            e2e: the memory is a KVM guest's\n"
	      "  --quick            small and short\n"
	      "  --json             JSON instead of a table\n"
	      "  --plot FILE        scale, e2e: plot to FILE, .svg or .png\n",
	      to);
	return to == stderr ? 2 : 0;
}

static unsigned int number(const char *text, unsigned int least,
			   unsigned int most)
{
	char *end;
	const unsigned long value = strtoul(text, &end, 10);

	if (!*text || *end || value < least || value > most) {
		fprintf(stderr, "gksm-bench: \"%s\" is not from %u to %u\n",
			text, least, most);
		exit(2);
	}
	return (unsigned int)value;
}

/* "16" or "16,18": in this order, each once. */
static void set_sizes(struct options *options, char *text)
{
	const unsigned int most =
		sizeof(options->page_bits) / sizeof(*options->page_bits);
	char *rest = NULL;

	options->nr_sizes = 0;
	for (char *one = strtok_r(text, ",", &rest); one;
	     one = strtok_r(NULL, ",", &rest)) {
		const unsigned int nr = options->nr_sizes;
		const unsigned int bits = number(one, 10, 24);

		if (nr == most || (nr && bits <= options->page_bits[nr - 1])) {
			fprintf(stderr,
				"gksm-bench: --pages takes up to %u sizes, least first\n",
				most);
			exit(2);
		}
		options->page_bits[options->nr_sizes++] = bits;
	}
	if (!options->nr_sizes)
		number("", 10, 24);
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "device", required_argument, NULL, 'd' },
		{ "upload", no_argument, NULL, 'u' },
		{ "batch", required_argument, NULL, 'b' },
		{ "shape", required_argument, NULL, 's' },
		{ "files", required_argument, NULL, 'f' },
		{ "resident", required_argument, NULL, 'r' },
		{ "max", required_argument, NULL, 'm' },
		{ "pages", required_argument, NULL, 'g' },
		{ "daemon", required_argument, NULL, 'D' },
		{ "guest", no_argument, NULL, 'G' },
		{ "quick", no_argument, NULL, 'q' },
		{ "json", no_argument, NULL, 'j' },
		{ "plot", required_argument, NULL, 'p' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct options options = { .device = "auto",
				   .files = "/usr/lib",
				   .batch_pages = 4096,
				   .resident_bits = 20,
				   .max_bits = 22,
				   .page_bits = { 16 },
				   .nr_sizes = 1 };
	int option;

	while ((option = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (option) {
		case 'd':
			options.device = optarg;
			break;
		case 'u':
			options.upload = true;
			break;
		case 'b':
			options.batch_pages = number(optarg, 16, 65536);
			break;
		case 's':
			options.shape = optarg;
			break;
		case 'f':
			options.files = optarg;
			break;
		case 'r':
			options.resident_bits = number(optarg, 10, 27);
			break;
		case 'm':
			options.max_bits = number(optarg, 16, 27);
			break;
		case 'g':
			set_sizes(&options, optarg);
			break;
		case 'D':
			options.daemon = optarg;
			break;
		case 'G':
			options.guest = true;
			break;
		case 'q':
			options.quick = true;
			break;
		case 'j':
			options.json = true;
			break;
		case 'p':
			options.plot = optarg;
			break;
		case 'h':
			return usage(stdout);
		default:
			return usage(stderr);
		}
	}
	if (options.quick) {
		options.batch_pages = 512;
		options.resident_bits = 14;
		options.max_bits = 17;
	}
	for (size_t i = 0; optind == argc - 1 && i < NR_COMMANDS; i++) {
		if (strcmp(argv[optind], commands[i].name) == 0)
			return commands[i].run(&options);
	}
	return usage(stderr);
}
