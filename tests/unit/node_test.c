/* SPDX-License-Identifier: ISC */
/*
 * The node as a switch: what goes where, and never back; what it refuses;
 * what happens where there is no room.
 */
#include "core/node.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "forge.h"
#include "net.h"

enum { HUB = 0, BROADCAST = 0xff };

/* A hub (host 0) with a star of peers around it, sessions up. */
static struct net *
star_open(unsigned int peers, bool forward)
{
	struct net *net = net_open(7);
	struct net_host *hub = net_add(net);

	hub->config.forward = forward;
	net_start(hub);
	for (unsigned int i = 0; i < peers; i++) {
		struct net_host *h = net_add(net);

		net_start(h);
		assert_int_equal(net_link(hub, h), i);
		assert_int_equal(net_link(h, hub), 0);
		net_resolve(h, 0, &hub->addr);
	}
	net_run(net, SEC(1));
	for (unsigned int i = 1; i <= peers; i++)
		assert_true(net_is_up(hub, &net->hosts[i]));
	net_mark(net);
	return net;
}

/* A frame of 60 bytes on a host's LAN port, from one station to another. */
static void
say(struct net *net, unsigned int host, unsigned int from, unsigned int to)
{
	uint8_t frame[60];

	net_put_frame(frame, sizeof(frame), from, to, 0);
	if (to == BROADCAST)
		memset(frame, 0xff, FRAME_MAC_LEN);
	net_lan_in(&net->hosts[host], frame, sizeof(frame));
	net_run(net, MS(100));
}

/* Frames that each host's LAN port got since the last look. */
static void
assert_heard(struct net *net, unsigned int hub, unsigned int one,
    unsigned int two, unsigned int three)
{
	const unsigned int want[] = { hub, one, two, three };

	for (unsigned int i = 0; i < net->host_count; i++) {
		assert_int_equal(net->hosts[i].frames, want[i]);
		net->hosts[i].frames = 0;
	}
}

static void
test_forward(void **state)
{
	struct net *net = star_open(3, true);

	(void)state;
	/* unknown: everywhere but where it came from */
	say(net, 1, 10, 20);
	assert_heard(net, 1, 0, 1, 1);
	say(net, HUB, 5, BROADCAST);
	assert_heard(net, 0, 1, 1, 1);
	say(net, 2, 20, BROADCAST);
	assert_heard(net, 1, 1, 0, 1);
	/* known: there only */
	say(net, 1, 10, 20);
	assert_heard(net, 0, 0, 1, 0);
	say(net, 2, 20, 10);
	assert_heard(net, 0, 1, 0, 0);
	say(net, 2, 20, 5);
	assert_heard(net, 1, 0, 0, 0);
	say(net, HUB, 5, 20);
	assert_heard(net, 0, 0, 1, 0);
	net_close(net);
}

static void
test_no_forward(void **state)
{
	struct net *net = star_open(3, false);
	const struct net_host *hub = &net->hosts[HUB];

	(void)state;
	say(net, 1, 10, 20);
	assert_heard(net, 1, 0, 0, 0);
	say(net, 1, 10, BROADCAST);
	assert_heard(net, 1, 0, 0, 0);
	say(net, 2, 20, BROADCAST);
	assert_heard(net, 1, 0, 0, 0);
	say(net, 1, 10, 20);
	assert_heard(net, 0, 0, 0, 0);
	assert_int_equal(net_drops(hub, DROP_FRAME_NO_FORWARD), 1);
	say(net, HUB, 5, BROADCAST);
	assert_heard(net, 0, 1, 1, 1);
	net_close(net);
}

