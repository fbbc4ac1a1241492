/* SPDX-License-Identifier: ISC */
/*
 * Silent to strangers: nothing that has not authenticated is answered or
 * changes anything but a drop counter and the gate (core/gate.h).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "core/gate.h"
#include "forge.h"
#include "net.h"

static const struct addr stranger = {
	.family = ADDR_IPV4, .ip = { 192, 0, 2, 1 }, .port = 1234
};

/* All of a node's memory, without the drop counters and the gate. */
struct snapshot {
	uint8_t *bytes;
	uint64_t next_ns;
	unsigned int events;
};

static struct drop_counts no_drops;

static unsigned int
count_events(const struct net_host *h)
{
	unsigned int n = 0;

	for (size_t i = 0; i < SINK_EVENT_COUNT; i++)
		n += h->events[i];
	return n;
}

static struct snapshot
snapshot_take(struct net_host *h)
{
	net_turn(h); /* it has looked at the clocks */

	const size_t size = node_size(&h->config);
	struct snapshot s = { .bytes = malloc(size),
		.next_ns = h->next_ns,
		.events = count_events(h) };
	const size_t at =
	    (size_t)((uint8_t *)node_drops(h->node) - (uint8_t *)h->node);

	assert_non_null(s.bytes);
	memcpy(s.bytes, h->node, size);
	memcpy(s.bytes + at, &no_drops, sizeof(no_drops));
	memset(s.bytes +
		((const uint8_t *)node_gate(h->node) - (uint8_t *)h->node),
	    0, sizeof(struct gate));
	return s;
}

static uint64_t
sum_drops(const struct net_host *h)
{
	uint64_t n = 0;

	for (size_t i = 0; i < DROP_COUNT; i++)
		n += node_drops(h->node)->n[i];
	return n;
}

/* Fails unless nothing has happened but refusals, so many of them. */
static void
snapshot_check(struct snapshot *s, struct net_host *h, uint64_t refused)
{
	struct snapshot t = snapshot_take(h);

	assert_int_equal(sum_drops(h), refused);
	assert_int_equal(t.events, s->events);
	assert_int_equal(t.next_ns, s->next_ns);
	assert_int_equal(memcmp(s->bytes, t.bytes, node_size(&h->config)), 0);
	assert_int_equal(net_count(h, 0), 0);
	free(s->bytes);
	free(t.bytes);
}

static void
forget_drops(struct net_host *h)
{
	memset(node_drops(h->node), 0, sizeof(struct drop_counts));
}

static void
test_junk(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);
	struct snapshot s = snapshot_take(b);
	uint8_t junk[2000];
	uint64_t count = 0;

	(void)state;
	forget_drops(b);
	for (size_t len = 0; len <= sizeof(junk); len++) {
		for (uint8_t type = 0; type < 7; type++) {
			for (size_t i = 0; i < len; i++)
				junk[i] = (uint8_t)net_random(net);
			/* a header that is nearly right, or none at all */
			if (type < 6 && len >= 4)
				memcpy(junk, (uint8_t[]){ type, 0, 0, 0 }, 4);
			net_inject(
			    b, type % 2 == 0 ? &stranger : &a->addr, junk, len);
			count++;
		}
	}
	snapshot_check(&s, b, count);
	net_close(net);
}

/* Every bit of a datagram turned, every shorter length, one byte more. */
static uint64_t
inject_mutants(struct net_host *h, const struct net_dgram *d)
{
	uint8_t copy[2048];
	uint64_t count = 0;

	assert_true(d->len < sizeof(copy));
	for (size_t bit = 0; bit < d->len * 8; bit++, count++) {
		memcpy(copy, d->data, d->len);
		copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
		net_inject(h, bit % 2 == 0 ? &stranger : &d->from.remote, copy,
		    d->len);
	}
	memcpy(copy, d->data, d->len);
	copy[d->len] = 0;
	for (size_t len = 0; len < d->len; len++, count++)
		net_inject(h, &stranger, copy, len);
	net_inject(h, &stranger, copy, d->len + 1);
	return count + 1;
}

/* The bits of mac2 say nothing yet (cookies have their own issue), so the
 * turned ones among them are left out here. */
static uint64_t
inject_mutant_handshake(struct net_host *h, const struct net_dgram *d)
{
	struct net_dgram most = *d;
	uint8_t copy[WIRE_INITIATION_LEN];
	uint64_t count = 0;

	for (size_t bit = 0; bit < (d->len - SUITE_MAC_LEN) * 8; bit++) {
		memcpy(copy, d->data, d->len);
		copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
		net_inject(h, &stranger, copy, d->len);
		count++;
	}
	for (most.len = 0; most.len < d->len; most.len++, count++)
		net_inject(h, &stranger, d->data, most.len);
	return count;
}

