/* SPDX-License-Identifier: ISC */
/*
 * Handshakes between nodes: when initiations leave, where to, what they say,
 * what is refused. lansplice-protocol(7), HANDSHAKE and TIMERS.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "forge.h"
#include "net.h"

enum { KEEPALIVE_LEN = WIRE_DATA_HEADER + SUITE_TAG_LEN };

static void
test_first(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair(&a, &b);

	(void)state;
	assert_int_equal(net_count(a, 0), 1);
	assert_int_equal(net_nth(a, 0, 0)->sent_ns, SEC(1000));
	assert_int_equal(net_count(b, 0), 0);
	net_run(net, SEC(100));
	assert_int_equal(net_count(a, 0), 2);
	assert_int_equal(net_type(net_nth(a, 0, 0)), WIRE_INITIATION);
	assert_int_equal(net_nth(a, 0, 0)->len, 168);
	assert_int_equal(net_type(net_nth(a, 0, 1)), WIRE_DATA);
	assert_int_equal(net_nth(a, 0, 1)->len, KEEPALIVE_LEN);
	assert_int_equal(net_count(b, 0), 2);
	assert_int_equal(net_type(net_nth(b, 0, 0)), WIRE_RESPONSE);
	assert_int_equal(net_nth(b, 0, 0)->len, 108);
	assert_int_equal(net_type(net_nth(b, 0, 1)), WIRE_DATA);
	assert_int_equal(net_nth(b, 0, 1)->len, KEEPALIVE_LEN);
	/* both confirmed at once: 10 ms for each of four messages */
	assert_int_equal(net_nth(b, 0, 1)->sent_ns, SEC(1000) + 3 * NET_DELAY);
	assert_int_equal(a->events[SINK_PEER_UP], 1);
	assert_int_equal(b->events[SINK_PEER_UP], 1);
	assert_true(net_is_up(a, b) && net_is_up(b, a));
	net_close(net);
}

/* Without an endpoint there is nobody to call, however much there is to say. */
static void
test_no_endpoint(void **state)
{
	struct net *net = net_open(1);
	struct net_host *a = net_add(net), *b = net_add(net);

	(void)state;
	net_start(a);
	net_start(b);
	assert_int_equal(net_link(a, b), 0);
	net_send(a, b, 100, 0);
	net_run(net, SEC(100));
	assert_int_equal(net_count(a, 0), 0);
	assert_int_equal(net_drops(a, DROP_NO_ENDPOINT), 1);
	net_resolve(a, 0, &b->addr);
	assert_int_equal(net_count(a, WIRE_INITIATION), 1);
	net_close(net);
}

static void
test_offer(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair(&a, &b);
	const struct wire_offer o = forge_offer(b, net_nth(a, 0, 0));
	const struct now now = net_now(a);

	(void)state;
	assert_int_equal(o.version, 1);
	assert_int_equal(o.ciphers, a->config.ciphers);
	assert_int_equal(o.features, 0);
	assert_int_equal(o.frame_max, 1518);
	assert_int_equal(o.dgram_max, UINT16_MAX);
	assert_int_equal(o.timestamp, now.wall_ns >> 24 << 24);
	net_close(net);
}

/* Where only the initiator has proven itself, the responder keeps silent
 * under the new key. */
static bool
lose_data_of_first(struct net *net, const struct net_dgram *d)
{
	(void)net;
	return d->host != 0 || net_type(d) != WIRE_DATA;
}

static void
test_unconfirmed_next(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);
	struct peer *p = net_peer(b, a);
	const uint32_t old = p->keys.current->remote_index;
	struct wire_data header;

	(void)state;
	net_kill(a);
	net_start(a);
	net->filter = lose_data_of_first;
	net_run(net, SEC(1));
	assert_int_equal(net_link(a, b), 0);
	net_resolve(a, 0, &b->addr);
	net_run(net, MS(100));
	assert_non_null(p->keys.next);
	net_send(b, a, 100, 0);
	assert_int_equal(net_count(b, WIRE_DATA), 1);
	wire_parse_data(&header, net_nth(b, WIRE_DATA, 0)->data);
	assert_int_equal(header.receiver, old);
	/* nothing was heard of it: after 15 s a asks again, and is heard */
	net->filter = NULL;
	net_run(net, SEC(17));
	assert_true(net_is_up(a, b));
	assert_null(p->keys.next);
	net_send(b, a, 100, 1);
	net_run(net, MS(100));
	net_assert_frame(a, b, 100, 1);
	net_close(net);
}

