/* SPDX-License-Identifier: ISC */
/*
 * Two nodes with aegis-256, whose tag is twice as long as that of the others:
 * every size that depends on it; and nodes without that cipher.
 * lansplice-protocol(7), CIPHERS and OVERHEAD.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "forge.h"
#include "net.h"

enum {
	AEGIS = 1 << SUITE_AEGIS_256,
	WITHOUT = 1 << SUITE_CHACHA20_POLY1305 | 1 << SUITE_AES256_GCM,
	ALL = AEGIS | WITHOUT,
	UDP_IPV4 = 28,
	OVERHEAD = 16 + 32,  /* of a message */
	FRAME_OVERHEAD = 49, /* lansplice-protocol(7), OVERHEAD */
	PIECE_OVERHEAD = 56,
	LARGEST_INSIDE = 1409, /* IP packet on a path of 1500 */
	ETHERNET = 14,
};

/* Two nodes that are up, with these ciphers and sizes. */
static struct net *
pair(struct net_host **a, struct net_host **b, uint16_t ciphers,
    uint16_t inside, uint32_t outside)
{
	struct net *net = net_open(1);

	*a = net_add(net);
	*b = net_add(net);
	(*a)->config.ciphers = (*b)->config.ciphers = ciphers;
	(*a)->config.mss_clamp = true;
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
	return net;
}

static struct net *
aegis_pair(
    struct net_host **a, struct net_host **b, uint16_t inside, uint32_t outside)
{
	if ((suite_ciphers_available() & AEGIS) == 0) {
		print_message("no aegis-256 here\n");
		skip();
	}
	return pair(a, b, suite_ciphers_available(), inside, outside);
}

static enum suite_cipher
cipher_of(const struct net_host *h)
{
	struct node_peer_status status;
	const struct now now = net_now(h);

	assert_true(node_peer_status(h->node, &now, 0, &status));
	assert_true(status.up);
	return status.cipher;
}

/* What `cipher = "auto"` comes to, whatever the machine has. */
static void
test_auto_takes_the_best(void **state)
{
	struct net_host *a, *b;
	struct net *net = pair(&a, &b, suite_ciphers_available(), 1500, 1500);
	const struct wire_offer offer =
	    forge_offer(b, net_nth(a, WIRE_INITIATION, 0));

	(void)state;
	assert_int_equal(offer.ciphers, suite_ciphers_available());
	const enum suite_cipher best = (offer.ciphers & AEGIS) != 0
	    ? SUITE_AEGIS_256
	    : (enum suite_cipher)suite_cipher_best(offer.ciphers);
	assert_int_equal(cipher_of(a), best);
	assert_int_equal(cipher_of(b), best);
	net_send(a, b, 1514, 1);
	net_send(b, a, 1514, 2);
	net_run(net, MS(20));
	net_assert_frame(b, a, 1514, 1);
	net_assert_frame(a, b, 1514, 2);
	net_close(net);
}

/* Who does not have it, or pins another, takes none of it. */
static void
test_offer_of_a_cipher_not_had(void **state)
{
	static const struct {
		uint16_t offered, own;
		bool taken;
	} rows[] = {
		{ ALL, WITHOUT, true },
		{ 0xffff, WITHOUT, true },
		{ ALL, 1 << SUITE_CHACHA20_POLY1305, true },
		{ AEGIS, WITHOUT, false },
		{ 0xfffc, WITHOUT, false },
	};
	uint8_t msg[WIRE_INITIATION_LEN];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct net *net = net_open(1);
		struct net_host *a = net_add(net), *b = net_add(net);

		b->config.ciphers =
		    rows[i].own & suite_ciphers_available() & WITHOUT;
		net_start(b);
		assert_int_equal(net_link(b, a), 0);
		struct handshake_self liar = forge_self(a);
		liar.ciphers = rows[i].offered;
		forge_initiation(&liar, b, NET_WALL, msg);
		net_inject(b, &a->addr, msg, sizeof(msg));
		net_run(net, MS(100));
		assert_int_equal(net_count(b, WIRE_RESPONSE), rows[i].taken);
		assert_int_equal(
		    net_drops(b, DROP_HANDSHAKE_CIPHER), !rows[i].taken);
		const struct session *next = net_peer(b, a)->keys.next;
		assert_int_equal(next != NULL, rows[i].taken);
		if (next != NULL)
			assert_int_equal(next->send.cipher,
			    suite_cipher_best(b->config.ciphers));
		net_close(net);
	}
}

/* The responder answers with aegis-256 to who did not offer it: a liar's
 * handshake keeps its own cipher mask, the node its own. */
