/* SPDX-License-Identifier: ISC */
/*
 * Handshake messages between two fixed nodes. The input is what is wrong with
 * a valid message: bytes that are XORed onto it. First byte: which message,
 * and whether its MACs are made again afterwards (else nothing but mac1 would
 * ever be reached).
 */
#include "core/handshake.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "core/cookie.h"
#include "fuzz.h"

enum {
	REMAKE_MACS = 0x80, /* in the first byte */
	ALL_CIPHERS = (1 << SUITE_CIPHER_COUNT) - 1,
};

struct side {
	struct handshake_self self;
	struct handshake_remote remote; /* the other one */
};

static struct side alice, bob; /* alice begins */

static void
side_init(struct side *s, uint8_t seed)
{
	s->self = (struct handshake_self){
		.ciphers = ALL_CIPHERS & suite_ciphers_available(),
		.frame_max = 1518,
		.dgram_max = UINT16_MAX,
	};
	memset(s->self.keys.private_key, seed, SUITE_KEY_LEN);
	memset(s->self.network_id, 7, SUITE_KEY_LEN);
	FUZZ_CHECK(handshake_self_init(&s->self) == DROP_NONE);
}

static void
side_meet(struct side *s, const struct side *other)
{
	memcpy(
	    s->remote.public_key, other->self.keys.public_key, SUITE_KEY_LEN);
	memset(s->remote.psk, 9, SUITE_KEY_LEN);
	handshake_remote_init(&s->remote, &s->self);
}

static void
init(void)
{
	FUZZ_CHECK(sodium_init() >= 0);
	side_init(&alice, 0x11);
	side_init(&bob, 0x22);
	side_meet(&alice, &bob);
	side_meet(&bob, &alice);
}

static struct handshake_fresh
fresh_of(uint8_t seed)
{
	struct handshake_fresh f = { .index = seed, .timestamp = 1u << 24 };

	memset(f.ephemeral, seed, sizeof(f.ephemeral));
	return f;
}

static void
change(uint8_t *msg, size_t len, struct fuzz_input *in)
{
	for (size_t i = 0; i < len; i++)
		msg[i] ^= fuzz_u8(in);
}

/* Alice's initiation; hs may be NULL. */
static void
make_initiation(struct handshake *hs, uint8_t *msg)
{
	const struct handshake_fresh fresh = fresh_of(0x33);
	struct handshake unused;

	FUZZ_CHECK(handshake_initiation_create(hs == NULL ? &unused : hs,
		       &alice.self, &alice.remote, &fresh, msg) == DROP_NONE);
}

/* Bob takes an initiation and answers it. False: he refuses it. */
static bool
take_initiation(const uint8_t *msg, struct handshake_answer *answer)
{
	const struct handshake_fresh fresh = fresh_of(0x44);
	struct handshake hs = { .index = 0 };
	struct wire_offer offer;

	if (handshake_initiation_check(&bob.self, msg) != DROP_NONE ||
	    handshake_initiation_open(&hs, &bob.self, msg) != DROP_NONE)
		return false;
	if (memcmp(hs.noise.rs, bob.remote.public_key, SUITE_KEY_LEN) != 0)
		return false;
	if (handshake_initiation_consume(&hs, &bob.self, msg, &offer) !=
	    DROP_NONE)
		return false;
	FUZZ_CHECK(offer.version == WIRE_VERSION);
	FUZZ_CHECK(offer.frame_max >= WIRE_FRAME_SIZE_MIN);
	FUZZ_CHECK(offer.dgram_max >= WIRE_DGRAM_SIZE_MIN);
	if (handshake_response_create(&hs, &bob.self, &bob.remote, &fresh,
		&offer, answer) != DROP_NONE)
		return false;
	FUZZ_CHECK((1u << answer->keys.cipher & offer.ciphers) != 0);
	return true;
}

static void
check_agreed(const struct session_keys *a, const struct session_keys *b)
{
	FUZZ_CHECK(a->cipher == b->cipher && a->initiator != b->initiator);
	FUZZ_CHECK(a->remote_index == b->local_index);
	FUZZ_CHECK(memcmp(a->send, b->recv, SUITE_KEY_LEN) == 0);
	FUZZ_CHECK(memcmp(a->recv, b->send, SUITE_KEY_LEN) == 0);
	FUZZ_CHECK(a->frame_max <= 16384 && b->frame_max <= 16384);
}

/* Alice reads Bob's answer, as it is. */
static void
finish(const struct handshake *hs, const struct handshake_answer *answer)
{
	struct session_keys keys;

	FUZZ_CHECK(
	    handshake_response_check(&alice.self, answer->msg) == DROP_NONE);
	if (handshake_response_consume(hs, &alice.self, &alice.remote,
		answer->msg, &keys) == DROP_NONE)
		check_agreed(&keys, &answer->keys);
	else
		FUZZ_CHECK(fuzz_is_open); /* there, MACs cover nothing */
}

