/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * gksm_abi.h - everything that the module and user space share
 *
 * This is the only header that both sides include. It depends on
 * <linux/types.h> and <linux/ioctl.h> alone.
 */
#ifndef GKSM_ABI_H
#define GKSM_ABI_H

#include <linux/ioctl.h>
#include <linux/types.h>

/**
 * DOC: The protocol of /dev/gksm
 *
 * One process at a time holds a session: it opens the device, asks with
 * GKSM_IOC_QUERY what it talks to, creates batches with GKSM_IOC_SETUP, maps
 * three areas and then repeats: poll() until POLLIN, GKSM_IOC_NEXT to take a
 * batch, compute, write the batch's results, GKSM_IOC_COMPLETE.
 *
 * A batch is a fixed range of each area. Batch number i (struct gksm_next
 * @index) owns
 *
 *   staging  pages   [i * batch_slots, (i + 1) * batch_slots)  read-only
 *   slots    entries [i * batch_slots, (i + 1) * batch_slots)  read-only
 *   results  entries [i * batch_slots, (i + 1) * batch_slots)  read-write
 *
 * where batch_slots is what SETUP was given. result[k] answers slot[k]. The
 * contents of a batch do not change between NEXT and COMPLETE, unless its
 * deadline passes: then the module takes the batch back, and COMPLETE says
 * ESTALE.
 *
 * Every argument struct starts with its own size and a flags word:
 *
 *   - a size below that of the first ABI, or above one page, is EINVAL;
 *   - a struct longer than the module knows is accepted if the part that the
 *     module does not know is all zero, and is E2BIG otherwise;
 *   - a struct shorter than the module knows is read as if zeros followed;
 *   - a flag that the module does not know is EOPNOTSUPP.
 *
 * Fields are only ever appended, and zero keeps the old meaning.
 *
 * What an errno means, for every call on this device:
 *
 *   ==========  ==========================================================
 *   EPERM       the caller lacks CAP_SYS_ADMIN (open)
 *   EBUSY       somebody else holds the session (open)
 *   ENODEV      the module is being unloaded
 *   ENOTTY      no such ioctl
 *   EFAULT      an address that cannot be read or written
 *   E2BIG       an unknown field at the end of a struct is not zero
 *   EOPNOTSUPP  an unknown flag is set
 *   EPROTO      the ABI number of SETUP is not the module's
 *   EALREADY    SETUP after SETUP
 *   ENOTCONN    NEXT, COMPLETE or mmap before SETUP
 *   EINVAL      a known field has a value that it cannot have
 *   ENOMEM      out of memory
 *   EAGAIN      no batch is ready (NEXT)
 *   ESTALE      the batch is not in flight: never taken, already completed,
 *               or taken back when its deadline passed (COMPLETE)
 *   EBADMSG     a hash was checked and is wrong: the session has lost the
 *               module's trust and gets no more work (COMPLETE, NEXT)
 *   EACCES      a mapping asks for more than the area allows (mmap)
 *   ==========  ==========================================================
 *
 * Checks happen in the order of this list, so that a call with two faults
 * has one answer. Only the size field is checked (EINVAL) before E2BIG.
 */

/* Changes when an old daemon could misunderstand a new module, or vice versa. */
#define GKSM_ABI_VERSION 1

#define GKSM_DEVICE_PATH "/dev/gksm"
#define GKSM_SYSFS_PATH "/sys/kernel/mm/gksm"

#define GKSM_PAGE_SIZE 4096
#define GKSM_PAGE_WORDS (GKSM_PAGE_SIZE / 8)

/* Limits of SETUP. */
#define GKSM_MAX_BATCHES 64
#define GKSM_MIN_BATCH_SLOTS 16
#define GKSM_MAX_BATCH_SLOTS 65536
#define GKSM_MAX_STAGING_PAGES 262144 /* 1 GiB */

/* mmap offsets of the three areas. Each is mapped whole, MAP_SHARED. */
#define GKSM_MMAP_STAGING 0x0000000000ULL
#define GKSM_MMAP_SLOTS 0x4000000000ULL
#define GKSM_MMAP_RESULTS 0x8000000000ULL

