// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_overhead.c - what gksmctl overhead computes and prints
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "overhead.h"
#include "test.h"

#define COPY_NS 2500

static char dir[] = "/tmp/gksm_overhead_XXXXXX";

/* A file of the module, and what it says at two moments. */
static const struct figure {
	const char *name;
	uint64_t value[2];
} figures[] = {
	{ "tlb_flushes_cpu_ns", { 100, 1100 } },
	{ "notifier_calls_cpu_ns", { 20, 220 } },
	{ "merge_cpu_ns", { 1000, 5000 } },
	{ "sweep_flushes_cpu_ns", { 30, 330 } },
	{ "notifier_questions_cpu_ns", { 4, 44 } },
	{ "scan_cpu_ns", { 10000, 30000 } },
	{ "daemon_cpu_ns", { 5000, 12000 } },
	{ "pages_scanned", { 7, 70 } },
	{ "merge_tries", { 8, 80 } },
	{ "batches_completed", { 9, 90 } },
	{ "notifier_calls", { 2, 20 } },
	{ "notifier_questions", { 3, 30 } },
	{ "tlb_flushes", { 4, 40 } },
	{ "sweep_flushes", { 5, 50 } },
	{ "cow_breaks", { 6, 60 } },
	{ "uptime_ns", { 100000, 300000 } },
};

static void put(const char *name, uint64_t value)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "we");
	assert_non_null(file);
	fprintf(file, "%llu\n", (unsigned long long)value);
	fclose(file);
}

