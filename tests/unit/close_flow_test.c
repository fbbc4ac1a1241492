/* SPDX-License-Identifier: ISC */
/*
 * How sessions end: CLOSE, restarts, removal, clocks that jump.
 * lansplice-protocol(7), CLOSE, SNAPSHOTS and TIMESTAMPS.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "forge.h"
#include "net.h"

enum { CLOSE_LEN = WIRE_DATA_HEADER + 1 + SUITE_TAG_LEN };

static const uint8_t close_text[] = { WIRE_CLOSE };

/* An orderly end of the process. */
static void
stop(struct net_host *h)
{
	const struct now now = net_now(h);

	node_stop(h->node, &now);
	net_turn(h);
	/* once is enough */
	node_stop(h->node, &now);
	net_kill(h);
}

static void
test_stop(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);
	const uint64_t greatest = net_peer(b, a)->greatest;

	(void)state;
	stop(a);
	assert_int_equal(net_count(a, 0), 1);
	assert_int_equal(net_nth(a, 0, 0)->len, CLOSE_LEN);
	net_run(net, SEC(29));
	assert_int_equal(net_count(a, 0), 1);
	/* no answer, no handshake, one event */
	assert_int_equal(net_count(b, 0), 0);
	assert_int_equal(b->events[SINK_PEER_CLOSED], 1);
	assert_int_equal(b->events[SINK_PEER_LOST], 0);
	assert_false(net_is_up(b, a));
	const struct peer *p = net_peer(b, a);
	assert_null(p->keys.current);
	assert_int_equal(p->greatest, greatest);
	assert_true(addr_equal(&p->endpoint.remote, &a->addr));
	/* but the slow retry goes on, at 30 to 35 s */
	net_run(net, SEC(7));
	assert_int_equal(net_count(b, WIRE_INITIATION), 1);
	net_run(net, SEC(350));
	assert_in_range(net_count(b, WIRE_INITIATION), 10, 13);
	net_close(net);
}

static void
test_frame_after(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);

	(void)state;
	stop(a);
	net_run(net, NET_DELAY);
	const uint64_t closed = net->mono_ns;
	net_run(net, SEC(2));
	net_send(b, a, 100, 1);
	net_send(b, a, 100, 2);
	net_run(net, closed + SEC(5) - 1 - net->mono_ns);
	assert_int_equal(net_count(b, 0), 0);
	net_run(net, MS(400));
	assert_int_equal(net_count(b, WIRE_INITIATION), 1);
	assert_int_equal(net_count(b, 0), 1);
	net_close(net);
}

static void
test_frame_long_after(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);

	(void)state;
	stop(a);
	net_run(net, SEC(12));
	net_send(b, a, 100, 1);
	assert_int_equal(net_count(b, WIRE_INITIATION), 1);
	net_close(net);
}

/* No timer of the old session speaks up after its end. */
static void
test_timers_stop(void **state)
{
	struct net *net = net_open(1);
	struct net_host *a = net_add(net), *b = net_add(net);
	struct node_peer_config c = { .keepalive_s = 3 };

	(void)state;
	net_start(a);
	net_start(b);
	const struct now now = net_now(a);
	assert_int_equal(net_link(a, b), 0);
	assert_true(suite_public_key(c.public_key, a->config.private_key));
	assert_int_equal(node_peer_add(b->node, &now, &c), 0);
	net_resolve(a, 0, &b->addr);
	net_run(net, SEC(1));
	net_send(a, b, 100, 1);
	net_send(b, a, 100, 2);
	net_run(net, MS(100));
	net_mark(net);
	stop(a);
	net_run(net, SEC(29));
	assert_int_equal(net_count(b, 0), 0);
	assert_int_equal(b->events[SINK_PEER_LOST], 0);
	net_close(net);
}

