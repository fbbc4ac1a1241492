/* SPDX-License-Identifier: ISC */
/*
 * A peer that speaks from a new address, and whoever pretends to be one.
 * lansplice-protocol(7), MOVING ENDPOINT.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "forge.h"
#include "net.h"

enum { CHALLENGE_LEN = WIRE_DATA_HEADER + WIRE_PATH_LEN + SUITE_TAG_LEN };

static const struct addr *
endpoint(const struct net_host *h, const struct net_host *other)
{
	return &net_peer(h, other)->endpoint.remote;
}

static void
test_moves(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);
	const struct addr old = a->addr;

	(void)state;
	a->addr = net_addr(50);
	net_send(a, b, 100, 1);
	net_run(net, NET_DELAY);
	/* the challenge goes to the new address, frames to the old one */
	net_send(b, a, 100, 2);
	assert_int_equal(net_count(b, 0), 2);
	assert_int_equal(net_nth(b, 0, 0)->len, CHALLENGE_LEN);
	assert_true(addr_equal(&net_nth(b, 0, 0)->to.remote, &a->addr));
	assert_true(addr_equal(&net_nth(b, 0, 1)->to.remote, &old));
	assert_true(addr_equal(endpoint(b, a), &old));
	net_run(net, 2 * NET_DELAY);
	assert_true(addr_equal(endpoint(b, a), &a->addr));
	assert_int_equal(b->events[SINK_PEER_MOVED], 1);
	assert_true(addr_equal(&b->last_event.path.remote, &a->addr));
	net_send(b, a, 100, 3);
	net_run(net, SEC(60));
	net_assert_frame(a, b, 100, 3);
	/* a challenge, two frames: nothing more about it */
	net_mark(net);
	net_run(net, SEC(10));
	assert_int_equal(net_count(b, 0), 0);
	net_close(net);
}

static void
test_moves_by_keepalive(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);

	(void)state;
	net_send(b, a, 100, 1);
	net_run(net, SEC(5));
	a->addr = net_addr(50);
	net_run(net, SEC(6));
	assert_true(addr_equal(endpoint(b, a), &a->addr));
	net_close(net);
}

/* The initiator follows the responder as well. */
static void
test_responder_moves(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);

	(void)state;
	b->addr = net_addr(50);
	net_send(b, a, 100, 1);
	net_run(net, SEC(1));
	assert_true(addr_equal(endpoint(a, b), &b->addr));
	net_close(net);
}

/* Nobody is at these two. */
static bool
lose_to_new(struct net *net, const struct net_dgram *d)
{
	const struct addr one = net_addr(50), two = net_addr(51);

	(void)net;
	return !addr_equal(&d->to.remote, &one) &&
	    !addr_equal(&d->to.remote, &two);
}

static void
test_fails(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);
	const struct addr old = a->addr;

	(void)state;
	net->filter = lose_to_new;
	a->addr = net_addr(50);
	net_send(a, b, 100, 1);
	net_run(net, SEC(9));
	assert_int_equal(net_count(b, WIRE_DATA), 3);
	for (size_t i = 0; i < 3; i++) {
		const struct net_dgram *d = net_nth(b, WIRE_DATA, i);

		assert_int_equal(d->len, CHALLENGE_LEN);
		assert_int_equal(
		    d->sent_ns, net_nth(b, WIRE_DATA, 0)->sent_ns + i * SEC(1));
	}
	/* another fails as well */
	a->addr = net_addr(51);
	net_send(a, b, 100, 1);
	net_run(net, SEC(4));
	assert_int_equal(net_count(b, WIRE_DATA), 6);
	/* both are refused for 30 s after their failure, which was 3 s after
	 * the first challenge */
	const uint64_t failed = net_nth(b, WIRE_DATA, 0)->sent_ns + SEC(3);
	net_mark(net);
	for (unsigned int i = 0; net->mono_ns < failed + SEC(29); i++) {
		a->addr = net_addr(50 + i % 2);
		net_send(a, b, 100, 2);
		net_run(net, MS(500));
	}
	for (size_t i = 0; i < net_count(b, WIRE_DATA); i++)
		assert_true(
		    addr_equal(&net_nth(b, WIRE_DATA, i)->to.remote, &old));
	/* and then it may try again */
	net->filter = NULL;
	a->addr = net_addr(50);
	net_run(net, SEC(1));
	net_send(a, b, 100, 3);
	net_run(net, SEC(1));
	assert_true(addr_equal(endpoint(b, a), &a->addr));
	net_close(net);
}