static void
test_answer_of_a_cipher_not_offered(void **state)
{
	struct net *net = net_open(1);
	struct net_host *a = net_add(net), *b = net_add(net);
	struct handshake_answer answer;
	struct handshake hs;
	struct wire_offer offer;

	(void)state;
	net_start(a);
	assert_int_equal(net_link(a, b), 0);
	net_resolve(a, 0, &b->addr);
	net_run(net, MS(100));
	struct handshake_self liar = forge_self(b);
	struct handshake_self caller = forge_self(a);
	struct handshake_remote remote = { .psk = { 0 } };
	struct handshake_fresh fresh = { .index = 77, .ephemeral = { 5 } };
	const struct net_dgram *d = net_nth(a, WIRE_INITIATION, 0);
	memcpy(remote.public_key, caller.keys.public_key, SUITE_KEY_LEN);
	handshake_remote_init(&remote, &liar);
	assert_int_equal(
	    handshake_initiation_open(&hs, &liar, d->data), DROP_NONE);
	assert_int_equal(
	    handshake_initiation_consume(&hs, &liar, d->data, &offer),
	    DROP_NONE);
	assert_int_equal(offer.ciphers & AEGIS, 0);
	liar.ciphers = offer.ciphers = AEGIS;
	assert_int_equal(handshake_response_create(
			     &hs, &liar, &remote, &fresh, &offer, &answer),
	    DROP_NONE);
	net_inject(a, &b->addr, answer.msg, sizeof(answer.msg));
	net_run(net, MS(100));
	assert_int_equal(net_drops(a, DROP_HANDSHAKE_CHOICE), 1);
	assert_false(net_is_up(a, b));
	net_close(net);
}

/* 16 + 32 bytes, and not one less, whatever the other ciphers take. */
static void
test_keepalive(void **state)
{
	struct net_host *a, *b;
	struct net *net = aegis_pair(&a, &b, 1500, 1500);
	uint8_t dgram[OVERHEAD];

	(void)state;
	/* the initiator's confirmation */
	assert_int_equal(net_nth(a, WIRE_DATA, 0)->len, OVERHEAD);
	struct session *s = net_peer(a, b)->keys.current;
	assert_int_equal(session_dgram_len(s, 0), sizeof(dgram));
	for (size_t len = 0; len < sizeof(dgram); len++) {
		assert_int_equal(forge_seal(s, NULL, 0, dgram), sizeof(dgram));
		net_inject(b, &a->addr, dgram, len);
		assert_int_equal(net_drops(b, DROP_DGRAM_LENGTH),
		    len < WIRE_DATA_MIN ? len + 1 : WIRE_DATA_MIN);
		assert_int_equal(net_drops(b, DROP_OPEN),
		    len < WIRE_DATA_MIN ? 0 : len + 1 - WIRE_DATA_MIN);
	}
	const uint64_t heard = net_peer(b, a)->heard_ns;
	net_run(net, MS(5));
	net_inject(b, &a->addr, dgram, forge_seal(s, NULL, 0, dgram));
	assert_true(net_peer(b, a)->heard_ns > heard);
	assert_int_equal(net_drops(b, DROP_OPEN), OVERHEAD - WIRE_DATA_MIN);
	net_close(net);
}

/* The largest packet that goes whole fills the path to the byte; one more
 * makes two halves. */
static void
test_overhead(void **state)
{
	struct net_host *a, *b;
	struct net *net = aegis_pair(&a, &b, 1500, 1500);
	const size_t fits = LARGEST_INSIDE + ETHERNET;

	(void)state;
	net_mark(net);
	net_send(a, b, fits, 1);
	assert_int_equal(net_count(a, 0), 1);
	assert_int_equal(net_nth(a, 0, 0)->len, fits + FRAME_OVERHEAD);
	assert_int_equal(net_nth(a, 0, 0)->len, 1472);
	net_run(net, MS(20));
	net_assert_frame(b, a, fits, 1);
	net_mark(net);
	net_send(a, b, fits + 1, 2);
	assert_int_equal(net_count(a, 0), 2);
	const size_t one = net_nth(a, 0, 0)->len, two = net_nth(a, 0, 1)->len;
	assert_int_equal(one + two, fits + 1 + PIECE_OVERHEAD + PIECE_OVERHEAD);
	assert_int_equal(one, 720 + PIECE_OVERHEAD);
	net_run(net, MS(20));
	net_assert_frame(b, a, fits + 1, 2);
	net_close(net);
}

