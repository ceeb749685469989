// SPDX-License-Identifier: GPL-2.0-only
/*
 * sysfs.c - /sys/kernel/mm/gksm: KSM's files, and ours
 */
#include <linux/kobject.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include <gksm_abi.h>

#include "demand.h"
#include "domain.h"
#include "kpage.h"
#include "mm_slot.h"
#include "overhead.h"
#include "pace.h"
#include "pass.h"
#include "psi.h"
#include "scan.h"
#include "session.h"
#include "stable.h"
#include "stats.h"
#include "sysfs.h"
#include "unstable.h"
#include "zero.h"

#define MIN_DEADLINE_MS 10
#define MAX_DEADLINE_MS 60000
#define MAX_BUDGET_PERCENT 100000
#define MAX_INCREMENTAL_PASSES 65536

static u64 metadata_bytes(void)
{
	return gksm_stable_bytes() + gksm_unstable_bytes() +
	       gksm_mm_slots_bytes() + gksm_kpage_pooled() * PAGE_SIZE;
}

static ssize_t run_show(struct kobject *kobj, struct kobj_attribute *attr,
			char *buf)
{
	return sysfs_emit(buf, "%u\n", READ_ONCE(gksm_settings.run));
}

static ssize_t run_store(struct kobject *kobj, struct kobj_attribute *attr,
			 const char *buf, size_t count)
{
	unsigned int run;
	int err = kstrtouint(buf, 10, &run);

	if (err)
		return -EINVAL;
	if (run > GKSM_RUN_UNMERGE)
		return -EINVAL;
	err = gksm_scan_set_run(run);
	return err ?: count;
}

static struct kobj_attribute run_attr = __ATTR_RW(run);

/* Settings of one word each: what is written takes effect at once. */
static ssize_t store_uint(const char *buf, size_t count, unsigned int *setting,
			  unsigned int min, unsigned int max)
{
	unsigned int value;

	if (kstrtouint(buf, 10, &value) || value < min || value > max)
		return -EINVAL;
	WRITE_ONCE(*setting, value);
	gksm_scan_wake();
	return count;
}

/* clang-format off */
#define UINT_SETTING(name, variable, min, max)				\
static ssize_t name##_show(struct kobject *kobj,			\
			   struct kobj_attribute *attr, char *buf)	\
{									\
	return sysfs_emit(buf, "%u\n", READ_ONCE(variable));		\
}									\
static ssize_t name##_store(struct kobject *kobj,			\
			    struct kobj_attribute *attr,		\
			    const char *buf, size_t count)		\
{									\
	return store_uint(buf, count, &variable, min, max);		\
}									\
static struct kobj_attribute name##_attr = __ATTR_RW(name)

/* clang-format on */

UINT_SETTING(sleep_millisecs, gksm_settings.sleep_millisecs, 0, UINT_MAX);
UINT_SETTING(cpu_budget_percent, gksm_settings.cpu_budget_percent, 0,
	     MAX_BUDGET_PERCENT);
UINT_SETTING(incremental_passes, gksm_settings.incremental_passes, 1,
	     MAX_INCREMENTAL_PASSES);
UINT_SETTING(batch_deadline_ms, gksm_batch_deadline_ms, MIN_DEADLINE_MS,
	     MAX_DEADLINE_MS);

static ssize_t pages_to_scan_show(struct kobject *kobj,
				  struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", READ_ONCE(gksm_settings.pages_to_scan));
}

/* Held while it is decided whose pages_to_scan is, and while it is written. */
static DEFINE_MUTEX(advisor_lock);

/* As in KSM it is the advisor's while that is on, and cannot be written. */
static ssize_t pages_to_scan_store(struct kobject *kobj,
				   struct kobj_attribute *attr, const char *buf,
				   size_t count)
{
	ssize_t result = -EINVAL;

	mutex_lock(&advisor_lock);
	if (!gksm_settings.advisor)
		result = store_uint(buf, count, &gksm_settings.pages_to_scan, 0,
				    UINT_MAX);
	mutex_unlock(&advisor_lock);
	return result;
}

static struct kobj_attribute pages_to_scan_attr = __ATTR_RW(pages_to_scan);

static ssize_t advisor_mode_show(struct kobject *kobj,
				 struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n",
			  READ_ONCE(gksm_settings.advisor) ?
				  "none [scan-time]" :
				  "[none] scan-time");
}

static ssize_t advisor_mode_store(struct kobject *kobj,
				  struct kobj_attribute *attr, const char *buf,
				  size_t count)
{
	bool advisor = sysfs_streq(buf, "scan-time");

	if (!advisor && !sysfs_streq(buf, "none"))
		return -EINVAL;
	mutex_lock(&advisor_lock);
	gksm_scan_set_advisor(advisor);
	mutex_unlock(&advisor_lock);
	return count;
}