/* Copies of what the true peer sent, from elsewhere. */
static void
test_replayed(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);
	const struct addr elsewhere = net_addr(60);

	(void)state;
	a->mute = true;
	for (unsigned int i = 0; i < 3; i++)
		net_send(a, b, 100, i);
	const struct net_dgram *early = net_nth(a, WIRE_DATA, 0);
	const struct net_dgram *mid = net_nth(a, WIRE_DATA, 1);
	const struct net_dgram *late = net_nth(a, WIRE_DATA, 2);
	net_inject(b, &a->addr, mid->data, mid->len);
	assert_int_equal(net_count(b, 0), 0);
	/* seen already; behind the newest */
	net_inject(b, &elsewhere, mid->data, mid->len);
	net_inject(b, &elsewhere, early->data, early->len);
	assert_int_equal(net_count(b, 0), 0);
	assert_int_equal(b->frames, 2);
	/* a copy that comes first starts a check, and no more: frames go on to
	 * the old address */
	net_inject(b, &elsewhere, late->data, late->len);
	assert_int_equal(net_count(b, 0), 1);
	a->mute = false;
	for (unsigned int i = 0; i < 100; i++) {
		net_send(b, a, 100, i);
		net_run(net, MS(100));
		net_assert_frame(a, b, 100, i);
	}
	assert_true(addr_equal(endpoint(b, a), &a->addr));
	assert_int_equal(b->events[SINK_PEER_MOVED], 0);
	net_close(net);
}

/* One check at a time: a third address waits. */
static void
test_one_check(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);

	(void)state;
	net->filter = lose_to_new;
	a->addr = net_addr(50);
	net_send(a, b, 100, 1);
	net_run(net, MS(100));
	a->addr = net_addr(52);
	net_send(a, b, 100, 2);
	net_run(net, MS(100));
	assert_int_equal(net_count(b, WIRE_DATA), 1);
	net_run(net, SEC(3));
	net_send(a, b, 100, 3);
	net_run(net, MS(100));
	assert_true(addr_equal(endpoint(b, a), &a->addr));
	net_close(net);
}

/* A challenge is answered to where it came from, and moves nothing. */
static void
test_challenge_answered(void **state)
{
	static const uint8_t text[] = { WIRE_PATH_CHALLENGE, 1, 2, 3, 4, 5, 6,
		7, 8 };
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);
	const struct addr elsewhere = net_addr(60);
	struct session *s = net_peer(a, b)->keys.current;
	uint8_t dgram[CHALLENGE_LEN + 10];

	(void)state;
	net_inject(
	    b, &elsewhere, dgram, forge_seal(s, text, sizeof(text), dgram));
	assert_int_equal(net_count(b, 0), 1);
	const struct net_dgram *d = net_nth(b, WIRE_DATA, 0);
	assert_true(addr_equal(&d->to.remote, &elsewhere));
	assert_true(addr_equal(endpoint(b, a), &a->addr));
	/* the same 8 bytes come back */
	struct session_opened opened;
	uint8_t copy[CHALLENGE_LEN];
	assert_int_equal(d->len, sizeof(copy));
	memcpy(copy, d->data, sizeof(copy));
	assert_int_equal(
	    session_open(s, net->mono_ns, copy, sizeof(copy), &opened),
	    DROP_NONE);
	assert_int_equal(opened.text_len, sizeof(text));
	assert_int_equal(copy[WIRE_DATA_HEADER], WIRE_PATH_RESPONSE);
	assert_memory_equal(copy + WIRE_DATA_HEADER + 1, text + 1, 8);
	/* cut short: no answer; longer: the rest is ignored */
	net_inject(
	    b, &elsewhere, dgram, forge_seal(s, text, sizeof(text) - 1, dgram));
	assert_int_equal(net_drops(b, DROP_CONTROL), 1);
	assert_int_equal(net_count(b, 0), 1);
	net_close(net);
}