/**
 * DOC: The table of /proc/gksminfo
 *
 * Text. The first line is GKSM_INFO_TITLE and the version of the format, the
 * second one GKSM_INFO_COLUMNS, which names the columns; then there is a line for
 * each address space that opted in. Columns are separated by one blank.
 *
 *   pid        the first of its processes, in the reader's namespace
 *   uid        real user of that
 *   processes  how many have this address space
 *   domain     its trust domain, as merge_domain says: 0, a user, a group
 *   scanned    page table entries that were not empty, when last looked at
 *   merged     of these, mappings of merged pages
 *   zero       of these, mappings of the zero page that merging made
 *   metadata   bytes that the module keeps for it alone
 *   name       of the process; what is not a visible character of ASCII, and a
 *              backslash, is a backslash and three octal digits
 *
 * The version changes when a reader of the old format could misunderstand the
 * new one. Columns are only ever appended, behind the name.
 */
#define GKSM_INFO_NAME "gksminfo"
#define GKSM_INFO_TITLE "gksminfo - version: "
#define GKSM_INFO_VERSION 1
#define GKSM_INFO_COLUMNS \
	"# pid uid processes domain scanned merged zero metadata name"

/**
 * struct gksm_query - what the module is (in and out)
 * @size:	 sizeof(struct gksm_query)
 * @flags:	 must be 0
 * @abi:	 out: GKSM_ABI_VERSION of the module
 * @page_size:	 out: bytes of a page
 * @max_batches: out: largest nr_batches of SETUP
 * @max_batch_slots: out: largest batch_slots of SETUP
 * @max_staging_pages: out: largest nr_batches * batch_slots of SETUP
 * @deadline_ms: out: how long a batch may be in flight
 * @features:	 out: GKSM_FEATURE_* bits, none defined yet
 */
struct gksm_query {
	__u32 size;
	__u32 flags;
	__u32 abi;
	__u32 page_size;
	__u32 max_batches;
	__u32 max_batch_slots;
	__u32 max_staging_pages;
	__u32 deadline_ms;
	__aligned_u64 features;
};

/**
 * struct gksm_setup - create the batches of this session (in and out)
 * @size:	 sizeof(struct gksm_setup)
 * @flags:	 must be 0
 * @abi:	 GKSM_ABI_VERSION that the caller was built with
 * @nr_batches:	 how many batches, 1 to max_batches
 * @batch_slots: slots of a batch, GKSM_MIN_BATCH_SLOTS to max_batch_slots
 * @reserved:	 must be 0
 * @staging_bytes: out: length to map at GKSM_MMAP_STAGING
 * @slots_bytes: out: length to map at GKSM_MMAP_SLOTS
 * @results_bytes: out: length to map at GKSM_MMAP_RESULTS
 */
struct gksm_setup {
	__u32 size;
	__u32 flags;
	__u32 abi;
	__u32 nr_batches;
	__u32 batch_slots;
	__u32 reserved;
	__aligned_u64 staging_bytes;
	__aligned_u64 slots_bytes;
	__aligned_u64 results_bytes;
};

/**
 * struct gksm_next - take the oldest ready batch (in and out)
 * @size:     sizeof(struct gksm_next)
 * @flags:    must be 0
 * @batch:    out: identifier for COMPLETE, never 0, never used twice
 * @index:    out: which range of the three areas
 * @nr_slots: out: slots in use, from the first of the range
 * @nr_pages: out: staging pages in use, from the first of the range
 * @deadline_ms: out: time left to complete it
 */
struct gksm_next {
	__u32 size;
	__u32 flags;
	__aligned_u64 batch;
	__u32 index;
	__u32 nr_slots;
	__u32 nr_pages;
	__u32 deadline_ms;
};

/**
 * struct gksm_complete - give a batch back (in and out)
 * @size:     sizeof(struct gksm_complete)
 * @flags:    must be 0
 * @batch:    identifier from struct gksm_next
 * @nr_slots: how many results were written, from the first; the rest of the
 *	      batch is hashed by the module
 * @accepted: out: results that passed validation
 *
 * Results are copied during the call; what is written to the result area
 * later has no effect on this batch.
 */
struct gksm_complete {
	__u32 size;
	__u32 flags;
	__aligned_u64 batch;
	__u32 nr_slots;
	__u32 accepted;
};

