/* SPDX-License-Identifier: ISC */
#include "core/handshake.h"

#include "core/cookie.h"
#include "core/frame.h"

#include "unit.h"

/* Two nodes: a initiates, b responds. */
static struct handshake_self self_a, self_b;
static struct handshake_remote to_a, to_b;
static struct handshake hs_a, hs_b;
static struct handshake_fresh fresh_a, fresh_b;
static struct handshake_answer answer;
static struct session_keys keys_a;
static struct wire_offer offer;
static uint8_t msg1[WIRE_INITIATION_LEN];

enum {
	CHACHA = 1 << SUITE_CHACHA20_POLY1305,
	GCM = 1 << SUITE_AES256_GCM,
	AEGIS = 1 << SUITE_AEGIS_256,
	ALL = CHACHA | GCM | AEGIS,
};

static void
make_self(struct handshake_self *self, struct unit_random *r)
{
	*self = (struct handshake_self){
		.ciphers = CHACHA | GCM,
		.features = 1,
		.frame_max = 1518,
		.dgram_max = 1472,
	};
	unit_random_fill(r, self->keys.private_key, SUITE_KEY_LEN);
	memset(self->network_id, 0x4e, SUITE_KEY_LEN);
	assert_int_equal(handshake_self_init(self), DROP_NONE);
}

static void
make_remote(struct handshake_remote *remote, const struct handshake_self *other)
{
	memcpy(remote->public_key, other->keys.public_key, SUITE_KEY_LEN);
	memset(remote->psk, 0x70, SUITE_KEY_LEN);
	handshake_remote_init(remote, other);
}

static int
set_up(void **state)
{
	struct unit_random r = { 1 };

	(void)state;
	make_self(&self_a, &r);
	make_self(&self_b, &r);
	self_b.frame_max = 9018;
	self_b.dgram_max = 8972;
	make_remote(&to_a, &self_a);
	make_remote(&to_b, &self_b);
	fresh_a = (struct handshake_fresh){
		.index = 0xa1a2a3a4,
		.timestamp = UINT64_C(0x1122334455000000),
	};
	fresh_b = (struct handshake_fresh){ .index = 0xb1b2b3b4 };
	unit_random_fill(&r, fresh_a.ephemeral, SUITE_KEY_LEN);
	unit_random_fill(&r, fresh_b.ephemeral, SUITE_KEY_LEN);
	memset(&answer, 0, sizeof(answer));
	memset(&keys_a, 0, sizeof(keys_a));
	return 0;
}

static enum drop
initiate(void)
{
	return handshake_initiation_create(
	    &hs_a, &self_a, &to_b, &fresh_a, msg1);
}

static enum drop
take_initiation(void)
{
	enum drop why = handshake_initiation_check(&self_b, msg1);

	if (why == DROP_NONE)
		why = handshake_initiation_open(&hs_b, &self_b, msg1);
	return why != DROP_NONE
	    ? why
	    : handshake_initiation_consume(&hs_b, &self_b, msg1, &offer);
}

static enum drop
respond(void)
{
	return handshake_response_create(
	    &hs_b, &self_b, &to_a, &fresh_b, &offer, &answer);
}

static enum drop
take_response(void)
{
	const enum drop why = handshake_response_check(&self_a, answer.msg);

	return why != DROP_NONE ? why
				: handshake_response_consume(&hs_a, &self_a,
				      &to_b, answer.msg, &keys_a);
}

static void
run_to_response(void)
{
	assert_int_equal(initiate(), DROP_NONE);
	assert_int_equal(take_initiation(), DROP_NONE);
	assert_int_equal(respond(), DROP_NONE);
}

static void
test_prologue_and_keys_of_self(void **state)
{
	uint8_t key[SUITE_KEY_LEN];

	(void)state;
	assert_memory_equal(self_a.prologue, "lansplice v1NNNN", 16);
	assert_memory_equal(
	    self_a.prologue + 12, self_a.network_id, SUITE_KEY_LEN);
	cookie_mac1_key(key, self_a.keys.public_key, self_a.network_id);
	assert_memory_equal(self_a.mac1_key, key, sizeof(key));
	assert_memory_equal(to_a.mac1_key, key, sizeof(key));
}

