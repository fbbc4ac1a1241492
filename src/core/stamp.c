/* SPDX-License-Identifier: ISC */
#include "core/stamp.h"

void
stamp_init(struct stamp *s, uint64_t floor)
{
	/* Upwards, so that clearing the low bits stays at or above it. */
	const uint64_t first = (floor + STAMP_STEP - 1) & ~(STAMP_STEP - 1);

	s->last = first == 0 ? 0 : first - STAMP_STEP;
	s->stored = s->asked = floor;
}

bool
stamp_next(
    struct stamp *s, const struct sink *sink, uint64_t wall_ns, uint64_t *out)
{
	const uint64_t wall = wall_ns >= STAMP_WALL_MAX ? 0 : wall_ns;
	const uint64_t stamp =
	    u64_max(wall, s->last + STAMP_STEP) & ~(STAMP_STEP - 1);

	if (stamp >= s->stored && stamp < s->asked)
		return false;
	if (stamp >= s->stored) {
		s->asked = stamp + STAMP_AHEAD;
		if (!sink->stamp_store(sink->ctx, s->asked))
			return false;
		s->stored = s->asked;
	}
	s->last = stamp;
	*out = stamp;
	return true;
}

void
stamp_stored(struct stamp *s, uint64_t floor)
{
	s->stored = u64_max(s->stored, floor);
}