static void
try_initiation(struct fuzz_input *in, bool remake)
{
	struct handshake hs;
	struct handshake_answer answer;
	uint8_t *msg = fuzz_copy(NULL, WIRE_INITIATION_LEN);

	make_initiation(&hs, msg);
	const uint64_t untouched = in->left;
	change(msg, WIRE_INITIATION_LEN, in);
	if (remake)
		cookie_put_macs(msg, WIRE_INITIATION_LEN, bob.self.mac1_key);
	if (take_initiation(msg, &answer) && !fuzz_is_open)
		finish(&hs, &answer);
	else
		FUZZ_CHECK(untouched != 0 || fuzz_is_open);
	free(msg);
}

/* An offer as a peer would seal it who knows all keys and says what it likes;
 * the bytes are those of the offer. */
static void
try_offer(struct fuzz_input *in)
{
	const struct handshake_fresh fresh = fresh_of(0x33);
	struct handshake hs = { .index = fresh.index };
	struct wire_initiation wire = { .sender = fresh.index };
	struct handshake_answer answer;
	uint8_t payload[WIRE_OFFER_LEN];
	uint8_t *msg = fuzz_copy(NULL, WIRE_INITIATION_LEN);

	(void)fuzz_bytes(in, payload, sizeof(payload));
	noise_init(&hs.noise, NOISE_IKPSK2, alice.self.prologue,
	    sizeof(alice.self.prologue), alice.remote.public_key);
	const struct noise_initiation sealed = { .payload = payload,
		.len = sizeof(payload),
		.sealed_static = wire.sealed_static,
		.sealed_payload = wire.sealed_offer };
	FUZZ_CHECK(noise_initiation_create(&hs.noise, &alice.self.keys,
		       fresh.ephemeral, &sealed) == DROP_NONE);
	memcpy(wire.ephemeral, hs.noise.e.public_key, SUITE_KEY_LEN);
	wire_put_initiation(msg, &wire);
	cookie_put_macs(msg, WIRE_INITIATION_LEN, bob.self.mac1_key);
	if (take_initiation(msg, &answer))
		finish(&hs, &answer);
	free(msg);
}

static void
try_response(struct fuzz_input *in, bool remake)
{
	struct handshake hs;
	struct handshake_answer answer;
	struct session_keys keys = { .cipher = SUITE_CHACHA20_POLY1305 };
	uint8_t initiation[WIRE_INITIATION_LEN];

	make_initiation(&hs, initiation);
	FUZZ_CHECK(take_initiation(initiation, &answer));
	uint8_t *msg = fuzz_copy(answer.msg, WIRE_RESPONSE_LEN);
	change(msg, WIRE_RESPONSE_LEN, in);
	if (remake)
		cookie_put_macs(msg, WIRE_RESPONSE_LEN, alice.self.mac1_key);
	if (handshake_response_check(&alice.self, msg) == DROP_NONE &&
	    handshake_response_consume(
		&hs, &alice.self, &alice.remote, msg, &keys) == DROP_NONE) {
		FUZZ_CHECK((1u << keys.cipher & alice.self.ciphers) != 0);
		if (!fuzz_is_open && wire_sender(msg) == 0x44)
			check_agreed(&keys, &answer.keys);
	}
	free(msg);
}

static void
sink_random(void *ctx, uint8_t *out, size_t len)
{
	(void)ctx;
	memset(out, 5, len);
}

/* Bob is under load and sends Alice a cookie; then her next message. */
static void
try_cookie(struct fuzz_input *in)
{
	const struct sink sink = { .random = sink_random };
	const uint64_t later = (uint64_t)fuzz_u8(in) * SEC(1);
	const bool ipv4 = fuzz_u8(in) % 2 == 0;
	const struct addr from = { .family = ipv4 ? ADDR_IPV4 : ADDR_IPV6,
		.port = fuzz_u16(in) };
	struct cookie_secret secret = { .sink = &sink,
		.key = bob.self.cookie_key };
	struct cookie_jar jar = { .has = false };
	uint8_t msg[WIRE_INITIATION_LEN];
	uint8_t *reply = fuzz_copy(NULL, WIRE_COOKIE_REPLY_LEN);

	make_initiation(NULL, msg);
	cookie_put_mac2(&jar, SEC(1), msg, sizeof(msg));
	cookie_reply_create(&secret, SEC(1), &from, msg, sizeof(msg), reply);
	change(reply, WIRE_COOKIE_REPLY_LEN, in);
	const bool taken = cookie_reply_consume(&jar, SEC(1),
			       alice.remote.cookie_key, reply) == DROP_NONE;
	cookie_put_mac2(&jar, SEC(1) + later, msg, sizeof(msg));
	change(msg, sizeof(msg), in);
	const bool proven =
	    cookie_check_mac2(&secret, SEC(1) + later, &from, msg, sizeof(msg));
	FUZZ_CHECK(taken || !proven || fuzz_is_open);
	free(reply);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;
	struct fuzz_input in = { .at = data, .left = size };

	if (!ready)
		init();
	ready = true;
	const uint8_t what = fuzz_u8(&in);
	switch (what % 4) {
	case 0:
		try_initiation(&in, (what & REMAKE_MACS) != 0);
		break;
	case 1:
		try_response(&in, (what & REMAKE_MACS) != 0);
		break;
	case 2:
		try_offer(&in);
		break;
	default:
		try_cookie(&in);
		break;
	}
	return 0;
}
