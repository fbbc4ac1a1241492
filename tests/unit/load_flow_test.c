/* SPDX-License-Identifier: ISC */
/*
 * A node that strangers keep busy: who proves its address gets through, the
 * others get a cookie reply at most, and sessions do not notice.
 * lansplice-protocol(7), COOKIES.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "core/flood.h"
#include "core/gate.h"
#include "forge.h"
#include "net.h"

enum {
	FLOOD = 150, /* messages; enough to be under load */
};

static struct addr
stranger(unsigned int n)
{
	return (struct addr){
		.family = ADDR_IPV4,
		.ip = { 203, 0, (uint8_t)(n >> 8), (uint8_t)n },
		.port = 4000,
	};
}

/* An initiation with a right mac1 over garbage. */
static void
make_garbage(struct net_host *h, uint8_t msg[static WIRE_INITIATION_LEN])
{
	const struct handshake_self self = forge_self(h);

	for (size_t i = 0; i < WIRE_INITIATION_LEN; i++)
		msg[i] = (uint8_t)net_random(h->net);
	memcpy(msg, (uint8_t[]){ WIRE_INITIATION, 0, 0, 0 }, 4);
	cookie_put_macs(msg, WIRE_INITIATION_LEN, self.mac1_key);
}

/* count such messages now, each from another address. */
static void
flood(struct net_host *h, unsigned int count)
{
	uint8_t msg[WIRE_INITIATION_LEN];

	for (unsigned int i = 0; i < count; i++) {
		const struct addr from = stranger(i);

		make_garbage(h, msg);
		net_inject(h, &from, msg, sizeof(msg));
	}
}

static void
test_no_load_no_cookie(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);

	(void)state;
	net_run(net, SEC(5));
	net_mark(net);
	flood(b, FLOOD_LOAD_BURST);
	assert_int_equal(net_count(b, 0), 0);
	assert_int_equal(net_drops(b, DROP_MAC2), 0);
	net_close(net);
}

/* Each is answered by one cookie reply, smaller than it and sent to where it
 * came from, at most FLOOD_REPLY_BURST at once; nothing else is. */
static void
test_replies_under_load(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);

	(void)state;
	net_run(net, SEC(5));
	net_mark(net);
	flood(b, FLOOD);
	assert_int_equal(net_drops(b, DROP_MAC2), FLOOD - FLOOD_LOAD_BURST);
	assert_int_equal(net_count(b, 0), FLOOD - FLOOD_LOAD_BURST);
	for (unsigned int i = 0; i < FLOOD - FLOOD_LOAD_BURST; i++) {
		const struct net_dgram *d = net_nth(b, 0, i);
		const struct addr to = stranger(FLOOD_LOAD_BURST + i);

		assert_int_equal(net_type(d), WIRE_COOKIE_REPLY);
		assert_int_equal(d->len, WIRE_COOKIE_REPLY_LEN);
		assert_true(addr_equal(&d->to.remote, &to));
	}
	flood(b, 1000);
	assert_int_equal(net_count(b, 0), FLOOD_REPLY_BURST);
	/* load lasts a second, not longer */
	net_run(net, SEC(2));
	net_mark(net);
	flood(b, 1);
	assert_int_equal(net_count(b, WIRE_COOKIE_REPLY), 0);
	net_close(net);
}

/* A wrong mac1 gets nothing, loaded or not, and is no load. */
static void
test_no_mac1_no_reply(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);
	const struct addr from = stranger(1);
	uint8_t msg[WIRE_INITIATION_LEN];

	(void)state;
	flood(b, FLOOD);
	net_mark(net);
	for (unsigned int i = 0; i < 100; i++) {
		make_garbage(b, msg);
		msg[140] ^= 1;
		net_inject(b, &from, msg, sizeof(msg));
	}
	assert_int_equal(net_count(b, 0), 0);
	assert_int_equal(net_drops(b, DROP_MAC1), 100);
	net_close(net);
}

/* Keeps b under load while time passes. */
static void
run_loaded(struct net *net, struct net_host *b, uint64_t ns)
{
	for (uint64_t t = 0; t < ns; t += MS(50)) {
		flood(b, 25);
		net_run(net, MS(50));
	}
}

/* A peer gets its cookie, tries again at once, and is in. */
static void
test_peer_gets_through(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair(&a, &b);

	(void)state;
	net_kill(a);
	flood(b, FLOOD);
	net_start(a);
	assert_int_equal(net_link(a, b), 0);
	net_mark(net);
	net_resolve(a, 0, &b->addr);
	run_loaded(net, b, MS(200));
	assert_int_equal(net_count(a, WIRE_INITIATION), 2);
	assert_true(net_is_up(a, b));
	assert_true(net_is_up(b, a));
	net_close(net);
}