static void
test_initiation(void **state)
{
	(void)state;
	assert_int_equal(initiate(), DROP_NONE);
	assert_int_equal(hs_a.index, fresh_a.index);
	unit_assert_hex(msg1, 8, "01000000 a4a3a2a1");
	assert_memory_equal(msg1 + 8, hs_a.noise.e.public_key, SUITE_KEY_LEN);
	assert_int_equal(
	    handshake_initiation_open(&hs_b, &self_b, msg1), DROP_NONE);
	assert_memory_equal(
	    hs_b.noise.rs, self_a.keys.public_key, SUITE_KEY_LEN);
	assert_int_equal(
	    handshake_initiation_consume(&hs_b, &self_b, msg1, &offer),
	    DROP_NONE);
	assert_int_equal(hs_b.index, fresh_a.index);
	assert_int_equal(offer.timestamp, fresh_a.timestamp);
	assert_int_equal(offer.version, 1);
	assert_int_equal(offer.ciphers, CHACHA | GCM);
	assert_int_equal(offer.features, 1);
	assert_int_equal(offer.frame_max, 1518);
	assert_int_equal(offer.dgram_max, 1472);
}

static void
test_both_sides_have_the_same_keys(void **state)
{
	(void)state;
	run_to_response();
	assert_int_equal(take_response(), DROP_NONE);
	unit_assert_hex(answer.msg, 12, "02000000 b4b3b2b1 a4a3a2a1");
	const struct session_keys *b = &answer.keys;
	assert_memory_equal(keys_a.send, b->recv, SUITE_KEY_LEN);
	assert_memory_equal(keys_a.recv, b->send, SUITE_KEY_LEN);
	assert_memory_not_equal(keys_a.send, keys_a.recv, SUITE_KEY_LEN);
	assert_int_equal(keys_a.cipher, SUITE_AES256_GCM);
	assert_int_equal(b->cipher, SUITE_AES256_GCM);
	assert_int_equal(keys_a.local_index, fresh_a.index);
	assert_int_equal(keys_a.remote_index, fresh_b.index);
	assert_int_equal(b->local_index, fresh_b.index);
	assert_int_equal(b->remote_index, fresh_a.index);
	assert_true(keys_a.initiator);
	assert_false(b->initiator);
	/* The sizes are the other side's own, no minimum of both. */
	assert_int_equal(keys_a.frame_max, 9018);
	assert_int_equal(keys_a.dgram_max, 8972);
	assert_int_equal(b->frame_max, 1518);
	assert_int_equal(b->dgram_max, 1472);
}

/* K_d, put together by hand. */
static void
test_traffic_keys(void **state)
{
	uint8_t k1[SUITE_KEY_LEN], k2[SUITE_KEY_LEN], want[SUITE_KEY_LEN];
	uint8_t input[82] = "lansplice data 1";

	(void)state;
	for (uint8_t c = 0; c < 2; c++) {
		self_b.ciphers = (uint16_t)(1u << c);
		run_to_response();
		assert_int_equal(take_response(), DROP_NONE);
		noise_split(&hs_b.noise, k1, k2);
		input[16] = c;
		input[17] = 0;
		memcpy(input + 18, hs_b.noise.h, SUITE_HASH_LEN);
		suite_kdf32(want, k1, input, sizeof(input));
		assert_memory_equal(keys_a.send, want, SUITE_KEY_LEN);
		assert_memory_equal(answer.keys.recv, want, SUITE_KEY_LEN);
		input[17] = 1;
		suite_kdf32(want, k2, input, sizeof(input));
		assert_memory_equal(keys_a.recv, want, SUITE_KEY_LEN);
		assert_memory_equal(answer.keys.send, want, SUITE_KEY_LEN);
	}
}

static const struct {
	uint16_t offered, own;
	enum drop why;
	enum suite_cipher cipher;
} choices[] = {
	{ CHACHA | GCM, CHACHA | GCM, DROP_NONE, SUITE_AES256_GCM },
	{ CHACHA | GCM, CHACHA, DROP_NONE, SUITE_CHACHA20_POLY1305 },
	{ CHACHA, CHACHA | GCM, DROP_NONE, SUITE_CHACHA20_POLY1305 },
	{ GCM, CHACHA | GCM, DROP_NONE, SUITE_AES256_GCM },
	{ GCM, CHACHA, DROP_HANDSHAKE_CIPHER, 0 },
	{ 0, CHACHA, DROP_HANDSHAKE_CIPHER, 0 },
	{ 0x8000, CHACHA | GCM, DROP_HANDSHAKE_CIPHER, 0 },
	{ 0xfffd, CHACHA | GCM, DROP_NONE, SUITE_CHACHA20_POLY1305 },
	{ ALL, ALL, DROP_NONE, SUITE_AEGIS_256 },
	{ ALL, CHACHA | AEGIS, DROP_NONE, SUITE_AEGIS_256 },
	{ ALL, AEGIS, DROP_NONE, SUITE_AEGIS_256 },
	/* who does not have it does not see it */
	{ ALL, CHACHA | GCM, DROP_NONE, SUITE_AES256_GCM },
	{ CHACHA | GCM, ALL, DROP_NONE, SUITE_AES256_GCM },
	{ CHACHA, ALL, DROP_NONE, SUITE_CHACHA20_POLY1305 },
	{ AEGIS, CHACHA | GCM, DROP_HANDSHAKE_CIPHER, 0 },
	{ CHACHA | GCM, AEGIS, DROP_HANDSHAKE_CIPHER, 0 },
};

