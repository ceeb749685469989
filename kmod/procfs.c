// SPDX-License-Identifier: GPL-2.0-only
/*
 * procfs.c - /proc/gksminfo: which process shares how much
 */
#include <linux/capability.h>
#include <linux/ctype.h>
#include <linux/fs.h>
#include <linux/pid.h>
#include <linux/proc_fs.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/seq_file.h>
#include <linux/uidgid.h>

#include <gksm_abi.h>

#include "domain.h"
#include "mm_slot.h"
#include "procfs.h"
#include "scan.h"

/**
 * DOC: A table in /proc
 *
 * A table is no value, so that its place is not sysfs, and it is wanted where
 * debugfs is locked down. It is a file like /proc/slabinfo and /proc/allocinfo:
 * text, with the version of its format in the first line and the names of its
 * columns in the second (gksm_abi.h says what they are).
 *
 * One line for each address space that opted in and was found, with the first
 * of its processes: those that share it have one profit, not one each. There is
 * no snapshot of it all, and no memory for one: lines are made under the scan
 * lock as they are read, a buffer of seq_file's at a time, one page as a rule,
 * some forty lines. So each line is of one moment, and whoever comes or goes
 * meanwhile is there or not; the position is the slot's number, so that nobody
 * is there twice or missed. The figures are what the last round that looked at
 * everything has met, with what was merged since (mm_count.c).
 *
 * What it tells is told of each process by /proc/PID/ksm_stat to its owner and
 * to root. All of it at once is for CAP_SYS_ADMIN, like /dev/gksm: the mode alone
 * would let in a container's root, which has the same user. Process numbers are
 * those of the namespace that /proc was mounted for, and who is not in it is
 * left out.
 */

/*
 * Who has the address space? Its first process when it was last found: if that
 * has exited, or called exec, nobody until the next pass begins. RCU read lock
 * held.
 */
static struct task_struct *find_owner(const struct gksm_mm_slot *slot)
{
	struct task_struct *process = pid_task(slot->pid, PIDTYPE_TGID);
	struct task_struct *thread;

	if (!process)
		return NULL;
	for_each_thread(process, thread)
		if (READ_ONCE(thread->mm) == slot->mm)
			return process;
	return NULL;
}

/* A name may have any bytes: here it is one word, on one line, in ASCII. */
static void put_name(struct seq_file *file, const char *name)
{
	for (; *name; name++) {
		unsigned char c = *name;

		if (isascii(c) && isgraph(c) && c != '\\')
			seq_putc(file, c);
		else
			seq_printf(file, "\\%03o", c);
	}
}

static void put_slot(struct seq_file *file, const struct gksm_mm_slot *slot,
		     pid_t pid, kuid_t uid)
{
	const struct gksm_mm_count *count = &slot->shown;

	seq_printf(file, "%d %u %u %llu %llu %llu %llu %llu ", pid,
		   from_kuid_munged(seq_user_ns(file), uid), slot->nr_processes,
		   slot->domain->id, count->scanned, count->merged,
		   count->zeroed, gksm_mm_slot_bytes(slot));
}

static int show_slot(struct seq_file *file, const struct gksm_mm_slot *slot)
{
	struct pid_namespace *ns = proc_pid_ns(file_inode(file->file)->i_sb);
	char name[TASK_COMM_LEN] = "";
	struct task_struct *owner;
	kuid_t uid = INVALID_UID;
	pid_t pid = 0;

	rcu_read_lock();
	owner = find_owner(slot);
	if (owner) {
		pid = task_tgid_nr_ns(owner, ns);
		uid = task_uid(owner);
		get_task_comm(name, owner);
	}
	rcu_read_unlock();
	if (!pid)
		return SEQ_SKIP;
	put_slot(file, slot, pid, uid);
	put_name(file, name);
	seq_putc(file, '\n');
	return 0;
}

static int show(struct seq_file *file, void *v)
{
	if (v != SEQ_START_TOKEN)
		return show_slot(file, v);
	seq_printf(file, GKSM_INFO_TITLE "%d\n" GKSM_INFO_COLUMNS "\n",
		   GKSM_INFO_VERSION);
	return 0;
}

static void *slot_at(loff_t *pos)
{
	unsigned long id = *pos;
	struct gksm_mm_slot *slot = NULL;

	if (*pos <= GKSM_MM_ID_MAX)
		slot = gksm_mm_slot_from(&id);
	if (slot)
		*pos = id;
	return slot;
}

static void *start(struct seq_file *file, loff_t *pos)
{
	int err = gksm_scan_enter();

	if (err)
		return ERR_PTR(err);
	return *pos ? slot_at(pos) : SEQ_START_TOKEN;
}

static void *next(struct seq_file *file, void *v, loff_t *pos)
{
	++*pos;
	return slot_at(pos);
}

static void stop(struct seq_file *file, void *v)
{
	if (!IS_ERR(v))
		gksm_scan_leave();
}

static const struct seq_operations operations = {
	.start = start,
	.next = next,
	.stop = stop,
	.show = show,
};

static int open_info(struct inode *inode, struct file *file)
{
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	return seq_open(file, &operations);
}

static const struct proc_ops file_operations = {
	.proc_open = open_info,
	.proc_read = seq_read,
	.proc_lseek = seq_lseek,
	.proc_release = seq_release,
};

static struct proc_dir_entry *entry;

/**
 * gksm_procfs_init() - create /proc/gksminfo
 *
 * Return: 0 or -ENOMEM.
 */
int gksm_procfs_init(void)
{
	entry = proc_create(GKSM_INFO_NAME, 0400, NULL, &file_operations);
	return entry ? 0 : -ENOMEM;
}

/**
 * gksm_procfs_exit() - remove it; waits for readers
 */
void gksm_procfs_exit(void)
{
	proc_remove(entry);
}