/* Sessions do not notice: data and rekeying go on. */
static void
test_sessions_go_on(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);
	const uint64_t before = net_peer(a, b)->made_mono_ns;

	(void)state;
	for (unsigned int i = 0; i < 125; i++) {
		flood(b, 10);
		run_loaded(net, b, MS(100));
		net_send(a, b, 100, i);
		net_run(net, SEC(1));
		net_assert_frame(b, a, 100, i);
	}
	assert_int_equal(b->frames, 125);
	assert_true(net_peer(a, b)->made_mono_ns > before);
	assert_true(net_is_up(a, b));
	net_close(net);
}

/* A response to an initiation of ours needs no cookie: the index is proof
 * enough, but only so many false ones are opened. */
static void
test_responses_need_no_cookie(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair(&a, &b);

	(void)state;
	flood(a, FLOOD);
	run_loaded(net, a, MS(100));
	assert_true(net_is_up(a, b));
	net_close(net);
}

static bool
lose_all(struct net *net, const struct net_dgram *d)
{
	(void)net;
	(void)d;
	return false;
}

static void
test_false_responses(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair(&a, &b);
	const struct handshake_self self = forge_self(a);
	const struct addr from = stranger(1);
	uint8_t msg[WIRE_RESPONSE_LEN];

	(void)state;
	net->filter = lose_all;
	net_run(net, MS(20));
	const struct net_dgram *d = net_nth(b, WIRE_RESPONSE, 0);
	memcpy(msg, d->data, sizeof(msg));
	msg[60] ^= 1; /* the sealed part */
	cookie_put_macs(msg, sizeof(msg), self.mac1_key);
	for (unsigned int i = 0; i < 20; i++)
		net_inject(a, &from, msg, sizeof(msg));
	assert_int_equal(net_drops(a, DROP_HANDSHAKE_OPEN), PEER_FALSE_MAX);
	assert_int_equal(
	    net_drops(a, DROP_HANDSHAKE_TRIES), 20 - PEER_FALSE_MAX);
	/* the next initiation is as open as the first was */
	net->filter = NULL;
	net_run(net, SEC(6));
	assert_true(net_is_up(a, b));
	net_close(net);
}

/* Without a turn in between only so many wait, and a turn does only some. */
static void
test_queue_is_bounded(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);
	const struct now now = net_now(b);
	const struct addr from = stranger(1);
	const struct path path = { .remote = from, .local = b->addr };
	uint8_t msg[WIRE_INITIATION_LEN];

	(void)state;
	for (unsigned int i = 0; i < GATE_HELLOS + 5; i++) {
		make_garbage(b, msg);
		node_dgram_in(b->node, &now, &path, msg, sizeof(msg));
	}
	assert_int_equal(net_drops(b, DROP_HANDSHAKE_QUEUE), 5);
	assert_int_equal(net_drops(b, DROP_HANDSHAKE_OPEN), 0);
	for (unsigned int i = 1; i <= GATE_HELLOS / GATE_TURN; i++) {
		const uint64_t next = node_tick(b->node, &now);

		assert_int_equal(net_drops(b, DROP_HANDSHAKE_OPEN) +
			net_drops(b, DROP_HANDSHAKE_DH),
		    i * GATE_TURN);
		assert_int_equal(
		    next == now.mono_ns, i < GATE_HELLOS / GATE_TURN);
	}
	net_close(net);
}

/* Cookie replies from nobody, or a second one: no further initiation, and at
 * most one in five seconds. */
static void
test_cookies_drive_nobody(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair(&a, &b);
	const struct handshake_self self = forge_self(b);
	struct cookie_secret secret = { .sink = &a->config.sink,
		.key = self.cookie_key };
	uint8_t reply[WIRE_COOKIE_REPLY_LEN];

	(void)state;
	net->filter = lose_all;
	net_run(net, MS(5));
	for (unsigned int i = 0; i < 10; i++) {
		const size_t sent = net_count(a, WIRE_INITIATION);
		const struct net_dgram *d =
		    net_nth(a, WIRE_INITIATION, sent - 1);

		cookie_reply_create(
		    &secret, net->mono_ns, &a->addr, d->data, d->len, reply);
		net_inject(a, &b->addr, reply, sizeof(reply));
		assert_int_equal(net_count(a, WIRE_INITIATION), 2);
		/* one attempt still, as to where the next one goes */
		assert_int_equal(net_peer(a, b)->attempts, 1);
		net_inject(a, &b->addr, reply, sizeof(reply)); /* no more */
		net_run(net, MS(100));
	}
	assert_true(net_drops(a, DROP_COOKIE) >= 10);
	net_close(net);
}

