// SPDX-License-Identifier: GPL-2.0-only
/*
 * guest.c - memory of a KVM guest: half a dozen instructions that touch it
 *
 * The guest is in 32-bit mode without paging, reads each page and halts, so that
 * its page tables map all that there is. Off the first CPU, where QEMU emulates
 * KVM wrongly: docs/testing.md, "KVM in an emulated VM".
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "e2e.h"

/* Guest-physical addresses. */
#define CODE 0x1000
#define MEMORY 0x1000000
/* Of what an address space of 32 bits holds above MEMORY. */
#define MAX_PAGES ((size_t)1 << 19)

/* EAX: the first page; ECX: how many. */
extern const char touch_code[], touch_code_end[];
__asm__(".pushsection .rodata\n"
	".code32\n"
	"touch_code:\n"
	"1:	mov (%eax), %ebx\n"
	"	add $4096, %eax\n"
	"	dec %ecx\n"
	"	jnz 1b\n"
	"	hlt\n"
	"touch_code_end:\n"
	".code64\n"
	".popsection\n");

static struct {
	int kvm, vm, vcpu;
	struct kvm_run *run;
	size_t run_bytes;
	char *code;
	size_t nr_pages;
} guest;

static void must(bool ok, const char *what)
{
	if (!ok)
		fail(what, strerror(errno));
}

static void add_memory(unsigned int slot, uint64_t gpa, void *pages, size_t nr)
{
	struct kvm_userspace_memory_region region = {
		.slot = slot,
		.guest_phys_addr = gpa,
		.memory_size = nr * PAGE,
		.userspace_addr = (uintptr_t)pages,
	};

	must(!ioctl(guest.vm, KVM_SET_USER_MEMORY_REGION, &region),
	     "KVM_SET_USER_MEMORY_REGION");
}

/* Flat 32-bit mode, without paging. */
static void set_mode(void)
{
	struct kvm_segment flat = {
		.limit = 0xffffffff,
		.selector = 16,
		.type = 3,
		.present = 1,
		.s = 1,
		.db = 1,
		.g = 1,
	};
	struct kvm_sregs sregs;

	must(!ioctl(guest.vcpu, KVM_GET_SREGS, &sregs), "KVM_GET_SREGS");
	sregs.ds = sregs.es = sregs.fs = sregs.gs = sregs.ss = flat;
	flat.type = 11;
	flat.selector = 8;
	sregs.cs = flat;
	sregs.cr0 |= 1;
	must(!ioctl(guest.vcpu, KVM_SET_SREGS, &sregs), "KVM_SET_SREGS");
}

static void leave_first_cpu(void)
{
	cpu_set_t cpus;

	must(!sched_getaffinity(0, sizeof(cpus), &cpus), "sched_getaffinity");
	CPU_CLR(0, &cpus);
	if (CPU_COUNT(&cpus))
		must(!sched_setaffinity(0, sizeof(cpus), &cpus),
		     "sched_setaffinity");
}

/**
 * guest_open - make some memory a guest's
 * @memory: pages
 * @nr:     how many
 */
void guest_open(void *memory, size_t nr)
{
	int bytes;

	if (nr > MAX_PAGES)
		fail("--guest", "2^19 pages at most");
	leave_first_cpu();
	guest.kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	must(guest.kvm >= 0, "/dev/kvm");
	guest.vm = ioctl(guest.kvm, KVM_CREATE_VM, 0);
	must(guest.vm >= 0, "KVM_CREATE_VM");
	/* Needed by Intel's real mode; far away from all else. */
	must(!ioctl(guest.vm, KVM_SET_TSS_ADDR, 0xfffbd000),
	     "KVM_SET_TSS_ADDR");
	guest.code = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(guest.code != MAP_FAILED, "mmap");
	memcpy(guest.code + CODE, touch_code,
	       (size_t)(touch_code_end - touch_code));
	add_memory(0, 0, guest.code, 2);
	add_memory(1, MEMORY, memory, nr);
	guest.vcpu = ioctl(guest.vm, KVM_CREATE_VCPU, 0);
	must(guest.vcpu >= 0, "KVM_CREATE_VCPU");
	bytes = ioctl(guest.kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	must(bytes > 0, "KVM_GET_VCPU_MMAP_SIZE");
	guest.run_bytes = (size_t)bytes;
	guest.run = mmap(NULL, guest.run_bytes, PROT_READ | PROT_WRITE,
			 MAP_SHARED, guest.vcpu, 0);
	must(guest.run != MAP_FAILED, "mmap of a vCPU");
	set_mode();
	guest.nr_pages = nr;
}

/**
 * guest_touch - the guest reads a word of each page
 */
void guest_touch(void)
{
	struct kvm_regs regs = {
		.rip = CODE,
		.rflags = 2,
		.rax = MEMORY,
		.rcx = guest.nr_pages,
	};

	must(!ioctl(guest.vcpu, KVM_SET_REGS, &regs), "KVM_SET_REGS");
	while (ioctl(guest.vcpu, KVM_RUN, 0))
		must(errno == EINTR || errno == EAGAIN, "KVM_RUN");
	if (guest.run->exit_reason != KVM_EXIT_HLT)
		fail("the guest", "does not halt where it should");
}

/**
 * guest_close - the memory is nobody's but the process's again
 */
void guest_close(void)
{
	munmap(guest.run, guest.run_bytes);
	close(guest.vcpu);
	close(guest.vm);
	close(guest.kvm);
	munmap(guest.code, 2 * PAGE);
}
