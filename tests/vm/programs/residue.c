// SPDX-License-Identifier: GPL-2.0-only
/*
 * residue.c - what is left of other people's pages when a session has ended
 *
 *   residue [-k DIR] [-9] -- GKSMD...
 *
 * Fills pages with a secret, has gksmd hash them, overwrites them, ends gksmd
 * (by SIGTERM, or with -9 by SIGKILL) and then searches all of the machine's
 * memory, used or free, for the secret (/proc/kcore). Nothing may be left.
 * Before the end of the session it has to be found, so the search works.
 * The next session must get areas full of zeros.
 */
#define _GNU_SOURCE
#include "vmtest.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gksm_abi.h>

#define NR_PAGES 2048
#define LIMIT_S 120
#define CHUNK_BYTES 65536
#define MAX_HEADERS 64
/* So many equal words in a row are no copy in a register or on a stack. */
#define RUN_WORDS 32
/* As gksmd's default. */
#define NR_BATCHES 4
#define BATCH_SLOTS 1024

static const char *ksm = "/sys/kernel/mm/gksm";
/* The secret, disguised, so that it is not found here. */
static const uint64_t disguise = 0x5a5a5a5a5a5a5a5a;
static uint64_t disguised;
static uint64_t chunk[CHUNK_BYTES / 8];
static char *pages;

static void choose_secret(void)
{
	if (getrandom(&disguised, sizeof(disguised), 0) != sizeof(disguised))
		fail("getrandom: %s", strerror(errno));
}

static void fill_pages(void)
{
	for (size_t i = 0; i < NR_PAGES; i++) {
		uint64_t *word = (uint64_t *)(pages + i * PAGE_BYTES);

		/* All different: nothing is merged. */
		word[0] = i;
		for (size_t w = 1; w < PAGE_WORDS; w++)
			word[w] = disguised ^ disguise;
	}
}

/* Does a run of the secret cover this word? */
static bool is_run(const uint64_t *word, size_t at, size_t nr)
{
	size_t first = at, last = at;

	while (first && (word[first - 1] ^ disguise) == disguised)
		first--;
	while (last + 1 < nr && (word[last + 1] ^ disguise) == disguised)
		last++;
	return last - first + 1 >= RUN_WORDS;
}

static bool page_has_secret(const uint64_t *page)
{
	for (size_t w = 0; w < PAGE_WORDS; w += RUN_WORDS / 2)
		if ((page[w] ^ disguise) == disguised &&
		    is_run(page, w, PAGE_WORDS))
			return true;
	return false;
}

/* Returns how many pages of what was read have it, and forgets them. */
static size_t search_chunk(size_t bytes)
{
	size_t found = 0;

	for (size_t w = 0; w + PAGE_WORDS <= bytes / 8; w += PAGE_WORDS)
		found += page_has_secret(chunk + w);
	if (found)
		explicit_bzero(chunk, sizeof(chunk));
	return found;
}

static size_t search_range(int kcore, uint64_t offset, uint64_t bytes)
{
	size_t found = 0;

	while (bytes) {
		const size_t want = bytes < CHUNK_BYTES ? bytes : CHUNK_BYTES;
		const ssize_t got = pread(kcore, chunk, want, (off_t)offset);

		if (got <= 0)
			fail("cannot read /proc/kcore at %#llx: %s",
			     (unsigned long long)offset, strerror(errno));
		found += search_chunk((size_t)got);
		offset += (uint64_t)got;
		bytes -= (uint64_t)got;
	}
	return found;
}

/* All memory, once: what has a physical address and is not the kernel text. */
static size_t search_memory(void)
{
	int kcore = open("/proc/kcore", O_RDONLY | O_CLOEXEC);
	Elf64_Phdr headers[MAX_HEADERS];
	uint64_t searched = 0, first = 0;
	size_t found = 0;
	Elf64_Ehdr elf;

	if (kcore < 0 || pread(kcore, &elf, sizeof(elf), 0) != sizeof(elf) ||
	    elf.e_phnum > MAX_HEADERS ||
	    pread(kcore, headers, elf.e_phnum * sizeof(*headers),
		  (off_t)elf.e_phoff) !=
		    (ssize_t)(elf.e_phnum * sizeof(*headers)))
		fail("cannot read /proc/kcore: %s", strerror(errno));
	for (size_t i = 0; i < elf.e_phnum; i++) {
		const Elf64_Phdr *header = &headers[i];

		/* The direct mapping ends where vmalloc and modules begin. */
		if (header->p_type != PT_LOAD ||
		    header->p_paddr == (Elf64_Addr)-1 ||
		    header->p_vaddr >= 0xffffffff80000000)
			continue;
		if (!searched)
			first = header->p_offset;
		found +=
			search_range(kcore, header->p_offset, header->p_filesz);
		searched += header->p_filesz;
	}
	/*
	 * The kernel reads page by page into a buffer of its own, and frees it as
	 * it is: not with a page of the session, which may be the last one.
	 */
	if (pread(kcore, chunk, PAGE_BYTES, (off_t)first) != PAGE_BYTES)
		fail("cannot read /proc/kcore: %s", strerror(errno));
	memset(chunk, 0, sizeof(chunk));
	close(kcore);
	/* What the kernel keeps for itself at boot is not in MemTotal. */
	if (searched / 1024 < (uint64_t)meminfo_kib("MemTotal"))
		fail("only %llu KiB of memory can be searched",
		     (unsigned long long)searched / 1024);
	return found;
}