/* Who proved his address and floods on spends what is his alone, and his
 * cookie is good at no other address (gotatun 0.4.1, CVE-2025-13086). */
static void
test_one_flooder(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair(&a, &b);
	const struct handshake_self self = forge_self(b);
	const struct addr one = stranger(2000), other = stranger(2001);
	struct cookie_jar jar = { .has = false };
	uint8_t msg[WIRE_INITIATION_LEN];

	(void)state;
	net_kill(a);
	flood(b, FLOOD);
	net_mark(net);
	make_garbage(b, msg);
	cookie_put_mac2(&jar, net->mono_ns, msg, sizeof(msg));
	net_inject(b, &one, msg, sizeof(msg));
	assert_int_equal(net_count(b, WIRE_COOKIE_REPLY), 1);
	assert_int_equal(
	    cookie_reply_consume(&jar, net->mono_ns, self.cookie_key,
		net_nth(b, WIRE_COOKIE_REPLY, 0)->data),
	    DROP_NONE);
	cookie_put_mac2(&jar, net->mono_ns, msg, sizeof(msg));
	const uint64_t unproven = net_drops(b, DROP_MAC2);
	net_inject(b, &other, msg, sizeof(msg));
	assert_int_equal(net_drops(b, DROP_MAC2), unproven + 1);
	for (unsigned int i = 0; i < 500; i++)
		net_inject(b, &one, msg, sizeof(msg));
	assert_int_equal(net_drops(b, DROP_MAC2), unproven + 1);
	assert_int_equal(
	    net_drops(b, DROP_HANDSHAKE_FLOOD), 500 - FLOOD_SOURCE_BURST);
	net_start(a);
	assert_int_equal(net_link(a, b), 0);
	net_resolve(a, 0, &b->addr);
	net_run(net, MS(200));
	assert_true(net_is_up(a, b) && net_is_up(b, a));
	net_close(net);
}

/* So many times, without a turn of the node in between. */
static void
queue(struct net_host *h, const struct net_dgram *d, unsigned int times)
{
	const struct now now = net_now(h);
	uint8_t copy[WIRE_INITIATION_LEN];

	for (unsigned int i = 0; i < times; i++) {
		memcpy(copy, d->data, d->len);
		node_dgram_in(h->node, &now, &d->from, copy, d->len);
	}
}

/* Checked when its turn comes, for the one before it may have changed all. */
static void
test_twice_in_the_queue(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair(&a, &b);

	(void)state;
	queue(b, net_nth(a, WIRE_INITIATION, 0), 2);
	net_turn(b);
	assert_int_equal(net_count(b, WIRE_RESPONSE), 1);
	assert_int_equal(net_drops(b, DROP_HANDSHAKE_STALE), 1);
	queue(a, net_nth(b, WIRE_RESPONSE, 0), 2);
	net_turn(a);
	assert_true(net_is_up(a, b));
	assert_int_equal(net_count(a, WIRE_DATA), 1);
	assert_int_equal(net_drops(a, DROP_HANDSHAKE_INDEX), 1);
	net_close(net);
}

/* The peer may be gone by then. */
static void
test_removed_while_queued(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair(&a, &b);
	const struct now now = net_now(a);
	const struct net_dgram *d = net_nth(a, WIRE_INITIATION, 0);

	(void)state;
	net_inject(b, &a->addr, d->data, d->len);
	queue(a, net_nth(b, WIRE_RESPONSE, 0), 1);
	node_peer_remove(a->node, &now, 0);
	net_turn(a);
	assert_int_equal(net_drops(a, DROP_HANDSHAKE_INDEX), 1);
	net_run(net, MS(20)); /* a's copy arrives, as stale as it is */
	net_mark(net);
	assert_int_equal(net_link(a, b), 0);
	net_resolve(a, 0, &b->addr);
	queue(b, net_nth(a, WIRE_INITIATION, 0), 1);
	node_peer_remove(b->node, &now, 0);
	net_turn(b);
	assert_int_equal(net_drops(b, DROP_HANDSHAKE_PEER), 1);
	assert_int_equal(net_count(b, 0), 0);
	net_close(net);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_load_no_cookie),
		cmocka_unit_test(test_replies_under_load),
		cmocka_unit_test(test_no_mac1_no_reply),
		cmocka_unit_test(test_peer_gets_through),
		cmocka_unit_test(test_sessions_go_on),
		cmocka_unit_test(test_responses_need_no_cookie),
		cmocka_unit_test(test_false_responses),
		cmocka_unit_test(test_queue_is_bounded),
		cmocka_unit_test(test_cookies_drive_nobody),
		cmocka_unit_test(test_one_flooder),
		cmocka_unit_test(test_twice_in_the_queue),
		cmocka_unit_test(test_removed_while_queued),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
