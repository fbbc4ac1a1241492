/* SPDX-License-Identifier: ISC */
/*
 * What handshake messages cost the node that receives them, against one
 * Diffie-Hellman of the same library in the same round: a handshake taken as
 * responder, and each way of refusing garbage.
 *   handshake [ROUNDS]    prints medians as a Markdown table
 * The initiator is a peer whose keys we have; what it does is not measured.
 * Source of the paces: core/flood.h, and PROTOCOL's 20 ms between initiations.
 */
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cookie.h"
#include "core/flood.h"
#include "core/handshake.h"
#include "core/session.h"
#include "lib/sides.h"

enum {
	COUNT = 256,       /* messages of a round */
	CHEAP_REPEAT = 64, /* times that, of what costs little */
	OVERLOAD = 2 * (FLOOD_LOAD_BURST + FLOOD_REPLY_BURST),
};
#define STAMP_STEP (UINT64_C(1) << 24) /* PROTOCOL, "Timestamps" */

enum what {
	DH,
	ANSWER,
	CONFIRM,
	RANDOM,
	WRONG_MAC1,
	OPENED,
	REPLAYED,
	COOKIE,
	SILENT,
	WHAT_COUNT
};

static const char *const names[WHAT_COUNT] = {
	[DH] = "one Diffie-Hellman (suite_dh)",
	[ANSWER] = "initiation of a peer: answered",
	[CONFIRM] = "its first message: session in use",
	[RANDOM] = "random bytes: refused",
	[WRONG_MAC1] = "initiation, wrong mac1: refused",
	[OPENED] = "right mac1, no load: opened, refused",
	[REPLAYED] = "a peer's initiation once more: opened, refused",
	[COOKIE] = "right mac1, under load: cookie reply",
	[SILENT] = "right mac1, under load, no reply left: refused",
};

/* How garbage comes, and under which name it must be refused. */
struct garbage {
	uint64_t step_ns; /* between two messages */
	int repeat;
	bool turn; /* the node's turn ends after each: it is worked on */
	enum drop why;
	int replies; /* of COUNT * repeat messages */
};

static const struct garbage garbage[WHAT_COUNT] = {
	[RANDOM] = { 0, CHEAP_REPEAT, false, DROP_DGRAM_TYPE, 0 },
	[WRONG_MAC1] = { 0, CHEAP_REPEAT, false, DROP_MAC1, 0 },
	[OPENED] = { MS(20), 1, true, DROP_HANDSHAKE_OPEN, 0 },
	[REPLAYED] = { MS(20), 1, true, DROP_HANDSHAKE_STALE, 0 },
	[COOKIE] = { MS(1), 1, false, DROP_MAC2, COUNT },
	[SILENT] = { 0, CHEAP_REPEAT, false, DROP_MAC2, 0 },
};

struct costs {
	double ns[WHAT_COUNT];
	double full; /* ANSWER and CONFIRM of one handshake */
};

static struct handshake_self caller;     /* the peer */
static struct handshake_remote answerer; /* our node, as the peer sees it */
static struct handshake calls[COUNT];
static uint8_t messages[COUNT][WIRE_INITIATION_LEN];
static struct side *const us = &sides[1];
static struct now now;

static void
must(bool ok)
{
	if (!ok)
		abort(); /* the figures would be false */
}

static void
step(uint64_t ns)
{
	now.mono_ns += ns;
	now.wall_ns += ns;
}

static void
turn(void)
{
	(void)node_tick(us->node, &now);
}

static void
give(uint8_t *msg, size_t len)
{
	const struct path from = { .remote = sides[0].addr };

	node_dgram_in(us->node, &now, &from, msg, len);
}

/* A new node that has our caller for its only peer. */
static void
open_node(void)
{
	struct node_peer_config c = { .keepalive_s = 0 };

	sides_connect(SUITE_CHACHA20_POLY1305);
	now = sides_now;
	node_peer_remove(us->node, &now, 0);
	caller = (struct handshake_self){
		.ciphers = 1 << SUITE_CHACHA20_POLY1305,
		.frame_max = WIRE_FRAME_SIZE_MIN,
		.dgram_max = UINT16_MAX,
	};
	randombytes_buf(caller.keys.private_key, SUITE_KEY_LEN);
	must(handshake_self_init(&caller) == DROP_NONE);
	memcpy(c.public_key, caller.keys.public_key, SUITE_KEY_LEN);
	must(node_peer_add(us->node, &now, &c) == 0);
	answerer = (struct handshake_remote){ .psk = { 0 } };
	memcpy(answerer.public_key, node_public_key(us->node), SUITE_KEY_LEN);
	handshake_remote_init(&answerer, &caller);
	/* Nothing of the handshake between the two nodes counts as load. */
	step(SEC(2));
	turn();
	us->count = 0;
}

/* Initiations */

static void
make_calls(void)
{
	for (int i = 0; i < COUNT; i++) {
		struct handshake_fresh fresh = {
			.index = (uint32_t)i + 1,
			.timestamp = (uint64_t)(i + 1) * STAMP_STEP,
		};

		randombytes_buf(fresh.ephemeral, sizeof(fresh.ephemeral));
		must(handshake_initiation_create(&calls[i], &caller, &answerer,
			 &fresh, messages[i]) == DROP_NONE);
	}
}