static pid_t start_daemon(char **command)
{
	pid_t pid = fork();

	if (pid < 0)
		fail("fork: %s", strerror(errno));
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execv(command[0], command);
		fail("cannot run %s: %s", command[0], strerror(errno));
	}
	return pid;
}

static void await_hashed(pid_t pid, long nr)
{
	const uint64_t end_ms = now_ms() + LIMIT_S * 1000ULL;
	const long want = ksm_read(ksm, "pages_hashed_offload") + nr;

	while (ksm_read(ksm, "pages_hashed_offload") < want) {
		if (waitpid(pid, NULL, WNOHANG))
			fail("gksmd is gone");
		if (now_ms() > end_ms)
			fail("gksmd hashed nothing for %d s", LIMIT_S);
		sleep_ms(20);
	}
}

static void end_daemon(pid_t pid, int how)
{
	const uint64_t end_ms = now_ms() + LIMIT_S * 1000ULL;
	int status;

	kill(pid, how);
	if (waitpid(pid, &status, 0) != pid ||
	    (how == SIGKILL ? !WIFSIGNALED(status) : status))
		fail("gksmd ended with status %#x", status);
	while (ksm_read(ksm, "staging_bytes")) {
		if (now_ms() > end_ms)
			fail("the session does not end");
		sleep_ms(10);
	}
}

static void expect_zeros(int fd, uint64_t bytes, off_t offset)
{
	const uint64_t *area =
		mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, offset);

	if (area == MAP_FAILED)
		fail("cannot map an area: %s", strerror(errno));
	for (size_t i = 0; i < bytes / 8; i++)
		if (area[i])
			fail("a new session has %#llx at %zu of area %#llx",
			     (unsigned long long)area[i], i * 8,
			     (unsigned long long)offset);
}

static void next_session_is_empty(void)
{
	struct gksm_setup setup = {
		.size = sizeof(setup),
		.abi = GKSM_ABI_VERSION,
		.nr_batches = NR_BATCHES,
		.batch_slots = BATCH_SLOTS,
	};
	int fd = open(GKSM_DEVICE_PATH, O_RDWR | O_CLOEXEC);

	if (fd < 0 || ioctl(fd, GKSM_IOC_SETUP, &setup))
		fail("cannot begin a session: %s", strerror(errno));
	expect_zeros(fd, setup.staging_bytes, GKSM_MMAP_STAGING);
	expect_zeros(fd, setup.slots_bytes, GKSM_MMAP_SLOTS);
	expect_zeros(fd, setup.results_bytes, GKSM_MMAP_RESULTS);
	close(fd);
}

int main(int argc, char **argv)
{
	int option, how = SIGTERM;
	size_t found;
	pid_t pid;

	while ((option = getopt(argc, argv, "k:9")) != -1) {
		if (option == 'k')
			ksm = optarg;
		else if (option == '9')
			how = SIGKILL;
	}
	if (!argv[optind])
		fail("usage: residue [-k DIR] [-9] -- GKSMD...");
	choose_secret();
	pages = pages_map(NR_PAGES);
	/* Before they are filled: it must not inherit them. */
	pid = start_daemon(argv + optind);
	fill_pages();
	pages_opt_in(pages, NR_PAGES);
	ksm_write(ksm, "run", 1);
	await_hashed(pid, 2L * NR_PAGES);
	/* What it has in hand is taken back, and stays where it is. */
	ksm_write(ksm, "run", 0);
	explicit_bzero(pages, (size_t)NR_PAGES * PAGE_BYTES);
	found = search_memory();
	printf("residue: %zu pages with the secret while the session is open\n",
	       found);
	if (found < NR_PAGES / 2)
		fail("the search does not work");
	end_daemon(pid, how);
	found = search_memory();
	printf("residue: %zu pages with the secret when it has ended\n", found);
	if (found)
		fail("a session leaves other people's pages behind");
	next_session_is_empty();
	return 0;
}
