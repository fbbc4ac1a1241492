/* SPDX-License-Identifier: ISC */
#include "core/replay.h"

#include <string.h>

enum { REPLAY_WORDS = REPLAY_BITS / REPLAY_WORD_BITS };

void
replay_init(struct replay *r)
{
	memset(r, 0, sizeof(*r));
}

/* Clears the words between the greatest counter and a greater one. */
static void
replay_advance(struct replay *r, uint64_t counter)
{
	/* Word of the greatest seen; before the first, word 0 is clean. */
	const uint64_t last =
	    (r->next == 0 ? 0 : r->next - 1) / REPLAY_WORD_BITS;
	const uint64_t fresh = counter / REPLAY_WORD_BITS - last;

	for (uint64_t i = 1; i <= u64_min(fresh, REPLAY_WORDS); i++)
		r->seen[(last + i) % REPLAY_WORDS] = 0;
	r->next = counter + 1;
}

enum drop
replay_accept(struct replay *r, uint64_t counter)
{
	uint64_t *word = &r->seen[counter / REPLAY_WORD_BITS % REPLAY_WORDS];
	const uint64_t bit = UINT64_C(1) << counter % REPLAY_WORD_BITS;

	if (counter >= r->next)
		replay_advance(r, counter);
	else if (r->next - 1 - counter > REPLAY_WINDOW)
		return DROP_REPLAY_OLD;
	if ((*word & bit) != 0)
		return DROP_REPLAY;
	*word |= bit;
	return DROP_NONE;
}