static struct kobj_attribute advisor_mode_attr = __ATTR_RW(advisor_mode);

static ssize_t pressure_boost_show(struct kobject *kobj,
				   struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", READ_ONCE(gksm_settings.pressure_boost));
}

static ssize_t pressure_boost_store(struct kobject *kobj,
				    struct kobj_attribute *attr,
				    const char *buf, size_t count)
{
	unsigned int value;

	if (kstrtouint(buf, 10, &value) || value > GKSM_MAX_BOOST_PERCENT)
		return -EINVAL;
	if (value && !gksm_psi_available()) {
		pr_notice_once(
			"pressure_boost needs the kernel to account memory pressure (CONFIG_PSI, CONFIG_KALLSYMS_ALL, psi=1)\n");
		return -EOPNOTSUPP;
	}
	WRITE_ONCE(gksm_settings.pressure_boost, value);
	gksm_scan_wake();
	return count;
}

static struct kobj_attribute pressure_boost_attr = __ATTR_RW(pressure_boost);

/* clang-format off */
#define ULONG_SETTING(name, variable, min)				\
static ssize_t name##_show(struct kobject *kobj,			\
			   struct kobj_attribute *attr, char *buf)	\
{									\
	return sysfs_emit(buf, "%lu\n", READ_ONCE(variable));		\
}									\
static ssize_t name##_store(struct kobject *kobj,			\
			    struct kobj_attribute *attr,		\
			    const char *buf, size_t count)		\
{									\
	unsigned long value;						\
									\
	if (kstrtoul(buf, 10, &value) || value < (min))			\
		return -EINVAL;						\
	WRITE_ONCE(variable, value);					\
	return count;							\
}									\
static struct kobj_attribute name##_attr = __ATTR_RW(name)

/* clang-format on */

ULONG_SETTING(max_shared_pages, gksm_settings.max_shared_pages, 0);
ULONG_SETTING(max_metadata_kib, gksm_settings.max_metadata_kib, 0);
/* As KSM, which takes any number but a target of 0 seconds. */
ULONG_SETTING(advisor_max_cpu, gksm_settings.advisor_goal.max_cpu, 0);
ULONG_SETTING(advisor_min_pages_to_scan, gksm_settings.advisor_goal.min_pages,
	      0);
ULONG_SETTING(advisor_max_pages_to_scan, gksm_settings.advisor_goal.max_pages,
	      0);
ULONG_SETTING(advisor_target_scan_time, gksm_settings.advisor_goal.target_s, 1);

static ssize_t use_zero_pages_show(struct kobject *kobj,
				   struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", READ_ONCE(gksm_settings.use_zero_pages));
}

static ssize_t use_zero_pages_store(struct kobject *kobj,
				    struct kobj_attribute *attr,
				    const char *buf, size_t count)
{
	bool value;

	if (kstrtobool(buf, &value))
		return -EINVAL;
	WRITE_ONCE(gksm_settings.use_zero_pages, value);
	gksm_scan_unsettle(); /* pages of zeros may have been */
	return count;
}

static struct kobj_attribute use_zero_pages_attr = __ATTR_RW(use_zero_pages);

static ssize_t smart_scan_show(struct kobject *kobj,
			       struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", READ_ONCE(gksm_settings.smart_scan));
}

static ssize_t smart_scan_store(struct kobject *kobj,
				struct kobj_attribute *attr, const char *buf,
				size_t count)
{
	bool value;

	if (kstrtobool(buf, &value))
		return -EINVAL;
	WRITE_ONCE(gksm_settings.smart_scan, value);
	return count;
}

static struct kobj_attribute smart_scan_attr = __ATTR_RW(smart_scan);

/*
 * What pages that are merged would not obey: EBUSY while there are any. As in
 * KSM these files tell what is no number (EINVAL) from what is too large for
 * their type (ERANGE).
 */
/* clang-format off */
#define UINT_LAW(name, type, parse, min, max)				\
static ssize_t name##_show(struct kobject *kobj,			\
			   struct kobj_attribute *attr, char *buf)	\
{									\
	return sysfs_emit(buf, "%u\n", READ_ONCE(gksm_settings.name));	\
}									\
static ssize_t name##_store(struct kobject *kobj,			\
			    struct kobj_attribute *attr,		\
			    const char *buf, size_t count)		\
{									\
	type value;							\
	int err = parse(buf, 10, &value);				\
									\
	if (err)							\
		return err;						\
	if (value < (min) || value > (max))				\
		return -EINVAL;						\
	err = gksm_scan_change(&gksm_settings.name, value);		\
	return err ?: count;						\
}									\
static struct kobj_attribute name##_attr = __ATTR_RW(name)