static void
test_choice_of_the_cipher(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(choices); i++) {
		self_a.ciphers = choices[i].offered;
		self_b.ciphers = choices[i].own;
		assert_int_equal(initiate(), DROP_NONE);
		assert_int_equal(take_initiation(), DROP_NONE);
		const enum drop why = respond();
		if (why != choices[i].why)
			fail_msg("row %zu: %s", i, drop_name(why));
		if (why != DROP_NONE)
			continue;
		assert_int_equal(take_response(), DROP_NONE);
		assert_int_equal(keys_a.cipher, choices[i].cipher);
		assert_int_equal(answer.keys.cipher, choices[i].cipher);
	}
}

static void
test_features_are_those_of_both(void **state)
{
	uint8_t payload[WIRE_ANSWER_LEN];
	struct wire_response wire;
	struct wire_answer a;

	(void)state;
	self_a.features = 0x8001;
	self_b.features = 0x0003;
	run_to_response();
	assert_int_equal(take_response(), DROP_NONE);
	/* What the answer says is read with the initiator's own state. */
	struct noise n = hs_a.noise;
	wire_parse_response(&wire, answer.msg);
	const struct noise_response in = { .ephemeral = wire.ephemeral,
		.sealed_payload = wire.sealed_answer,
		.len = sizeof(wire.sealed_answer) };
	assert_int_equal(
	    noise_response_consume(&n, &self_a.keys, to_b.psk, &in, payload),
	    DROP_NONE);
	wire_parse_answer(&a, payload);
	assert_int_equal(a.version, 1);
	assert_int_equal(a.features, 1);
	assert_int_equal(a.cipher, GCM);
	assert_int_equal(a.frame_max, 9018);
	assert_int_equal(a.dgram_max, 8972);
}

/* An initiation with an offer of one's own making. */
static void
forge_initiation(const struct wire_offer *p1)
{
	struct wire_initiation wire = { .sender = 1 };
	uint8_t payload[WIRE_OFFER_LEN];

	wire_put_offer(payload, p1);
	memset(payload + 18, 0xff, 14); /* ignored on receipt */
	payload[9] = 0xff;
	noise_init(&hs_a.noise, NOISE_IKPSK2, self_a.prologue,
	    sizeof(self_a.prologue), to_b.public_key);
	assert_int_equal(
	    noise_initiation_create(&hs_a.noise, &self_a.keys,
		fresh_a.ephemeral,
		&(struct noise_initiation){ payload, sizeof(payload),
		    wire.sealed_static, wire.sealed_offer }),
	    DROP_NONE);
	memcpy(wire.ephemeral, hs_a.noise.e.public_key, SUITE_KEY_LEN);
	wire_put_initiation(msg1, &wire);
	cookie_put_macs(msg1, sizeof(msg1), to_b.mac1_key);
}

static const struct {
	struct wire_offer p1;
	enum drop why;
} offers[] = {
	{ { 1, 1, 1, 0, 1514, 548 }, DROP_NONE },
	{ { 0, 1, 1, 0, 1514, 548 }, DROP_NONE },
	{ { 1, 0, 1, 0, 1514, 548 }, DROP_HANDSHAKE_VERSION },
	{ { 1, 2, 1, 0, 1514, 548 }, DROP_HANDSHAKE_VERSION },
	{ { 1, 255, 1, 0, 1514, 548 }, DROP_HANDSHAKE_VERSION },
	{ { 1, 1, 1, 0, 1513, 548 }, DROP_HANDSHAKE_FRAME_SIZE },
	{ { 1, 1, 1, 0, 0, 548 }, DROP_HANDSHAKE_FRAME_SIZE },
	{ { 1, 1, 1, 0, 1514, 547 }, DROP_HANDSHAKE_DGRAM_SIZE },
	{ { 1, 1, 1, 0, 1514, 0 }, DROP_HANDSHAKE_DGRAM_SIZE },
	{ { 1, 1, 0xffff, 0xffff, 65535, 65535 }, DROP_NONE },
	{ { 1, 1, 0, 0, 1514, 548 }, DROP_NONE }, /* refused later */
};