static void
test_mutant_initiation(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair(&a, &b);
	const struct net_dgram *d = net_nth(a, WIRE_INITIATION, 0);
	struct snapshot s = snapshot_take(b);

	(void)state;
	snapshot_check(&s, b, inject_mutant_handshake(b, d));
	net_inject(b, &d->from.remote, d->data, d->len);
	assert_int_equal(net_count(b, WIRE_RESPONSE), 1);
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
test_mutant_response(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair(&a, &b);

	(void)state;
	net->filter = lose_all;
	net_run(net, MS(20));
	const struct net_dgram *d = net_nth(b, WIRE_RESPONSE, 0);
	net_mark(net);
	struct snapshot s = snapshot_take(a);
	snapshot_check(&s, a, inject_mutant_handshake(a, d));
	net_inject(a, &d->from.remote, d->data, d->len);
	assert_true(net_is_up(a, b));
	/* once */
	net_inject(a, &d->from.remote, d->data, d->len);
	assert_int_equal(net_drops(a, DROP_HANDSHAKE_INDEX), 1);
	net_close(net);
}

static void
test_mutant_data(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);

	(void)state;
	net->filter = lose_all;
	net_send(a, b, 60, 1);
	const struct net_dgram *d = net_nth(a, WIRE_DATA, 0);
	forget_drops(b);
	struct snapshot s = snapshot_take(b);
	snapshot_check(&s, b, inject_mutants(b, d));
	assert_int_equal(b->frames, 0);
	net_inject(b, &d->from.remote, d->data, d->len);
	net_assert_frame(b, a, 60, 1);
	net_close(net);
}

/* Whoever knows our public key and nothing more. */
static void
test_known_key(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);
	struct net_host *c = net_add(net);
	const struct handshake_self self = forge_self(c);
	uint8_t msg[WIRE_INITIATION_LEN];

	(void)state;
	struct snapshot s = snapshot_take(b);
	for (unsigned int i = 0; i < 20; i++) {
		forge_initiation(&self, b, NET_WALL + SEC(2000 + i), msg);
		net_inject(b, &stranger, msg, sizeof(msg));
	}
	snapshot_check(&s, b, 20);
	assert_int_equal(net_drops(b, DROP_HANDSHAKE_PEER), 20);
	net_close(net);
}

/* A mac1 that is right over garbage. */
static void
test_garbage_with_mac1(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);
	const struct handshake_self self = forge_self(b);
	uint8_t msg[WIRE_INITIATION_LEN];

	(void)state;
	struct snapshot s = snapshot_take(b);
	for (unsigned int i = 0; i < 100; i++) {
		for (size_t k = 0; k < sizeof(msg); k++)
			msg[k] = (uint8_t)net_random(net);
		memcpy(msg, (uint8_t[]){ WIRE_INITIATION, 0, 0, 0 }, 4);
		if (i % 2 == 0) /* an ephemeral key of low order */
			memset(msg + 8, 0, SUITE_KEY_LEN);
		suite_mac(msg + 136, self.mac1_key, msg, 136);
		net_inject(b, &a->addr, msg, sizeof(msg));
	}
	snapshot_check(&s, b, 100);
	assert_int_equal(net_drops(b, DROP_HANDSHAKE_DH), 50);
	assert_int_equal(net_drops(b, DROP_HANDSHAKE_OPEN), 50);
	net_close(net);
}

static void
test_cookie_reply(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);
	uint8_t msg[WIRE_COOKIE_REPLY_LEN] = { WIRE_COOKIE_REPLY };

	(void)state;
	struct snapshot s = snapshot_take(b);
	net_inject(b, &stranger, msg, sizeof(msg));
	snapshot_check(&s, b, 1);
	assert_int_equal(net_drops(b, DROP_COOKIE), 1);
	net_close(net);
}

/* What a node sent, thrown back at it, and what was for another. */
static void
test_reflected(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair(&a, &b);

	(void)state;
	net_run(net, SEC(1));
	net_send(a, b, 100, 1);
	net_send(b, a, 100, 2);
	net_run(net, SEC(1));
	net_mark(net);
	forget_drops(a);
	forget_drops(b);
	struct snapshot s = snapshot_take(a);
	struct snapshot t = snapshot_take(b);
	uint64_t count = 0;
	for (size_t i = 0; i < net->dgram_count; i++) {
		const struct net_dgram *d = net->dgrams[i];
		struct net_host *back = d->host == 0 ? a : b;

		net_inject(back, &d->to.remote, d->data, d->len);
		count += back == a;
	}
	snapshot_check(&s, a, count);
	snapshot_check(&t, b, net->dgram_count - count);
	net_close(net);
}

/* The same datagrams a second time: seen, counted, forgotten. */
static void
test_replayed(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair(&a, &b);

	(void)state;
	net_run(net, SEC(1));
	for (unsigned int i = 0; i < 200; i++)
		net_send(a, b, 100, i);
	net_run(net, SEC(1));
	net_mark(net);
	forget_drops(b);
	struct snapshot s = snapshot_take(b);
	uint64_t count = 0;
	for (size_t i = 0; i < net->dgram_count; i++) {
		const struct net_dgram *d = net->dgrams[i];

		if (d->host != a->number)
			continue;
		net_inject(b, &stranger, d->data, d->len);
		count++;
	}
	snapshot_check(&s, b, count);
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
		cmocka_unit_test(test_junk),
		cmocka_unit_test(test_mutant_initiation),
		cmocka_unit_test(test_mutant_response),
		cmocka_unit_test(test_mutant_data),
		cmocka_unit_test(test_known_key),
		cmocka_unit_test(test_garbage_with_mac1),
		cmocka_unit_test(test_cookie_reply),
		cmocka_unit_test(test_reflected),
		cmocka_unit_test(test_replayed),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
