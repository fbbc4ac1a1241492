/* SPDX-License-Identifier: ISC */
/*
 * Frames that do not fit the path: how they are split in balanced pieces and
 * put together again. Every fragment is a transport message of its own, so
 * nothing is assembled from what has not authenticated.
 * Source: lansplice-protocol(7), FRAGMENTS.
 * Thread: loop. Memory: a table for each peer and blocks of the pool.
 */
#ifndef CORE_FRAGMENT_H
#define CORE_FRAGMENT_H

#include <stddef.h>
#include <stdint.h>

#include "core/drop.h"
#include "core/pool.h"
#include "core/units.h"
#include "core/wire.h"

enum {
	FRAGMENT_COUNT_MIN = 2,
	FRAGMENT_COUNT_MAX = 16,
	FRAGMENT_UNIT_MIN = 64,      /* bytes */
	FRAGMENT_ALIGN = 16,         /* units are multiples of it */
	FRAGMENT_PARTIALS = 32,      /* incomplete frames of a peer */
	FRAGMENT_MEMORY = 512 << 10, /* bytes of the pool for them */
};
#define FRAGMENT_LIFE SEC(1) /* after the first fragment seen */

/*
 * How a frame of total bytes is split for a path of path_size bytes of UDP
 * payload and a cipher's tag: fills count, total and unit. DROP_NONE or
 * DROP_FRAGMENT_COUNT (it would need more than 16).
 */
MUST_USE enum drop fragment_plan(
    struct wire_fragment *out, size_t total, size_t path_size, size_t tag_len);

/* Where fragment f->index begins in its frame, and how long it is. */
size_t fragment_offset(const struct wire_fragment *f);
size_t fragment_len(const struct wire_fragment *f);

struct fragment_partial {
	uint64_t base; /* counter of fragment 0 */
	uint64_t since_ns;
	uint32_t key; /* local index of the session */
	uint16_t unit;
	uint16_t have; /* bit i: fragment i is here */
	uint8_t count; /* 0: free */
	struct pool_chain chain;
};

struct fragment_table {
	struct fragment_partial partial[FRAGMENT_PARTIALS];
	unsigned int used;   /* partial frames */
	unsigned int blocks; /* of the pool that they hold */
};

/* One fragment as it was received. */
struct fragment_piece {
	uint32_t key;
	uint64_t counter;
	const uint8_t *text; /* kind byte first */
	size_t len;
	size_t frame_max; /* largest frame that we announced */
};

/*
 * Takes a fragment. When it completes its frame, that is handed over in done,
 * which the caller gives back to the pool; else done->len is 0.
 * Returns DROP_NONE, DROP_FRAGMENT_INVALID, DROP_FRAGMENT_MISMATCH or
 * DROP_POOL. Partial frames that make room are counted in drops.
 */
MUST_USE enum drop fragment_accept(struct fragment_table *t, struct pool *pool,
    struct drop_counts *drops, uint64_t now_ns,
    const struct fragment_piece *piece, struct pool_chain *done);

/* Drops what is older than FRAGMENT_LIFE, counted. Returns when to call
 * again, or NEVER. */
uint64_t fragment_tick(struct fragment_table *t, struct pool *pool,
    struct drop_counts *drops, uint64_t now_ns);

/* Drops all, uncounted. */
void fragment_wipe(struct fragment_table *t, struct pool *pool);

#endif