/* clang-format on */

UINT_LAW(merge_across_nodes, unsigned long, kstrtoul, 0, 1);
UINT_LAW(max_page_sharing, int, kstrtoint, 2, INT_MAX);
UINT_LAW(merge_domain_depth, unsigned int, kstrtouint, 0, INT_MAX);
UINT_SETTING(stable_node_chains_prune_millisecs,
	     gksm_settings.stable_node_chains_prune_millisecs, 0, UINT_MAX);

static const char *const domain_names[] = {
	[GKSM_DOMAIN_GLOBAL] = "global",
	[GKSM_DOMAIN_UID] = "uid",
	[GKSM_DOMAIN_CGROUP] = "cgroup",
};

/* The present one in brackets, as with other files of choices. */
static ssize_t merge_domain_show(struct kobject *kobj,
				 struct kobj_attribute *attr, char *buf)
{
	const unsigned int now = READ_ONCE(gksm_settings.merge_domain);
	unsigned int i;
	int at = 0;

	for (i = 0; i < ARRAY_SIZE(domain_names); i++)
		at += sysfs_emit_at(buf, at, i == now ? "%s[%s]" : "%s%s",
				    i ? " " : "", domain_names[i]);
	return at + sysfs_emit_at(buf, at, "\n");
}

static ssize_t merge_domain_store(struct kobject *kobj,
				  struct kobj_attribute *attr, const char *buf,
				  size_t count)
{
	int i = sysfs_match_string(domain_names, buf);
	int err;

	if (i < 0)
		return -EINVAL;
	if (!gksm_domain_knows(i))
		return -EOPNOTSUPP;
	err = gksm_scan_change(&gksm_settings.merge_domain, i);
	return err ?: count;
}

static struct kobj_attribute merge_domain_attr = __ATTR_RW(merge_domain);

/* Returns when the process is merged, as far as it can be. */
static ssize_t merge_pid_store(struct kobject *kobj,
			       struct kobj_attribute *attr, const char *buf,
			       size_t count)
{
	int pid, err;

	if (kstrtoint(buf, 10, &pid) || pid <= 0)
		return -EINVAL;
	err = gksm_demand(pid);
	return err ?: count;
}

static struct kobj_attribute merge_pid_attr = __ATTR_WO(merge_pid);

static ssize_t abi_version_show(struct kobject *kobj,
				struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", GKSM_ABI_VERSION);
}

static struct kobj_attribute abi_version_attr = __ATTR_RO(abi_version);

static ssize_t offload_show(struct kobject *kobj, struct kobj_attribute *attr,
			    char *buf)
{
	return sysfs_emit(buf, "%s\n", gksm_session_state());
}

static struct kobj_attribute offload_attr = __ATTR_RO(offload);

/* Figures that are found out when somebody asks. */
/* clang-format off */
#define U64_FIGURE(name, function)					\
static ssize_t name##_show(struct kobject *kobj,			\
			   struct kobj_attribute *attr, char *buf)	\
{									\
	return sysfs_emit(buf, "%llu\n", function());			\
}									\
static struct kobj_attribute name##_attr = __ATTR_RO(name)

/* clang-format on */

U64_FIGURE(stable_node_chains, gksm_stable_chains);
U64_FIGURE(stable_node_dups, gksm_stable_dups);
U64_FIGURE(merge_domains, gksm_domains_nr);
U64_FIGURE(metadata_bytes, metadata_bytes);
U64_FIGURE(staging_bytes, gksm_session_bytes);
U64_FIGURE(uptime_ns, gksm_overhead_uptime_ns);
U64_FIGURE(scan_cpu_ns, gksm_scan_cpu_ns);
U64_FIGURE(daemon_cpu_ns, gksm_session_all_cpu_ns);
U64_FIGURE(cow_breaks, gksm_overhead_cow_breaks);

static ssize_t ksm_zero_pages_show(struct kobject *kobj,
				   struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%lld\n", gksm_zero_pages());
}

static struct kobj_attribute ksm_zero_pages_attr = __ATTR_RO(ksm_zero_pages);

/* As KSM: what is saved less what it costs. */
static ssize_t general_profit_show(struct kobject *kobj,
				   struct kobj_attribute *attr, char *buf)
{
	s64 saved = gksm_stat(pages_sharing) + gksm_zero_pages();

