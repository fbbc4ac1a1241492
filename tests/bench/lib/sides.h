/* SPDX-License-Identifier: ISC */
/*
 * Two nodes in one process, which the programs of the bench send frames
 * through, and what they measure with.
 * Thread: one. Memory: allocated by sides_connect.
 */
#ifndef SIDES_H
#define SIDES_H

#include <stddef.h>
#include <stdint.h>

#include "core/addr.h"
#include "core/node.h"
#include "core/suite.h"
#include "core/units.h"

enum {
	SIDES_BATCH = 64, /* frames of a call */
	SIDES_SLOT = 2048,
	SIDES_ROUNDS = 11, /* unless the command line says another number */
	SIDES_ROUNDS_MAX = 101,
};

/* One side: its node, and the datagrams that it sent. */
struct side {
	struct node *node;
	struct addr addr;
	uint8_t *arena;
	size_t len[SIDES_BATCH];
	int count;
	unsigned int frames; /* delivered */
};

/* What the bare cipher takes, ns a frame. */
struct sides_bare {
	double seal, open;
};

extern struct side sides[2];
extern const struct now sides_now; /* time stands still */

/* Two new nodes with a session between them. */
void sides_connect(enum suite_cipher cipher);
void sides_free(void);

/* Hands over what a side has sent. */
void sides_carry(struct side *from, struct side *to);

/* Seals and opens `batches` batches without any node. */
struct sides_bare sides_bare(enum suite_cipher cipher, size_t len, int batches);

uint64_t sides_clock_ns(void);

/* Of `count` (at most SIDES_ROUNDS_MAX) numbers, each `stride` bytes behind
 * the one before. */
double sides_median(const double *first, size_t stride, int count);

/* The number of rounds from the command line; -1 if it is none. */
int sides_rounds(int argc, char **argv);

#endif
