/* SPDX-License-Identifier: ISC */
/*
 * The timestamps of our initiations: strictly rising over restarts and
 * clocks that go back, with the help of a floor on disk that is always
 * greater than every stamp sent.
 * Source: lansplice-protocol(7), TIMESTAMPS.
 * Thread: loop. Memory: the caller's. Values are ns since 1970.
 */
#ifndef CORE_STAMP_H
#define CORE_STAMP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/sink.h"
#include "core/units.h"

#define STAMP_STEP (UINT64_C(1) << 24)     /* low bits are cleared: 16.8 ms */
#define STAMP_AHEAD (UINT64_C(1) << 36)    /* stored beyond a stamp: 69 s */
#define STAMP_WALL_MAX (UINT64_C(1) << 62) /* a clock from here on counts 0 */

struct stamp {
	uint64_t last;   /* greatest handed out */
	uint64_t stored; /* on disk */
	uint64_t asked;  /* handed to sink.stamp_store */
};

/* floor: what is on disk, 0 if nothing is. */
void stamp_init(struct stamp *s, uint64_t floor);

/*
 * The next timestamp. False: a new floor must be stored first; ask again
 * after stamp_stored.
 */
MUST_USE bool stamp_next(
    struct stamp *s, const struct sink *sink, uint64_t wall_ns, uint64_t *out);

/* The floor handed to sink.stamp_store is on disk, or was given up. */
void stamp_stored(struct stamp *s, uint64_t floor);

#endif