static void
test_hairpin(void **state)
{
	struct net *net = star_open(2, true);
	struct net_host *hub = &net->hosts[HUB];

	(void)state;
	say(net, HUB, 5, BROADCAST);
	say(net, HUB, 6, BROADCAST);
	assert_heard(net, 0, 2, 2, 0);
	say(net, HUB, 5, 6);
	assert_heard(net, 0, 0, 0, 0);
	assert_int_equal(net_drops(hub, DROP_FRAME_HAIRPIN), 1);
	/* to itself */
	say(net, HUB, 5, 5);
	assert_int_equal(net_drops(hub, DROP_FRAME_HAIRPIN), 2);
	/* both behind one peer, whose own switch did not know that yet */
	say(net, 1, 10, BROADCAST);
	say(net, 1, 11, BROADCAST);
	assert_heard(net, 2, 0, 2, 0);
	uint8_t text[1 + 60] = { WIRE_FRAME }, dgram[128];
	net_put_frame(text + 1, 60, 10, 11, 0);
	net_inject(hub, &net->hosts[1].addr, dgram,
	    forge_seal(net_peer(&net->hosts[1], hub)->keys.current, text,
		sizeof(text), dgram));
	assert_int_equal(net_drops(hub, DROP_FRAME_HAIRPIN), 3);
	net_run(net, MS(100));
	assert_heard(net, 0, 0, 0, 0);
	net_close(net);
}

/* A station that moves is followed, also from a peer to the LAN. */
static void
test_station_moves(void **state)
{
	struct net *net = star_open(2, true);

	(void)state;
	say(net, HUB, 5, BROADCAST);
	say(net, 1, 10, BROADCAST);
	assert_heard(net, 1, 1, 2, 0);
	say(net, HUB, 5, 10);
	assert_heard(net, 0, 1, 0, 0);
	say(net, 2, 10, BROADCAST);
	assert_heard(net, 1, 1, 0, 0);
	say(net, HUB, 5, 10);
	assert_heard(net, 0, 0, 1, 0);
	say(net, HUB, 10, BROADCAST);
	assert_heard(net, 0, 1, 1, 0);
	say(net, 1, 20, 10);
	assert_heard(net, 1, 0, 0, 0);
	/* and forgotten after 300 s */
	net_run(net, SEC(301));
	say(net, 1, 20, 10);
	assert_heard(net, 1, 0, 1, 0);
	net_close(net);
}

static void
say_vlan(struct net *net, unsigned int host, unsigned int from, unsigned int to,
    unsigned int vlan)
{
	const uint8_t tag[] = { 0x81, 0, (uint8_t)(0xe0 | vlan >> 8),
		(uint8_t)vlan };
	uint8_t frame[64];

	net_put_frame(frame, sizeof(frame), from, to, 0);
	memcpy(frame + 12, tag, sizeof(tag));
	net_lan_in(&net->hosts[host], frame, sizeof(frame));
	net_run(net, MS(100));
}

/* The same address in another VLAN is another station. */
static void
test_vlan(void **state)
{
	struct net *net = star_open(2, true);

	(void)state;
	say_vlan(net, 1, 10, 99, 7);
	say_vlan(net, 2, 10, 99, 8);
	assert_heard(net, 2, 1, 1, 0);
	say_vlan(net, HUB, 5, 10, 7);
	assert_heard(net, 0, 1, 0, 0);
	say_vlan(net, HUB, 5, 10, 8);
	assert_heard(net, 0, 0, 1, 0);
	say_vlan(net, HUB, 5, 10, 9);
	assert_heard(net, 0, 1, 1, 0);
	say(net, HUB, 5, 10);
	assert_heard(net, 0, 1, 1, 0);
	net_close(net);
}