/* The keepalive that says that the response came. */
static size_t
confirm(const struct handshake *call, uint8_t *out)
{
	static struct session s;
	struct session_keys keys;

	must(us->count == 1 && us->len[0] == WIRE_RESPONSE_LEN);
	must(handshake_response_consume(
		 call, &caller, &answerer, us->arena, &keys) == DROP_NONE);
	session_init(&s, &keys, now.mono_ns);
	session_seal(&s, out, 0);
	return session_dgram_len(&s, 0);
}

static void
measure_calls(struct costs *out)
{
	uint64_t answer = 0, confirmed = 0;
	struct node_peer_status status;

	make_calls();
	for (int i = 0; i < COUNT; i++) {
		uint8_t first[SIDES_SLOT];

		step(MS(20));
		us->count = 0;
		const uint64_t begin = sides_clock_ns();
		give(messages[i], WIRE_INITIATION_LEN);
		turn();
		answer += sides_clock_ns() - begin;

		const size_t len = confirm(&calls[i], first);
		const uint64_t middle = sides_clock_ns();
		give(first, len);
		turn();
		confirmed += sides_clock_ns() - middle;
		must(node_peer_status(us->node, &now, 0, &status) &&
		    status.up && status.handshake_mono_ns == now.mono_ns);
	}
	out->ns[ANSWER] = (double)answer / COUNT;
	out->ns[CONFIRM] = (double)confirmed / COUNT;
	out->full = out->ns[ANSWER] + out->ns[CONFIRM];
}

/* Garbage */

static void
make_garbage(enum what what)
{
	if (what == REPLAYED)
		return; /* the peer's last ones are there */
	randombytes_buf(messages, sizeof(messages));
	for (int i = 0; i < COUNT; i++) {
		const uint8_t type[] = { WIRE_INITIATION, 0, 0, 0 };

		if (what == RANDOM) {
			messages[i][3] |= 0x80; /* not a type by chance */
			continue;
		}
		memcpy(messages[i], type, sizeof(type));
		if (what != WRONG_MAC1)
			cookie_put_macs(messages[i], WIRE_INITIATION_LEN,
			    answerer.mac1_key);
	}
}

/* Enough at once for load, and for no cookie reply to be left. */
static void
overload(void)
{
	for (int i = 0; i < OVERLOAD; i++) {
		us->count = 0;
		give(messages[i % COUNT], WIRE_INITIATION_LEN);
		turn();
	}
}

static double
refuse(const struct garbage *g)
{
	const uint64_t *drops = &node_drops(us->node)->n[g->why];
	const uint64_t before = *drops, begin = sides_clock_ns();
	const int count = g->repeat * COUNT;
	int replies = 0;

	for (int i = 0; i < count; i++) {
		step(g->step_ns);
		give(messages[i % COUNT], WIRE_INITIATION_LEN);
		if (g->turn)
			turn();
		replies += us->count;
		us->count = 0;
	}
	const uint64_t end = sides_clock_ns();
	must(*drops - before == (uint64_t)count);
	must(replies == g->replies);
	return (double)(end - begin) / count;
}

static double
measure_garbage(enum what what)
{
	us->count = 0;
	step(SEC(2)); /* load is over, all rates are full again */
	turn();
	us->count = 0;
	make_garbage(what);
	if (what == COOKIE || what == SILENT)
		overload();
	return refuse(&garbage[what]);
}

/* The yardstick. */
static double
measure_dh(void)
{
	uint8_t out[SUITE_KEY_LEN];
	const uint64_t begin = sides_clock_ns();

	for (int i = 0; i < COUNT; i++)
		must(suite_dh(
		    out, caller.keys.private_key, answerer.public_key));
	return (double)(sides_clock_ns() - begin) / COUNT;
}

static void
measure(struct costs *out)
{
	open_node();
	out->ns[DH] = measure_dh();
	measure_calls(out);
	out->ns[REPLAYED] = measure_garbage(REPLAYED);
	for (enum what w = RANDOM; w < WHAT_COUNT; w++)
		if (w != REPLAYED)
			out->ns[w] = measure_garbage(w);
	sides_free();
}

static void
row(const char *name, double ns, double dh)
{
	printf("| %s | %.0f | %.0f | %.3f |\n", name, ns, 1e9 / ns, ns / dh);
}

int
main(int argc, char **argv)
{
	static struct costs c[SIDES_ROUNDS_MAX];
	const int rounds = sides_rounds(argc, argv);
	const size_t stride = sizeof(c[0]);

	if (sodium_init() < 0 || rounds < 0)
		return 64;
	for (int i = 0; i < rounds; i++)
		measure(&c[i]);
	const double dh = sides_median(&c[0].ns[DH], stride, rounds);
	printf("| message | ns | a second | in Diffie-Hellmans |\n"
	       "| --- | --- | --- | --- |\n");
	row("a handshake as responder, whole",
	    sides_median(&c[0].full, stride, rounds), dh);
	for (int w = 0; w < WHAT_COUNT; w++)
		row(names[w], sides_median(&c[0].ns[w], stride, rounds), dh);
	return 0;
}
