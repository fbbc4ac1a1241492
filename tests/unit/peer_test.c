/* SPDX-License-Identifier: ISC */
/*
 * A session through its life: renewal, expiry, keepalives, silence.
 * lansplice-protocol(7), TRANSPORT and TIMERS.
 */
#include "core/peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "forge.h"
#include "net.h"

enum { KEEPALIVE_LEN = WIRE_DATA_HEADER + SUITE_TAG_LEN };

/* Up to some time after the session of a pair was made. */
static void
run_to_age(const struct net_host *h, const struct net_host *other, uint64_t age)
{
	const uint64_t at = net_peer(h, other)->keys.current->born_ns + age;

	assert_true(at >= h->net->mono_ns);
	net_run(h->net, at - h->net->mono_ns);
}

/* Renewal. */

static void
test_rekey_on_sending(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);
	const uint32_t old = net_peer(a, b)->keys.current->local_index;

	(void)state;
	run_to_age(a, b, SEC(120) - 1);
	net_send(a, b, 100, 1);
	/* its own clock: the responder's key is older by a message */
	net_send(b, a, 100, 1);
	assert_int_equal(net_count(a, WIRE_INITIATION), 0);
	net_run(net, 1);
	net_send(b, a, 100, 2);
	net_run(net, MS(20));
	assert_int_equal(net_count(b, WIRE_INITIATION), 0);
	assert_int_equal(net_count(a, WIRE_INITIATION), 0);
	net_send(a, b, 100, 3);
	assert_int_equal(net_count(a, WIRE_INITIATION), 1);
	net_send(a, b, 100, 4);
	assert_int_equal(net_count(a, WIRE_INITIATION), 1);
	net_run(net, MS(100));
	assert_int_not_equal(net_peer(a, b)->keys.current->local_index, old);
	assert_int_equal(net_peer(a, b)->keys.previous->local_index, old);
	assert_int_equal(b->frames, 3);
	assert_int_equal(a->frames, 2);
	/* renewing is no news */
	assert_int_equal(a->events[SINK_PEER_UP], 1);
	assert_int_equal(b->events[SINK_PEER_UP], 1);
	net_close(net);
}

/* A keepalive is sending as well. */
static void
test_rekey_on_keepalive(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);

	(void)state;
	run_to_age(a, b, SEC(115));
	net_send(b, a, 100, 1);
	net_run(net, SEC(12));
	assert_int_equal(net_count(a, WIRE_INITIATION), 1);
	assert_int_equal(net_count(b, WIRE_INITIATION), 0);
	net_close(net);
}

/* Who only listens renews at 165 s. */
static void
test_rekey_on_receipt(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);
	uint8_t dgram[KEEPALIVE_LEN];
	struct session *s = net_peer(b, a)->keys.current;

	(void)state;
	run_to_age(a, b, SEC(165) - 1);
	net_inject(a, &b->addr, dgram, forge_seal(s, NULL, 0, dgram));
	assert_int_equal(net_count(a, 0), 0);
	net_run(net, 1);
	a->mute = true;
	net_inject(a, &b->addr, dgram, forge_seal(s, NULL, 0, dgram));
	assert_int_equal(net_count(a, WIRE_INITIATION), 1);
	/* once */
	timers_stop(&net_peer(a, b)->timers, TIMER_RETRY);
	net_run(net, SEC(6));
	net_inject(a, &b->addr, dgram, forge_seal(s, NULL, 0, dgram));
	net_run(net, SEC(6));
	assert_int_equal(net_count(a, WIRE_INITIATION), 1);
	/* and the responder never */
	s = net_peer(a, b)->keys.current;
	net_inject(b, &a->addr, dgram, forge_seal(s, NULL, 0, dgram));
	assert_int_equal(net_count(b, 0), 0);
	net_close(net);
}

static bool
lose_handshakes(struct net *net, const struct net_dgram *d)
{
	(void)net;
	return net_type(d) == WIRE_DATA;
}

static void
test_reject_after_time(void **state)
{
	static const uint8_t text[1 + FRAME_MIN] = { WIRE_FRAME };
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);
	uint8_t early[64], late[64];

	(void)state;
	net->filter = lose_handshakes;
	struct session *s = net_peer(a, b)->keys.current;
	const size_t len = forge_seal(s, text, sizeof(text), early);
	assert_int_equal(forge_seal(s, text, sizeof(text), late), len);
	run_to_age(b, a, SEC(180) - 1);
	net_inject(b, &a->addr, early, len);
	assert_int_equal(b->frames, 1);
	run_to_age(a, b, SEC(180) - 1);
	net_send(a, b, 100, 1);
	assert_int_equal(net_count(a, WIRE_DATA), 1);
	net_run(net, 1);
	net_inject(b, &a->addr, late, len);
	assert_int_equal(net_drops(b, DROP_KEY_EXPIRED), 1);
	assert_int_equal(b->frames, 1);
	net_send(a, b, 100, 1);
	assert_int_equal(net_count(a, WIRE_DATA), 1);
	assert_int_equal(net_peer(a, b)->stage.count, 1);
	assert_false(net_is_up(a, b));
	net->filter = NULL;
	net_run(net, SEC(6));
	net_assert_frame(b, a, 100, 1);
	net_close(net);
}