static void
test_wrong_response(void **state)
{
	uint8_t text[WIRE_PATH_LEN] = { WIRE_PATH_RESPONSE };
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);
	struct session *s = net_peer(a, b)->keys.current;
	const struct addr old = a->addr, elsewhere = net_addr(60);
	uint8_t dgram[CHALLENGE_LEN];

	(void)state;
	/* no check is under way; zeros are what is there before the first */
	net_inject(
	    b, &elsewhere, dgram, forge_seal(s, text, sizeof(text), dgram));
	assert_int_equal(net_drops(b, DROP_PATH_RESPONSE), 1);
	assert_int_equal(net_count(b, 0), 0);
	a->addr = net_addr(50);
	a->deaf = true;
	net_send(a, b, 100, 1);
	net_run(net, NET_DELAY);
	memcpy(text + 1, net_peer(b, a)->roam.challenge, WIRE_PATH_DATA);
	text[8] ^= 1;
	net_inject(
	    b, &a->addr, dgram, forge_seal(s, text, sizeof(text), dgram));
	assert_int_equal(net_drops(b, DROP_PATH_RESPONSE), 2);
	assert_true(addr_equal(endpoint(b, a), &old));
	text[8] ^= 1;
	net_inject(
	    b, &a->addr, dgram, forge_seal(s, text, sizeof(text), dgram));
	assert_true(addr_equal(endpoint(b, a), &a->addr));
	/* it counts once */
	net_inject(
	    b, &elsewhere, dgram, forge_seal(s, text, sizeof(text), dgram));
	assert_int_equal(net_drops(b, DROP_PATH_RESPONSE), 3);
	assert_true(addr_equal(endpoint(b, a), &a->addr));
	net_close(net);
}

/* An accepted response moves the endpoint of the initiator at once, the first
 * message under the new key that of the responder. */
static void
test_handshake_moves(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);
	const struct addr old = a->addr;

	(void)state;
	net_run(net, SEC(120));
	a->addr = net_addr(50);
	a->deaf = true; /* so that no check of an address passes */
	net_send(a, b, 100, 1);
	net_run(net, NET_DELAY);
	/* the source of an initiation is good for its response only */
	const struct net_dgram *d = net_nth(b, WIRE_RESPONSE, 0);
	assert_true(addr_equal(&d->to.remote, &a->addr));
	assert_true(addr_equal(endpoint(b, a), &old));
	a->deaf = false;
	/* the responder moved as well, and answers from there */
	b->addr = net_addr(51);
	net_inject(a, &b->addr, d->data, d->len);
	assert_true(addr_equal(endpoint(a, b), &b->addr));
	net_run(net, NET_DELAY);
	assert_true(addr_equal(endpoint(b, a), &a->addr));
	assert_int_equal(a->events[SINK_PEER_MOVED], 1);
	assert_int_equal(b->events[SINK_PEER_MOVED], 1);
	net_close(net);
}

static void
test_initiation_moves_nothing(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);
	const struct handshake_self self = forge_self(a);
	const struct addr old = a->addr, elsewhere = net_addr(60);
	uint8_t msg[WIRE_INITIATION_LEN];

	(void)state;
	forge_initiation(&self, b, NET_WALL + SEC(5000), msg);
	net_inject(b, &elsewhere, msg, sizeof(msg));
	assert_true(
	    addr_equal(&net_nth(b, WIRE_RESPONSE, 0)->to.remote, &elsewhere));
	net_run(net, SEC(10));
	assert_true(addr_equal(endpoint(b, a), &old));
	net_send(b, a, 100, 1);
	assert_true(addr_equal(&net_nth(b, WIRE_DATA, 0)->to.remote, &old));
	net_close(net);
}

/* The path size belongs to the address, and outlives a renewal. */
static void
test_path_size(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);
	const struct peer *p = net_peer(b, a);

	(void)state;
	assert_int_equal(p->pmtu.size, 1472);
	b->link_mtu = 1400;
	net_send(a, b, 100, 1);
	net_run(net, SEC(121));
	net_send(a, b, 100, 2);
	net_run(net, SEC(1));
	assert_int_equal(p->pmtu.size, 1472);
	a->addr = net_addr(50);
	net_send(a, b, 100, 3);
	net_run(net, SEC(1));
	assert_int_equal(p->pmtu.size, 1372);
	net_close(net);
}

/* A datagram leaves from where its endpoint was last heard. */
static void
test_local_address(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);
	const struct addr local = net_addr(77);
	struct session *s = net_peer(a, b)->keys.current;
	uint8_t dgram[32];

	(void)state;
	forge_seal(s, NULL, 0, dgram);
	const struct path from = { .remote = a->addr, .local = local };
	const struct now now = net_now(b);
	node_dgram_in(b->node, &now, &from, dgram, sizeof(dgram));
	net_turn(b);
	assert_int_equal(net_count(b, 0), 0);
	net_send(b, a, 100, 1);
	assert_true(addr_equal(&net_nth(b, WIRE_DATA, 0)->to.local, &local));
	net_close(net);
}

/* Our own network changed: the other side learns of it at once. */
/* An initiation whose answer may be on the way is not thrown away, however
 * often the network changes; without an answer the next one comes soon. */
