// SPDX-License-Identifier: GPL-2.0-only
/*
 * owner.c - to which trust domain a process belongs
 */
#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/sched.h>
#include <linux/uidgid.h>

#include "domain.h"
#include "scan.h"

#ifdef CONFIG_CGROUPS
/* Its control group, or what is above that at merge_domain_depth. */
static u64 cgroup_of(struct task_struct *task)
{
	const unsigned int depth = READ_ONCE(gksm_settings.merge_domain_depth);
	struct cgroup *cgroup = task_dfl_cgroup(task);

	if (depth && cgroup->level > depth)
		cgroup = cgroup_ancestor(cgroup, depth);
	return cgroup_id(cgroup);
}
#else
static u64 cgroup_of(struct task_struct *task)
{
	return 0;
}
#endif

/**
 * gksm_domain_knows() - can this kernel tell such domains apart?
 * @kind: what kind
 */
bool gksm_domain_knows(enum gksm_merge_domain kind)
{
	return kind != GKSM_DOMAIN_CGROUP || IS_ENABLED(CONFIG_CGROUPS);
}

/**
 * gksm_domain_id() - the domain of a process, as merge_domain says
 * @task: one of its threads
 *
 * The user is the real one, which setuid programs do not change.
 *
 * Context: RCU read lock held.
 * Return: a number that is the same for processes of one domain only.
 */
u64 gksm_domain_id(struct task_struct *task)
{
	switch (READ_ONCE(gksm_settings.merge_domain)) {
	case GKSM_DOMAIN_UID:
		return from_kuid(&init_user_ns, task_uid(task));
	case GKSM_DOMAIN_CGROUP:
		return cgroup_of(task);
	default:
		return 0;
	}
}
