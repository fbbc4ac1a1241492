/* SPDX-License-Identifier: ISC */
/*
 * Frames that wait for a session with their peer, oldest dropped first.
 * Source: lansplice-protocol(7), TIMERS AND LIMITS; WireGuard's staged queue.
 * Thread: loop. Memory: a ring for each peer and blocks of the pool.
 */
#ifndef CORE_STAGE_H
#define CORE_STAGE_H

#include <stddef.h>
#include <stdint.h>

#include "core/drop.h"
#include "core/frame.h"
#include "core/pool.h"
#include "core/units.h"

enum {
	STAGE_FRAMES = 128,
	STAGE_MEMORY = 256 << 10, /* bytes of the pool */
	STAGE_POOL_PART = 4, /* one of so many parts is for fragments alone */
};

struct stage {
	struct pool_chain frames[STAGE_FRAMES];
	unsigned int first, count;
	unsigned int blocks;
};

/* Keeps a copy of a frame of 1..FRAME_MAX bytes. What makes room, and the
 * frame itself if there is none, is counted in drops. */
void stage_add(struct stage *s, struct pool *pool, struct drop_counts *drops,
    const struct frame *f);

/* Takes the oldest, which the caller gives back to the pool; len 0: none. */
struct pool_chain stage_next(struct stage *s);

/* Drops all of them, each counted under a reason. */
void stage_drop(struct stage *s, struct pool *pool, struct drop_counts *drops,
    enum drop reason);

#endif