	return sysfs_emit(buf, "%lld\n",
			  saved * (s64)PAGE_SIZE - (s64)metadata_bytes());
}

static struct kobj_attribute general_profit_attr = __ATTR_RO(general_profit);

/* One read-only file for each counter and gauge of stats.h. */
struct stat_attribute {
	struct kobj_attribute attr;
	enum gksm_stat stat;
};

static ssize_t stat_show(struct kobject *kobj, struct kobj_attribute *attr,
			 char *buf)
{
	struct stat_attribute *a =
		container_of(attr, struct stat_attribute, attr);
	/* The one that others are waited for by: it may have to wait itself. */
	s64 value = a->stat == GKSM_STAT_full_scans ?
			    (s64)gksm_pass_full_scans() :
			    atomic64_read(&gksm_stats[a->stat]);

	return sysfs_emit(buf, "%lld\n", value);
}

/* clang-format off */
#define STAT_ATTRIBUTE(name, doc)					\
static struct stat_attribute stat_##name = {				\
	.attr = __ATTR(name, 0444, stat_show, NULL),			\
	.stat = GKSM_STAT_##name,					\
};
GKSM_COUNTERS(STAT_ATTRIBUTE)
GKSM_GAUGES(STAT_ATTRIBUTE)

/* clang-format on */

static struct attribute *attributes[] = {
	&run_attr.attr,
	&pages_to_scan_attr.attr,
	&sleep_millisecs_attr.attr,
	&use_zero_pages_attr.attr,
	&smart_scan_attr.attr,
	&merge_across_nodes_attr.attr,
	&max_page_sharing_attr.attr,
	&stable_node_chains_prune_millisecs_attr.attr,
	&stable_node_chains_attr.attr,
	&stable_node_dups_attr.attr,
	&merge_domain_attr.attr,
	&merge_domain_depth_attr.attr,
	&merge_domains_attr.attr,
	&cpu_budget_percent_attr.attr,
	&incremental_passes_attr.attr,
	&pressure_boost_attr.attr,
	&advisor_mode_attr.attr,
	&advisor_max_cpu_attr.attr,
	&advisor_min_pages_to_scan_attr.attr,
	&advisor_max_pages_to_scan_attr.attr,
	&advisor_target_scan_time_attr.attr,
	&max_shared_pages_attr.attr,
	&max_metadata_kib_attr.attr,
	&batch_deadline_ms_attr.attr,
	&merge_pid_attr.attr,
	&abi_version_attr.attr,
	&offload_attr.attr,
	&metadata_bytes_attr.attr,
	&staging_bytes_attr.attr,
	&ksm_zero_pages_attr.attr,
	&general_profit_attr.attr,
	&uptime_ns_attr.attr,
	&scan_cpu_ns_attr.attr,
	&daemon_cpu_ns_attr.attr,
	&cow_breaks_attr.attr,
/* clang-format off */
#define STAT_POINTER(name, doc) &stat_##name.attr.attr,
	GKSM_COUNTERS(STAT_POINTER)
	GKSM_GAUGES(STAT_POINTER)
	/* clang-format on */
	NULL,
};

static const struct attribute_group group = { .attrs = attributes };

static struct kobject *directory;
static struct kernfs_node *full_scans;

/**
 * gksm_sysfs_init() - create /sys/kernel/mm/gksm
 *
 * Return: 0 or -ENOMEM, -EEXIST...
 */
int gksm_sysfs_init(void)
{
	struct kobject *mm = gksm_mm_kobj();
	int err;

	directory = mm ? kobject_create_and_add("gksm", mm) : NULL;
	if (!directory)
		return -ENOMEM;
	err = sysfs_create_group(directory, &group);
	if (err) {
		kobject_put(directory);
		return err;
	}
	/* Without it nobody is woken, and who waits looks once a second. */
	WRITE_ONCE(full_scans, sysfs_get_dirent(directory->sd, "full_scans"));
	return 0;
}

/**
 * gksm_sysfs_end_pass() - wake who polls full_scans
 *
 * Context: scan lock held, on which gksm_sysfs_exit() waits.
 */
void gksm_sysfs_end_pass(void)
{
	struct kernfs_node *node = READ_ONCE(full_scans);

	if (node)
		sysfs_notify_dirent(node);
}

/**
 * gksm_sysfs_exit() - remove it; waits for readers and writers
 */
void gksm_sysfs_exit(void)
{
	struct kernfs_node *node = full_scans;

	gksm_demand_stop();
	WRITE_ONCE(full_scans, NULL);
	gksm_scan_barrier();
	sysfs_put(node);
	kobject_put(directory);
}
