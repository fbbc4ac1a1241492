/* SPDX-License-Identifier: ISC */
/*
 * Frames that do not fit the path, from LAN to LAN; sizes that the path
 * forces; probes. lansplice-protocol(7), FRAGMENTS and PATH SIZE.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "forge.h"
#include "net.h"

enum {
	UDP_IPV4 = 28,
	OVERHEAD = WIRE_DATA_HEADER + SUITE_TAG_LEN,
	PIECE_OVERHEAD = OVERHEAD + WIRE_FRAGMENT_HEADER,
	KEPT_ROUNDS = 50, /* more than the pool could lose */
};

/* A pair whose LAN inside and path outside have such MTUs. */
static struct net *
sized_pair(
    struct net_host **a, struct net_host **b, uint16_t inside, uint32_t outside)
{
	struct net *net = net_open(1);

	*a = net_add(net);
	*b = net_add(net);
	(*a)->config.mtu = (*b)->config.mtu = inside;
	(*a)->link_mtu = (*b)->link_mtu = outside;
	net->path_max = outside - UDP_IPV4;
	net_start(*a);
	net_start(*b);
	assert_int_equal(net_link(*a, *b), 0);
	assert_int_equal(net_link(*b, *a), 0);
	net_resolve(*a, 0, &(*b)->addr);
	net_run(net, SEC(1));
	assert_true(net_is_up(*a, *b) && net_is_up(*b, *a));
	net_mark(net);
	return net;
}

/* Every size from LAN to LAN over every path. */
static void
test_all_sizes(void **state)
{
	struct net_host *a, *b;

	(void)state;
	for (uint32_t mtu = 576; mtu <= 1500; mtu += 28) {
		struct net *net = sized_pair(&a, &b, 1500, mtu);
		unsigned int sent = 0;

		for (size_t len = FRAME_MIN; len <= 1518;
		     len += len < 1500 ? 31 : 1) {
			net_send(a, b, len, (unsigned int)len);
			net_run(net, MS(20));
			net_assert_frame(b, a, len, (unsigned int)len);
			assert_int_equal(b->frames, ++sent);
		}
		for (size_t i = 0; i < net_count(a, 0); i++)
			assert_in_range(
			    net_nth(a, 0, i)->len, 0, mtu - UDP_IPV4);
		net_close(net);
	}
}

static void
test_jumbo(void **state)
{
	struct net_host *a, *b;
	struct net *net = sized_pair(&a, &b, 9000, 1500);

	(void)state;
	for (size_t len = 14; len <= 9018; len += 334) {
		net_send(a, b, len, (unsigned int)len);
		net_send(b, a, len, (unsigned int)len);
		net_run(net, MS(20));
		net_assert_frame(b, a, len, (unsigned int)len);
		net_assert_frame(a, b, len, (unsigned int)len);
	}
	net_close(net);
}

/* Whole where it fits to the byte, else in two halves, not one full and one
 * tiny. */
static void
test_balance(void **state)
{
	struct net_host *a, *b;
	struct net *net = sized_pair(&a, &b, 1500, 1500);
	const size_t fits = 1472 - OVERHEAD - WIRE_KIND_LEN;

	(void)state;
	net_send(a, b, fits, 1);
	assert_int_equal(net_count(a, 0), 1);
	assert_int_equal(net_nth(a, 0, 0)->len, 1472);
	net_mark(net);
	net_send(a, b, fits + 1, 2);
	assert_int_equal(net_count(a, 0), 2);
	const size_t one = net_nth(a, 0, 0)->len, two = net_nth(a, 0, 1)->len;
	assert_int_equal(one + two, fits + 1 + PIECE_OVERHEAD + PIECE_OVERHEAD);
	assert_true(one >= two && one - two < 32);
	net_close(net);
}

/* The system says that a datagram was too long: the next ones are not. */
static void
test_refused(void **state)
{
	struct net_host *a, *b;
	struct net *net = sized_pair(&a, &b, 1500, 1500);
	const struct peer *p = net_peer(a, b);

	(void)state;
	net->path_max = 0;
	a->refuse_above = 1400;
	net_send(a, b, 1400, 1);
	assert_int_equal(net_count(a, 0), 0);
	/* 1433 were refused: a packet of 1460 is the largest usual one below */
	assert_int_equal(p->pmtu.size, 1460 - UDP_IPV4);
	net_send(a, b, 1400, 2);
	net_run(net, SEC(1));
	net_assert_frame(b, a, 1400, 2);
	/* down to the least, and not below */
	a->refuse_above = 550;
	for (unsigned int i = 0; i < 12; i++)
		net_send(a, b, 1514, i);
	assert_int_equal(p->pmtu.size, 548);
	net_send(a, b, 1514, 3);
	net_run(net, SEC(1));
	net_assert_frame(b, a, 1514, 3);
	a->refuse_above = 100;
	net_send(a, b, 1514, 4);
	assert_int_equal(p->pmtu.size, 548);
	net_close(net);
}