static void
test_lengths(void **state)
{
	static const struct {
		size_t len;
		bool passes;
	} cases[] = { { 0, false }, { 1, false }, { 13, false }, { 14, true },
		{ 60, true }, { 1514, true }, { 1518, true }, { 1519, false },
		{ 9000, false }, { FRAME_MAX, false }, { 65535, false } };
	static uint8_t frame[65535];
	struct net *net = star_open(1, false);
	struct net_host *h = &net->hosts[1];
	uint64_t dropped = 0;

	(void)state;
	net_put_frame(frame, 1600, 10, 20, 0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		net_lan_in(h, frame, cases[i].len);
		net_run(net, MS(100));
		assert_heard(net, cases[i].passes, 0, 0, 0);
		dropped += !cases[i].passes;
		assert_int_equal(net_drops(h, DROP_FRAME_LENGTH), dropped);
	}
	net_close(net);
}

static void
test_source(void **state)
{
	struct net *net = star_open(1, false);
	struct net_host *hub = &net->hosts[HUB];
	struct net_host *h = &net->hosts[1];
	uint8_t text[61] = { WIRE_FRAME }, dgram[128];

	(void)state;
	net_put_frame(text + 1, 60, 10, 20, 0);
	text[1 + 6] |= 1;
	net_lan_in(h, text + 1, 60);
	assert_int_equal(net_drops(h, DROP_FRAME_SOURCE), 1);
	assert_int_equal(net_count(h, 0), 0);
	/* from a peer that did not look */
	net_inject(hub, &h->addr, dgram,
	    forge_seal(
		net_peer(h, hub)->keys.current, text, sizeof(text), dgram));
	assert_int_equal(net_drops(hub, DROP_FRAME_SOURCE), 1);
	assert_int_equal(hub->frames, 0);
	net_close(net);
}

/* What a peer sends as a frame is looked at as well. */
static void
test_bad_content(void **state)
{
	static const struct {
		uint8_t kind;
		size_t len; /* with the kind */
		enum drop why;
	} cases[] = {
		{ WIRE_FRAME, 1, DROP_FRAME_LENGTH },
		{ WIRE_FRAME, 14, DROP_FRAME_LENGTH },
		{ WIRE_FRAME, 1520, DROP_FRAME_LENGTH },
		{ WIRE_FRAGMENT, 1, DROP_FRAGMENT_INVALID },
		{ WIRE_FRAGMENT, 7, DROP_FRAGMENT_INVALID },
		{ WIRE_FRAGMENT, 100, DROP_FRAGMENT_INVALID },
		{ WIRE_FRAME_CSUM, 100, DROP_KIND },
		{ WIRE_BUNDLE, 100, DROP_KIND },
		{ 0, 1, DROP_KIND },
		{ 0x30, 50, DROP_KIND },
		{ 0x60, 50, DROP_KIND },
		{ 0xff, 50, DROP_KIND },
		{ WIRE_PROBE, 6, DROP_CONTROL },
		{ WIRE_PROBE_ACK, 7, DROP_PROBE_ACK },
		{ WIRE_PATH_CHALLENGE, 8, DROP_CONTROL },
		{ WIRE_PATH_RESPONSE, 8, DROP_CONTROL },
	};
	struct net *net = star_open(1, false);
	struct net_host *hub = &net->hosts[HUB];
	struct net_host *h = &net->hosts[1];
	struct session *s = net_peer(h, hub)->keys.current;
	uint8_t text[1600] = { 0 }, dgram[1700];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const uint64_t before = net_drops(hub, cases[i].why);

		text[0] = cases[i].kind;
		net_inject(hub, &h->addr, dgram,
		    forge_seal(s, text, cases[i].len, dgram));
		assert_int_equal(net_drops(hub, cases[i].why), before + 1);
	}
	assert_int_equal(hub->frames, 0);
	assert_int_equal(net_count(hub, 0), 0);
	net_close(net);
}

static void
test_offload(void **state)
{
	struct net *net = star_open(1, false);
	struct net_host *h = &net->hosts[1];
	uint8_t data[60];
	const struct frame frames[] = {
		{ .data = data, .len = 60, .gso = FRAME_GSO_TCP4 },
		{ .data = data, .len = 60, .csum_start = 34 },
	};
	const struct now now = net_now(h);

	(void)state;
	net_put_frame(data, sizeof(data), 10, 20, 0);
	node_lan_in(h->node, &now, frames, ARRAY_LEN(frames));
	assert_int_equal(net_drops(h, DROP_FRAME_OFFLOAD), 2);
	assert_int_equal(net_count(h, 0), 0);
	net_close(net);
}