static void
test_drops_staged(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);
	struct session *s = net_peer(a, b)->keys.current;
	uint8_t dgram[CLOSE_LEN];

	(void)state;
	/* frames wait because the counters of b are used up */
	net_peer(b, a)->keys.current->send_counter = SESSION_REJECT_MESSAGES;
	b->mute = true;
	net_send(b, a, 100, 1);
	assert_int_equal(net_peer(b, a)->stage.count, 1);
	const uint32_t pending = net_peer(b, a)->pending.index;
	assert_int_not_equal(pending, 0);
	net_inject(b, &a->addr, dgram,
	    forge_seal(s, close_text, sizeof(close_text), dgram));
	assert_int_equal(net_peer(b, a)->stage.count, 0);
	assert_int_equal(net_drops(b, DROP_STAGE_EXPIRED), 1);
	/* a handshake that is under way goes on */
	assert_int_equal(net_peer(b, a)->pending.index, pending);
	net_close(net);
}

/* A response to an initiation from before the CLOSE is good. */
static void
test_pending(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);
	uint8_t dgram[CLOSE_LEN];
	struct session *s = net_peer(b, a)->keys.current;

	(void)state;
	net_run(net, SEC(121));
	net_send(a, b, 100, 1);
	net_run(net, NET_DELAY);
	assert_int_equal(net_count(b, WIRE_RESPONSE), 1);
	net_inject(a, &b->addr, dgram,
	    forge_seal(s, close_text, sizeof(close_text), dgram));
	assert_null(net_peer(a, b)->keys.current);
	net_run(net, SEC(1));
	assert_true(net_is_up(a, b));
	assert_true(net_is_up(b, a));
	net_close(net);
}

/* CLOSE under an old key says nothing of the new one. */
static void
test_previous(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);
	uint8_t dgram[CLOSE_LEN];

	(void)state;
	forge_seal(net_peer(a, b)->keys.current, close_text, sizeof(close_text),
	    dgram);
	net_run(net, SEC(121));
	net_send(a, b, 100, 1);
	net_run(net, SEC(1));
	assert_non_null(net_peer(b, a)->keys.previous);
	net_mark(net);
	net_inject(b, &a->addr, dgram, sizeof(dgram));
	assert_null(net_peer(b, a)->keys.previous);
	assert_true(net_is_up(b, a));
	assert_int_equal(b->events[SINK_PEER_CLOSED], 0);
	net_send(b, a, 100, 2);
	net_run(net, SEC(1));
	net_assert_frame(a, b, 100, 2);
	net_close(net);
}

static bool
lose_data_of_first(struct net *net, const struct net_dgram *d)
{
	(void)net;
	return d->host != 0 || net_type(d) != WIRE_DATA;
}

/* CLOSE under the current key spares the unconfirmed next one. */
static void
test_spares_next(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);
	uint8_t dgram[CLOSE_LEN];

	(void)state;
	forge_seal(net_peer(a, b)->keys.current, close_text, sizeof(close_text),
	    dgram);
	net_run(net, SEC(121));
	net->filter = lose_data_of_first;
	net_send(a, b, 100, 1);
	net_run(net, SEC(1));
	assert_non_null(net_peer(b, a)->keys.next);
	net_inject(b, &a->addr, dgram, sizeof(dgram));
	assert_null(net_peer(b, a)->keys.current);
	assert_non_null(net_peer(b, a)->keys.next);
	net->filter = NULL;
	net_send(a, b, 100, 2);
	net_run(net, SEC(1));
	net_assert_frame(b, a, 100, 2);
	assert_true(net_is_up(b, a));
	net_close(net);
}

/* CLOSE as the first message under a new key: there is nothing to answer. */
static void
test_first_under_next(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);

	(void)state;
	net_run(net, SEC(121));
	net->filter = lose_data_of_first;
	net_send(a, b, 100, 1);
	net_run(net, SEC(1));
	assert_non_null(net_peer(b, a)->keys.next);
	net->filter = NULL;
	net_mark(net);
	stop(a);
	net_run(net, SEC(20));
	assert_int_equal(net_count(b, 0), 0);
	assert_null(net_peer(b, a)->keys.current);
	assert_null(net_peer(b, a)->keys.previous);
	assert_null(net_peer(b, a)->keys.next);
	assert_int_equal(b->events[SINK_PEER_CLOSED], 1);
	net_close(net);
}

