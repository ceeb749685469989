/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * actor.h - what the actors of the stress test have in common
 *
 * An actor is a process that does one kind of thing to memory, again and
 * again, until the test ends. Those that own memory keep books of what each
 * page has to hold and look at all of it all the time. An actor that finds
 * anything wrong calls fail(), which ends the whole test.
 *
 * At its end an actor prints one line, "NAME: COUNT WORD, COUNT WORD", whose
 * counts the case adds up by word.
 */
#ifndef ACTOR_H
#define ACTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../programs/vmtest.h"

#define MAX_ACTORS 32
/* How many different contents there are: few, so that many pages are equal. */
#define NR_CONTENTS 6

/* Blocks of the disk, a page each, that the two actors which use it have. */
#define DISK_BLOCKS 256
#define DIRECT_BLOCK 0
#define URING_BLOCK 256

/**
 * struct actor - one actor
 * @name:   what it is called
 * @end_ms: when the test ends
 * @rng:    state of its random sequence
 * @disk:   a block device with twice DISK_BLOCKS, or NULL
 * @cgroup: a directory where cgroups may be made, or NULL
 * @peers:  the processes of all actors, shared; 0: none
 * @doing:  what it did last, for messages
 */
struct actor {
	const char *name;
	uint64_t end_ms;
	uint64_t rng;
	const char *disk;
	const char *cgroup;
	pid_t *peers;
	const char *doing;
};

bool goes_on(const struct actor *actor);
/* At random, 0 to @sides - 1. */
size_t dice(struct actor *actor, size_t sides);
/* Rests up to @ms. */
void rest(struct actor *actor, unsigned int ms);
/* fail() with the errno unless @ok. */
void must(const struct actor *actor, bool ok, const char *what);
/* The actor cannot do its work here: says why, and leaves. */
void leave(const struct actor *actor, const char *why)
	__attribute__((noreturn));
/* Writes a line into a file; false if that failed, with errno set. */
bool put_line(const char *path, const char *line);

/**
 * struct book - memory that may be merged, and what it has to hold
 * @actor:  whose
 * @pages:  the first page
 * @nr:	    how many
 * @ids:    content of each, as for page_fill()
 * @writes: pages written and found right afterwards
 */
struct book {
	struct actor *actor;
	char *pages;
	size_t nr;
	uint64_t *ids;
	uint64_t writes;
};

void book_open(struct book *book, struct actor *actor, size_t nr);
void book_close(struct book *book);
char *book_page(const struct book *book, size_t i);
/* fail() unless the page holds what it should. */
void book_check(const struct book *book, size_t i);
void book_check_all(const struct book *book);
/* A content at random: one that many pages have. */
uint64_t book_content(const struct book *book);
/* The process writes another content into the page, and checks both. */
void book_write(struct book *book, size_t i);
/* Somebody else has written @id there. */
void book_written(struct book *book, size_t i, uint64_t id);

/* One file each. */
void act_direct(struct actor *actor);
void act_forks(struct actor *actor);
void act_hotplug(struct actor *actor);
void act_huge(struct actor *actor);
void act_numa(struct actor *actor);
void act_oom(struct actor *actor);
void act_pressure(struct actor *actor);
void act_reclaim(struct actor *actor);
void act_remote(struct actor *actor);
void act_splice(struct actor *actor);
void act_uring(struct actor *actor);

#endif /* ACTOR_H */