static void
test_offers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(offers); i++) {
		forge_initiation(&offers[i].p1);
		const enum drop why = take_initiation();
		if (why != offers[i].why)
			fail_msg("row %zu: %s", i, drop_name(why));
	}
}

static void
test_frame_ceiling_of_an_offer(void **state)
{
	const struct {
		uint16_t announced, obeyed;
	} ceilings[] = { { 16383, 16383 }, { 16384, 16384 }, { 16385, 16384 },
		{ 65535, 16384 } };
	struct wire_offer p1 = offers[0].p1;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ceilings); i++) {
		p1.frame_max = ceilings[i].announced;
		forge_initiation(&p1);
		assert_int_equal(take_initiation(), DROP_NONE);
		assert_int_equal(respond(), DROP_NONE);
		assert_int_equal(answer.keys.frame_max, ceilings[i].obeyed);
	}
}

/* A response with an answer of one's own making, to a true initiation. */
static void
forge_response(const struct wire_answer *p2)
{
	struct wire_response wire = { .sender = 2, .receiver = fresh_a.index };
	uint8_t payload[WIRE_ANSWER_LEN];

	assert_int_equal(initiate(), DROP_NONE);
	assert_int_equal(take_initiation(), DROP_NONE);
	wire_put_answer(payload, p2);
	memset(payload + 10, 0xff, 6); /* ignored on receipt */
	payload[1] = 0xff;
	assert_int_equal(
	    noise_response_create(&hs_b.noise, fresh_b.ephemeral, to_a.psk,
		payload, sizeof(payload), wire.sealed_answer),
	    DROP_NONE);
	memcpy(wire.ephemeral, hs_b.noise.e.public_key, SUITE_KEY_LEN);
	wire_put_response(answer.msg, &wire);
	cookie_put_macs(answer.msg, sizeof(answer.msg), to_a.mac1_key);
}

static const struct {
	uint16_t ciphers, features; /* what was offered */
	struct wire_answer p2;
	enum drop why;
} answers[] = {
	{ 3, 1, { 1, 1, 1, 1514, 548 }, DROP_NONE },
	{ 3, 1, { 1, 2, 0, 65535, 65535 }, DROP_NONE },
	{ 3, 1, { 0, 1, 0, 1514, 548 }, DROP_HANDSHAKE_VERSION },
	{ 3, 1, { 2, 1, 0, 1514, 548 }, DROP_HANDSHAKE_VERSION },
	{ 3, 1, { 1, 1, 0, 1513, 548 }, DROP_HANDSHAKE_FRAME_SIZE },
	{ 3, 1, { 1, 1, 0, 1514, 547 }, DROP_HANDSHAKE_DGRAM_SIZE },
	{ 3, 1, { 1, 0, 0, 1514, 548 }, DROP_HANDSHAKE_CHOICE },
	{ 3, 1, { 1, 3, 0, 1514, 548 }, DROP_HANDSHAKE_CHOICE },
	{ 3, 1, { 1, 4, 0, 1514, 548 }, DROP_HANDSHAKE_CHOICE },
	{ 3, 1, { 1, 0x8001, 0, 1514, 548 }, DROP_HANDSHAKE_CHOICE },
	{ 1, 1, { 1, 2, 0, 1514, 548 }, DROP_HANDSHAKE_CHOICE },
	{ 2, 1, { 1, 1, 0, 1514, 548 }, DROP_HANDSHAKE_CHOICE },
	{ 1, 1, { 1, 3, 0, 1514, 548 }, DROP_HANDSHAKE_CHOICE },
	{ 3, 0, { 1, 1, 1, 1514, 548 }, DROP_HANDSHAKE_CHOICE },
	{ 3, 1, { 1, 1, 2, 1514, 548 }, DROP_HANDSHAKE_CHOICE },
	{ 3, 1, { 1, 1, 0x8001, 1514, 548 }, DROP_HANDSHAKE_CHOICE },
};