/* The previous key goes when the next one comes, and not later. */
static void
test_previous_makes_room(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);
	const struct keys *k = &net_peer(b, a)->keys;

	(void)state;
	net_run(net, SEC(120));
	net_send(a, b, 100, 0);
	net_run(net, SEC(1));
	assert_non_null(k->previous);
	net->filter = lose_data_of_first;
	net_run(net, SEC(120));
	net_send(a, b, 100, 0);
	net_run(net, SEC(1));
	assert_null(k->previous);
	assert_non_null(k->current);
	assert_non_null(k->next);
	net_close(net);
}

static void
test_staged(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair(&a, &b);

	(void)state;
	for (unsigned int i = 0; i < STAGE_FRAMES + 2; i++)
		net_send(a, b, 100, i);
	assert_int_equal(net_count(a, 0), 1);
	assert_int_equal(net_drops(a, DROP_STAGE_FULL), 2);
	net_run(net, SEC(1));
	assert_int_equal(b->frames, STAGE_FRAMES);
	net_assert_frame(b, a, 100, STAGE_FRAMES + 1);
	/* the frames confirm: no keepalive besides */
	assert_int_equal(net_count(a, WIRE_DATA), STAGE_FRAMES);
	assert_int_equal(net_count(b, WIRE_DATA), 1);
	net_close(net);
}

static void
test_staged_bytes(void **state)
{
	struct net *net = net_open(1);
	struct net_host *a = net_add(net), *b = net_add(net);

	(void)state;
	a->config.mtu = b->config.mtu = 9000;
	net_start(a);
	net_start(b);
	assert_int_equal(net_link(a, b), 0);
	assert_int_equal(net_link(b, a), 0);
	net_resolve(a, 0, &b->addr);
	for (unsigned int i = 0; i < 40; i++)
		net_send(a, b, 9000, i);
	/* five blocks each */
	assert_int_equal(net_peer(a, b)->stage.count, STAGE_MEMORY / 10240);
	net_run(net, SEC(1));
	assert_int_equal(b->frames, STAGE_MEMORY / 10240);
	net_assert_frame(b, a, 9000, 39);
	net_close(net);
}

/* The responder's own frames leave on confirmation. */
static void
test_staged_responder(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair(&a, &b);

	(void)state;
	a->mute = b->mute = true;
	net_resolve(b, 0, &a->addr);
	net_send(b, a, 100, 5);
	net_run(net, SEC(5));
	a->mute = b->mute = false;
	net_run(net, SEC(1));
	net_assert_frame(a, b, 100, 5);
	assert_int_equal(net_drops(b, DROP_STAGE_EXPIRED), 0);
	net_close(net);
}

/* A frame that the peer does not take confirms nothing: then a keepalive has
 * to. */
static void
test_staged_too_long(void **state)
{
	struct net *net = net_open(1);
	struct net_host *a = net_add(net), *b = net_add(net);

	(void)state;
	a->config.mtu = 9000;
	net_start(a);
	net_start(b);
	assert_int_equal(net_link(a, b), 0);
	assert_int_equal(net_link(b, a), 0);
	net_resolve(a, 0, &b->addr);
	net_send(a, b, 5000, 0);
	net_run(net, SEC(1));
	assert_int_equal(net_drops(a, DROP_FRAME_LENGTH), 1);
	assert_true(net_is_up(b, a));
	net_close(net);
}

/* Gap before the nth datagram of a host. */
static uint64_t
gap(const struct net_host *h, size_t n)
{
	return net_nth(h, 0, n)->sent_ns - net_nth(h, 0, n - 1)->sent_ns;
}