static void
test_network_never_rests(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);
	const uint64_t before = net_peer(a, b)->made_mono_ns;

	(void)state;
	net->delay_ns = MS(250);
	for (unsigned int i = 0; i < 4; i++) {
		const struct now now = net_now(a);

		node_network_changed(a->node, &now);
		net_turn(a);
		net_run(net, MS(150));
	}
	assert_int_equal(net_count(a, WIRE_INITIATION), 1);
	assert_true(net_peer(a, b)->made_mono_ns > before);
	b->deaf = true;
	net_run(net, SEC(3));
	net_mark(net);
	for (unsigned int i = 0; i < 20; i++) {
		const struct now now = net_now(a);

		node_network_changed(a->node, &now);
		net_turn(a);
		net_run(net, MS(150));
	}
	assert_in_range(net_count(a, WIRE_INITIATION), 2, 4);
	net_close(net);
}

static void
test_network_changed(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);

	(void)state;
	a->addr = net_addr(50);
	const struct now now = net_now(a);
	node_network_changed(a->node, &now);
	net_turn(a);
	assert_int_equal(net_count(a, WIRE_INITIATION), 1);
	assert_false(addr_is_set(&net_nth(a, WIRE_INITIATION, 0)->to.local));
	net_run(net, 3 * NET_DELAY);
	assert_true(addr_equal(endpoint(b, a), &a->addr));
	net_close(net);
}

/* A response under the previous key counts for nothing. */
static void
test_response_previous(void **state)
{
	uint8_t text[WIRE_PATH_LEN] = { WIRE_PATH_RESPONSE };
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);
	struct session *old = net_peer(a, b)->keys.current;
	const struct addr before = a->addr;
	uint8_t dgram[CHALLENGE_LEN];

	(void)state;
	net_run(net, SEC(121));
	net_send(a, b, 100, 1);
	net_run(net, SEC(1));
	a->addr = net_addr(50);
	a->deaf = true;
	net_send(a, b, 100, 1);
	net_run(net, NET_DELAY);
	memcpy(text + 1, net_peer(b, a)->roam.challenge, WIRE_PATH_DATA);
	net_inject(
	    b, &a->addr, dgram, forge_seal(old, text, sizeof(text), dgram));
	assert_int_equal(net_drops(b, DROP_PATH_RESPONSE), 1);
	assert_true(addr_equal(endpoint(b, a), &before));
	net_close(net);
}

/* A retry lets the system choose where from. */
static void
test_retry_forgets_local(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);

	(void)state;
	net_run(net, SEC(120));
	b->deaf = true;
	net_send(a, b, 100, 1);
	net_run(net, SEC(12)); /* and not until the answer timer */
	assert_int_equal(net_count(a, WIRE_INITIATION), 3);
	assert_true(addr_is_set(&net_nth(a, WIRE_INITIATION, 0)->to.local));
	assert_true(
	    addr_equal(&net_nth(a, WIRE_INITIATION, 2)->to.remote, &b->addr));
	assert_false(addr_is_set(&net_nth(a, WIRE_INITIATION, 2)->to.local));
	net_close(net);
}

/* A name that means a new address is tried at once, although the turn would
 * be that of the learned one. */
static void
test_resolved_elsewhere(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);
	const struct addr next = net_addr(50);

	(void)state;
	net_run(net, SEC(120));
	b->addr = next;
	net_send(a, b, 100, 1);
	net_run(net, SEC(6)); /* twice in vain */
	net_run(net, SEC(11));
	const size_t tries = net_count(a, WIRE_INITIATION);
	assert_int_equal(tries, 4);
	net_resolve(a, 0, &next);
	assert_int_equal(net_count(a, WIRE_INITIATION), tries + 1);
	assert_true(
	    addr_equal(&net_nth(a, WIRE_INITIATION, tries)->to.remote, &next));
	net_run(net, SEC(1));
	assert_true(net_is_up(a, b));
	assert_true(addr_equal(endpoint(a, b), &next));
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
		cmocka_unit_test(test_moves),
		cmocka_unit_test(test_moves_by_keepalive),
		cmocka_unit_test(test_responder_moves),
		cmocka_unit_test(test_fails),
		cmocka_unit_test(test_replayed),
		cmocka_unit_test(test_one_check),
		cmocka_unit_test(test_challenge_answered),
		cmocka_unit_test(test_wrong_response),
		cmocka_unit_test(test_handshake_moves),
		cmocka_unit_test(test_initiation_moves_nothing),
		cmocka_unit_test(test_path_size),
		cmocka_unit_test(test_local_address),
		cmocka_unit_test(test_network_changed),
		cmocka_unit_test(test_network_never_rests),
		cmocka_unit_test(test_response_previous),
		cmocka_unit_test(test_retry_forgets_local),
		cmocka_unit_test(test_resolved_elsewhere),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
