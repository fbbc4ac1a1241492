/* SPDX-License-Identifier: ISC */
/*
 * How many packets to ask the system for at once. Asking for more than there
 * are costs a system call that finds nothing, which is most of the work where
 * packets come one by one; asking for one where many wait costs a turn of the
 * loop for each. So: one by one while they come one by one, with a look for
 * more now and then, and a whole batch as soon as there were more.
 * Thread: loop. Memory: the caller's, zeroed.
 */
#ifndef OS_BATCH_H
#define OS_BATCH_H

#include <stdbool.h>

enum {
	BATCH_SINGLES = 8, /* packets taken singly before a look for more */
};

struct batch {
	bool single;          /* the last whole look found one or none */
	unsigned int singles; /* taken since */
};

/* How many to ask for now: 1 or max. */
int batch_ask(const struct batch *b, int max);

/* Tells how many there were when so many were asked for. */
void batch_got(struct batch *b, int asked, int got);

#endif