static int make_dir(void **state)
{
	(void)state;
	strcpy(dir + strlen(dir) - 6, "XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	/* NOLINTNEXTLINE(cert-env33-c): a fixed name */
	return system(command);
}

static struct gksm_look look_at(unsigned int moment)
{
	const char *missing;
	struct gksm_look look;

	for (size_t i = 0; i < COUNT_OF(figures); i++)
		put(figures[i].name, figures[i].value[moment]);
	assert_int_equal(gksm_look_read(&look, dir, &missing), 0);
	return look;
}

static void is(const struct gksm_overhead *overhead, enum gksm_cost_kind kind,
	       uint64_t events, uint64_t cpu_ns)
{
	assert_int_equal(overhead->cost[kind].events, events);
	assert_int_equal(overhead->cost[kind].cpu_ns, cpu_ns);
}

static void no_time_is_in_two_kinds(void **state)
{
	const struct gksm_look look = look_at(0);
	struct gksm_overhead overhead;

	(void)state;
	gksm_overhead_compute(&look, NULL, COPY_NS, &overhead);
	assert_true(overhead.since_load);
	is(&overhead, GKSM_COST_SCAN, 7, 10000 - 1000 - 30 - 4);
	is(&overhead, GKSM_COST_MERGE, 8, 1000 - 100 - 20);
	is(&overhead, GKSM_COST_DAEMON, 9, 5000);
	is(&overhead, GKSM_COST_MERGE_CALLS, 2, 20);
	is(&overhead, GKSM_COST_SCAN_CALLS, 3, 4);
	is(&overhead, GKSM_COST_MERGE_FLUSHES, 4, 100);
	is(&overhead, GKSM_COST_SCAN_FLUSHES, 5, 30);
	is(&overhead, GKSM_COST_BREAKS, 6, 6ULL * COPY_NS);
	/* All of the thread is somewhere. */
	assert_int_equal(gksm_overhead_sum(&overhead, 0,
					   GKSM_COST_SCAN_FLUSHES),
			 10000 + 5000);
}

static void an_interval_is_what_happened_in_it(void **state)
{
	const struct gksm_look before = look_at(0), look = look_at(1);
	struct gksm_overhead overhead;

	(void)state;
	gksm_overhead_compute(&look, &before, COPY_NS, &overhead);
	assert_false(overhead.since_load);
	assert_int_equal(overhead.wall_ns, 200000);
	is(&overhead, GKSM_COST_SCAN, 63, 20000 - 4000 - 300 - 40);
	is(&overhead, GKSM_COST_MERGE, 72, 4000 - 1000 - 200);
	is(&overhead, GKSM_COST_BREAKS, 54, 54ULL * COPY_NS);
	assert_true(gksm_overhead_percent(&overhead, 20000) == 10);
}

static void what_goes_back_is_nothing(void **state)
{
	const struct gksm_look before = look_at(1), look = look_at(0);
	struct gksm_overhead overhead;

	(void)state;
	gksm_overhead_compute(&look, &before, COPY_NS, &overhead);
	assert_int_equal(overhead.wall_ns, 0);
	assert_int_equal(gksm_overhead_sum(&overhead, 0, GKSM_NR_COSTS - 1), 0);
	assert_true(gksm_overhead_percent(&overhead, 5) == 0);
}

static void a_part_read_too_late_makes_nothing_negative(void **state)
{
	struct gksm_look look;
	const char *missing;
	struct gksm_overhead overhead;

	(void)state;
	look_at(0);
	put("merge_cpu_ns", 50);
	put("scan_cpu_ns", 60);
	assert_int_equal(gksm_look_read(&look, dir, &missing), 0);
	gksm_overhead_compute(&look, NULL, COPY_NS, &overhead);
	is(&overhead, GKSM_COST_MERGE, 8, 0);
	is(&overhead, GKSM_COST_SCAN, 7, 0);
}

static void a_missing_file_is_named(void **state)
{
	struct gksm_look look;
	const char *missing;
	char path[128];

	(void)state;
	look_at(0);
	snprintf(path, sizeof(path), "%s/cow_breaks", dir);
	unlink(path);
	assert_int_equal(gksm_look_read(&look, dir, &missing), -ENOENT);
	assert_string_equal(missing, "cow_breaks");
}

static void the_table_says_that_copies_are_estimated(void **state)
{
	const struct gksm_look look = look_at(0);
	struct gksm_overhead overhead;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	gksm_overhead_compute(&look, NULL, COPY_NS, &overhead);
	gksm_overhead_print(&overhead, out);
	fclose(out);
	assert_non_null(strstr(text, "copy on write, estimated"));
	assert_non_null(strstr(text, "estimated: 6 copies x 2.500 us"));
	free(text);
}

static json_int_t number(const json_t *root, const char *object,
			 const char *key)
{
	return json_integer_value(
		json_object_get(json_object_get(root, object), key));
}

static void json_has_the_same(void **state)
{
	const struct gksm_look look = look_at(0);
	struct gksm_overhead overhead;
	json_t *root;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	gksm_overhead_compute(&look, NULL, COPY_NS, &overhead);
	assert_int_equal(gksm_overhead_print_json(&overhead, out), 0);
	fclose(out);
	root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	assert_int_equal(number(root, "scan_and_merge", "cpu_ns"),
			 10000 + 5000 - 100 - 20 - 30 - 4);
	assert_int_equal(number(root, "mmu_notification", "cpu_ns"), 154);
	assert_int_equal(number(root, "cow_breaks", "cpu_ns"), 6 * COPY_NS);
	assert_int_equal(number(root, "total", "cpu_ns"),
			 10000 + 5000 + 6 * COPY_NS);
	assert_int_equal(number(json_object_get(root, "mmu_notification"),
				"scan_flushes", "events"),
			 5);
	json_decref(root);
	free(text);
}

static void a_copy_costs_time(void **state)
{
	uint64_t copy_ns = 0;

	(void)state;
	assert_int_equal(gksm_copy_cost(&copy_ns), 0);
	/* A page cannot be copied faster than 64 bytes a nanosecond. */
	assert_in_range(copy_ns, 64, 100000000);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_dir, remove_dir)
	static const struct CMUnitTest tests[] = {
		TEST(no_time_is_in_two_kinds),
		TEST(an_interval_is_what_happened_in_it),
		TEST(what_goes_back_is_nothing),
		TEST(a_part_read_too_late_makes_nothing_negative),
		TEST(a_missing_file_is_named),
		TEST(the_table_says_that_copies_are_estimated),
		TEST(json_has_the_same),
		cmocka_unit_test(a_copy_costs_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
