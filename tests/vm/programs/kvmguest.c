// SPDX-License-Identifier: GPL-2.0-only
/*
 * kvmguest.c - a guest and its host write the same pages while they are merged
 *
 * A guest writes through page tables of its own (secondary MMU), so a merge
 * that does not tell KVM leaves it writing the old page. The guest is a dozen
 * instructions in 32-bit mode without paging: compare a page with what it has
 * to hold, write other contents, compare again, halt. Then the host looks at
 * the page through its own page tables, and now and then writes it as well.
 *
 * With -k DIR something else: that a page which only the guest writes is read
 * again, and one that it does not touch is not. -H: without huge pages.
 *
 * It stays off the first CPU, where QEMU emulates KVM wrongly: docs/testing.md,
 * "KVM in an emulated VM".
 *
 * Exit status 4: there is no KVM.
 */
#define _GNU_SOURCE
#include "vmtest.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAX_VCPUS 8
#define NR_CONTENTS 6
/* Neighbouring pages that are written at a time, and for how long. */
#define WINDOW_PAGES 32
#define WINDOW_MS 60
/* Guest-physical: code, pages to copy from, and the memory that is merged. */
#define CODE 0x1000
#define TEMPLATES 0x10000
#define MEMORY 0x1000000

/* Port that the guest writes to when a page is not what it has to be. */
#define PORT_WRONG 0x10

/*
 * EAX: the page; EBX: what it has to hold; EDX: what it shall hold. It halts
 * with ECX = 0, or writes to the port.
 */
extern const char guest_code[], guest_code_end[];
__asm__(".pushsection .rodata\n"
	".code32\n"
	"guest_code:\n"
	"	cld\n"
	"	mov %eax, %edi\n"
	"	mov %ebx, %esi\n"
	"	mov $1024, %ecx\n"
	"	repe cmpsl\n"
	"	jne 1f\n"
	"	mov %eax, %edi\n"
	"	mov %edx, %esi\n"
	"	mov $1024, %ecx\n"
	"	rep movsl\n"
	"	mov %eax, %edi\n"
	"	mov %edx, %esi\n"
	"	mov $1024, %ecx\n"
	"	repe cmpsl\n"
	"	jne 1f\n"
	"	hlt\n"
	"1:	out %al, $0x10\n"
	"guest_code_end:\n"
	".code64\n"
	".popsection\n");

static size_t pages_per_vcpu = 256;
static uint64_t end_ms;
static atomic_ulong guest_writes, host_writes;

/**
 * struct vcpu - a virtual CPU, its thread and its part of the memory
 * @number: which
 * @fd:	    of KVM_CREATE_VCPU
 * @run:    what KVM tells about an exit
 * @pages:  as the host sees them
 * @gpa:    as the guest does
 * @ids:    content of each page
 * @rng:    state of its random sequence
 */
struct vcpu {
	pthread_t thread;
	unsigned int number;
	int fd;
	struct kvm_run *run;
	char *pages;
	uint64_t gpa;
	uint64_t *ids;
	uint64_t rng;
};

static void must(bool ok, const char *what)
{
	if (!ok)
		fail("%s: %s", what, strerror(errno));
}

static uint64_t template_of(uint64_t id)
{
	return TEMPLATES + id * PAGE_BYTES;
}

static void check(const struct vcpu *vcpu, size_t i, const char *when)
{
	const uint64_t *page = (void *)(vcpu->pages + i * PAGE_BYTES);
	int word = page_differs(page, vcpu->ids[i]);

	if (word >= 0)
		fail("LOST WRITE: vCPU %u, page %zu, word %d, content %llu: the host finds %#llx %s",
		     vcpu->number, i, word, (unsigned long long)vcpu->ids[i],
		     (unsigned long long)page[word], when);
}

/* One run of the guest's code. */
static void write_by_guest(struct vcpu *vcpu, size_t i, uint64_t id)
{
	struct kvm_regs regs = {
		.rip = CODE,
		.rflags = 2,
		.rax = vcpu->gpa + i * PAGE_BYTES,
		.rbx = template_of(vcpu->ids[i]),
		.rdx = template_of(id),
	};

	must(!ioctl(vcpu->fd, KVM_SET_REGS, &regs), "KVM_SET_REGS");
	while (ioctl(vcpu->fd, KVM_RUN, 0))
		must(errno == EINTR || errno == EAGAIN, "KVM_RUN");
	if (vcpu->run->exit_reason == KVM_EXIT_IO &&
	    vcpu->run->io.port == PORT_WRONG)
		fail("LOST WRITE: vCPU %u, page %zu: the guest finds something else than content %llu or %llu",
		     vcpu->number, i, (unsigned long long)vcpu->ids[i],
		     (unsigned long long)id);
	if (vcpu->run->exit_reason != KVM_EXIT_HLT)
		fail("the guest stops with exit reason %u",
		     vcpu->run->exit_reason);
	vcpu->ids[i] = id;
	atomic_fetch_add(&guest_writes, 1);
}

