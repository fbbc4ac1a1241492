/* SPDX-License-Identifier: ISC */
/*
 * Which initiations a node takes, what a refused one changes, timestamps and
 * their floor, initiations that cross. lansplice-protocol(7), HANDSHAKE.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "forge.h"
#include "net.h"

/* Timestamps. */

static void
test_stamps_rise(void **state)
{
	/* what the wall clock of a says, relative to a true one */
	static const int64_t hours[] = { 0, 0, -24, 24, 0, -500000, 2000000,
		0 };
	struct net_host *a, *b;
	struct net *net = net_pair(&a, &b);
	uint64_t last = 0;

	(void)state;
	net_run(net, SEC(1));
	for (size_t i = 0; i < ARRAY_LEN(hours); i++) {
		a->wall_offset = (uint64_t)hours[i] * SEC(3600);
		net_kill(a);
		net_start(a);
		assert_int_equal(net_link(a, b), 0);
		net_mark(net);
		net_resolve(a, 0, &b->addr);
		net_run(net, MS(100));
		assert_true(net_is_up(a, b));
		const struct wire_offer o =
		    forge_offer(b, net_nth(a, WIRE_INITIATION, 0));
		assert_true(o.timestamp > last);
		assert_int_equal(o.timestamp % STAMP_STEP, 0);
		assert_true(a->floor > o.timestamp);
		last = o.timestamp;
	}
	/* 2000000 hours lie beyond 2^62 ns: such a clock counts 0 */
	assert_true(last < STAMP_WALL_MAX);
	net_close(net);
}

/* Not before it is on disk, and then at once. */
static void
test_store_later(void **state)
{
	struct net *net = net_open(1);
	struct net_host *a = net_add(net), *b = net_add(net);

	(void)state;
	a->store_later = true;
	net_start(a);
	net_start(b);
	assert_int_equal(net_link(a, b), 0);
	assert_int_equal(net_link(b, a), 0);
	net_resolve(a, 0, &b->addr);
	net_run(net, SEC(2));
	assert_int_equal(net_count(a, 0), 0);
	const struct now now = net_now(a);
	assert_true(a->storing >= now.wall_ns - SEC(2) + SEC(68));
	node_stamp_stored(a->node, &now, a->storing);
	net_turn(a);
	assert_int_equal(net_count(a, WIRE_INITIATION), 1);
	net_run(net, SEC(1));
	assert_true(net_is_up(a, b));
	/* once is enough */
	node_stamp_stored(a->node, &now, a->storing);
	net_turn(a);
	assert_int_equal(net_count(a, WIRE_INITIATION), 1);
	net_close(net);
}

/* A node that was stopped does not speak up again. */
static void
test_store_after_stop(void **state)
{
	struct net *net = net_open(1);
	struct net_host *a = net_add(net), *b = net_add(net);

	(void)state;
	a->store_later = true;
	net_start(a);
	assert_int_equal(net_link(a, b), 0);
	net_resolve(a, 0, &b->addr);
	const struct now now = net_now(a);
	node_stop(a->node, &now);
	node_stamp_stored(a->node, &now, a->storing);
	net_turn(a);
	assert_int_equal(net_count(a, 0), 0);
	net_close(net);
}

/* What is refused. */

static void
inject_initiation(
    struct net_host *to, const struct net_host *from, uint64_t timestamp)
{
	const struct handshake_self self = forge_self(from);
	uint8_t msg[WIRE_INITIATION_LEN];

	forge_initiation(&self, to, timestamp, msg);
	net_inject(to, &from->addr, msg, sizeof(msg));
}

static void
test_replayed(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);
	const struct net_dgram *first = net->dgrams[0];
	const struct addr elsewhere = net_addr(99);

	(void)state;
	net_run(net, SEC(3));
	net_inject(b, &elsewhere, first->data, first->len);
	net_inject(b, &a->addr, first->data, first->len);
	assert_int_equal(net_drops(b, DROP_HANDSHAKE_STALE), 2);
	net_run(net, SEC(30));
	assert_int_equal(net_count(b, 0), 0);
	assert_null(net_peer(b, a)->keys.next);
	/* nor one that is older, or as old, but was never seen */
	const uint64_t greatest = net_peer(b, a)->greatest;
	inject_initiation(b, a, greatest);
	inject_initiation(b, a, greatest - STAMP_STEP);
	inject_initiation(b, a, 0);
	assert_int_equal(net_drops(b, DROP_HANDSHAKE_STALE), 5);
	assert_int_equal(net_count(b, 0), 0);
	inject_initiation(b, a, greatest + 1);
	assert_int_equal(net_count(b, WIRE_RESPONSE), 1);
	net_close(net);
}