static void
test_answers(void **state)
{
	const struct session_keys none = { .local_index = 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		self_a.ciphers = answers[i].ciphers;
		self_a.features = answers[i].features;
		keys_a = none;
		forge_response(&answers[i].p2);
		const enum drop why = take_response();
		if (why != answers[i].why)
			fail_msg("row %zu: %s", i, drop_name(why));
		if (why != DROP_NONE)
			assert_memory_equal(&keys_a, &none, sizeof(none));
		else
			assert_int_equal(keys_a.frame_max,
			    size_min(answers[i].p2.frame_max, FRAME_MAX));
	}
}

static void
test_wrong_psk(void **state)
{
	(void)state;
	to_b.psk[0] ^= 1;
	run_to_response();
	assert_int_equal(take_response(), DROP_HANDSHAKE_OPEN);
	assert_int_equal(keys_a.local_index, 0);
}

static void
test_wrong_network(void **state)
{
	(void)state;
	self_a.network_id[31] ^= 1;
	assert_int_equal(handshake_self_init(&self_a), DROP_NONE);
	handshake_remote_init(&to_b, &self_a);
	assert_int_equal(initiate(), DROP_NONE);
	assert_int_equal(take_initiation(), DROP_MAC1);
	/* With the right mac1 the prologue still differs. */
	cookie_put_macs(msg1, sizeof(msg1), self_b.mac1_key);
	assert_int_equal(take_initiation(), DROP_HANDSHAKE_OPEN);
}

static void
test_wrong_responder(void **state)
{
	(void)state;
	make_remote(&to_b, &self_a);
	assert_int_equal(initiate(), DROP_NONE);
	assert_int_equal(take_initiation(), DROP_MAC1);
	cookie_put_macs(msg1, sizeof(msg1), self_b.mac1_key);
	assert_int_equal(take_initiation(), DROP_HANDSHAKE_OPEN);
}

static void
test_remote_key_of_low_order(void **state)
{
	(void)state;
	memset(to_b.public_key, 0, SUITE_KEY_LEN);
	assert_int_equal(initiate(), DROP_HANDSHAKE_DH);
}

static void
test_ephemeral_of_low_order(void **state)
{
	(void)state;
	assert_int_equal(initiate(), DROP_NONE);
	memset(msg1 + 8, 0, SUITE_KEY_LEN);
	cookie_put_macs(msg1, sizeof(msg1), to_b.mac1_key);
	assert_int_equal(take_initiation(), DROP_HANDSHAKE_DH);
	run_to_response();
	memset(answer.msg + 12, 0, SUITE_KEY_LEN);
	cookie_put_macs(answer.msg, sizeof(answer.msg), to_a.mac1_key);
	assert_int_equal(take_response(), DROP_HANDSHAKE_DH);
}

/* The initiator's static key is a lie of low order. */
static void
test_static_key_of_low_order(void **state)
{
	(void)state;
	memset(self_a.keys.public_key, 0, SUITE_KEY_LEN);
	assert_int_equal(initiate(), DROP_NONE);
	assert_int_equal(
	    handshake_initiation_open(&hs_b, &self_b, msg1), DROP_NONE);
	assert_true(sodium_is_zero(hs_b.noise.rs, SUITE_KEY_LEN));
	assert_int_equal(
	    handshake_initiation_consume(&hs_b, &self_b, msg1, &offer),
	    DROP_HANDSHAKE_DH);
}

/* The initiator made a key pair of which it lies: another's public key. */
static void
test_static_key_of_another(void **state)
{
	(void)state;
	self_a.keys.private_key[5] ^= 0x10;
	assert_int_equal(initiate(), DROP_NONE);
	assert_int_equal(
	    handshake_initiation_open(&hs_b, &self_b, msg1), DROP_NONE);
	assert_memory_equal(
	    hs_b.noise.rs, self_a.keys.public_key, SUITE_KEY_LEN);
	assert_int_equal(
	    handshake_initiation_consume(&hs_b, &self_b, msg1, &offer),
	    DROP_HANDSHAKE_OPEN);
}

/* What an attacker gets who flips a bit and knows the key of mac1, or not. */
static void
check_flip_1(size_t at)
{
	uint8_t save[WIRE_INITIATION_LEN];
	const bool sealed = at >= 8 && at < 136;

	memcpy(save, msg1, sizeof(save));
	msg1[at] ^= (uint8_t)(1u << at % 8);
	assert_int_equal(take_initiation(), at < 152 ? DROP_MAC1 : DROP_NONE);
	cookie_put_macs(msg1, sizeof(msg1), to_b.mac1_key);
	assert_int_equal(
	    take_initiation(), sealed ? DROP_HANDSHAKE_OPEN : DROP_NONE);
	memcpy(msg1, save, sizeof(save));
}

