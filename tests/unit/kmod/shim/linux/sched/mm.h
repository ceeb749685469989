/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Processes that a test makes up.
 */
#ifndef SHIM_LINUX_SCHED_MM_H
#define SHIM_LINUX_SCHED_MM_H

#include <linux/atomic.h>
#include <linux/mm.h>

/**
 * struct mm_struct - an address space
 * @mm_users: 0: the memory is gone
 * @grabs:    references taken and not dropped
 * @opted_in: what madvise(MADV_MERGEABLE) sets
 * @merging:  what /proc/PID/ksm_merging_pages shows
 * @unmerged: how often its pages were given back
 */
struct mm_struct {
	atomic_t mm_users;
	int grabs;
	bool opted_in;
	unsigned long merging;
	unsigned int unmerged;
};

/**
 * struct pid - a number of a process
 * @count: references taken and not dropped
 */
struct pid {
	int count;
};

/**
 * struct task_struct - a thread
 * @mm:	   its address space, NULL: it has exited
 * @flags: PF_*
 * @owner: its trust domain
 * @next:  the next thread of its process
 * @pid:   of a leader: the process
 */
struct task_struct {
	struct mm_struct *mm;
	unsigned int flags;
	u64 owner;
	struct task_struct *next;
	struct pid pid;
};

#define PF_KTHREAD 1u

/* All processes, by their leaders. */
extern struct task_struct *shim_processes;
extern unsigned int shim_nr_processes;

#define for_each_process(p) \
	for (p = shim_processes; p < shim_processes + shim_nr_processes; p++)
#define for_each_thread(p, t) for (t = p; t; t = t->next)

#define task_tgid(p) (&(p)->pid)
#define task_lock(t) ((void)(t))
#define task_unlock(t) ((void)(t))
#define rcu_read_lock() ((void)0)
#define rcu_read_unlock() ((void)0)

static inline void mmgrab(struct mm_struct *mm)
{
	mm->grabs++;
}

static inline void mmdrop(struct mm_struct *mm)
{
	mm->grabs--;
}

#endif /* SHIM_LINUX_SCHED_MM_H */