static void
test_replayed(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);

	(void)state;
	a->mute = true;
	net_send(a, b, 100, 1);
	stop(a);
	const struct net_dgram *last = net_nth(a, WIRE_DATA, 0);
	const struct net_dgram *bye = net_nth(a, WIRE_DATA, 1);
	net_inject(b, &a->addr, bye->data, bye->len);
	net_inject(b, &a->addr, bye->data, bye->len);
	net_inject(b, &a->addr, last->data, last->len);
	assert_int_equal(net_drops(b, DROP_INDEX), 2);
	assert_int_equal(b->frames, 0);
	assert_int_equal(b->events[SINK_PEER_CLOSED], 1);
	assert_int_equal(net_count(b, 0), 0);
	net_close(net);
}

/* Restarts. */

static void
restart(struct net_host *h, const struct net_host *other)
{
	net_kill(h);
	net_start(h);
	assert_int_equal(net_link(h, other), 0);
	net_resolve(h, 0, &other->addr);
}

static void
test_restart(void **state)
{
	/* wall clock of the restarted: the same, 1970, next year */
	static const uint64_t offsets[] = { 0, -NET_WALL, SEC(31000000) };
	struct net_host *a, *b;

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_LEN(offsets); i++) {
		struct net *net = net_pair_up(&a, &b);
		struct net_host *h = i % 2 == 0 ? a : b;
		struct net_host *other = i % 2 == 0 ? b : a;

		net_run(net, SEC(30));
		h->wall_offset = offsets[i / 2];
		restart(h, other);
		net_run(net, SEC(1));
		assert_true(net_is_up(a, b) && net_is_up(b, a));
		/* and again, where the clock is right once more */
		h->wall_offset = 0;
		restart(h, other);
		net_run(net, SEC(1));
		assert_true(net_is_up(a, b) && net_is_up(b, a));
		net_send(a, b, 100, 1);
		net_send(b, a, 100, 2);
		net_run(net, SEC(1));
		net_assert_frame(b, a, 100, 1);
		net_assert_frame(a, b, 100, 2);
		net_close(net);
	}
}

/* Without its floor, and with its clock back, it is told nothing; that heals
 * when the other side calls. */
static void
test_restart_without_floor(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);

	(void)state;
	a->wall_offset = -NET_WALL;
	a->floor = 0;
	restart(a, b);
	net_run(net, SEC(20));
	assert_false(net_is_up(a, b));
	assert_int_equal(net_count(b, 0), 0);
	assert_true(net_drops(b, DROP_HANDSHAKE_STALE) > 3);
	net_send(b, a, 100, 1);
	net_run(net, SEC(17));
	assert_true(net_is_up(a, b));
	net_close(net);
}

/* Old traffic is for nobody after a restart, and is not answered. */
static void
test_restarted_is_silent(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);

	(void)state;
	net_kill(b);
	net_start(b);
	assert_int_equal(net_link(b, a), 0);
	net_send(a, b, 100, 1);
	net_run(net, SEC(10));
	assert_int_equal(net_count(b, 0), 0);
	assert_int_equal(net_drops(b, DROP_INDEX), 1);
	/* a notices after 15 s */
	net_run(net, SEC(7));
	assert_true(net_is_up(a, b));
	net_close(net);
}

/* Peers come and go. */

static void
test_remove(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);
	struct node_peer_status status;

	(void)state;
	net_send(a, b, 100, 1);
	net_run(net, SEC(1));
	net_mark(net);
	const struct now now = net_now(b);
	assert_true(node_peer_status(b->node, &now, 0, &status));
	assert_int_equal(status.macs, 1);
	node_peer_remove(b->node, &now, 0);
	net_turn(b);
	assert_int_equal(net_count(b, 0), 1);
	assert_int_equal(net_nth(b, 0, 0)->len, CLOSE_LEN);
	assert_false(node_peer_status(b->node, &now, 0, &status));
	net_run(net, SEC(1));
	assert_int_equal(a->events[SINK_PEER_CLOSED], 1);
	net_send(a, b, 100, 2);
	net_run(net, SEC(100));
	assert_int_equal(net_count(b, 0), 1);
	assert_true(net_drops(b, DROP_HANDSHAKE_PEER) > 5);
	/* its place is free, and nothing is left in it */
	assert_int_equal(net_link(b, a), 0);
	const struct now later = net_now(b);
	assert_true(node_peer_status(b->node, &later, 0, &status));
	assert_int_equal(status.macs, 0);
	assert_int_equal(status.rx_frames, 0);
	assert_false(addr_is_set(&status.endpoint.remote));
	net_run(net, SEC(36));
	assert_true(net_is_up(a, b));
	net_close(net);
}