struct message_limit {
	enum suite_cipher cipher;
	uint64_t rekey, reject;
};

static const struct message_limit message_limits[] = {
	{ SUITE_CHACHA20_POLY1305, UINT64_C(1) << 60,
	    UINT64_MAX - (UINT64_C(1) << 13) },
	{ SUITE_AES256_GCM, UINT64_C(1) << 28, UINT64_C(1) << 30 },
	{ SUITE_AEGIS_256, UINT64_C(1) << 60,
	    UINT64_MAX - (UINT64_C(1) << 13) },
};

/* The limit obliges the responder as well as the initiator. */
static void
check_rekey_count(struct net_host *h, struct net_host *other, uint64_t limit)
{
	struct session *s = net_peer(h, other)->keys.current;

	net_run(h->net, SEC(6));
	net_mark(h->net);
	s->send_counter = limit - 1;
	net_send(h, other, 100, 1);
	assert_int_equal(net_count(h, WIRE_INITIATION), 1);
	net_run(h->net, SEC(1));
	assert_ptr_not_equal(net_peer(h, other)->keys.current, s);
	assert_int_equal(net_peer(h, other)->keys.current->send_counter, 1);
	net_assert_frame(other, h, 100, 1);
	s = net_peer(h, other)->keys.current;
	net_run(h->net, SEC(6));
	net_mark(h->net);
	s->send_counter = limit - 2;
	net_send(h, other, 100, 1);
	assert_int_equal(net_count(h, WIRE_INITIATION), 0);
}

static struct net *
cipher_pair(struct net_host **a, struct net_host **b, enum suite_cipher c)
{
	struct net *net = net_open(1);

	*a = net_add(net);
	*b = net_add(net);
	(*a)->config.ciphers = (*b)->config.ciphers = (uint16_t)(1u << c);
	net_start(*a);
	net_start(*b);
	assert_int_equal(net_link(*a, *b), 0);
	assert_int_equal(net_link(*b, *a), 0);
	net_resolve(*a, 0, &(*b)->addr);
	net_run(net, SEC(1));
	assert_true(net_is_up(*a, *b) && net_is_up(*b, *a));
	return net;
}

static void
test_message_limits(void **state)
{
	struct net_host *a, *b;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(message_limits); i++) {
		const struct message_limit *m = &message_limits[i];

		if ((suite_ciphers_available() & 1u << m->cipher) == 0)
			continue;
		struct net *net = cipher_pair(&a, &b, m->cipher);
		check_rekey_count(a, b, m->rekey);
		check_rekey_count(b, a, m->rekey);
		net->filter = lose_handshakes;
		net_run(net, SEC(6));
		net_mark(net);
		net_peer(a, b)->keys.current->send_counter = m->reject - 2;
		/* two fragments fit, then nothing */
		net_send(a, b, 1514, 1);
		net_send(a, b, 60, 2);
		assert_int_equal(net_count(a, WIRE_DATA), 2);
		assert_int_equal(net_peer(a, b)->stage.count, 1);
		net_run(net, SEC(1));
		net_assert_frame(b, a, 1514, 1);
		net_close(net);
	}
}

/* All counters of a frame's fragments lie below the limit, or none is
 * taken. */
static void
test_fragment_limit(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);

	(void)state;
	net->filter = lose_handshakes;
	net_peer(a, b)->keys.current->send_counter =
	    SESSION_REJECT_MESSAGES - 1;
	net_send(a, b, 1514, 1);
	assert_int_equal(net_count(a, WIRE_DATA), 0);
	assert_int_equal(net_peer(a, b)->stage.count, 1);
	net->filter = NULL;
	net_run(net, SEC(6));
	net_assert_frame(b, a, 1514, 1);
	net_close(net);
}

/* A counter at or above the limit is refused, however well it is sealed. */
static void
test_receive_limit(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);
	struct session *s = net_peer(a, b)->keys.current;
	uint8_t dgram[KEEPALIVE_LEN];

	(void)state;
	s->send_counter = SESSION_REJECT_MESSAGES;
	net_inject(b, &a->addr, dgram, forge_seal(s, NULL, 0, dgram));
	assert_int_equal(net_drops(b, DROP_KEY_EXPIRED), 1);
	net_close(net);
}

