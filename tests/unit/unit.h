/* SPDX-License-Identifier: ISC */
/*
 * What the unit tests of core share: random numbers that repeat, and a sink
 * that writes down what core asks of it.
 */
#ifndef UNIT_UNIT_H
#define UNIT_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "core/sink.h"
#include "core/units.h"

/* Group set-up: suite.c leaves this call to whoever runs it. */
static inline int
unit_start(void **state)
{
	(void)state;
	return sodium_init() < 0 ? -1 : 0;
}

/* splitmix64 */
struct unit_random {
	uint64_t state;
};

static inline uint64_t
unit_random_next(struct unit_random *r)
{
	uint64_t h = r->state += UINT64_C(0x9e3779b97f4a7c15);

	h = (h ^ h >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	h = (h ^ h >> 27) * UINT64_C(0x94d049bb133111eb);
	return h ^ h >> 31;
}

static inline size_t
unit_random_below(struct unit_random *r, size_t limit)
{
	return (size_t)(unit_random_next(r) % limit);
}

static inline void
unit_random_fill(struct unit_random *r, void *out, size_t len)
{
	uint8_t *p = out;

	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)unit_random_next(r);
}

/* A copy of exactly len bytes, so that the sanitizers see every byte read or
 * written beyond; freed by the caller. */
static inline uint8_t *
unit_copy(const void *src, size_t len)
{
	uint8_t *copy = malloc(size_max(len, 1));

	assert_non_null(copy);
	memcpy(copy, src, len);
	return copy;
}

/* Bytes of a hexadecimal text, which must fit. */
static inline size_t
unit_hex(uint8_t *out, size_t room, const char *text)
{
	size_t len;

	assert_int_equal(
	    sodium_hex2bin(out, room, text, strlen(text), " \n", &len, NULL),
	    0);
	return len;
}

static inline void
unit_assert_hex(const uint8_t *have, size_t len, const char *want)
{
	uint8_t bytes[256];

	assert_int_equal(unit_hex(bytes, sizeof(bytes), want), len);
	assert_memory_equal(have, bytes, len);
}

enum { UNIT_DGRAMS = 32 };

struct unit_dgram {
	struct path to;
	uint8_t *data; /* of exactly the length reserved */
	size_t room;
	size_t len;
};

struct unit_sink {
	struct unit_random random;
	struct unit_dgram dgrams[UNIT_DGRAMS];
	unsigned int count;
	unsigned int room;  /* datagrams that are still granted */
	bool reserved;      /* a commit is due */
	bool store_at_once; /* what stamp_store answers */
	unsigned int stores;
	uint64_t floor; /* of the last one */
};

static inline uint8_t *
unit_dgram_reserve(void *ctx, const struct path *to, size_t len)
{
	struct unit_sink *u = ctx;
	struct unit_dgram *d = &u->dgrams[u->count];

	assert_false(u->reserved);
	if (u->room == 0 || u->count == UNIT_DGRAMS)
		return NULL;
	d->data = malloc(len);
	assert_non_null(d->data);
	d->to = *to;
	d->room = len;
	u->reserved = true;
	u->room--;
	return d->data;
}

static inline void
unit_dgram_commit(void *ctx, size_t len)
{
	struct unit_sink *u = ctx;

	assert_true(u->reserved);
	assert_true(len <= u->dgrams[u->count].room);
	u->reserved = false;
	u->dgrams[u->count++].len = len;
}

static inline bool
unit_stamp_store(void *ctx, uint64_t floor)
{
	struct unit_sink *u = ctx;

	u->stores++;
	u->floor = floor;
	return u->store_at_once;
}

static inline void
unit_random_bytes(void *ctx, uint8_t *out, size_t len)
{
	struct unit_sink *u = ctx;

	unit_random_fill(&u->random, out, len);
}

/* The functions that no module below peer calls are left out. */
static inline struct sink
unit_sink_make(struct unit_sink *u, uint64_t seed)
{
	*u = (struct unit_sink){
		.random = { seed }, .room = UNIT_DGRAMS, .store_at_once = true
	};
	return (struct sink){
		.ctx = u,
		.dgram_reserve = unit_dgram_reserve,
		.dgram_commit = unit_dgram_commit,
		.stamp_store = unit_stamp_store,
		.random = unit_random_bytes,
	};
}

static inline void
unit_sink_empty(struct unit_sink *u)
{
	assert_false(u->reserved);
	while (u->count > 0)
		free(u->dgrams[--u->count].data);
	u->room = UNIT_DGRAMS;
}

#endif