static void rewrite_by_guest(struct vcpu *vcpu, size_t i)
{
	write_by_guest(vcpu, i, rng_next(&vcpu->rng) % NR_CONTENTS);
}

static void rewrite_by_host(struct vcpu *vcpu, size_t i)
{
	vcpu->ids[i] = rng_next(&vcpu->rng) % NR_CONTENTS;
	page_fill(vcpu->pages + i * PAGE_BYTES, vcpu->ids[i]);
	check(vcpu, i, "after its own write");
	atomic_fetch_add(&host_writes, 1);
}

static void *run_vcpu(void *arg)
{
	struct vcpu *vcpu = arg;

	while (now_ms() < end_ms) {
		const size_t first = rng_next(&vcpu->rng) %
				     (pages_per_vcpu - WINDOW_PAGES + 1);
		const uint64_t window_ms = now_ms() + WINDOW_MS;

		while (now_ms() < window_ms) {
			const uint64_t dice = rng_next(&vcpu->rng);
			const size_t i = first + (dice >> 8) % WINDOW_PAGES;

			check(vcpu, i, "before a write");
			if (dice & 3) {
				rewrite_by_guest(vcpu, i);
				check(vcpu, i, "after a write by the guest");
			} else {
				rewrite_by_host(vcpu, i);
			}
		}
	}
	for (size_t i = 0; i < pages_per_vcpu; i++)
		check(vcpu, i, "at the end");
	return NULL;
}

static void add_memory(int vm, unsigned int slot, uint64_t gpa, void *pages,
		       size_t nr)
{
	struct kvm_userspace_memory_region region = {
		.slot = slot,
		.guest_phys_addr = gpa,
		.memory_size = nr * PAGE_BYTES,
		.userspace_addr = (uintptr_t)pages,
	};

	must(!ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region),
	     "KVM_SET_USER_MEMORY_REGION");
}

/* Code and templates; nobody merges these. */
static void add_fixed_memory(int vm)
{
	const size_t nr = (TEMPLATES / PAGE_BYTES) + NR_CONTENTS;
	char *pages = pages_map(nr);

	memcpy(pages + CODE, guest_code, (size_t)(guest_code_end - guest_code));
	for (uint64_t id = 0; id < NR_CONTENTS; id++)
		page_fill(pages + template_of(id), id);
	add_memory(vm, 0, 0, pages, nr);
}

/* Flat 32-bit mode, without paging. */
static void set_mode(int fd)
{
	struct kvm_segment flat = {
		.limit = 0xffffffff,
		.present = 1,
		.s = 1,
		.db = 1,
		.g = 1,
	};
	struct kvm_sregs sregs;

	must(!ioctl(fd, KVM_GET_SREGS, &sregs), "KVM_GET_SREGS");
	flat.type = 3;
	flat.selector = 16;
	sregs.ds = sregs.es = sregs.fs = sregs.gs = sregs.ss = flat;
	flat.type = 11;
	flat.selector = 8;
	sregs.cs = flat;
	sregs.cr0 |= 1;
	must(!ioctl(fd, KVM_SET_SREGS, &sregs), "KVM_SET_SREGS");
}

/* Pages that the guest writes, one after the other, and those they become. */
#define NR_PAIRS 5
#define PASSES 4
#define IDLE_PASSES 20