static void
test_wipe(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);
	const struct peer *p = net_peer(a, b);

	(void)state;
	net_send(a, b, 100, 1);
	run_to_age(a, b, SEC(540) - 1);
	assert_non_null(p->keys.current);
	net_run(net, 1);
	assert_null(p->keys.current);
	assert_null(p->keys.previous);
	for (size_t i = 0; i < ARRAY_LEN(p->keys.slot); i++)
		assert_int_equal(p->keys.slot[i].local_index, 0);
	/* the last session ran out: one edge, told once */
	assert_int_equal(a->events[SINK_PEER_LOST], 1);
	net_send(a, b, 100, 2);
	net_run(net, SEC(1));
	assert_int_equal(a->events[SINK_PEER_UP], 2);
	net_assert_frame(b, a, 100, 2);
	net_close(net);
}

/* What was under way when the key was renewed still arrives, but moves
 * nothing. */
static void
test_previous(void **state)
{
	uint8_t text[1 + 60] = { WIRE_FRAME }, dgram[100], again[100];
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);
	const struct addr elsewhere = net_addr(99);

	(void)state;
	net_put_frame(text + 1, 60, a->number, b->number, 5);
	struct session *s = net_peer(a, b)->keys.current;
	run_to_age(a, b, SEC(121));
	net_send(a, b, 100, 1);
	const size_t len = forge_seal(s, text, sizeof(text), dgram);
	assert_int_equal(forge_seal(s, text, sizeof(text), again), len);
	net_run(net, SEC(1));
	net_mark(net);
	net_inject(b, &a->addr, dgram, len);
	net_assert_frame(b, a, 60, 5);
	net_inject(b, &elsewhere, again, len);
	assert_int_equal(b->frames, 3);
	assert_int_equal(net_count(b, 0), 0);
	assert_true(addr_equal(&net_peer(b, a)->endpoint.remote, &a->addr));
	net_inject(b, &a->addr, dgram, len);
	assert_int_equal(net_drops(b, DROP_REPLAY), 1);
	net_close(net);
}

static void
test_replay(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);

	(void)state;
	for (unsigned int i = 0; i < 10; i++)
		net_send(a, b, 100, i);
	net_run(net, MS(100));
	assert_int_equal(b->frames, 10);
	for (size_t i = 0; i < 10; i++) {
		const struct net_dgram *d = net_nth(a, WIRE_DATA, i);
		net_inject(b, &a->addr, d->data, d->len);
	}
	assert_int_equal(b->frames, 10);
	assert_int_equal(net_drops(b, DROP_REPLAY), 10);
	net_close(net);
}

/* Keepalives and silence. */

static void
test_silence(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);

	(void)state;
	net_run(net, SEC(7200));
	assert_int_equal(net_count(a, 0) + net_count(b, 0), 0);
	net_close(net);
}

static void
test_passive_keepalive(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);

	(void)state;
	net_send(a, b, 100, 1);
	const uint64_t heard = net->mono_ns + NET_DELAY;
	net_run(net, SEC(5));
	net_send(a, b, 100, 2); /* counts from the first */
	net_run(net, SEC(60));
	assert_int_equal(net_count(b, 0), 1);
	assert_int_equal(net_nth(b, 0, 0)->len, KEEPALIVE_LEN);
	assert_int_equal(net_nth(b, 0, 0)->sent_ns, heard + SEC(10));
	/* which is not answered */
	assert_int_equal(net_count(a, 0), 2);
	net_close(net);
}

static void
test_passive_cancelled(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);

	(void)state;
	net_send(a, b, 100, 1);
	net_run(net, SEC(9));
	net_send(b, a, 100, 2);
	net_run(net, SEC(60));
	assert_int_equal(net_count(b, 0), 1);
	assert_int_equal(net_count(a, 0), 2); /* one keepalive for that frame */
	net_close(net);
}

static void
test_no_answer(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);

	(void)state;
	net_run(net, SEC(20));
	b->deaf = true;
	const uint64_t sent = net->mono_ns;
	net_send(a, b, 100, 1);
	net_run(net, SEC(7));
	net_send(a, b, 100, 2); /* counts from the first */
	net_run(net, SEC(8) - 1);
	assert_int_equal(net_count(a, WIRE_INITIATION), 0);
	net_run(net, MS(333));
	assert_int_equal(net_count(a, WIRE_INITIATION), 1);
	assert_in_range(net_nth(a, WIRE_INITIATION, 0)->sent_ns, sent + SEC(15),
	    sent + SEC(15) + MS(333));
	assert_int_equal(a->events[SINK_PEER_LOST], 1);
	assert_false(net_is_up(a, b));
	assert_false(addr_is_set(&net_peer(a, b)->endpoint.local));
	b->deaf = false;
	net_run(net, SEC(6));
	assert_true(net_is_up(a, b));
	assert_int_equal(a->events[SINK_PEER_UP], 2);
	net_close(net);
}

