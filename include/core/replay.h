/* SPDX-License-Identifier: ISC */
/*
 * Replay window: lets each data counter through once.
 * Source: RFC 6479 (ring of words, no shifting); lansplice-protocol(7).
 * Thread: loop. Memory: the caller's; nothing is allocated.
 */
#ifndef CORE_REPLAY_H
#define CORE_REPLAY_H

#include <stdint.h>

#include "core/drop.h"
#include "core/units.h"

enum {
	REPLAY_BITS = 8192,
	REPLAY_WORD_BITS = 64,
	/* Counters behind the newest that are still taken. */
	REPLAY_WINDOW = REPLAY_BITS - REPLAY_WORD_BITS,
};

struct replay {
	uint64_t next; /* one more than the greatest counter seen */
	uint64_t seen[REPLAY_BITS / REPLAY_WORD_BITS];
};

void replay_init(struct replay *r);

/*
 * Takes counter as seen. Call after the packet has authenticated.
 * counter is below UINT64_MAX.
 * Returns DROP_NONE, DROP_REPLAY (seen before), DROP_REPLAY_OLD (behind the
 * window).
 */
MUST_USE enum drop replay_accept(struct replay *r, uint64_t counter);

#endif