/* After b was restarted one old initiation is answered once. It gets no
 * session, moves no endpoint, and disturbs nobody. */
static void
test_replayed_after_restart(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);
	const struct net_dgram *first = net->dgrams[0];
	const struct addr elsewhere = net_addr(99);

	(void)state;
	net_kill(b);
	net_start(b);
	assert_int_equal(net_link(b, a), 0);
	net_inject(b, &elsewhere, first->data, first->len);
	assert_int_equal(net_count(b, 0), 1);
	assert_true(addr_equal(&net_nth(b, 0, 0)->to.remote, &elsewhere));
	net_inject(b, &elsewhere, first->data, first->len);
	net_run(net, SEC(1));
	assert_int_equal(net_count(b, 0), 1);
	assert_false(net_is_up(b, a));
	assert_false(addr_is_set(&net_peer(b, a)->endpoint.remote));
	net_send(a, b, 100, 1);
	net_run(net, SEC(17));
	assert_true(net_is_up(b, a));
	net_send(a, b, 100, 2);
	net_run(net, SEC(1));
	net_assert_frame(b, a, 100, 2);
	net_close(net);
}

/* One each 20 ms; a refused one is as if it had not been. */
static void
test_rate(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair(&a, &b);
	const uint64_t stamp = NET_WALL + SEC(2000);

	(void)state;
	net_run(net, SEC(1));
	net_mark(net);
	inject_initiation(b, a, stamp);
	assert_int_equal(net_count(b, 0), 1);
	net_run(net, MS(19));
	inject_initiation(b, a, stamp + SEC(100));
	assert_int_equal(net_drops(b, DROP_HANDSHAKE_RATE), 1);
	assert_int_equal(net_peer(b, a)->greatest, stamp);
	assert_int_equal(net_count(b, 0), 1);
	net_run(net, MS(1));
	inject_initiation(b, a, stamp + SEC(50));
	assert_int_equal(net_count(b, 0), 2);
	inject_initiation(b, a, stamp + SEC(51));
	assert_int_equal(net_drops(b, DROP_HANDSHAKE_RATE), 2);
	net_close(net);
}

struct offer_case {
	const char *what;
	uint16_t frame_max, dgram_max, ciphers, features;
	enum drop why;
};

static const struct offer_case offers[] = {
	{ "plain", 1514, 548, 1, 0, DROP_NONE },
	{ "largest", UINT16_MAX, UINT16_MAX, 1, 0, DROP_NONE },
	{ "bits of the future", 1518, 1400, 0xfffd, 0xffff, DROP_NONE },
	{ "small frames", 1513, 548, 1, 0, DROP_HANDSHAKE_FRAME_SIZE },
	{ "no frames", 0, 548, 1, 0, DROP_HANDSHAKE_FRAME_SIZE },
	{ "small datagrams", 1514, 547, 1, 0, DROP_HANDSHAKE_DGRAM_SIZE },
	{ "no cipher", 1514, 548, 0, 0, DROP_HANDSHAKE_CIPHER },
	{ "unknown cipher", 1514, 548, 0xfffc, 0, DROP_HANDSHAKE_CIPHER },
};

