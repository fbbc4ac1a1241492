/* SPDX-License-Identifier: ISC */
/*
 * Nanoseconds a frame through core, against the bare AEAD of the same
 * library in the same round. Two nodes in one process; the frame is copied
 * once on its way out and never on its way in.
 *   micro [ROUNDS]        prints medians as a Markdown table
 */
#include <sodium.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/node.h"
#include "core/suite.h"
#include "core/wire.h"

enum {
	BATCH = 64,   /* frames of a call */
	REPEAT = 200, /* calls of a round */
	ROUNDS_MAX = 101,
	SLOT = 2048,
	MEMORY = 1 << 20, /* of a node's pool */
};

/* One side: its node, and the datagrams that it sent. */
struct side {
	struct node *node;
	struct addr addr;
	uint8_t *arena;
	size_t len[BATCH];
	int count;
	unsigned int frames; /* delivered */
};

static struct side sides[2];
static struct now now = { SEC(1000), SEC(1700000000) };

static uint8_t *
reserve(void *ctx, const struct path *to, size_t len)
{
	struct side *s = ctx;

	(void)to;
	return s->count < BATCH && len <= SLOT
	    ? s->arena + (size_t)s->count * SLOT
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
	if (node_init(s->node, &c, &now) != DROP_NONE)
		abort();
	s->addr = (struct addr){
		.family = ADDR_IPV4, .ip = { 192, 0, 2, last }, .port = 52077
	};
	s->count = 0;
	if (s->arena == NULL)
		s->arena = calloc(BATCH, SLOT);
}

/* Hands over what a side has sent. */
static void
carry(struct side *from, struct side *to)
{
	const struct path path = { .remote = from->addr };

	for (int i = 0; i < from->count; i++)
		node_dgram_in(to->node, &now, &path,
		    from->arena + (size_t)i * SLOT, from->len[i]);
	from->count = 0;
	(void)node_tick(to->node, &now);
}

static void
connect_sides(enum suite_cipher cipher)
{
	for (int i = 0; i < 2; i++)
		side_open(&sides[i], cipher, (uint8_t)(i + 1));
	for (int i = 0; i < 2; i++) {
		struct node_peer_config c = { .keepalive_s = 0 };

		memcpy(c.public_key, node_public_key(sides[1 - i].node),
		    sizeof(c.public_key));
		if (node_peer_add(sides[i].node, &now, &c) != 0)
			abort();
	}
	node_peer_resolved(sides[0].node, &now, 0, &sides[1].addr, 1);
	for (int i = 0; i < 4; i++) {
		carry(&sides[0], &sides[1]);
		carry(&sides[1], &sides[0]);
	}
}

static uint64_t
clock_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

struct costs {
	double seal, open, bare_seal, bare_open; /* ns a frame */
};

static void
bare_round(struct costs *out, enum suite_cipher cipher, size_t len)
{
	static const uint8_t key[SUITE_KEY_LEN] = { 1 };
	static struct suite_key k;
	static uint64_t counter;
	uint64_t seal = 0, open = 0;

	suite_key_init(&k, cipher, key);
	for (int r = 0; r < REPEAT; r++) {
		const uint64_t first = counter, begin = clock_ns();

		for (int i = 0; i < BATCH; i++) {
			uint8_t *d = sides[0].arena + (size_t)i * SLOT;
			suite_seal(&k, counter++, d, WIRE_DATA_HEADER,
			    d + WIRE_DATA_HEADER, len + 1);
		}
		const uint64_t middle = clock_ns();
		for (int i = 0; i < BATCH; i++) {
			uint8_t *d = sides[0].arena + (size_t)i * SLOT;
			if (!suite_open(&k, first + (uint64_t)i, d,
				WIRE_DATA_HEADER, d + WIRE_DATA_HEADER,
				len + 1 + SUITE_TAG_LEN))
				abort();
		}
		seal += middle - begin;
		open += clock_ns() - middle;
	}
	out->bare_seal = (double)seal / (REPEAT * BATCH);
	out->bare_open = (double)open / (REPEAT * BATCH);
}

static void
core_round(struct costs *out, size_t len)
{
	static uint8_t bytes[BATCH][SLOT];
	struct frame frames[BATCH];
	uint64_t seal = 0, open = 0;

	for (int i = 0; i < BATCH; i++) {
		memset(bytes[i], 0xff, 6);
		bytes[i][6] = 2;
		frames[i] = (struct frame){ .data = bytes[i], .len = len };
	}
	sides[1].frames = 0;
	for (int r = 0; r < REPEAT; r++) {
		const uint64_t begin = clock_ns();

		node_lan_in(sides[0].node, &now, frames, BATCH);
		const uint64_t middle = clock_ns();
		carry(&sides[0], &sides[1]);
		seal += middle - begin;
		open += clock_ns() - middle;
	}
	if (sides[1].frames != REPEAT * BATCH)
		abort(); /* frames were lost: the figures would be false */
	out->seal = (double)seal / (REPEAT * BATCH);
	out->open = (double)open / (REPEAT * BATCH);
}

static int
compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double
median(const struct costs *c, int rounds, size_t field)
{
	double v[ROUNDS_MAX] = { 0 };

	for (int i = 0; i < rounds; i++)
		memcpy(&v[i], (const uint8_t *)&c[i] + field, sizeof(v[i]));
	qsort(v, (size_t)rounds, sizeof(v[0]), compare);
	return v[rounds / 2];
}

static void
report(enum suite_cipher cipher, size_t len, int rounds)
{
	static struct costs c[ROUNDS_MAX];

	for (int i = 0; i < rounds; i++) {
		connect_sides(cipher);
		bare_round(&c[i], cipher, len);
		core_round(&c[i], len);
		free(sides[0].node);
		free(sides[1].node);
	}
	const double seal = median(c, rounds, offsetof(struct costs, seal));
	const double open = median(c, rounds, offsetof(struct costs, open));
	const double bare_seal =
	    median(c, rounds, offsetof(struct costs, bare_seal));
	const double bare_open =
	    median(c, rounds, offsetof(struct costs, bare_open));
	printf("| %s | %zu | %.0f | %.0f | %.2f | %.0f | %.0f | %.2f |\n",
	    suite_cipher_name(cipher), len, seal, bare_seal, seal / bare_seal,
	    open, bare_open, open / bare_open);
}

/* -1 if the text is no number. */
static int
number(const char *text)
{
	char *end;
	const long n = strtol(text, &end, 10);

	return *end == '\0' && n >= 0 && n <= INT32_MAX ? (int)n : -1;
}

int
main(int argc, char **argv)
{
	static const size_t sizes[] = { 64, 512, 1400 };
	const int rounds = argc > 1 ? number(argv[1]) : 11;

	if (sodium_init() < 0 || rounds < 1 || rounds > ROUNDS_MAX)
		return 64;
	printf("| cipher | frame, bytes | LAN to datagram, ns | bare seal | "
	       "ratio | datagram to LAN, ns | bare open | ratio |\n"
	       "| --- | --- | --- | --- | --- | --- | --- | --- |\n");
	for (int c = 0; c < SUITE_CIPHER_COUNT; c++)
		for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
			if ((suite_ciphers_available() & 1u << c) != 0)
				report((enum suite_cipher)c, sizes[i], rounds);
	return 0;
}