/**
 * struct gksm_slot - one page of a batch, module to daemon
 * @cookie: the module's name for this page; opaque, never 0
 * @salt:   seed of the page's hash; pages with different salts never merge.
 *	    Of a slot without content: the page's hash when its content was
 *	    last there, GKSM_HASH_BITS of it, and zeros
 * @page:   which staging page of the batch holds the content (0 is the
 *	    batch's first), or GKSM_NO_PAGE
 * @flags:  GKSM_SLOT_* bits; skip a slot with a bit that you do not know
 *
 * GKSM_NO_PAGE names a page that has not changed since its content was last
 * read, so that the device learns of it or goes on knowing it; its result
 * repeats the hash that the slot has. Every page is named at least once while
 * the file generations in GKSM_SYSFS_PATH goes up by one; the device forgets a
 * page that was not named in two generations. No two slots of a batch have the
 * same page.
 */
struct gksm_slot {
	__aligned_u64 cookie;
	__aligned_u64 salt;
	__u32 page;
	__u32 flags;
};

#define GKSM_NO_PAGE 0xffffffffU

/* The upper bits of a hash, by which the module knows pages. */
#define GKSM_HASH_BITS 49

/**
 * enum gksm_verdict - what the device found out about a slot
 * @GKSM_VERDICT_NONE:	    nothing; the module computes the hash itself
 * @GKSM_VERDICT_HASHED:    the hash is valid, nothing more is known
 * @GKSM_VERDICT_ZERO:	    the hash is valid and all bytes are zero
 * @GKSM_VERDICT_UNIQUE:    the hash is valid and no other page known to the
 *			    device has it
 * @GKSM_VERDICT_DUPLICATE: the hash is valid and the page named by peer had
 *			    the same bytes when both were copied, if it was
 *			    in the same batch and had content; otherwise it
 *			    had the same hash when it was last named, in this
 *			    generation or one of the two before. Batches that were
 *			    taken back while the device read them may have left
 *			    wrong names. A hint
 * @GKSM_NR_VERDICTS:	    how many there are
 */
enum gksm_verdict {
	GKSM_VERDICT_NONE = 0,
	GKSM_VERDICT_HASHED = 1,
	GKSM_VERDICT_ZERO = 2,
	GKSM_VERDICT_UNIQUE = 3,
	GKSM_VERDICT_DUPLICATE = 4,
	GKSM_NR_VERDICTS
};

/**
 * struct gksm_result - the answer to one slot, daemon to module
 * @hash:    XXH64 of the page's 4096 bytes with the slot's salt as seed
 * @peer:    DUPLICATE: cookie of the other page; 0 otherwise
 * @verdict: enum gksm_verdict
 * @flags:   must be 0
 *
 * A result that breaks a rule counts as GKSM_VERDICT_NONE.
 */
struct gksm_result {
	__aligned_u64 hash;
	__aligned_u64 peer;
	__u32 verdict;
	__u32 flags;
};

#define GKSM_IOC_MAGIC 'g'
/* The size is in the struct, so that a number never changes. */
#define GKSM_IOC_QUERY _IO(GKSM_IOC_MAGIC, 0xd0) /* gksm_query */
#define GKSM_IOC_SETUP _IO(GKSM_IOC_MAGIC, 0xd1) /* gksm_setup */
#define GKSM_IOC_NEXT _IO(GKSM_IOC_MAGIC, 0xd2) /* gksm_next */
#define GKSM_IOC_COMPLETE _IO(GKSM_IOC_MAGIC, 0xd3) /* gksm_complete */

/* No struct may have a hole: a hole would carry kernel memory to user space. */
_Static_assert(sizeof(struct gksm_query) == 8 * 4 + 8, "gksm_query has a hole");
_Static_assert(sizeof(struct gksm_setup) == 6 * 4 + 3 * 8,
	       "gksm_setup has a hole");
_Static_assert(sizeof(struct gksm_next) == 2 * 4 + 8 + 4 * 4,
	       "gksm_next has a hole");
_Static_assert(sizeof(struct gksm_complete) == 2 * 4 + 8 + 2 * 4,
	       "gksm_complete has a hole");
_Static_assert(sizeof(struct gksm_slot) == 2 * 8 + 2 * 4,
	       "gksm_slot has a hole");
_Static_assert(sizeof(struct gksm_result) == 2 * 8 + 2 * 4,
	       "gksm_result has a hole");

#endif /* GKSM_ABI_H */