/* Clocks that jump. */

static void
test_clock_jump(void **state)
{
	static const struct {
		int64_t jump;
		bool wipes;
	} cases[] = {
		{ 9, false },
		{ -9, false },
		{ 11, true },
		{ -11, true },
		{ 86400, true },
		{ -1600000000, true },
	};
	struct net_host *a, *b;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct net *net = net_pair_up(&a, &b);
		const uint32_t old = net_peer(a, b)->keys.current->local_index;

		a->wall_offset += (uint64_t)cases[i].jump * SEC(1);
		net_turn(a);
		net_run(net, SEC(1));
		assert_true(net_is_up(a, b) && net_is_up(b, a));
		assert_int_equal(
		    net_peer(a, b)->keys.current->local_index != old,
		    cases[i].wipes);
		assert_int_equal(a->events[SINK_CLOCK_JUMP], cases[i].wipes);
		net_close(net);
	}
}

/* The first thing after the jump is a frame: it must not repeat a counter. */
static void
test_clock_jump_frame(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);

	(void)state;
	a->wall_offset += SEC(3600);
	net_send(a, b, 100, 1);
	assert_int_equal(net_count(a, WIRE_DATA), 0);
	assert_int_equal(net_count(a, WIRE_INITIATION), 1);
	net_run(net, SEC(1));
	net_assert_frame(b, a, 100, 1);
	net_close(net);
}

/* Or a datagram that asks for an answer. */
static void
test_clock_jump_dgram(void **state)
{
	static const uint8_t text[] = { WIRE_PATH_CHALLENGE, 1, 2, 3, 4, 5, 6,
		7, 8 };
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);
	uint8_t dgram[64];

	(void)state;
	const size_t len =
	    forge_seal(net_peer(b, a)->keys.current, text, sizeof(text), dgram);
	a->wall_offset += SEC(3600);
	net_inject(a, &b->addr, dgram, len);
	assert_int_equal(net_count(a, WIRE_DATA), 0);
	net_close(net);
}

/* Sleep moves both clocks: keys only get older. */
static void
test_sleep(void **state)
{
	struct net_host *a, *b;
	struct net *net = net_pair_up(&a, &b);

	(void)state;
	net->mono_ns += SEC(60);
	net_turn(a);
	net_turn(b);
	net_send(a, b, 100, 1);
	net_run(net, SEC(1));
	net_assert_frame(b, a, 100, 1);
	assert_int_equal(net_count(a, WIRE_INITIATION), 0);
	net->mono_ns += SEC(3600);
	net_send(a, b, 100, 2);
	net_run(net, SEC(1));
	net_assert_frame(b, a, 100, 2);
	assert_int_equal(net_count(a, WIRE_INITIATION), 1);
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
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_frame_after),
		cmocka_unit_test(test_frame_long_after),
		cmocka_unit_test(test_timers_stop),
		cmocka_unit_test(test_drops_staged),
		cmocka_unit_test(test_pending),
		cmocka_unit_test(test_previous),
		cmocka_unit_test(test_spares_next),
		cmocka_unit_test(test_first_under_next),
		cmocka_unit_test(test_replayed),
		cmocka_unit_test(test_restart),
		cmocka_unit_test(test_restart_without_floor),
		cmocka_unit_test(test_restarted_is_silent),
		cmocka_unit_test(test_remove),
		cmocka_unit_test(test_clock_jump),
		cmocka_unit_test(test_clock_jump_frame),
		cmocka_unit_test(test_clock_jump_dgram),
		cmocka_unit_test(test_sleep),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