static void
test_retries(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair(&a, &b);
	uint64_t least = NEVER, most = 0;

	(void)state;
	b->deaf = true;
	net_send(a, b, 100, 0);
	net_run(net, SEC(96));
	assert_int_equal(net_count(a, WIRE_INITIATION), PEER_FAST_TRIES - 1);
	assert_int_equal(net_peer(a, b)->stage.count, 1);
	net_run(net, SEC(12));
	assert_int_equal(net_peer(a, b)->stage.count, 0);
	assert_int_equal(net_drops(a, DROP_STAGE_EXPIRED), 1);
	net_run(net, SEC(7200));
	assert_int_equal(net_count(a, 0), net_count(a, WIRE_INITIATION));
	for (size_t i = 1; i < PEER_FAST_TRIES; i++) {
		assert_in_range(gap(a, i), SEC(5), SEC(5) + MS(333));
		least = u64_min(least, gap(a, i));
		most = u64_max(most, gap(a, i));
	}
	assert_true(most - least > MS(100));
	/* the twentieth has its 5 s, and then the slow ones begin */
	assert_in_range(gap(a, PEER_FAST_TRIES), SEC(30), SEC(40) + MS(333));
	least = NEVER;
	most = 0;
	for (size_t i = PEER_FAST_TRIES + 1; i < net_count(a, 0); i++) {
		assert_in_range(gap(a, i), SEC(30), SEC(35));
		least = u64_min(least, gap(a, i));
		most = u64_max(most, gap(a, i));
	}
	assert_true(most - least > SEC(3));
	assert_true(net_count(a, 0) > 200);
	/* for ever, and so it is found when it is there */
	b->deaf = false;
	net_run(net, SEC(36));
	assert_true(net_is_up(a, b));
	net_close(net);
}

/* A frame makes the slow retries fast again, and no two follow too close. */
static void
test_slow_to_fast(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair(&a, &b);

	(void)state;
	b->deaf = true;
	net_run(net, SEC(200));
	net_mark(net);
	net_run(net, SEC(36));
	const size_t slow = net_count(a, 0);
	assert_in_range(slow, 1, 2);
	net_send(a, b, 100, 0);
	net_run(net, SEC(60));
	assert_in_range(net_count(a, 0) - slow, 11, 12);
	for (size_t i = 1; i < net_count(a, 0); i++)
		assert_true(gap(a, i) >= SEC(5));
	net_close(net);
}

static void
test_resolve_event(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair(&a, &b);

	(void)state;
	b->deaf = true;
	/* after each fourth one of the fast attempts that got no answer */
	for (unsigned int sent = 1; sent <= PEER_FAST_TRIES; sent++) {
		while (net_count(a, 0) < sent) {
			assert_int_equal(a->events[SINK_PEER_RESOLVE],
			    (sent - 1) / PEER_RESOLVE_TRIES -
				((sent - 1) % PEER_RESOLVE_TRIES == 0 &&
				    sent > 1));
			net_run(net, MS(10));
		}
	}
	const unsigned int fast = a->events[SINK_PEER_RESOLVE];
	assert_int_equal(fast, (PEER_FAST_TRIES - 1) / PEER_RESOLVE_TRIES);
	/* and before each slow one */
	for (unsigned int i = 0; i < 20; i++) {
		net_mark(net);
		while (net_count(a, 0) == 0)
			net_run(net, MS(100));
	}
	assert_int_equal(a->events[SINK_PEER_RESOLVE],
	    fast + (net->dgram_count - PEER_FAST_TRIES));
	net_close(net);
}