/* Each obeys what the other announced, if the interface is larger. */
static void
test_peer_limit(void **state)
{
	struct net *net = net_open(1);
	struct net_host *a = net_add(net), *b = net_add(net);

	(void)state;
	b->config.dgram_max = 600;
	a->config.mtu = b->config.mtu = 9000;
	b->addr.family = ADDR_IPV6; /* whose least size is larger */
	net_start(a);
	net_start(b);
	assert_int_equal(net_link(a, b), 0);
	assert_int_equal(net_link(b, a), 0);
	net_resolve(a, 0, &b->addr);
	net_run(net, SEC(1));
	net_send(a, b, 4000, 1);
	net_run(net, SEC(1));
	net_assert_frame(b, a, 4000, 1);
	for (size_t i = 0; i < net_count(a, 0); i++)
		assert_in_range(net_nth(a, 0, i)->len, 0, 600);
	/* 16 fragments and no more */
	const uint64_t before = net_count(a, 0);
	net_send(a, b, 9000, 1);
	assert_int_equal(net_drops(a, DROP_FRAGMENT_COUNT), 1);
	assert_int_equal(net_count(a, 0), before);
	net_close(net);
}

/* A link below what IPv4 must carry: one event, and the least size. */
static void
test_small_link(void **state)
{
	struct net *net = net_open(1);
	struct net_host *a = net_add(net), *b = net_add(net);

	(void)state;
	a->link_mtu = 500;
	net_start(a);
	net_start(b);
	assert_int_equal(net_link(a, b), 0);
	assert_int_equal(net_link(b, a), 0);
	net_resolve(a, 0, &b->addr);
	net_run(net, SEC(1));
	assert_int_equal(a->events[SINK_PATH_SMALL], 1);
	assert_int_equal(net_peer(a, b)->pmtu.size, 548);
	net_close(net);
}

/* Reordered fragments, also of several frames at once, are put together. */
static void
test_reordered(void **state)
{
	struct net_host *a, *b;
	struct net *net = sized_pair(&a, &b, 9000, 1500);

	(void)state;
	a->mute = true;
	for (unsigned int i = 0; i < 10; i++)
		net_send(a, b, 9000, i);
	const size_t count = net_count(a, 0);
	assert_int_equal(count, 70);
	for (size_t i = 0; i < count; i++) {
		const struct net_dgram *d = net_nth(a, 0, i * 37 % count);

		net_inject(b, &a->addr, d->data, d->len);
	}
	assert_int_equal(b->frames, 10);
	assert_int_equal(net_peer(b, a)->fragments.used, 0);
	assert_int_equal(net_peer(b, a)->fragments.blocks, 0);
	net_close(net);
}

/* What does not complete is dropped after 1 s, and its memory is free. */
static void
test_incomplete(void **state)
{
	struct net_host *a, *b;
	struct net *net = sized_pair(&a, &b, 1500, 1500);

	(void)state;
	a->mute = true;
	for (unsigned int i = 0; i < 40; i++) {
		net_mark(net);
		net_send(a, b, 1514, i);
		const struct net_dgram *d = net_nth(a, 0, i % 2);
		net_inject(b, &a->addr, d->data, d->len);
	}
	const struct peer *p = net_peer(b, a);
	assert_int_equal(p->fragments.used, FRAGMENT_PARTIALS);
	assert_int_equal(net_drops(b, DROP_FRAGMENT_EVICTED), 8);
	net_run(net, SEC(1) - 1);
	assert_int_equal(p->fragments.used, FRAGMENT_PARTIALS);
	net_run(net, 1);
	assert_int_equal(p->fragments.used, 0);
	assert_int_equal(net_drops(b, DROP_FRAGMENT_EXPIRED), 32);
	assert_int_equal(b->frames, 0);
	/* the other half comes too late */
	const struct net_dgram *d = net_nth(a, 0, 0);
	net_inject(b, &a->addr, d->data, d->len);
	assert_int_equal(b->frames, 0);
	net_close(net);
}