static void
check_offer(const struct offer_case *c)
{
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);
	struct handshake_self self = forge_self(a);
	uint8_t msg[WIRE_INITIATION_LEN];
	const bool good = c->why == DROP_NONE;

	self.frame_max = c->frame_max;
	self.dgram_max = c->dgram_max;
	self.ciphers = c->ciphers;
	self.features = c->features;
	forge_initiation(&self, b, NET_WALL + SEC(2000), msg);
	net_inject(b, &a->addr, msg, sizeof(msg));
	assert_int_equal(net_count(b, WIRE_RESPONSE), good);
	if (!good)
		assert_int_equal(net_drops(b, c->why), 1);
	assert_int_equal(
	    b->events[SINK_PEER_CIPHER], c->why == DROP_HANDSHAKE_CIPHER);
	if (good)
		assert_int_equal(net_peer(b, a)->keys.next->frame_max,
		    size_min(c->frame_max, FRAME_MAX));
	/* said once, not each time */
	net_run(net, MS(50));
	forge_initiation(&self, b, NET_WALL + SEC(2001), msg);
	net_inject(b, &a->addr, msg, sizeof(msg));
	assert_true(b->events[SINK_PEER_CIPHER] <= 1);
	/* the session that was there goes on */
	net_send(a, b, 60, 9);
	net_run(net, MS(50));
	net_assert_frame(b, a, 60, 9);
	net_close(net);
}

static void
test_offers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(offers); i++) {
		print_message("# %s\n", offers[i].what);
		check_offer(&offers[i]);
	}
}

/* Crossing initiations. */

static bool
is_greater(const struct net_host *a, const struct net_host *b)
{
	return memcmp(node_public_key(a->node), node_public_key(b->node),
		   SUITE_KEY_LEN) > 0;
}

/* Both of a pair start, the second some time after the first. */
static void
check_crossing(uint64_t seed, bool greater_first, uint64_t offset)
{
	struct net *net = net_open(seed);
	struct net_host *a = net_add(net), *b = net_add(net);

	net->delay_ns = MS(50);
	net_start(a);
	net_start(b);
	if (is_greater(a, b) != greater_first) {
		struct net_host *other = a;
		a = b;
		b = other;
	}
	assert_int_equal(net_link(a, b), 0);
	assert_int_equal(net_link(b, a), 0);
	net_resolve(a, 0, &b->addr);
	net_run(net, offset);
	net_resolve(b, 0, &a->addr);
	net_run(net, MS(300));
	assert_true(net_is_up(a, b) && net_is_up(b, a));
	const struct session *sa = net_peer(a, b)->keys.current;
	const struct session *sb = net_peer(b, a)->keys.current;
	assert_int_equal(sa->local_index, sb->remote_index);
	assert_int_equal(sb->local_index, sa->remote_index);
	assert_int_not_equal(sa->initiator, sb->initiator);
	net_mark(net);
	net_send(a, b, 100, 1);
	net_send(b, a, 100, 2);
	net_run(net, SEC(30));
	net_assert_frame(b, a, 100, 1);
	net_assert_frame(a, b, 100, 2);
	assert_int_equal(net_count(a, WIRE_INITIATION), 0);
	assert_int_equal(net_count(b, WIRE_INITIATION), 0);
	net_close(net);
}

static void
test_crossing(void **state)
{
	(void)state;
	for (unsigned int ms = 0; ms <= 2000; ms += ms < 220 ? 5 : 50) {
		check_crossing(ms, true, MS(ms));
		check_crossing(ms, false, MS(ms));
	}
}

/* The greater ignores one, with its timestamp taken, and not a second. */
static void
test_one_crossing_too_many(void **state)
{
	struct net *net = net_open(3);
	struct net_host *a = net_add(net), *b = net_add(net);

	(void)state;
	net_start(a);
	net_start(b);
	if (!is_greater(a, b)) {
		struct net_host *other = a;
		a = b;
		b = other;
	}
	assert_int_equal(net_link(a, b), 0);
	a->mute = true;
	net_resolve(a, 0, &b->addr);
	const struct peer *p = net_peer(a, b);
	for (unsigned int i = 1; i <= PEER_CROSSED_MAX; i++) {
		net_run(net, MS(100));
		inject_initiation(a, b, NET_WALL + SEC(2000 + i));
		assert_int_equal(net_drops(a, DROP_HANDSHAKE_CROSSED), i);
		assert_int_equal(p->greatest, NET_WALL + SEC(2000 + i));
		assert_int_equal(net_count(a, WIRE_RESPONSE), 0);
		assert_int_not_equal(p->pending.index, 0);
	}
	net_run(net, MS(100));
	inject_initiation(a, b, NET_WALL + SEC(2003));
	assert_int_equal(net_count(a, WIRE_RESPONSE), 1);
	assert_int_equal(p->pending.index, 0);
	/* but the retry goes on until a key is confirmed */
	a->mute = false;
	assert_int_equal(net_link(b, a), 0);
	net_mark(net);
	net_run(net, SEC(5) + PEER_JITTER_NS);
	assert_int_equal(net_count(a, WIRE_INITIATION), 1);
	assert_true(net_is_up(a, b));
	/* a new session counts from the start */
	net_run(net, SEC(125));
	a->mute = true;
	net_send(a, b, 100, 1);
	inject_initiation(a, b, NET_WALL + SEC(3001));
	assert_int_equal(
	    net_drops(a, DROP_HANDSHAKE_CROSSED), PEER_CROSSED_MAX + 1);
	net_close(net);
}