static void notice(struct vcpu *vcpu, const char *ksm)
{
	long before, scanned, passes;
	size_t pair;

	for (size_t i = 0; i < pages_per_vcpu; i++)
		page_fill(vcpu->pages + i * PAGE_BYTES, 1000 + i);
	for (pair = 0; pair < NR_PAIRS; pair++) {
		const size_t i = 40 * pair;

		/* Different from all others; the guest has it mapped. */
		page_fill(vcpu->pages + i * PAGE_BYTES, pair);
		vcpu->ids[i] = pair;
		write_by_guest(vcpu, i, pair);
	}
	ksm_write(ksm, "incremental_passes", 65536);
	ksm_await_passes(ksm, PASSES);
	before = ksm_pages_read(ksm);
	scanned = ksm_read(ksm, "pages_scanned");
	ksm_await_passes(ksm, IDLE_PASSES);
	before = ksm_pages_read(ksm) - before;
	scanned = ksm_read(ksm, "pages_scanned") - scanned;
	printf("kvmguest: idle: %ld of %ld pages read again\n", before,
	       scanned);
	if (before * 50 > scanned)
		fail("more than 2 %% of the idle guest's pages are read again");
	/* Each becomes what the one before it is: 1 as 0, 3 as 2... */
	for (pair = 0; pair + 1 < NR_PAIRS; pair += 2) {
		const size_t from = 40 * pair, to = from + 40;

		write_by_guest(vcpu, to, pair);
		passes = ksm_read(ksm, "full_scans");
		while (!pages_are_one(vcpu->pages + from * PAGE_BYTES,
				      vcpu->pages + to * PAGE_BYTES)) {
			if (ksm_read(ksm, "full_scans") > passes + PASSES)
				fail("a write by the guest was not noticed within %d passes",
				     PASSES);
			sleep_ms(1);
		}
		printf("kvmguest: a write by the guest: merged within %ld passes\n",
		       ksm_read(ksm, "full_scans") - passes + 1);
		check(vcpu, to, "after it was merged");
	}
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

static void make_vcpu(int kvm, int vm, struct vcpu *vcpu, uint64_t seed)
{
	const int bytes = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);

	must(bytes > 0, "KVM_GET_VCPU_MMAP_SIZE");
	vcpu->fd = ioctl(vm, KVM_CREATE_VCPU, vcpu->number);
	must(vcpu->fd >= 0, "KVM_CREATE_VCPU");
	vcpu->run = mmap(NULL, (size_t)bytes, PROT_READ | PROT_WRITE,
			 MAP_SHARED, vcpu->fd, 0);
	must(vcpu->run != MAP_FAILED, "mmap of a vCPU");
	set_mode(vcpu->fd);
	vcpu->rng = mix(seed + vcpu->number);
	vcpu->ids = calloc(pages_per_vcpu, sizeof(*vcpu->ids));
	must(vcpu->ids, "calloc");
}

int main(int argc, char **argv)
{
	unsigned long nr_vcpus = 2, seconds = 30, seed = 0;
	struct vcpu vcpus[MAX_VCPUS] = { 0 };
	const char *ksm = NULL;
	bool huge = true;
	char *memory;
	int kvm, vm, option;

	while ((option = getopt(argc, argv, "c:Hk:n:s:S:")) != -1) {
		if (option == 'c')
			nr_vcpus = parse_number(optarg, 'c');
		else if (option == 'H')
			huge = false;
		else if (option == 'k')
			ksm = optarg;
		else if (option == 'n')
			pages_per_vcpu = parse_number(optarg, 'n');
		else if (option == 's')
			seconds = parse_number(optarg, 's');
		else if (option == 'S')
			seed = parse_number(optarg, 'S');
		else
			fail("usage: kvmguest [-c VCPUS] [-H] [-k DIR] [-n PAGES] [-s SECONDS] [-S SEED]");
	}
	if (nr_vcpus < 1 || nr_vcpus > MAX_VCPUS ||
	    pages_per_vcpu < WINDOW_PAGES)
		fail("1 to %d vCPUs with at least %d pages each", MAX_VCPUS,
		     WINDOW_PAGES);
	leave_first_cpu();
	kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (kvm < 0) {
		printf("kvmguest: skipped: no /dev/kvm\n");
		return 4;
	}
	vm = ioctl(kvm, KVM_CREATE_VM, 0);
	must(vm >= 0, "KVM_CREATE_VM");
	/* Needed by Intel's real mode; far away from all else. */
	must(!ioctl(vm, KVM_SET_TSS_ADDR, 0xfffbd000), "KVM_SET_TSS_ADDR");
	add_fixed_memory(vm);
	memory = pages_map(nr_vcpus * pages_per_vcpu);
	must(huge || !madvise(memory, nr_vcpus * pages_per_vcpu * PAGE_BYTES,
			      MADV_NOHUGEPAGE),
	     "MADV_NOHUGEPAGE");
	pages_opt_in(memory, nr_vcpus * pages_per_vcpu);
	add_memory(vm, 1, MEMORY, memory, nr_vcpus * pages_per_vcpu);
	end_ms = now_ms() + seconds * 1000ULL;
	for (unsigned int v = 0; v < nr_vcpus; v++) {
		const size_t offset = v * pages_per_vcpu * PAGE_BYTES;

		vcpus[v].number = v;
		vcpus[v].pages = memory + offset;
		vcpus[v].gpa = MEMORY + offset;
		make_vcpu(kvm, vm, &vcpus[v], seed);
	}
	if (ksm) {
		notice(&vcpus[0], ksm);
		return 0;
	}
	for (unsigned int v = 0; v < nr_vcpus; v++)
		must(!pthread_create(&vcpus[v].thread, NULL, run_vcpu,
				     &vcpus[v]),
		     "pthread_create");
	for (unsigned int v = 0; v < nr_vcpus; v++)
		pthread_join(vcpus[v].thread, NULL);
	printf("kvmguest: %lu writes, %lu guest writes\n",
	       guest_writes + host_writes, guest_writes);
	return 0;
}