/* An IPv4 or IPv6 packet with UDP in a frame. */
static size_t
put_udp(uint8_t *f, const struct addr *dst, uint16_t src_port)
{
	const bool four = dst->family == ADDR_IPV4;
	const size_t header = four ? 20 : 40;
	uint8_t *ip = f + FRAME_HEADER_LEN, *udp = ip + header;

	memset(f, 0, 100);
	net_put_frame(f, FRAME_HEADER_LEN, 10, 20, 0);
	f[12] = four ? 0x08 : 0x86;
	f[13] = four ? 0x00 : 0xdd;
	ip[0] = four ? 0x45 : 0x60;
	ip[four ? 9 : 6] = 17;
	memcpy(ip + (four ? 16 : 24), dst->ip, four ? 4 : 16);
	udp[0] = (uint8_t)(src_port >> 8);
	udp[1] = (uint8_t)src_port;
	udp[2] = (uint8_t)(dst->port >> 8);
	udp[3] = (uint8_t)dst->port;
	return FRAME_HEADER_LEN + header + 8;
}

static void
test_own_tunnel(void **state)
{
	struct net *net = star_open(1, false);
	struct net_host *h = &net->hosts[1];
	const struct addr hub = net->hosts[HUB].addr, other = net_addr(88);
	const struct addr named = { .family = ADDR_IPV6,
		.ip = { 0x20, 1, 0xd, 0xb8, [15] = 1 },
		.port = NET_PORT };
	uint8_t f[100];

	(void)state;
	net_resolve(h, 0, &named);
	net_lan_in(h, f, put_udp(f, &hub, NET_PORT));
	assert_int_equal(net_drops(h, DROP_FRAME_OWN_TUNNEL), 1);
	net_lan_in(h, f, put_udp(f, &named, NET_PORT));
	assert_int_equal(net_drops(h, DROP_FRAME_OWN_TUNNEL), 2);
	assert_int_equal(net_count(h, 0), 0);
	/* a scope names an interface; inside a frame there is none */
	struct addr local = { .family = ADDR_IPV6,
		.ip = { 0xfe, 0x80, [15] = 9 },
		.port = NET_PORT,
		.scope = 7 };
	net_resolve(h, 0, &local);
	net_lan_in(h, f, put_udp(f, &local, NET_PORT));
	assert_int_equal(net_drops(h, DROP_FRAME_OWN_TUNNEL), 3);
	/* nor is an address checked through the tunnel */
	local.ip[15] = 10;
	net_peer(h, &net->hosts[HUB])->roam.candidate.remote = local;
	net_lan_in(h, f, put_udp(f, &local, NET_PORT));
	assert_int_equal(net_drops(h, DROP_FRAME_OWN_TUNNEL), 4);
	/* somebody else's are none of our business */
	net_lan_in(h, f, put_udp(f, &other, NET_PORT));
	net_lan_in(h, f, put_udp(f, &hub, NET_PORT + 1));
	assert_int_equal(net_drops(h, DROP_FRAME_OWN_TUNNEL), 4);
	assert_int_equal(net_count(h, WIRE_DATA), 2);
	net_close(net);
}

/* Peers. */

