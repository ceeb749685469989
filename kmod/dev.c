// SPDX-License-Identifier: GPL-2.0-only
/*
 * dev.c - /dev/gksm: copy arguments in and out, check them, call session.c and exchange.c
 */
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/uaccess.h>

#include <gksm_abi.h>

#include "dev.h"
#include "session.h"

/* Every argument struct begins like this. */
struct header {
	__u32 size;
	__u32 flags;
};

union argument {
	struct header header;
	struct gksm_query query;
	struct gksm_setup setup;
	struct gksm_next next;
	struct gksm_complete complete;
};

static int do_query(struct gksm_session *session, union argument *arg)
{
	arg->query.abi = GKSM_ABI_VERSION;
	arg->query.page_size = PAGE_SIZE;
	arg->query.max_batches = GKSM_MAX_BATCHES;
	arg->query.max_batch_slots = GKSM_MAX_BATCH_SLOTS;
	arg->query.max_staging_pages = GKSM_MAX_STAGING_PAGES;
	arg->query.deadline_ms = READ_ONCE(gksm_batch_deadline_ms);
	arg->query.features = 0;
	return 0;
}

static int do_setup(struct gksm_session *session, union argument *arg)
{
	return gksm_session_setup(session, &arg->setup);
}

static int do_next(struct gksm_session *session, union argument *arg)
{
	return gksm_session_next(session, &arg->next);
}

static int do_complete(struct gksm_session *session, union argument *arg)
{
	return gksm_session_complete(session, &arg->complete);
}

/**
 * struct ioctl_entry - one ioctl
 * @run:      does it; the argument is in kernel memory, flags are 0
 * @size:     what the module knows
 * @min_size: what the first ABI had
 */
struct ioctl_entry {
	int (*run)(struct gksm_session *session, union argument *arg);
	size_t size;
	size_t min_size;
};

/* clang-format off */
#define ENTRY(number, handler, type, last)				\
	[_IOC_NR(number)] = {						\
		.run = handler,						\
		.size = sizeof(struct type),				\
		.min_size = offsetofend(struct type, last),		\
	}

/* clang-format on */

static const struct ioctl_entry ioctls[] = {
	ENTRY(GKSM_IOC_QUERY, do_query, gksm_query, features),
	ENTRY(GKSM_IOC_SETUP, do_setup, gksm_setup, results_bytes),
	ENTRY(GKSM_IOC_NEXT, do_next, gksm_next, deadline_ms),
	ENTRY(GKSM_IOC_COMPLETE, do_complete, gksm_complete, accepted),
};

static const struct ioctl_entry *find_ioctl(unsigned int number)
{
	unsigned int nr = _IOC_NR(number);

	if (_IOC_TYPE(number) != GKSM_IOC_MAGIC || _IOC_SIZE(number) ||
	    _IOC_DIR(number) != _IOC_NONE || nr >= ARRAY_SIZE(ioctls) ||
	    !ioctls[nr].run)
		return NULL;
	return &ioctls[nr];
}

static long dev_ioctl(struct file *file, unsigned int number,
		      unsigned long address)
{
	const struct ioctl_entry *entry = find_ioctl(number);
	void __user *user = (void __user *)address;
	union argument arg = {};
	u32 size;
	int err;

	if (!entry)
		return -ENOTTY;
	if (get_user(size, (u32 __user *)user))
		return -EFAULT;
	if (size < entry->min_size || size > PAGE_SIZE)
		return -EINVAL;
	err = copy_struct_from_user(&arg, entry->size, user, size);
	if (err)
		return err;
	if (arg.header.flags)
		return -EOPNOTSUPP;
	err = entry->run(file->private_data, &arg);
	if (err)
		return err;
	/* The size may have been changed since it was read: it is not used. */
	arg.header.size = size;
	if (copy_to_user(user, &arg, min_t(size_t, size, entry->size)))
		return -EFAULT;
	return 0;
}

static int dev_open(struct inode *inode, struct file *file)
{
	struct gksm_session *session;
	int err;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	err = gksm_session_open(&session);
	if (err)
		return err;
	file->private_data = session;
	return stream_open(inode, file);
}

static int dev_release(struct inode *inode, struct file *file)
{
	gksm_session_close(file->private_data);
	return 0;
}

static __poll_t dev_poll(struct file *file, poll_table *table)
{
	struct gksm_session *session = file->private_data;
	__poll_t events = 0;

	poll_wait(file, &session->wait, table);
	if (!gksm_session_ready(session))
		return 0;
	spin_lock(&session->lock);
	if (session->revoked)
		events |= EPOLLERR;
	else if (gksm_ring_ready(&session->ring))
		events |= EPOLLIN | EPOLLRDNORM;
	spin_unlock(&session->lock);
	return events;
}

static int dev_mmap(struct file *file, struct vm_area_struct *vma)
{
	return gksm_session_mmap(file->private_data, vma);
}

static const struct file_operations dev_fops = {
	.owner = THIS_MODULE,
	.open = dev_open,
	.release = dev_release,
	.unlocked_ioctl = dev_ioctl,
	.poll = dev_poll,
	.mmap = dev_mmap,
};

static struct miscdevice dev = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "gksm",
	.mode = 0600,
	.fops = &dev_fops,
};

/**
 * gksm_dev_init() - create /dev/gksm
 *
 * Return: 0 or -errno.
 */
int gksm_dev_init(void)
{
	return misc_register(&dev);
}

/**
 * gksm_dev_exit() - remove it; nobody has it open, or the module could not be
 * unloaded
 */
void gksm_dev_exit(void)
{
	misc_deregister(&dev);
}