/* Learned first, then the configured ones, in turns. */
static void
check_targets(bool store_later)
{
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);
	const struct addr named[] = { net_addr(50), net_addr(51) };
	const struct addr want[] = { b->addr, named[0], b->addr, named[1],
		b->addr, named[0] };
	const struct now now = net_now(a);

	node_peer_resolved(a->node, &now, 0, named, 2);
	net_run(net, SEC(80));
	a->store_later = store_later;
	net_kill(b);
	net_mark(net);
	net_send(a, b, 100, 0);
	net_run(net, SEC(18));
	if (store_later) {
		const struct now later = net_now(a);

		assert_int_equal(net_count(a, WIRE_INITIATION), 0);
		node_stamp_stored(a->node, &later, a->storing);
		net_turn(a);
		a->store_later = false;
	}
	net_run(net, SEC(40));
	for (size_t i = 0; i < ARRAY_LEN(want); i++)
		assert_true(addr_equal(
		    &net_nth(a, WIRE_INITIATION, i)->to.remote, &want[i]));
	net_close(net);
}

static void
test_targets(void **state)
{
	(void)state;
	check_targets(false);
}

static void
test_targets_store_later(void **state)
{
	(void)state;
	check_targets(true);
}

static void
test_targets_configured(void **state)
{
	struct net *net = net_open(1);
	struct net_host *a = net_add(net), *b = net_add(net);
	const struct addr named[] = { net_addr(50), net_addr(51), net_addr(1) };

	(void)state;
	net_start(a);
	net_start(b);
	assert_int_equal(net_link(a, b), 0);
	assert_int_equal(net_link(b, a), 0);
	const struct now now = net_now(a);
	node_peer_resolved(a->node, &now, 0, named, 3);
	net_turn(a);
	net_run(net, SEC(12));
	for (size_t i = 0; i < ARRAY_LEN(named); i++)
		assert_true(addr_equal(
		    &net_nth(a, WIRE_INITIATION, i)->to.remote, &named[i]));
	assert_true(net_is_up(a, b));
	net_close(net);
}

/* A name that now means something else is tried at once. */
static void
test_resolved_anew(void **state)
{
	struct net *net = net_open(1);
	struct net_host *a = net_add(net), *b = net_add(net);
	const struct addr wrong = net_addr(50);

	(void)state;
	net_start(a);
	net_start(b);
	assert_int_equal(net_link(a, b), 0);
	assert_int_equal(net_link(b, a), 0);
	net_resolve(a, 0, &wrong);
	net_run(net, SEC(2));
	net_resolve(a, 0, &wrong);
	assert_int_equal(net_count(a, 0), 1);
	net_resolve(a, 0, &b->addr);
	assert_int_equal(net_count(a, 0), 2);
	net_run(net, SEC(1));
	assert_true(net_is_up(a, b));
	/* it changes nothing while the session lives */
	net_mark(net);
	net_resolve(a, 0, &wrong);
	net_run(net, SEC(1));
	assert_int_equal(net_count(a, 0), 0);
	net_close(net);
}

/* An attempt that has just left is given a second for its answer, and names
 * in another order are no news. */
static void
test_resolved_while_an_answer_is_due(void **state)
{
	struct net *net = net_open(1);
	struct net_host *a = net_add(net), *b = net_add(net);
	const struct addr first[] = { net_addr(50), net_addr(51) };
	const struct addr turned[] = { net_addr(51), net_addr(50) };

	(void)state;
	net_start(a);
	net_start(b);
	assert_int_equal(net_link(a, b), 0);
	assert_int_equal(net_link(b, a), 0);
	struct now now = net_now(a);
	node_peer_resolved(a->node, &now, 0, first, 2);
	net_turn(a);
	assert_int_equal(net_count(a, 0), 1);
	net_run(net, MS(100));
	net_resolve(a, 0, &b->addr);
	assert_int_equal(net_count(a, 0), 1);
	net_run(net, MS(900));
	assert_int_equal(net_count(a, 0), 2 + net_count(a, WIRE_DATA));
	assert_true(
	    addr_equal(&net_nth(a, WIRE_INITIATION, 1)->to.remote, &b->addr));
	net_close(net);

	net = net_open(1);
	a = net_add(net);
	b = net_add(net);
	net_start(a);
	net_start(b);
	assert_int_equal(net_link(a, b), 0);
	now = net_now(a);
	node_peer_resolved(a->node, &now, 0, first, 2);
	net_turn(a);
	net_run(net, SEC(2));
	now = net_now(a);
	node_peer_resolved(a->node, &now, 0, turned, 2);
	net_turn(a);
	assert_int_equal(net_count(a, 0), 1);
	net_close(net);
}