static void
test_add(void **state)
{
	struct net *net = net_open(1);
	struct net_host *a = net_add(net), *h[5];

	(void)state;
	net_start(a);
	assert_int_equal(net_link(a, a), -1); /* itself */
	for (int i = 0; i < 5; i++)
		h[i] = net_add(net);
	for (int i = 0; i < 4; i++)
		assert_int_equal(net_link(a, h[i]), i);
	assert_int_equal(net_link(a, h[4]), -1); /* full */
	const struct now now = net_now(a);
	node_peer_remove(a->node, &now, 2);
	node_peer_remove(a->node, &now, 2);
	node_peer_remove(a->node, &now, -1);
	node_peer_remove(a->node, &now, 4);
	assert_int_equal(net_link(a, h[3]), -1); /* twice */
	assert_int_equal(net_link(a, h[4]), 2);
	net_turn(a);
	assert_int_equal(net_count(a, 0), 0);
	net_close(net);
}

static void
test_status(void **state)
{
	struct net *net = star_open(2, true);
	struct net_host *hub = &net->hosts[HUB];
	struct node_peer_status s;

	(void)state;
	say(net, 1, 10, BROADCAST);
	say(net, 1, 11, BROADCAST);
	say(net, HUB, 5, 10);
	const struct now now = net_now(hub);
	assert_false(node_peer_status(hub->node, &now, -1, &s));
	assert_false(node_peer_status(hub->node, &now, 2, &s));
	assert_false(node_peer_status(hub->node, &now, 4, &s));
	assert_true(node_peer_status(hub->node, &now, 0, &s));
	assert_true(s.up);
	assert_true(addr_equal(&s.endpoint.remote, &net->hosts[1].addr));
	assert_int_equal(s.rx_frames, 2);
	assert_int_equal(s.rx_bytes, 120);
	assert_int_equal(s.tx_frames, 1);
	assert_int_equal(s.tx_bytes, 60);
	assert_int_equal(s.macs, 2);
	assert_int_equal(s.staged, 0);
	assert_int_equal(s.path_size, 1472);
	assert_in_range(now.mono_ns - s.heard_mono_ns, MS(100), MS(300));
	assert_in_range(now.wall_ns - s.handshake_wall_ns, SEC(1), SEC(2));
	assert_true(node_peer_status(hub->node, &now, 1, &s));
	assert_int_equal(s.rx_frames, 0);
	assert_int_equal(s.tx_frames, 2);
	assert_int_equal(s.macs, 0);
	net_close(net);
}

/* Where there is no room. */

/* No room to send anything, at any time: frames are lost, and that is all. */
static void
test_no_room(void **state)
{
	struct net *net = star_open(2, true);
	struct net_host *hub = &net->hosts[HUB];

	(void)state;
	for (unsigned int i = 0; i < 400; i++) {
		hub->no_room = net_random(net) % 3 != 0;
		net->hosts[1].no_room = net_random(net) % 3 == 0;
		if (i % 100 == 50) {
			net_kill(&net->hosts[2]);
			net_start(&net->hosts[2]);
			assert_int_equal(net_link(&net->hosts[2], hub), 0);
			net_resolve(&net->hosts[2], 0, &hub->addr);
		}
		net_send(&net->hosts[1], &net->hosts[2], 1514, i);
		net_send(hub, &net->hosts[1], 1514, i);
		net_run(net, SEC(3));
	}
	assert_true(net_drops(hub, DROP_SEND_ROOM) > 100);
	hub->no_room = net->hosts[1].no_room = false;
	net_send(&net->hosts[1], &net->hosts[2], 100, 1);
	net_send(&net->hosts[2], &net->hosts[1], 100, 1);
	net_run(net, SEC(40));
	net_send(&net->hosts[1], &net->hosts[2], 100, 2);
	net_run(net, SEC(1));
	net_assert_frame(&net->hosts[2], &net->hosts[1], 100, 2);
	net_close(net);
}