/* The message that confirms wants an answer too. */
static bool
lose_data_of_second(struct net *net, const struct net_dgram *d)
{
	(void)net;
	return d->host != 1 || net_type(d) != WIRE_DATA;
}

static void
test_no_answer_to_confirmation(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair(&a, &b);

	(void)state;
	net->filter = lose_data_of_second;
	net_run(net, SEC(15) + 2 * NET_DELAY - 1);
	assert_int_equal(net_count(a, WIRE_INITIATION), 1);
	net_run(net, MS(333) + 1);
	assert_int_equal(net_count(a, WIRE_INITIATION), 2);
	net_close(net);
}

static void
set_keepalive(
    struct net_host *h, const struct net_host *other, uint16_t seconds)
{
	struct node_peer_config c = { .keepalive_s = seconds };
	const struct now now = net_now(h);

	assert_true(suite_public_key(c.public_key, other->config.private_key));
	node_peer_set(h->node, &now, 0, &c);
}

static void
test_persistent(void **state)
{
	static const uint16_t periods[] = { 1, 7, 25, 100 };
	struct net_host *a, *b;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(periods); i++) {
		struct net *net = net_pair(&a, &b);

		set_keepalive(a, b, periods[i]);
		net_run(net, SEC(1));
		net_mark(net);
		net_run(net, SEC(100) + MS(100));
		const size_t n = net_count(a, WIRE_DATA);
		assert_in_range(n, 100 / periods[i], 101 / periods[i] + 1);
		for (size_t k = 1; k < n; k++)
			assert_int_equal(net_nth(a, WIRE_DATA, k)->sent_ns -
				net_nth(a, WIRE_DATA, k - 1)->sent_ns,
			    SEC(periods[i]));
		/* no answer is owed to a keepalive */
		assert_int_equal(net_count(b, 0), 0);
		/* it keeps the session alive for ever */
		net_run(net, SEC(3600));
		assert_true(net_is_up(a, b));
		assert_int_equal(a->events[SINK_PEER_LOST], 0);
		net_close(net);
	}
}

/* The largest period there is, far beyond the life of a session. */
static void
test_persistent_longest(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair(&a, &b);

	(void)state;
	set_keepalive(a, b, UINT16_MAX);
	net_run(net, SEC(1));
	net_mark(net);
	net_run(net, SEC(65533));
	assert_int_equal(net_count(a, 0), 0);
	net_run(net, SEC(5));
	assert_int_equal(net_count(a, WIRE_INITIATION), 1);
	assert_true(net_is_up(a, b));
	net_close(net);
}

/* A dead peer is not asked more often for want of a keepalive. */
static void
test_persistent_dead(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair(&a, &b);

	(void)state;
	set_keepalive(a, b, 25);
	net_run(net, SEC(1));
	net_kill(b);
	net_run(net, SEC(900));
	net_mark(net);
	net_run(net, SEC(3500));
	assert_in_range(net_count(a, WIRE_INITIATION), 95, 120);
	assert_int_equal(net_count(a, 0), net_count(a, WIRE_INITIATION));
	assert_int_equal(a->events[SINK_PEER_LOST], 1);
	net_close(net);
}

/* Traffic for hours in both directions: every frame arrives, in order. */
static void
test_long_traffic(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);

	(void)state;
	for (unsigned int i = 0; i < 4000; i++) {
		net_send(a, b, 100, i);
		net_send(b, a, 100, i);
		net_run(net, MS(1800));
		net_assert_frame(b, a, 100, i);
		net_assert_frame(a, b, 100, i);
	}
	assert_int_equal(a->frames, 4000);
	assert_int_equal(net_drops(a, DROP_INDEX), 0);
	assert_int_equal(net_drops(b, DROP_INDEX), 0);
	/* one handshake each 120 s, by the same side */
	assert_in_range(net_count(a, WIRE_INITIATION), 57, 60);
	assert_int_equal(net_count(b, WIRE_INITIATION), 0);
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
		cmocka_unit_test(test_rekey_on_sending),
		cmocka_unit_test(test_rekey_on_keepalive),
		cmocka_unit_test(test_rekey_on_receipt),
		cmocka_unit_test(test_reject_after_time),
		cmocka_unit_test(test_message_limits),
		cmocka_unit_test(test_fragment_limit),
		cmocka_unit_test(test_receive_limit),
		cmocka_unit_test(test_wipe),
		cmocka_unit_test(test_previous),
		cmocka_unit_test(test_replay),
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_passive_keepalive),
		cmocka_unit_test(test_passive_cancelled),
		cmocka_unit_test(test_no_answer),
		cmocka_unit_test(test_no_answer_to_confirmation),
		cmocka_unit_test(test_persistent),
		cmocka_unit_test(test_persistent_longest),
		cmocka_unit_test(test_persistent_dead),
		cmocka_unit_test(test_long_traffic),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
