/* SPDX-License-Identifier: ISC */
#include "sides.h"

#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/wire.h"

enum {
	MEMORY = 1 << 20, /* of a node's pool */
};

struct side sides[2];
const struct now sides_now = { SEC(1000), SEC(1700000000) };

static uint8_t *
reserve(void *ctx, const struct path *to, size_t len)
{
	struct side *s = ctx;

	(void)to;
	return s->count < SIDES_BATCH && len <= SIDES_SLOT
	    ? s->arena + (size_t)s->count * SIDES_SLOT
	    : NULL;
}

static void
commit(void *ctx, size_t len)
{
	struct side *s = ctx;

	s->len[s->count] = len;
	s->count += len > 0;
}

static void
deliver(void *ctx, const struct frame *f)
{
	struct side *s = ctx;

	(void)f;
	s->frames++;
}

static bool
stamp_store(void *ctx, uint64_t floor)
{
	(void)ctx;
	(void)floor;
	return true;
}

static uint32_t
link_mtu(void *ctx, const struct path *to)
{
	(void)ctx;
	(void)to;
	return 1500;
}

static void
random_bytes(void *ctx, uint8_t *out, size_t len)
{
	(void)ctx;
	randombytes_buf(out, len);
}

static void
event(void *ctx, const struct sink_event *e)
{
	(void)ctx;
	(void)e;
}

static void
side_open(struct side *s, enum suite_cipher cipher, uint8_t last)
{
	struct node_config c = {
		.ciphers = (uint16_t)(1u << cipher),
		.mtu = 1500,
		.dgram_max = 9216,
		.port = 1,
		.max_peers = 1,
		.memory = MEMORY,
		.sink = { s, reserve, commit, deliver, stamp_store, link_mtu,
		    random_bytes, event },
	};
	void *memory = NULL;

	randombytes_buf(c.private_key, sizeof(c.private_key));
	if (posix_memalign(&memory, 64, node_size(&c)) != 0)
		abort();
	memset(memory, 0, node_size(&c));
	s->node = memory;
	if (node_init(s->node, &c, &sides_now) != DROP_NONE)
		abort();
	s->addr = (struct addr){
		.family = ADDR_IPV4, .ip = { 192, 0, 2, last }, .port = 52077
	};
	s->count = 0;
	if (s->arena == NULL)
		s->arena = calloc(SIDES_BATCH, SIDES_SLOT);
}

void
sides_carry(struct side *from, struct side *to)
{
	const struct path path = { .remote = from->addr };

	for (int i = 0; i < from->count; i++)
		node_dgram_in(to->node, &sides_now, &path,
		    from->arena + (size_t)i * SIDES_SLOT, from->len[i]);
	from->count = 0;
	(void)node_tick(to->node, &sides_now);
}

void
sides_connect(enum suite_cipher cipher)
{
	for (int i = 0; i < 2; i++)
		side_open(&sides[i], cipher, (uint8_t)(i + 1));
	for (int i = 0; i < 2; i++) {
		struct node_peer_config c = { .keepalive_s = 0 };

		memcpy(c.public_key, node_public_key(sides[1 - i].node),
		    sizeof(c.public_key));
		if (node_peer_add(sides[i].node, &sides_now, &c) != 0)
			abort();
	}
	node_peer_resolved(sides[0].node, &sides_now, 0, &sides[1].addr, 1);
	for (int i = 0; i < 4; i++) {
		sides_carry(&sides[0], &sides[1]);
		sides_carry(&sides[1], &sides[0]);
	}
}

void
sides_free(void)
{
	for (int i = 0; i < 2; i++)
		free(sides[i].node);
}

uint64_t
sides_clock_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

struct sides_bare
sides_bare(enum suite_cipher cipher, size_t len, int batches)
{
	static const uint8_t key[SUITE_KEY_LEN] = { 1 };
	static struct suite_key k;
	static uint64_t counter;
	const double frames = (double)batches * SIDES_BATCH;
	uint64_t seal = 0, open = 0;

	suite_key_init(&k, cipher, key);
	for (int r = 0; r < batches; r++) {
		const uint64_t first = counter, begin = sides_clock_ns();

		for (int i = 0; i < SIDES_BATCH; i++) {
			uint8_t *d = sides[0].arena + (size_t)i * SIDES_SLOT;
			suite_seal(&k, counter++, d, WIRE_DATA_HEADER,
			    d + WIRE_DATA_HEADER, len + 1);
		}
		const uint64_t middle = sides_clock_ns();
		for (int i = 0; i < SIDES_BATCH; i++) {
			uint8_t *d = sides[0].arena + (size_t)i * SIDES_SLOT;
			if (!suite_open(&k, first + (uint64_t)i, d,
				WIRE_DATA_HEADER, d + WIRE_DATA_HEADER,
				len + 1 + suite_tag_len(cipher)))
				abort();
		}
		seal += middle - begin;
		open += sides_clock_ns() - middle;
	}
	return (struct sides_bare){
		.seal = (double)seal / frames,
		.open = (double)open / frames,
	};
}

static int
compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

double
sides_median(const double *first, size_t stride, int count)
{
	double v[SIDES_ROUNDS_MAX] = { 0 };

	for (int i = 0; i < count; i++)
		memcpy(&v[i], (const uint8_t *)first + (size_t)i * stride,
		    sizeof(v[i]));
	qsort(v, (size_t)count, sizeof(v[0]), compare);
	return v[count / 2];
}

int
sides_rounds(int argc, char **argv)
{
	char *end;

	if (argc < 2)
		return SIDES_ROUNDS;
	const long n = strtol(argv[1], &end, 10);
	return *end == '\0' && n >= 1 && n <= SIDES_ROUNDS_MAX ? (int)n : -1;
}
