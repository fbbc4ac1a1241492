/* SPDX-License-Identifier: ISC */
#include "core/stage.h"

#include <assert.h>

struct pool_chain
stage_next(struct stage *s)
{
	struct pool_chain chain = { .len = 0 };

	if (s->count == 0)
		return chain;
	chain = s->frames[s->first];
	s->first = (s->first + 1) % STAGE_FRAMES;
	s->count--;
	s->blocks -= pool_blocks(chain.len);
	return chain;
}

static void
stage_drop_oldest(struct stage *s, struct pool *pool, struct drop_counts *drops,
    enum drop reason)
{
	struct pool_chain chain = stage_next(s);

	pool_give(pool, &chain);
	drop_add(drops, reason);
}

/* A part of the pool is not for frames that wait: those of peers that never
 * connect must not keep the fragments of the others from coming together. */
static unsigned int
stage_room(const struct pool *pool)
{
	const unsigned int kept = pool->count / STAGE_POOL_PART;

	return pool->free_count > kept ? pool->free_count - kept : 0;
}

void
stage_add(struct stage *s, struct pool *pool, struct drop_counts *drops,
    const struct frame *f)
{
	const unsigned int blocks = pool_blocks(f->len);

	if (stage_room(pool) + s->blocks < blocks) {
		drop_add(drops, DROP_POOL); /* others hold the rest */
		return;
	}
	while (s->count > 0 &&
	    (s->count == STAGE_FRAMES || stage_room(pool) < blocks ||
		s->blocks + blocks > STAGE_MEMORY / POOL_BLOCK))
		stage_drop_oldest(s, pool, drops, DROP_STAGE_FULL);

	struct pool_chain *chain =
	    &s->frames[(s->first + s->count) % STAGE_FRAMES];
	const enum drop why = pool_take(pool, chain, f->len);
	assert(why == DROP_NONE);
	(void)why;
	pool_write(pool, chain, 0, f->data, f->len);
	s->count++;
	s->blocks += blocks;
}

void
stage_drop(struct stage *s, struct pool *pool, struct drop_counts *drops,
    enum drop reason)
{
	while (s->count > 0)
		stage_drop_oldest(s, pool, drops, reason);
}
