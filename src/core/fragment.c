/* SPDX-License-Identifier: ISC */
#include "core/fragment.h"

#include <stdbool.h>

static size_t
divide_up(size_t a, size_t b)
{
	return (a + b - 1) / b;
}

enum drop
fragment_plan(
    struct wire_fragment *out, size_t total, size_t path_size, size_t tag_len)
{
	const size_t overhead =
	    WIRE_DATA_HEADER + WIRE_FRAGMENT_HEADER + tag_len;
	const size_t unit_max =
	    (path_size - overhead) / FRAGMENT_ALIGN * FRAGMENT_ALIGN;
	const size_t n = divide_up(total, unit_max);

	if (n > FRAGMENT_COUNT_MAX)
		return DROP_FRAGMENT_COUNT;
	const size_t unit =
	    divide_up(divide_up(total, n), FRAGMENT_ALIGN) * FRAGMENT_ALIGN;
	out->index = 0;
	out->count = (uint8_t)divide_up(total, unit);
	out->total = (uint16_t)total;
	out->unit = (uint16_t)unit;
	return DROP_NONE;
}

size_t
fragment_offset(const struct wire_fragment *f)
{
	return (size_t)f->index * f->unit;
}

size_t
fragment_len(const struct wire_fragment *f)
{
	return size_min(f->unit, f->total - fragment_offset(f));
}

static bool
fragment_valid(const struct wire_fragment *f, const struct fragment_piece *p)
{
	return f->count >= FRAGMENT_COUNT_MIN &&
	    f->count <= FRAGMENT_COUNT_MAX && f->index < f->count &&
	    p->counter >= f->index && f->unit >= FRAGMENT_UNIT_MIN &&
	    f->total > f->unit * (f->count - 1) &&
	    f->total <= f->unit * f->count && f->total <= p->frame_max &&
	    p->len - WIRE_FRAGMENT_HEADER == fragment_len(f);
}

static void
partial_drop(struct fragment_table *t, struct pool *pool,
    struct fragment_partial *partial)
{
	t->blocks -= pool_blocks(partial->chain.len);
	t->used--;
	pool_give(pool, &partial->chain);
	partial->count = 0;
}

static struct fragment_partial *
partial_find(struct fragment_table *t, uint32_t key, uint64_t base)
{
	for (size_t i = 0; i < FRAGMENT_PARTIALS; i++) {
		struct fragment_partial *p = &t->partial[i];

		if (p->count != 0 && p->key == key && p->base == base)
			return p;
	}
	return NULL;
}

static struct fragment_partial *
partial_oldest(struct fragment_table *t)
{
	struct fragment_partial *oldest = NULL;

	for (size_t i = 0; i < FRAGMENT_PARTIALS; i++) {
		struct fragment_partial *p = &t->partial[i];

		if (p->count != 0 &&
		    (oldest == NULL || p->since_ns < oldest->since_ns))
			oldest = p;
	}
	return oldest;
}

/* Evicts the oldest until blocks more can be had; false if they cannot. */
static bool
partial_make_room(struct fragment_table *t, struct pool *pool,
    struct drop_counts *drops, unsigned int blocks)
{
	if (pool->free_count + t->blocks < blocks)
		return false; /* others hold the rest */
	while (t->used == FRAGMENT_PARTIALS || pool->free_count < blocks ||
	    t->blocks + blocks > FRAGMENT_MEMORY / POOL_BLOCK) {
		partial_drop(t, pool, partial_oldest(t));
		drop_add(drops, DROP_FRAGMENT_EVICTED);
	}
	return true;
}

static struct fragment_partial *
partial_add(struct fragment_table *t, struct pool *pool,
    const struct wire_fragment *f, const struct fragment_piece *piece,
    uint64_t now_ns)
{
	struct fragment_partial *p = t->partial;

	while (p->count != 0)
		p++;
	if (pool_take(pool, &p->chain, f->total) != DROP_NONE)
		return NULL;
	p->base = piece->counter - f->index;
	p->key = piece->key;
	p->since_ns = now_ns;
	p->unit = f->unit;
	p->count = f->count;
	p->have = 0;
	t->used++;
	t->blocks += pool_blocks(f->total);
	return p;
}

enum drop
fragment_accept(struct fragment_table *t, struct pool *pool,
    struct drop_counts *drops, uint64_t now_ns,
    const struct fragment_piece *piece, struct pool_chain *done)
{
	struct wire_fragment f;
	struct fragment_partial *p;

	done->len = 0;
	if (wire_parse_fragment(&f, piece->text, piece->len) != DROP_NONE ||
	    !fragment_valid(&f, piece))
		return DROP_FRAGMENT_INVALID;
	p = partial_find(t, piece->key, piece->counter - f.index);
	if (p == NULL) {
		if (!partial_make_room(t, pool, drops, pool_blocks(f.total)))
			return DROP_POOL;
		p = partial_add(t, pool, &f, piece, now_ns);
		if (p == NULL)
			return DROP_POOL;
	} else if (p->count != f.count || p->unit != f.unit ||
	    p->chain.len != f.total) {
		return DROP_FRAGMENT_MISMATCH;
	}
	pool_write(pool, &p->chain, fragment_offset(&f),
	    piece->text + WIRE_FRAGMENT_HEADER, fragment_len(&f));
	p->have = (uint16_t)(p->have | 1u << f.index);
	if (p->have == (1u << p->count) - 1) {
		*done = p->chain;
		t->blocks -= pool_blocks(p->chain.len);
		t->used--;
		p->count = 0;
		p->chain.len = 0;
	}
	return DROP_NONE;
}

uint64_t
fragment_tick(struct fragment_table *t, struct pool *pool,
    struct drop_counts *drops, uint64_t now_ns)
{
	uint64_t next = NEVER;

	for (size_t i = 0; t->used > 0 && i < FRAGMENT_PARTIALS; i++) {
		struct fragment_partial *p = &t->partial[i];

		if (p->count == 0)
			continue;
		if (now_ns - p->since_ns < FRAGMENT_LIFE) {
			next = u64_min(next, p->since_ns + FRAGMENT_LIFE);
			continue;
		}
		partial_drop(t, pool, p);
		drop_add(drops, DROP_FRAGMENT_EXPIRED);
	}
	return next;
}

void
fragment_wipe(struct fragment_table *t, struct pool *pool)
{
	for (size_t i = 0; i < FRAGMENT_PARTIALS; i++)
		if (t->partial[i].count != 0)
			partial_drop(t, pool, &t->partial[i]);
}