/* Frames wait for a session that is not confirmed, but not for ever: a
 * recorded initiation must not make them. */
static void
test_next_that_is_never_confirmed(void **state)
{
	struct net *net = net_open(1);
	struct net_host *a = net_add(net), *b = net_add(net);

	(void)state;
	net_start(a);
	net_start(b);
	assert_int_equal(net_link(a, b), 0);
	assert_int_equal(net_link(b, a), 0);
	b->mute = true;
	net_resolve(a, 0, &b->addr);
	net_run(net, SEC(1));
	a->mute = true;
	const struct peer *p = net_peer(b, a);
	assert_non_null(p->keys.next);
	net_send(b, a, 100, 0);
	assert_int_equal(p->stage.count, 1);
	net_run(net, SEC(5));
	net_send(b, a, 100, 1);
	assert_int_equal(p->stage.count, 1);
	assert_int_equal(net_drops(b, DROP_NO_ENDPOINT), 1);
	net_run(net, SEC(540));
	assert_int_equal(p->stage.count, 0);
	assert_int_equal(net_drops(b, DROP_STAGE_EXPIRED), 1);
	net_close(net);
}

static void
test_low_order(void **state)
{
	/* y = 0, y = 1, and a point of order 8 (RFC 7748; curve25519) */
	static const uint8_t keys[][SUITE_KEY_LEN] = { { 0 }, { 1 },
		{ 0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56,
		    0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb,
		    0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49,
		    0xb8, 0x00 } };
	struct net *net = net_open(1);
	struct net_host *a = net_add(net);
	const struct addr there = net_addr(9);

	(void)state;
	net_start(a);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		const struct now now = net_now(a);
		struct node_peer_config c = { .keepalive_s = 25 };

		memcpy(c.public_key, keys[i], sizeof(keys[i]));
		const int peer = node_peer_add(a->node, &now, &c);
		if (peer >= 0)
			net_resolve(a, peer, &there);
	}
	net_run(net, SEC(300));
	assert_int_equal(net_count(a, 0), 0);
	assert_true(net_drops(a, DROP_HANDSHAKE_DH) > 20);
	net_close(net);
}

/* Two hosts, each with what only it believes. */
struct mismatch {
	const char *what;
	bool psk, network, key, unknown;
	bool answered; /* the responder sees only at the end that it is wrong */
	enum drop at_a, at_b;
};

static const struct mismatch mismatches[] = {
	{ .what = "psk",
	    .psk = true,
	    .answered = true,
	    .at_a = DROP_HANDSHAKE_OPEN },
	{ .what = "network", .network = true, .at_b = DROP_MAC1 },
	{ .what = "key of b", .key = true, .at_b = DROP_MAC1 },
	{ .what = "unknown a", .unknown = true, .at_b = DROP_HANDSHAKE_PEER },
};

static void
check_mismatch(const struct mismatch *m)
{
	struct net *net = net_open(1);
	struct net_host *a = net_add(net), *b = net_add(net);
	struct node_peer_config c = { .keepalive_s = 25 };

	if (m->network)
		a->config.network_id[0] = 1;
	net_start(a);
	net_start(b);
	const struct now now = net_now(a);
	assert_true(suite_public_key(c.public_key, b->config.private_key));
	c.psk[0] = m->psk;
	if (m->key)
		c.public_key[0] ^= 1;
	assert_int_equal(node_peer_add(a->node, &now, &c), 0);
	if (!m->unknown)
		assert_int_equal(net_link(b, a), 0);
	net_resolve(a, 0, &b->addr);
	net_send(a, b, 100, 0);
	net_run(net, SEC(400));
	const size_t tries = net_count(a, 0);
	assert_true(tries > 25);
	assert_int_equal(net_count(a, WIRE_INITIATION), tries);
	assert_int_equal(net_count(b, WIRE_RESPONSE), m->answered ? tries : 0);
	assert_int_equal(net_count(b, 0), net_count(b, WIRE_RESPONSE));
	if (m->at_a != DROP_NONE)
		assert_int_equal(net_drops(a, m->at_a), tries);
	if (m->at_b != DROP_NONE)
		assert_int_equal(net_drops(b, m->at_b), tries);
	assert_int_equal(a->events[SINK_PEER_UP] + b->events[SINK_PEER_UP], 0);
	assert_int_equal(b->frames, 0);
	net_close(net);
}