/* An initiation that found no room is tried again, not given up. */
static void
test_no_room_to_start(void **state)
{
	struct net *net = net_open(1);
	struct net_host *a = net_add(net), *b = net_add(net);

	(void)state;
	net_start(a);
	net_start(b);
	assert_int_equal(net_link(a, b), 0);
	assert_int_equal(net_link(b, a), 0);
	a->no_room = true;
	net_resolve(a, 0, &b->addr);
	net_run(net, SEC(2));
	assert_int_equal(net_drops(a, DROP_SEND_ROOM), 1);
	a->no_room = false;
	b->no_room = true;
	net_run(net, SEC(4));
	assert_int_equal(net_count(a, 0), 1);
	assert_int_equal(net_drops(b, DROP_SEND_ROOM), 1);
	b->no_room = false;
	net_run(net, SEC(6));
	assert_true(net_is_up(a, b) && net_is_up(b, a));
	net_close(net);
}

/* One pool for all peers: who finds it empty loses a frame, not more. */
static void
test_pool_empty(void **state)
{
	struct net *net = net_open(1);
	struct net_host *a = net_add(net);

	(void)state;
	a->config.memory = NODE_MEMORY_MIN;
	net_start(a);
	for (int i = 0; i < 4; i++) {
		struct net_host *h = net_add(net);

		assert_int_equal(net_link(a, h), i);
		net_resolve(a, i, &h->addr);
	}
	for (unsigned int i = 0; i < 100; i++) {
		say(net, HUB, 5, BROADCAST);
		const struct net_host *h = &net->hosts[1 + i % 4];
		assert_true(net_peer(a, h)->stage.count <= 64);
	}
	unsigned int staged = 0;
	for (int i = 1; i <= 4; i++)
		staged += net_peer(a, &net->hosts[i])->stage.count;
	assert_int_equal(staged,
	    NODE_MEMORY_MIN / POOL_BLOCK -
		NODE_MEMORY_MIN / POOL_BLOCK / STAGE_POOL_PART);
	assert_int_equal(
	    net_drops(a, DROP_STAGE_FULL) + net_drops(a, DROP_POOL) + staged,
	    400);
	/* all is given back when nobody answers */
	net_run(net, SEC(120));
	for (int i = 1; i <= 4; i++)
		assert_int_equal(net_peer(a, &net->hosts[i])->stage.count, 0);
	say(net, HUB, 5, BROADCAST);
	assert_int_equal(net_peer(a, &net->hosts[4])->stage.count, 1);
	net_close(net);
}

/* The memory it asks for is what it uses: with the least of everything and
 * with much, under a sanitizer. */
static void
test_sizes(void **state)
{
	static const unsigned int peers[] = { 1, 2, 3, 64, NODE_PEERS_MAX };
	static const uint16_t mtus[] = { 576, 1500, 9000, 16366, 65535 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(peers); i++) {
		struct net *net = net_open(1);
		struct net_host *a = net_add(net), *b = net_add(net);

		a->config.max_peers = b->config.max_peers = peers[i];
		a->config.mtu = b->config.mtu = mtus[i];
		a->config.memory = b->config.memory = NODE_MEMORY_MIN;
		net_start(a);
		net_start(b);
		assert_int_equal(net_link(a, b), 0);
		assert_int_equal(net_link(b, a), 0);
		net_resolve(a, 0, &b->addr);
		net_run(net, SEC(1));
		const size_t len =
		    size_min(FRAME_MAX, size_max(1514, (size_t)mtus[i] + 18));
		net_send(a, b, len, 3);
		net_run(net, SEC(1));
		net_assert_frame(b, a, len, 3);
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
		cmocka_unit_test(test_forward),
		cmocka_unit_test(test_no_forward),
		cmocka_unit_test(test_hairpin),
		cmocka_unit_test(test_station_moves),
		cmocka_unit_test(test_vlan),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_source),
		cmocka_unit_test(test_bad_content),
		cmocka_unit_test(test_offload),
		cmocka_unit_test(test_own_tunnel),
		cmocka_unit_test(test_add),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_no_room_to_start),
		cmocka_unit_test(test_pool_empty),
		cmocka_unit_test(test_sizes),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