/* Fragments that were under way at a renewal belong to the old key. */
static void
test_over_rekey(void **state)
{
	struct net_host *a, *b;
	struct net *net = sized_pair(&a, &b, 1500, 1500);

	(void)state;
	net_run(net, SEC(119));
	a->mute = true;
	net_send(a, b, 1514, 7);
	const struct net_dgram *one = net_nth(a, WIRE_DATA, 0);
	const struct net_dgram *two = net_nth(a, WIRE_DATA, 1);
	net_inject(b, &a->addr, one->data, one->len);
	a->mute = false;
	net_run(net, MS(500));
	net_mark(net);
	net_send(a, b, 100, 1);
	net_run(net, MS(100));
	assert_non_null(net_peer(b, a)->keys.previous);
	net_inject(b, &a->addr, two->data, two->len);
	net_assert_frame(b, a, 1514, 7);
	net_close(net);
}

/* More frames out of fragments than can be kept within one turn: those are
 * lost, the ones delivered lie still (net.c looks), no memory is lost. */
static void
test_kept(void **state)
{
	struct net_host *a, *b;
	struct net *net = sized_pair(&a, &b, 3000, 1500);
	const struct path from = { .remote = a->addr };

	(void)state;
	/* again and again: what is dropped is given back, too */
	for (unsigned int round = 1; round <= KEPT_ROUNDS; round++) {
		a->mute = true;
		net_mark(net);
		for (unsigned int i = 0; i < NODE_KEPT + 6; i++)
			net_send(a, b, 2900, i);
		const size_t count = net_count(a, 0);
		const struct now now = net_now(b);
		for (size_t i = 0; i < count; i++) {
			const struct net_dgram *d = net_nth(a, 0, i);

			node_dgram_in(b->node, &now, &from, d->data, d->len);
		}
		assert_int_equal(b->frames, round * NODE_KEPT);
		assert_int_equal(net_drops(b, DROP_POOL), round * 6);
		net_turn(b);
	}
	a->mute = false;
	for (unsigned int i = 0; i < 1000; i++) {
		net_send(a, b, 2900, i);
		net_run(net, MS(20));
		net_assert_frame(b, a, 2900, i);
	}
	net_close(net);
}

/* Frames that wait for a peer that never comes leave room for fragments. */
static void
test_pool_of_waiting_frames(void **state)
{
	struct net *net = net_open(1);
	struct net_host *a = net_add(net), *b = net_add(net);
	struct net_host *c = net_add(net);

	(void)state;
	b->config.memory = NODE_MEMORY_MIN;
	net_start(a);
	net_start(b);
	assert_int_equal(net_link(a, b), 0);
	assert_int_equal(net_link(b, a), 0);
	assert_int_equal(net_link(b, c), 1);
	net_resolve(a, 0, &b->addr);
	net_resolve(b, 1, &c->addr);
	net_run(net, SEC(1));
	for (unsigned int i = 0; i < 80; i++)
		net_send(b, c, 100, i);
	net_run(net, SEC(1));
	net_send(a, b, 1514, 1);
	net_run(net, MS(100));
	assert_true(net_drops(b, DROP_STAGE_FULL) > 0);
	assert_int_equal(net_drops(b, DROP_POOL), 0);
	net_assert_frame(b, a, 1514, 1);
	net_close(net);
}

/* Probes. */

static void
test_probe(void **state)
{
	struct net_host *a, *b;
	struct net *net = sized_pair(&a, &b, 1500, 1500);
	struct session *s = net_peer(a, b)->keys.current;
	const struct wire_probe probe = { .id = 0xcafe1234, .size = 1300 };
	const struct addr elsewhere = net_addr(60);
	uint8_t text[1400] = { 0 }, dgram[1500];
	const size_t len = 1300 - OVERHEAD;

	(void)state;
	wire_put_probe(text, WIRE_PROBE, &probe);
	net_inject(b, &a->addr, dgram, forge_seal(s, text, len, dgram));
	assert_int_equal(net_count(b, 0), 1);
	const struct net_dgram *d = net_nth(b, 0, 0);
	uint8_t ack[OVERHEAD + WIRE_PROBE_LEN];
	struct session_opened opened;
	struct wire_probe answer;
	assert_int_equal(d->len, sizeof(ack));
	memcpy(ack, d->data, sizeof(ack));
	assert_int_equal(
	    session_open(s, net->mono_ns, ack, sizeof(ack), &opened),
	    DROP_NONE);
	assert_int_equal(ack[WIRE_DATA_HEADER], WIRE_PROBE_ACK);
	assert_int_equal(
	    wire_parse_probe(&answer, ack + WIRE_DATA_HEADER, opened.text_len),
	    DROP_NONE);
	assert_int_equal(answer.id, probe.id);
	assert_int_equal(answer.size, probe.size);
	/* not the size that it names */
	net_inject(b, &a->addr, dgram, forge_seal(s, text, len - 1, dgram));
	net_inject(b, &a->addr, dgram, forge_seal(s, text, len + 1, dgram));
	assert_int_equal(net_drops(b, DROP_PROBE_SIZE), 2);
	assert_int_equal(net_count(b, 0), 1);
	/* the answer goes to the endpoint, not to the source */
	net_inject(b, &elsewhere, dgram, forge_seal(s, text, len, dgram));
	assert_int_equal(net_count(b, 0), 2);
	assert_true(addr_equal(&net_nth(b, 0, 1)->to.remote, &a->addr));
	net_close(net);
}