/* Older than a second, an own initiation keeps nobody out. */
static void
check_age_of_crossing(uint64_t age, bool ignored)
{
	struct net *net = net_open(3);
	struct net_host *a = net_add(net), *b = net_add(net);

	net_start(a);
	net_start(b);
	if (!is_greater(a, b)) {
		struct net_host *other = a;
		a = b;
		b = other;
	}
	assert_int_equal(net_link(a, b), 0);
	a->mute = true;
	net_resolve(a, 0, &b->addr);
	net_run(net, age);
	inject_initiation(a, b, NET_WALL + SEC(2001));
	assert_int_equal(net_count(a, WIRE_RESPONSE), !ignored);
	net_close(net);
}

static void
test_not_crossing(void **state)
{
	(void)state;
	check_age_of_crossing(SEC(1) - 1, true);
	check_age_of_crossing(SEC(1), false);
}

/* The lesser gives its own up, and takes no answer to it any more. */
static void
test_lesser_yields(void **state)
{
	struct net *net = net_open(3);
	struct net_host *a = net_add(net), *b = net_add(net);

	(void)state;
	net_start(a);
	net_start(b);
	if (is_greater(a, b)) {
		struct net_host *other = a;
		a = b;
		b = other;
	}
	assert_int_equal(net_link(a, b), 0);
	a->mute = true;
	net_resolve(a, 0, &b->addr);
	inject_initiation(a, b, NET_WALL + SEC(2001));
	assert_int_equal(net_count(a, WIRE_RESPONSE), 1);
	assert_int_equal(net_peer(a, b)->pending.index, 0);
	net_close(net);
}

/* Two that lose much find each other all the same, whatever the seed. */
static void
test_lossy(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct net *net = net_open(seed);
		struct net_host *a = net_add(net), *b = net_add(net);

		net->loss = 400;
		net->delay_ns = MS(30);
		net_start(a);
		net_start(b);
		assert_int_equal(net_link(a, b), 0);
		assert_int_equal(net_link(b, a), 0);
		net_resolve(a, 0, &b->addr);
		net_resolve(b, 0, &a->addr);
		net_run(net, SEC(300));
		net->loss = 0;
		net_send(a, b, 100, 1);
		net_send(b, a, 100, 2);
		net_run(net, SEC(45));
		assert_true(net_is_up(a, b) && net_is_up(b, a));
		net_send(a, b, 100, 3);
		net_send(b, a, 100, 4);
		net_run(net, SEC(1));
		net_assert_frame(b, a, 100, 3);
		net_assert_frame(a, b, 100, 4);
		net_close(net);
	}
}

static int
group_setup(void **state)
{
	(void)state;
	return sodium_init() < 0 ? -1 : 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stamps_rise),
		cmocka_unit_test(test_store_later),
		cmocka_unit_test(test_store_after_stop),
		cmocka_unit_test(test_replayed),
		cmocka_unit_test(test_replayed_after_restart),
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_offers),
		cmocka_unit_test(test_crossing),
		cmocka_unit_test(test_one_crossing_too_many),
		cmocka_unit_test(test_not_crossing),
		cmocka_unit_test(test_lesser_yields),
		cmocka_unit_test(test_lossy),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