static void
test_all_sizes(void **state)
{
	struct net_host *a, *b;

	(void)state;
	for (uint32_t mtu = 576; mtu <= 1500; mtu += 77) {
		struct net *net = aegis_pair(&a, &b, 1500, mtu);
		unsigned int sent = 0;

		for (size_t len = FRAME_MIN; len <= 1518;
		     len += len < 1400 ? 31 : 1) {
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

/* 480 bytes a piece on the smallest path, 16 of them. */
static void
test_sixteen_pieces(void **state)
{
	struct net_host *a, *b;
	struct net *net = aegis_pair(&a, &b, 9000, 576);

	(void)state;
	net_mark(net);
	net_send(a, b, 16 * 480, 1);
	assert_int_equal(net_count(a, 0), 16);
	for (size_t i = 0; i < 16; i++)
		assert_int_equal(net_nth(a, 0, i)->len, 480 + PIECE_OVERHEAD);
	net_run(net, MS(20));
	net_assert_frame(b, a, 16 * 480, 1);
	net_send(a, b, 16 * 480 + 1, 1);
	assert_int_equal(net_drops(a, DROP_FRAGMENT_COUNT), 1);
	assert_int_equal(net_count(a, 0), 16);
	net_close(net);
}

/* A SYN with an MSS of 1460; what is left of a path of 1500. */
static void
test_mss(void **state)
{
	static const char syn[] =
	    "ffffffffffff 020000000001 0800"
	    "4500002c 00004000 40060000 0a000001 0a000002"
	    "04000050 00000000 00000000 60020000 00000000 020405b4";
	struct net_host *a, *b;
	struct net *net = aegis_pair(&a, &b, 1500, 1500);
	const size_t at = ETHERNET + 20 + 20 + 2;
	uint8_t frame[58];
	size_t len;

	(void)state;
	assert_int_equal(sodium_hex2bin(frame, sizeof(frame), syn, strlen(syn),
			     " ", &len, NULL),
	    0);
	net_lan_in(a, frame, len);
	net_run(net, MS(20));
	assert_int_equal(b->frame_len, len);
	assert_int_equal(
	    b->frame[at] << 8 | b->frame[at + 1], LARGEST_INSIDE - 20 - 20);
	net_close(net);
}

/* The size that a probe names is that of the datagram, tag and all. */
static void
test_probe(void **state)
{
	struct net_host *a, *b;
	struct net *net = aegis_pair(&a, &b, 1500, 1500);
	struct session *s = net_peer(a, b)->keys.current;
	const struct wire_probe probe = { .id = 7, .size = 1300 };
	uint8_t text[1400] = { 0 }, dgram[1500];
	const size_t len = 1300 - OVERHEAD;

	(void)state;
	net_mark(net);
	wire_put_probe(text, WIRE_PROBE, &probe);
	net_inject(b, &a->addr, dgram, forge_seal(s, text, len, dgram));
	assert_int_equal(net_count(b, 0), 1);
	assert_int_equal(net_nth(b, 0, 0)->len, OVERHEAD + WIRE_PROBE_LEN);
	net_inject(b, &a->addr, dgram, forge_seal(s, text, len + 16, dgram));
	assert_int_equal(net_drops(b, DROP_PROBE_SIZE), 1);
	assert_int_equal(net_count(b, 0), 1);
	net_close(net);
}

/* A session outlives its keys, an address that moves, and ends with CLOSE. */
static void
test_life(void **state)
{
	struct net_host *a, *b;
	struct net *net = aegis_pair(&a, &b, 1500, 1500);
	const struct session *first = net_peer(a, b)->keys.current;

	(void)state;
	for (unsigned int i = 0; i < 140; i++) {
		net_send(a, b, 1000, i);
		net_run(net, SEC(1));
		net_assert_frame(b, a, 1000, i);
	}
	assert_ptr_not_equal(net_peer(a, b)->keys.current, first);
	assert_int_equal(cipher_of(a), SUITE_AEGIS_256);
	a->addr = net_addr(60);
	net_send(a, b, 100, 1);
	net_run(net, SEC(1));
	assert_true(addr_equal(&net_peer(b, a)->endpoint.remote, &a->addr));
	net_mark(net);
	const struct now now = net_now(a);
	node_stop(a->node, &now);
	net_turn(a);
	assert_int_equal(net_count(a, 0), 1);
	assert_int_equal(net_nth(a, 0, 0)->len, OVERHEAD + 1);
	net_run(net, MS(100));
	assert_false(net_is_up(b, a));
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
		cmocka_unit_test(test_auto_takes_the_best),
		cmocka_unit_test(test_offer_of_a_cipher_not_had),
		cmocka_unit_test(test_answer_of_a_cipher_not_offered),
		cmocka_unit_test(test_keepalive),
		cmocka_unit_test(test_overhead),
		cmocka_unit_test(test_all_sizes),
		cmocka_unit_test(test_sixteen_pieces),
		cmocka_unit_test(test_mss),
		cmocka_unit_test(test_probe),
		cmocka_unit_test(test_life),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