static void
check_flip_2(size_t at)
{
	uint8_t save[WIRE_RESPONSE_LEN];
	const bool sealed = at >= 12 && at < 76;

	memcpy(save, answer.msg, sizeof(save));
	answer.msg[at] ^= (uint8_t)(1u << at % 8);
	assert_int_equal(take_response(), at < 92 ? DROP_MAC1 : DROP_NONE);
	cookie_put_macs(answer.msg, sizeof(answer.msg), to_a.mac1_key);
	assert_int_equal(
	    take_response(), sealed ? DROP_HANDSHAKE_OPEN : DROP_NONE);
	memcpy(answer.msg, save, sizeof(save));
}

static void
test_flipped_bits(void **state)
{
	(void)state;
	assert_int_equal(initiate(), DROP_NONE);
	for (size_t at = 0; at < WIRE_INITIATION_LEN; at++)
		check_flip_1(at);
	run_to_response();
	for (size_t at = 0; at < WIRE_RESPONSE_LEN; at++)
		check_flip_2(at);
}

static void
test_forged_response_spoils_nothing(void **state)
{
	struct handshake before;

	(void)state;
	run_to_response();
	before = hs_a;
	answer.msg[50] ^= 1;
	cookie_put_macs(answer.msg, sizeof(answer.msg), to_a.mac1_key);
	assert_int_equal(take_response(), DROP_HANDSHAKE_OPEN);
	assert_memory_equal(&hs_a, &before, sizeof(before));
	answer.msg[50] ^= 1;
	cookie_put_macs(answer.msg, sizeof(answer.msg), to_a.mac1_key);
	assert_int_equal(take_response(), DROP_NONE);
	assert_memory_equal(&hs_a, &before, sizeof(before));
}

static void
test_response_to_another_initiation(void **state)
{
	(void)state;
	run_to_response();
	fresh_a.ephemeral[7] ^= 1;
	assert_int_equal(initiate(), DROP_NONE);
	assert_int_equal(take_response(), DROP_HANDSHAKE_OPEN);
}

static void
test_unusable_peer_for_a_response(void **state)
{
	(void)state;
	assert_int_equal(initiate(), DROP_NONE);
	assert_int_equal(take_initiation(), DROP_NONE);
	memset(hs_b.noise.re, 0, SUITE_KEY_LEN);
	assert_int_equal(respond(), DROP_HANDSHAKE_DH);
}

static void
test_wipe(void **state)
{
	(void)state;
	assert_int_equal(initiate(), DROP_NONE);
	handshake_wipe(&hs_a);
	assert_true(sodium_is_zero((const uint8_t *)&hs_a, sizeof(hs_a)));
}

#define HANDSHAKE_TEST(f) cmocka_unit_test_setup(f, set_up)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HANDSHAKE_TEST(test_prologue_and_keys_of_self),
		HANDSHAKE_TEST(test_initiation),
		HANDSHAKE_TEST(test_both_sides_have_the_same_keys),
		HANDSHAKE_TEST(test_traffic_keys),
		HANDSHAKE_TEST(test_choice_of_the_cipher),
		HANDSHAKE_TEST(test_features_are_those_of_both),
		HANDSHAKE_TEST(test_offers),
		HANDSHAKE_TEST(test_frame_ceiling_of_an_offer),
		HANDSHAKE_TEST(test_answers),
		HANDSHAKE_TEST(test_wrong_psk),
		HANDSHAKE_TEST(test_wrong_network),
		HANDSHAKE_TEST(test_wrong_responder),
		HANDSHAKE_TEST(test_remote_key_of_low_order),
		HANDSHAKE_TEST(test_ephemeral_of_low_order),
		HANDSHAKE_TEST(test_static_key_of_low_order),
		HANDSHAKE_TEST(test_static_key_of_another),
		HANDSHAKE_TEST(test_flipped_bits),
		HANDSHAKE_TEST(test_forged_response_spoils_nothing),
		HANDSHAKE_TEST(test_response_to_another_initiation),
		HANDSHAKE_TEST(test_unusable_peer_for_a_response),
		HANDSHAKE_TEST(test_wipe),
	};
	return cmocka_run_group_tests_name(
	    "handshake", tests, unit_start, NULL);
}