/* Fragments of a frame longer than we take, or that contradict themselves or
 * each other. */
static void
test_invalid(void **state)
{
	static const struct {
		struct wire_fragment f;
		size_t len; /* bytes of the piece */
		enum drop why;
	} cases[] = {
		/* under counter 1: fragment 0 would have had -1 */
		{ { 2, 3, 1518, 512 }, 494, DROP_FRAGMENT_INVALID },
		{ { 0, 2, 1518, 768 }, 768, DROP_NONE },
		{ { 0, 2, 1519, 768 }, 768, DROP_FRAGMENT_INVALID },
		{ { 0, 16, 16384, 1024 }, 1024, DROP_FRAGMENT_INVALID },
		{ { 0, 16, 65535, 4096 }, 1024, DROP_FRAGMENT_INVALID },
		{ { 0, 1, 700, 768 }, 700, DROP_FRAGMENT_INVALID },
		{ { 0, 17, 1518, 96 }, 96, DROP_FRAGMENT_INVALID },
		{ { 2, 2, 1518, 768 }, 768, DROP_FRAGMENT_INVALID },
		{ { 0, 2, 100, 63 }, 63, DROP_FRAGMENT_INVALID },
		{ { 0, 2, 768, 768 }, 768, DROP_FRAGMENT_INVALID },
		{ { 0, 2, 1518, 758 }, 758, DROP_FRAGMENT_INVALID },
		{ { 0, 2, 1518, 768 }, 767, DROP_FRAGMENT_INVALID },
		{ { 0, 2, 1518, 768 }, 769, DROP_FRAGMENT_INVALID },
		{ { 1, 2, 1518, 768 }, 768, DROP_FRAGMENT_INVALID },
		{ { 0, 2, 0, 0 }, 0, DROP_FRAGMENT_INVALID },
	};
	uint8_t text[1500] = { 0 }, dgram[1600];
	struct net_host *a, *b;
	struct net *net = sized_pair(&a, &b, 1500, 1500);
	struct session *s = net_peer(a, b)->keys.current;
	uint64_t invalid = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		wire_put_fragment(text, &cases[i].f);
		net_inject(b, &a->addr, dgram,
		    forge_seal(
			s, text, WIRE_FRAGMENT_HEADER + cases[i].len, dgram));
		invalid += cases[i].why == DROP_FRAGMENT_INVALID;
		assert_int_equal(net_drops(b, DROP_FRAGMENT_INVALID), invalid);
	}
	assert_int_equal(net_peer(b, a)->fragments.used, 1);
	wire_put_fragment(text, &(struct wire_fragment){ 0, 3, 1518, 512 });
	net_inject(b, &a->addr, dgram,
	    forge_seal(s, text, WIRE_FRAGMENT_HEADER + 512, dgram));
	/* of the same frame, but it says otherwise */
	wire_put_fragment(text, &(struct wire_fragment){ 1, 2, 1000, 512 });
	net_inject(b, &a->addr, dgram,
	    forge_seal(s, text, WIRE_FRAGMENT_HEADER + 488, dgram));
	assert_int_equal(net_drops(b, DROP_FRAGMENT_MISMATCH), 1);
	assert_int_equal(net_peer(b, a)->fragments.used, 2);
	assert_int_equal(b->frames, 0);
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
		cmocka_unit_test(test_all_sizes),
		cmocka_unit_test(test_jumbo),
		cmocka_unit_test(test_balance),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_peer_limit),
		cmocka_unit_test(test_small_link),
		cmocka_unit_test(test_reordered),
		cmocka_unit_test(test_incomplete),
		cmocka_unit_test(test_over_rekey),
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_pool_of_waiting_frames),
		cmocka_unit_test(test_probe),
		cmocka_unit_test(test_invalid),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