static void
test_mismatch(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(mismatches); i++) {
		print_message("# wrong %s\n", mismatches[i].what);
		check_mismatch(&mismatches[i]);
	}
}

static void
set_psk(struct net_host *h, const struct net_host *other, uint8_t first)
{
	struct node_peer_config c = { .psk = { first } };
	const struct now now = net_now(h);

	assert_true(suite_public_key(c.public_key, other->config.private_key));
	node_peer_set(h->node, &now, 0, &c);
}

/* A psk that changes acts at the next handshake, and not before: what has
 * been agreed goes on (gotatun 0.7.2). */
static void
test_changed_psk(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);

	(void)state;
	set_psk(a, b, 1);
	net_send(a, b, 100, 1);
	net_run(net, SEC(121));
	net_assert_frame(b, a, 100, 1);
	net_send(a, b, 100, 2);
	net_run(net, SEC(1));
	net_assert_frame(b, a, 100, 2);
	assert_int_equal(net_drops(a, DROP_HANDSHAKE_OPEN), 1);
	set_psk(b, a, 1);
	net_mark(net);
	net_run(net, SEC(6));
	assert_int_equal(net_count(a, WIRE_INITIATION), 1);
	assert_int_equal(net_drops(a, DROP_HANDSHAKE_OPEN), 1);
	assert_true(net_peer(a, b)->made_mono_ns + SEC(6) > net->mono_ns);
	assert_int_equal(net_peer(b, a)->made_mono_ns,
	    net_peer(a, b)->made_mono_ns + NET_DELAY);
	net_close(net);
}

/* No index names two things, over many handshakes of both sides. */
static void
test_indices(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair(&a, &b);

	(void)state;
	for (unsigned int i = 0; i < 30; i++) {
		net_send(a, b, 100, i);
		net_run(net, SEC(125));
	}
	uint32_t seen[128] = { 0 };
	size_t count = 0;
	for (size_t i = 0; i < net->dgram_count; i++) {
		struct wire_response r;

		if (net_type(net->dgrams[i]) > WIRE_RESPONSE)
			continue;
		/* the sender index stands at the same place in both */
		memcpy(&r.sender, net->dgrams[i]->data + 4, 4);
		assert_int_not_equal(r.sender, 0);
		for (size_t j = 0; j < count; j++)
			assert_int_not_equal(seen[j], r.sender);
		assert_true(count < ARRAY_LEN(seen));
		seen[count++] = r.sender;
	}
	assert_true(count >= 60);
	net_close(net);
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
		cmocka_unit_test(test_first),
		cmocka_unit_test(test_no_endpoint),
		cmocka_unit_test(test_offer),
		cmocka_unit_test(test_unconfirmed_next),
		cmocka_unit_test(test_next_that_is_never_confirmed),
		cmocka_unit_test(test_previous_makes_room),
		cmocka_unit_test(test_staged),
		cmocka_unit_test(test_staged_bytes),
		cmocka_unit_test(test_staged_responder),
		cmocka_unit_test(test_staged_too_long),
		cmocka_unit_test(test_retries),
		cmocka_unit_test(test_slow_to_fast),
		cmocka_unit_test(test_resolve_event),
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_targets_store_later),
		cmocka_unit_test(test_targets_configured),
		cmocka_unit_test(test_resolved_anew),
		cmocka_unit_test(test_resolved_while_an_answer_is_due),
		cmocka_unit_test(test_low_order),
		cmocka_unit_test(test_mismatch),
		cmocka_unit_test(test_changed_psk),
		cmocka_unit_test(test_indices),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
